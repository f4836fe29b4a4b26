/**
 * The examples, run as their users would run them.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect } from "effect"
import * as ChildProgram from "../docs/ChildProgram.js"

export interface Outcome extends ChildProgram.ChildOutput {
  /** Where it wrote its files: its `NARRATIVE_DIR`. */
  readonly folder: string
}

/** Runs each example at most once, in a folder that is there until its layer's scope closes. */
export class Examples extends Effect.Service<Examples>()("Examples", {
  dependencies: [NodeContext.layer],
  scoped: Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folders = yield* fs.makeTempDirectoryScoped()
    const context = yield* Effect.context<NodeContext.NodeContext>()
    const outcomeOf = yield* Effect.cachedFunction((name: string) => {
      const folder = `${folders}/${name}`
      return fs.makeDirectory(folder).pipe(
        Effect.zipRight(ChildProgram.runExample(`examples/${name}.ts`, { NARRATIVE_DIR: folder })),
        Effect.map((output): Outcome => ({ ...output, folder })),
        Effect.provide(context)
      )
    })
    return { outcomeOf }
  })
}) {}

/** What the example of that name does by itself. */
export const outcomeOf = (name: string) => Effect.flatMap(Examples, (examples) => examples.outcomeOf(name))

/** What it does with these variables in its environment, and these arguments. */
export const outcomeWith = (name: string, env: Readonly<Record<string, string>>, args: ReadonlyArray<string> = []) =>
  ChildProgram.runExample(`examples/${name}.ts`, env, args)
