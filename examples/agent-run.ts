/**
 * An agent that tidies tickets, recorded as a run: what it did, how many items, what it cost, and which commit came of it.
 *
 *     npx tsx examples/agent-run.ts
 *
 * It writes to `.narrative/telemetry`, or below the folder that NARRATIVE_DIR names.
 */
import { Config, Console, Effect } from "effect"
import { Narrative, Work } from "effect-narrative"
import { Run } from "effect-narrative/runs"

const tickets = ["login fails", "typo in the footer", "", "dark mode"]

const tidy = (ticket: string, index: number) =>
  Effect.gen(function* () {
    yield* Work.recordTokens("gpt-4o", { prompt: 120, completion: 30 })
    yield* Work.recordCost("gpt-4o", 0.0025)
    if (ticket !== "") return yield* Work.recordItems({ succeeded: 1 })
    yield* Work.recordItems({ failed: 1 })
    yield* Run.event("ticket without a title", { index })
    yield* Narrative.setStatus("partial")
  }).pipe(Narrative.stage("Tidy Ticket"))

const agent = Effect.gen(function* () {
  yield* Run.metrics({ itemsDiscovered: tickets.length, inputSummary: `${tickets.length} open tickets` })
  yield* Effect.forEach(tickets, tidy, { discard: true })
  return yield* Effect.flatten(Run.current)
}).pipe(Run.track("ticket-tidier", "nightly", { product: "docs", triggerType: "cron" }))

const program = Effect.gen(function* () {
  const run = yield* agent
  yield* Run.associateCommit(run, { hash: "a1b2c3d4", source: "llm", author: "Ticket Tidier <bot@example.org>" })
  for (const record of yield* Run.records) {
    const { itemsDiscovered, itemsFailed, itemsSucceeded, metrics, status } = record
    yield* Console.log(
      `${record.agentName}: ${status}, ${itemsSucceeded} of ${itemsDiscovered} done, ${itemsFailed} failed`
    )
    yield* Console.log(`metrics: ${JSON.stringify(metrics)}`)
    yield* Console.log(`commit: ${record.gitCommitHash} by ${record.gitCommitSource}`)
    for (const event of yield* Run.eventsOf(record))
      yield* Console.log(`- ${event.type}: ${JSON.stringify(event.payload)}`)
  }
})

Effect.gen(function* () {
  const folder = yield* Config.string("NARRATIVE_DIR").pipe(Config.withDefault(".narrative"))
  yield* Effect.provide(program, Run.layer({ baseDir: `${folder}/telemetry` }))
}).pipe(Effect.runPromise)
