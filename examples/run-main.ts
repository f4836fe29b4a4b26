/**
 * A program that fails before its story begins. `Narrative.runMain` tells that failure all the same, once, and exits with
 * code 1.
 */
import { Config, Effect } from "effect"
import { Narrative } from "effect-narrative"

const sendReport = (endpoint: string) =>
  Effect.log(`sending to ${endpoint}`).pipe(Narrative.stage("Send"), Narrative.story("Nightly Report"))

const program = Effect.gen(function* () {
  const endpoint = yield* Config.string("REPORT_ENDPOINT")
  yield* sendReport(endpoint)
})

program.pipe(Narrative.runMain)
