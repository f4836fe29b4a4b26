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
) =>
  Effect.flatMap(compiled(path), (program) =>
    isNarratedByHook.has(path)
      ? runCommand(narratedByHook(program, args), root, env)
      : runCommand([process.execPath, program, ...args], root, env)
  )

/** Examples that know nothing of this package, and are narrated by how they are started. */
const isNarratedByHook = new Set(["examples/plain-import.ts"])

/** What such a program prints and its story, in the order in which they are written. */
const narratedByHook = (program: string, args: ReadonlyArray<string>): readonly [string, ...Array<string>] => {
  const hook = program.replace(/examples\/.*$/, "src/auto/index.js")
  return ["sh", "-c", 'exec "$@" 2>&1', "sh", process.execPath, "--import", hook, program, ...args]
}

/** Runs JavaScript in `cwd`, without colours, its output going to pipes. */
export const run = (path: string, cwd: string, env: Readonly<Record<string, string>> = {}) =>
  runCommand([process.execPath, path], cwd, env)

const runCommand = (command: readonly [string, ...Array<string>], cwd: string, env: Readonly<Record<string, string>>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const child = yield* Command.make(...command).pipe(
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
