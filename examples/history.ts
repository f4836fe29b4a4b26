/**
 * Keeps a history of nightly imports, and asks it the next morning: what failed, which story it was, how long things take.
 *
 *     npx tsx examples/history.ts
 *
 * It writes to `.narrative`, or to the folder that NARRATIVE_DIR names.
 */
import { Config, Console, Data, Effect, Layer } from "effect"
import { Narrative } from "effect-narrative"
import { History, HistoryRenderer } from "effect-narrative/history"

class BadRow extends Data.TaggedError("BadRow")<{ readonly message: string }> {}

const importRows = (region: string, rows: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    yield* Effect.sleep("5 millis").pipe(Narrative.stage("Load"))
    for (const [i, row] of rows.entries()) {
      if (row === "") return yield* new BadRow({ message: `row ${i + 1} of ${region} is empty` })
    }
  }).pipe(Narrative.stage("Check Rows"), Narrative.story("Nightly Import", { labels: { region } }), Effect.ignore)

const night = Effect.gen(function* () {
  yield* importRows("north", ["tea", "pots"])
  yield* importRows("south", ["tea", ""])
  yield* importRows("west", ["pots"])
})

const morning = Effect.gen(function* () {
  const { stories } = yield* History.stories({ name: "Nightly Import", since: "12h" })
  for (const story of stories) yield* Console.log(`${story.labels["region"]}: ${story.status}`)

  for (const failure of yield* History.failures({ since: "12h" })) {
    yield* Console.log(
      `\n${failure.errorType} in ${failure.stageName}, at ${failure.location}: ${failure.errorMessage}`
    )
    const story = yield* History.story(failure.storyId)
    const tell = (stage: (typeof story.stages)[number]): Effect.Effect<void> =>
      Effect.zipRight(
        Console.log(`${"  ".repeat(stage.depth)}- ${stage.name}: ${stage.status}`),
        Effect.forEach(stage.stages, tell, { discard: true })
      )
    yield* Effect.forEach(story.stages, tell, { discard: true })
  }

  const stats = yield* History.stats({ since: "12h" })
  yield* Console.log(`\n${stats.count} stories, ${stats.byStatus.failed} failed`)
  for (const stage of stats.stages) {
    yield* Console.log(`${stage.stageName}: ${stage.count} times, ${Math.round(stage.failureRate * 100)} % failed`)
  }
})

const filename = Effect.map(
  Config.string("NARRATIVE_DIR").pipe(Config.withDefault(".narrative")),
  (folder) => `${folder}/history.db`
)

// The layer is closed after the night: whatever was told is in the file then.
const HistoryLive = Layer.unwrapEffect(
  Effect.map(filename, (filename) => HistoryRenderer.layer({ path: filename, keepDays: 30 }))
)
const HistoryAsked = Layer.unwrapEffect(Effect.map(filename, (filename) => History.layerSqlite({ path: filename })))

night.pipe(Effect.provide(HistoryLive), Effect.zipRight(Effect.provide(morning, HistoryAsked)), Narrative.runMain)
