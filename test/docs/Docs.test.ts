import * as Command from "@effect/platform/Command"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { root } from "./ChildProgram.js"
import * as DocPage from "./DocPage.js"
import * as Workspace from "./Workspace.js"

const timeout = 120_000

layer(NodeContext.layer)("documentation", (it) => {
  it.scoped(
    "every code block of README, docs and doc comments compiles",
    () =>
      Effect.gen(function* () {
        const sources = [...(yield* DocPage.pages), ...(yield* DocPage.commentExamples)]
        const workspace = yield* Workspace.make(sources)
        assert.isAbove(sources.flatMap(({ code }) => code).length, 20)
        const complaints = yield* Command.make("npx", "tsc", "-p", workspace).pipe(
          Command.workingDirectory(root),
          Command.lines
        )
        // What is wrong with the sources themselves, `npm run typecheck` tells.
        assert.deepStrictEqual(
          complaints.filter((line) => line.startsWith(".narrative/")),
          []
        )
      }),
    timeout
  )

  it.effect("no page names a path of the machine it was written on", () =>
    Effect.gen(function* () {
      for (const page of yield* DocPage.pages) {
        assert.notInclude(page.text, root)
        assert.notMatch(page.text, /(?:^|[\s"'(`])\/(?:home|root|Users|tmp|work)\//m, page.path)
      }
    })
  )

  it.effect("dependencies.md tells of each dependency, and of nothing else", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const page = yield* fs.readFileString(`${root}docs/dependencies.md`)
      const manifest = JSON.parse(yield* fs.readFileString(`${root}package.json`))
      const { dependencies, devDependencies, peerDependencies } = manifest
      const told = Array.from(page.matchAll(/^\| (`.*?`) \|/gm), ([, cell = ""]) =>
        cell.replaceAll("`", "").split(", ")
      )
      assert.sameMembers(told.flat(), Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }))
    })
  )

  it.effect("every relative link leads to a file", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const { path, text } of yield* DocPage.pages) {
        for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
          const folder = path.includes("/") ? "docs/" : ""
          assert.isTrue(yield* fs.exists(`${root}${folder}${target}`), `${path} links to ${target}`)
        }
      }
    })
  )
})
