/** `promtool`, which comes with Prometheus, run on files. */
import * as Command from "@effect/platform/Command"
import { Effect, Stream } from "effect"

export interface Verdict {
  readonly exitCode: number
  readonly output: string
}

export const promtool = (folder: string, ...args: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const child = yield* Command.make("promtool", ...args).pipe(Command.workingDirectory(folder), Command.start)
      const [exitCode, stdout, stderr] = yield* Effect.all(
        [child.exitCode, textOf(child.stdout), textOf(child.stderr)],
        {
          concurrency: "unbounded"
        }
      )
      return { exitCode, output: stdout + stderr } satisfies Verdict
    })
  ).pipe(
    Effect.catchTag("SystemError", (error) =>
      error.reason === "NotFound"
        ? Effect.dieMessage(
            "promtool is missing: install Prometheus, with apt-get install prometheus or brew install prometheus"
          )
        : Effect.die(error)
    )
  )

const textOf = <E>(stream: Stream.Stream<Uint8Array, E>) => Stream.mkString(Stream.decodeText(stream))
