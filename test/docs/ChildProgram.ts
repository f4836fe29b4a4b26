/**
 * A program, run as its user would run it: in a process of its own.
 */
import { fileURLToPath } from "node:url"
import * as Command from "@effect/platform/Command"
import { Effect, Stream } from "effect"
import { compiled } from "../fixtures/compiled.js"

/** The folder of `package.json`. */
export const root = fileURLToPath(new URL("../..", import.meta.url))

export interface ChildOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs an example by its path in the repository, and there. */
export const runExample = (
  path: string,
  env: Readonly<Record<string, string>> = {},
  args: ReadonlyArray<string> = []
) => Effect.flatMap(compiled(path), (program) => run(program, root, env, args))

/** Runs JavaScript in `cwd`, without colours, its output going to pipes. */
export const run = (
  path: string,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  args: ReadonlyArray<string> = []
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const child = yield* Command.make(process.execPath, path, ...args).pipe(
        Command.workingDirectory(cwd),
        Command.env({ NO_COLOR: "1", ...env }),
        Command.start
      )
      return yield* Effect.all(
        { exitCode: child.exitCode, stdout: textOf(child.stdout), stderr: textOf(child.stderr) },
        { concurrency: "unbounded" }
      )
    })
  )

const textOf = <E>(stream: Stream.Stream<Uint8Array, E>) => Stream.mkString(Stream.decodeText(stream))
