/**
 * Fills a fresh file with a month of runs and stories of a shop that does not exist, and opens its dashboard. A few of its
 * agents go on running while it is open.
 *
 *     npm run demo
 */
import { rm } from "node:fs/promises"
import { Console, Effect, Layer, Logger, LogLevel } from "effect"
import { Diagnostics, Narrative } from "effect-narrative"
import { Run } from "effect-narrative/runs"
import { fillMonth } from "./month.js"

const baseDir = process.env["NARRATIVE_DEMO_DIR"] ?? ".narrative/demo"

const Telemetry = Layer.mergeAll(
  Run.layer({ baseDir, git: false, sweep: false }),
  Diagnostics.layer({ mode: "rich" }),
  Narrative.logger,
  Logger.minimumLogLevel(LogLevel.Info),
  Logger.remove(Logger.defaultLogger)
)

const program = Effect.gen(function* () {
  yield* Effect.promise(() => rm(baseDir, { recursive: true, force: true }))
  yield* Console.log("A month of runs is being written …")
  const count = yield* fillMonth({ until: Date.now() }).pipe(Effect.provide(Telemetry))
  yield* Console.log(`${count} runs are in ${baseDir}`)
})

Effect.runPromise(program)
