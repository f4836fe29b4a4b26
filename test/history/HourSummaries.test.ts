// @effect-diagnostics runEffectInsideEffect:off -- a property is run by its library
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { type Database, writing } from "../../src/history/database/database.js"
import * as retention from "../../src/history/database/retention.js"
import { KeptHours } from "../../src/history/read/keptHours.js"
import * as statistics from "../../src/history/read/statistics.js"
import { countHours } from "../../src/history/write/countHours.js"
import * as historyWriter from "../../src/history/write/historyWriter.js"
import * as settings from "../../src/history/write/settings.js"
import type { NarrativeEvent } from "../../src/index.js"
import { Narrator } from "../fixtures/events.js"
import { databaseAt, onBothDatabases } from "./histories.js"

const millisOfHour = 3_600_000
/** The beginning of an hour, a day ago. */
const begin = Math.floor(Date.now() / millisOfHour) * millisOfHour - 24 * millisOfHour

const writerOn = (database: Database) =>
  Effect.flatMap(settings.decode({ events: "all" }), (options) => historyWriter.make({ sql: database.sql, ...options }))

interface Stage {
  readonly name: string
  readonly minutes: number
  readonly end: "completed" | "failed" | "cancelled" | "none"
}

interface Story {
  readonly name: string
  readonly minute: number
  readonly stages: ReadonlyArray<Stage>
  readonly status: "success" | "failed" | "timeout" | "partial" | "none"
}

const anyStory: fc.Arbitrary<Story> = fc.record({
  name: fc.constantFrom("Import", "Export", "Sync"),
  minute: fc.integer({ min: 0, max: 300 }),
  stages: fc.array(
    fc.record({
      name: fc.constantFrom("Load", "Insert"),
      minutes: fc.integer({ min: 0, max: 90 }),
      end: fc.constantFrom<Stage["end"]>("completed", "completed", "failed", "cancelled", "none")
    }),
    { maxLength: 4 }
  ),
  status: fc.constantFrom<Story["status"]>("success", "success", "failed", "timeout", "partial", "none")
})

let stories = 0

const eventsOf = ({ minute, name, stages, status }: Story): ReadonlyArray<NarrativeEvent.NarrativeEvent> => {
  const narrator = new Narrator(name, `story ${stories++}`)
  let timestamp = begin + minute * 60_000
  const events: Array<NarrativeEvent.NarrativeEvent> = [narrator.start({ timestamp })]
  for (const { end, minutes, name } of stages) {
    const stage = narrator.stage(name)
    events.push(narrator.stageStarted(stage, { timestamp }))
    timestamp += minutes * 60_000
    const at = { timestamp, durationSeconds: minutes * 60 + 1 / 3 }
    if (end !== "none") events.push(narrator[end](stage, at))
  }
  if (status !== "none")
    events.push(narrator.end({ timestamp, status, durationSeconds: (timestamp - begin) / 1_000 - minute * 60 + 0.1 }))
  return events
}

/** In the order of their times, so that stories that run at the same time share batches. */
const interleaved = (all: ReadonlyArray<Story>) => all.flatMap(eventsOf).toSorted((a, b) => a.timestamp - b.timestamp)

const windows: ReadonlyArray<Parameters<typeof statistics.stats>[1]> = [
  { since: begin, until: begin + 24 * millisOfHour },
  { since: begin + 40 * 60_000, until: begin + 4 * millisOfHour, story: "Import" }
]

/** What the statistics are where no hour was counted before. The hours are as they were afterwards. */
const recounted = ({ sql }: Database) =>
  Effect.gen(function* () {
    const found: Array<unknown> = []
    yield* Effect.ignore(
      writing(
        sql,
        Effect.gen(function* () {
          yield* sql`DELETE FROM summary_hours`
          for (const window of windows) found.push(yield* statistics.stats(sql, window))
          return yield* Effect.fail("undone")
        })
      )
    )
    assert.lengthOf(found, windows.length)
    return found
  })

const assertSame = (database: Database, kept?: KeptHours) =>
  Effect.gen(function* () {
    const counted = yield* Effect.forEach(windows, (window) => statistics.stats(database.sql, window, kept))
    assert.deepStrictEqual(counted, yield* recounted(database))
  })

