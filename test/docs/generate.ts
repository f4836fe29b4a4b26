/**
 * Writes the output of the programs that README and docs show below them. An output that is only as old as its times
 * and ids stays.
 *
 * `npm run docs` runs it, `npm run docs -- README concepts` for these pages only.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer } from "effect"
import { Examples } from "../examples/Examples.js"
import { compileFolder } from "../fixtures/compiled.js"
import { root } from "./ChildProgram.js"
import * as DocPage from "./DocPage.js"
import * as Workspace from "./Workspace.js"

const generate = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const chosen = process.argv.slice(2)
  const isChosen = ({ path }: DocPage.DocPage) =>
    chosen.length === 0 || chosen.some((name) => path.endsWith(`${name}.md`))
  const pages = (yield* DocPage.pages).filter(isChosen)
  const workspace = yield* Workspace.make(pages)
  yield* compileFolder(workspace)
  for (const page of pages) {
    const fresh = new Map<string, string>()
    for (const { program } of page.outputs) {
      fresh.set(program, yield* Workspace.outputOf(workspace, page, program))
    }
    const text = DocPage.withOutputs(page, ({ program, text }) => {
      const found = `${(fresh.get(program) ?? "").trimEnd()}\n`
      return Workspace.comparable(found) === Workspace.comparable(text) ? text : found
    })
    if (text === page.text) continue
    yield* fs.writeFileString(root + page.path, text)
    yield* Console.log(`${page.path} is new`)
  }
})

generate.pipe(Effect.scoped, Effect.provide(Layer.merge(Examples.Default, NodeContext.layer)), NodeRuntime.runMain)
