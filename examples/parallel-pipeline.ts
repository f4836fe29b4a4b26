/**
 * A group of stages that run at once. Two of them fail: the third still runs to its end, and both failures are told.
 */
import { Console, Effect, Schema } from "effect"
import { ConsoleRenderer, Narrative } from "effect-narrative"

class FeedError extends Schema.TaggedError<FeedError>()("FeedError", { message: Schema.String }) {}

const loadPrices = Effect.gen(function* () {
  yield* Effect.sleep("20 millis")
  return yield* new FeedError({ message: "The price feed has no entry for EUR" })
})

const loadRates = Effect.gen(function* () {
  yield* Effect.sleep("60 millis")
  const table: ReadonlyArray<{ readonly rate: number }> = []
  // A bug, not an expected error: it shows up as a defect.
  return table[0]?.rate ?? (yield* Effect.dieMessage("The rate table is empty"))
})

const loadStock = Effect.sleep("100 millis").pipe(Effect.as(new Map([["teapot", 12]])))

const refreshCatalogue = Effect.gen(function* () {
  const loaded = yield* Narrative.group({
    "Load Prices": loadPrices,
    "Load Rates": loadRates,
    "Load Stock": loadStock
  })
  yield* Console.log(loaded["Load Stock"].size).pipe(Narrative.stage("Publish Catalogue"))
}).pipe(Narrative.story("Refresh Catalogue", { totalStages: 4 }))

const program = refreshCatalogue.pipe(
  Effect.catchTag("StageGroupError", ({ failures }) =>
    Console.log(`\nKeeping yesterday's catalogue. Failed: ${Object.keys(failures).join(", ")}.`)
  )
)

program.pipe(Effect.provide(ConsoleRenderer.layer()), Narrative.runMain)