const completeHours = ({ sql }: Database) =>
  Effect.map(sql<{ n: number }>`SELECT count(*) AS n FROM summary_hours WHERE complete = 1`, ([row]) =>
    Number(row?.n ?? 0)
  )

type Step = { readonly write: number } | "again" | "count" | "prune" | "end"

const anySteps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ write: fc.integer({ min: 1, max: 15 }) }) },
    { weight: 3, arbitrary: fc.constant<Step>("count") },
    { weight: 1, arbitrary: fc.constantFrom<Step>("again", "prune", "end") }
  ),
  { minLength: 4, maxLength: 10 }
)

onBothDatabases(({ file }) => {
  describe("the statistics of hours that were counted before", () => {
    it.scopedLive("are those of their rows, whatever is written, written again, deleted or cut off after that", () =>
      Effect.gen(function* () {
        const database = yield* databaseAt(yield* file)
        const { sql } = database
        const law = fc.asyncProperty(fc.array(anyStory, { minLength: 3, maxLength: 12 }), anySteps, (all, steps) =>
          Effect.runPromise(
            Effect.gen(function* () {
              let writer = yield* writerOn(database)
              const events = interleaved(all)
              let [from, at] = [0, 0]
              // One that keeps what it reads, as long as there is room, which there is not always.
              const kept = new KeptHours(all.length % 2 === 0 ? 2_000 : 1_000_000)
              for (const step of steps) {
                if (step === "count") yield* countHours(sql)
                else if (step === "again") yield* writer.write(events.slice(from, at))
                else if (step === "prune") yield* retention.prune(sql, { keepStories: 5 })
                else if (step === "end") {
                  yield* writer.end
                  writer = yield* writerOn(database)
                } else {
                  from = at
                  at += step.write
                  yield* writer.write(events.slice(from, at))
                }
                yield* assertSame(database, kept)
              }
              yield* countHours(sql)
              yield* assertSame(database, kept)
              yield* assertSame(database, kept)
              // Without a single write there is no hour.
              if (at > 0) assert.isAbove(yield* completeHours(database), 0)
            })
          )
        )
        yield* Effect.promise(() => fc.assert(law, { numRuns: 8 }))
      })
    )

    it.scopedLive("do not depend on who counts: several do at the same time, and each hour is counted once", () =>
      Effect.gen(function* () {
        const place = yield* file
        const database = yield* databaseAt(place)
        const writer = yield* writerOn(database)
        yield* writer.write(interleaved(fc.sample(anyStory, { numRuns: 30, seed: 5 })))
        const others = yield* Effect.replicateEffect(databaseAt(place), 3)
        const counted = yield* Effect.forEach([database, ...others], ({ sql }) => countHours(sql), {
          concurrency: "unbounded"
        })
        assert.strictEqual(
          counted.reduce((sum, hours) => sum + hours, 0),
          yield* completeHours(database)
        )
        yield* assertSame(database)
      })
    )

    it.scopedLive("are counted anew where another program died while it counted", () =>
      Effect.gen(function* () {
        const database = yield* databaseAt(yield* file)
        const writer = yield* writerOn(database)
        yield* writer.write(interleaved(fc.sample(anyStory, { numRuns: 10, seed: 6 })))
        const hours = yield* countHours(database.sql)
        yield* database.sql`UPDATE summary_hours SET complete = 0`
        assert.strictEqual(yield* countHours(database.sql), 0)
        yield* database.sql`UPDATE summary_hours SET claimed_at = ${new Date(begin).toISOString()}`
        assert.strictEqual(yield* countHours(database.sql), hours)
        yield* assertSame(database)
      })
    )

    it.scopedLive("are those of their rows where what was kept of an hour is damaged", () =>
      Effect.gen(function* () {
        const database = yield* databaseAt(yield* file)
        const writer = yield* writerOn(database)
        yield* writer.write(interleaved(fc.sample(anyStory, { numRuns: 10, seed: 7 })))
        yield* countHours(database.sql)
        yield* database.sql`UPDATE hour_summaries SET counts = '{' WHERE story_name = 'Import'`
        yield* database.sql`UPDATE hour_summaries SET seconds = '' WHERE story_name = 'Sync'`
        yield* assertSame(database)
      })
    )
  })
})
