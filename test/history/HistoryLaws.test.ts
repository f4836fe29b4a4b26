import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FastCheck as fc, Layer, Logger, type Scope } from "effect"
import type { Database } from "../../src/history/database/database.js"
import * as reader from "../../src/history/read/reader.js"
import type { StageRecord, StoryRecord } from "../../src/history/StoryRecord.js"
import * as historyWriter from "../../src/history/write/historyWriter.js"
import * as settings from "../../src/history/write/settings.js"
import { Narrative, NarrativeEvent } from "../../src/index.js"
import { fromEvents, type RecordedStage, type RecordedStory } from "../../src/testing/RecordedStory.js"
import { anyEvent } from "../fixtures/events.js"
import { observe } from "../laws/observed.js"
import { interpret, narrated, program } from "../laws/programs.js"
import { databaseAt, onBothDatabases, type TestDatabase } from "./histories.js"

const quiet = Logger.replace(Logger.defaultLogger, Logger.none)

/** A history that a whole test writes to. */
const sharedAt = (file: TestDatabase["file"]): Effect.Effect<Database, never, Scope.Scope> =>
  Effect.gen(function* () {
    const database = yield* databaseAt(yield* file)
    // The law is about what is written, not about the disk.
    yield* database.sql.onDialectOrElse({
      sqlite: () => database.sql.unsafe("PRAGMA synchronous = OFF"),
      orElse: () => Effect.void
    })
    return database
  }).pipe(Effect.orDie)

const writerOn = (database: Database) =>
  Effect.flatMap(settings.decode({ events: "all" }), (options) => historyWriter.make({ sql: database.sql, ...options }))

/** Writes the events, cut into batches by `sizes`, over and over. */
const writeInBatches = (
  writer: historyWriter.HistoryWriter,
  events: ReadonlyArray<NarrativeEvent.NarrativeEvent>,
  sizes: ReadonlyArray<number>
) =>
  Effect.gen(function* () {
    let at = 0
    for (let i = 0; at < events.length; i++) {
      const size = sizes[i % sizes.length] ?? 1
      yield* writer.write(events.slice(at, at + size))
      at += size
    }
  })

const toldStage = (stage: RecordedStage): unknown => ({
  name: stage.name,
  kind: stage.kind,
  index: stage.index,
  status: stage.status,
  errorType: stage.errorType ?? null,
  errorMessage: stage.errorMessage ?? null,
  orphaned: stage.orphaned,
  attributes: stage.attributes,
  durationSeconds: stage.durationSeconds ?? null,
  retries: stage.retries,
  stages: stage.stages.map(toldStage)
})

const keptStage = (stage: StageRecord): unknown => ({
  name: stage.name,
  kind: stage.kind,
  index: stage.index,
  status: stage.status,
  errorType: stage.errorType,
  errorMessage: stage.errorMessage,
  orphaned: stage.orphaned,
  attributes: stage.attributes,
  durationSeconds: stage.durationSeconds,
  retries: stage.retries,
  stages: stage.stages.map(keptStage)
})

const recorded = (story: RecordedStory): unknown => ({
  id: story.id,
  name: story.name,
  kind: story.kind,
  parent: story.parentStoryId ?? null,
  within: story.beganInStage ?? null,
  status: story.status,
  outcome: story.outcome ?? null,
  labels: story.labels,
  attributes: story.attributes,
  dryRun: story.dryRun,
  durationSeconds: story.durationSeconds ?? null,
  causedBy: story.causedBy ?? null,
  failures: [...(story.failure === undefined ? [] : [story.failure]), ...story.handledFailures].sort(
    (a, b) => a.sequence - b.sequence
  ),
  stages: story.stages.map(toldStage),
  stories: story.stories.map(({ id }) => id).sort(),
  notes: story.notes,
  logs: story.logs
})

const kept = (story: StoryRecord): unknown => ({
  id: story.id,
  name: story.name,
  kind: story.kind,
  parent: story.parentStoryId,
  within: story.parentStageIndex,
  status: story.status,
  outcome: story.outcome,
  labels: story.labels,
  attributes: story.attributes,
  dryRun: story.dryRun,
  durationSeconds: story.durationSeconds,
  causedBy: story.causedBy,
  failures: story.failures.map(({ report }) => report),
  stages: story.stages.map(keptStage),
  stories: story.stories.map(({ id }) => id).sort(),
  notes: story.notes,
  logs: story.logs
})

onBothDatabases(({ file }) => {
  describe("what a history gives back", () => {
    it.scopedLive("is what was emitted, for any program, however its events fall into batches", () =>
      Effect.gen(function* () {
        const database = yield* sharedAt(file)
        const writer = yield* writerOn(database)
        const history = yield* reader.make(database)
        const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 })
        const law = fc.asyncProperty(program, sizes, (tree, sizes) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const observed = observe(Narrative.logger)
              const run = Narrative.story(interpret(tree, narrated), "Random", { labels: { law: "round trip" } })
              yield* Effect.forkDaemon(run).pipe(Effect.flatMap(Fiber.await), Effect.provide(observed.layer))
              yield* writeInBatches(writer, observed.events, sizes)
              const stories = fromEvents(observed.events)
              for (const story of stories) assert.deepStrictEqual(kept(yield* history.story(story.id)), recorded(story))
              // Every event has its row, in the order of emission.
              const end = yield* history.cursor
              const start = yield* history.cursorBefore(observed.events.length)
              const { changes } = yield* history.changes(start, { limit: 10_000 })
              assert.deepStrictEqual(
                changes.map(({ sequence, storyId }) => ({ sequence, storyId })),
                observed.events.map(({ sequence, storyId }) => ({ sequence, storyId }))
              )
              const again = yield* history.events(start, { limit: 10_000 })
              assert.deepStrictEqual(again.events, observed.events)
              assert.strictEqual(again.cursor, end)
            }).pipe(Effect.provide(quiet))
          )
        )
        yield* Effect.promise(() => fc.assert(law, { numRuns: 60 }))
      })
    )

    it.scopedLive("is replayed as it was emitted, and as whole as it can be where no event has a row of its own", () =>
      Effect.gen(function* () {
        const database = yield* sharedAt(file)
        const history = yield* reader.make(database)
        const whole = yield* writerOn(database)
        const few = yield* Effect.flatMap(settings.decode({ events: [] }), (options) =>
          historyWriter.make({ sql: database.sql, ...options })
        )
        const rootOf = (events: ReadonlyArray<NarrativeEvent.NarrativeEvent>) => events[0]?.storyId ?? ""
        for (const tree of fc.sample(program, { numRuns: 25, seed: 11 })) {
          for (const writer of [whole, few]) {
            const observed = observe(Narrative.logger)
            yield* Effect.forkDaemon(Narrative.story(interpret(tree, narrated), "Random")).pipe(
              Effect.flatMap(Fiber.await),
              Effect.provide(Layer.merge(observed.layer, quiet))
            )
            yield* writer.write(observed.events)
            const replayed = yield* history.replay(rootOf(observed.events))
            const stories = new Set(observed.events.map(({ storyId }) => storyId))
            for (const id of stories) {
              const [before, after] = [observed.events, replayed].map((all) => all.filter((one) => one.storyId === id))
              if (writer === whole) assert.deepStrictEqual(after, before)
              const numbers = (after ?? []).map(({ sequence }) => sequence)
              assert.deepStrictEqual(
                Array.from(new Set(numbers)).sort((a, b) => a - b),
                numbers
              )
              const ends = (events: typeof before) =>
                (events ?? []).flatMap((event) =>
                  NarrativeEvent.isStageEnded(event) ||
                  event._tag === "FailureOccurred" ||
                  event._tag === "StoryCompleted"
                    ? [{ ...event, sequence: 0, progress: null, location: null, timestamp: 0 }]
                    : []
                )
              assert.sameDeepMembers(ends(after), ends(before))
            }
          }
        }
      }).pipe(Effect.provide(quiet))
    )

    it.scopedLive("never refuses an event, whatever is in it", () =>
      Effect.gen(function* () {
        const database = yield* sharedAt(file)
        const writer = yield* writerOn(database)
        const history = yield* reader.make(database)
        const law = fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 20 }), (events) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const exit = yield* Effect.exit(writer.write(events))
              assert.deepStrictEqual(exit, Exit.void)
              yield* history.stories({ limit: 1_000 })
              yield* history.failures({ last: 1_000 })
              yield* history.stats({ since: 0, until: Date.UTC(9999, 11, 31) })
              yield* history.changes(yield* history.cursorBefore(20))
            })
          )
        )
        yield* Effect.promise(() => fc.assert(law, { numRuns: 50 }))
      })
    )

    it.scopedLive("counts in its figures what it lists", () =>
      Effect.gen(function* () {
        const database = yield* sharedAt(file)
        const writer = yield* writerOn(database)
        const history = yield* reader.make(database)
        const trees = fc.sample(program, { numRuns: 60, seed: 7 })
        for (const tree of trees) {
          const observed = observe()
          yield* Effect.forkDaemon(Narrative.story(interpret(tree, narrated), "Random")).pipe(
            Effect.flatMap(Fiber.await),
            Effect.provide(Layer.merge(observed.layer, quiet))
          )
          yield* writer.write(observed.events)
        }
        const listed = new Map<string, Set<string>>()
        let count = 0
        let cursor: string | undefined
        do {
          const page = yield* history.stories({ limit: 7, cursor })
          for (const story of page.stories) {
            count += 1
            const ids = listed.get(story.status) ?? new Set()
            listed.set(story.status, ids.add(story.id))
          }
          cursor = page.next ?? undefined
        } while (cursor !== undefined)
        const stats = yield* history.stats({ since: "1h", until: Date.now() + 60_000 })
        assert.strictEqual(stats.count, count)
        for (const [status, ids] of Object.entries(stats.byStatus))
          assert.strictEqual(ids, listed.get(status)?.size ?? 0)
        assert.strictEqual(stats.failureCount, (yield* history.failures({ last: 1_000 })).length)
        assert.strictEqual(
          stats.stages.reduce((sum, stage) => sum + stage.count, 0),
          stats.stages.reduce((sum, stage) => sum + stage.completed + stage.failed + stage.cancelled + stage.open, 0)
        )
      })
    )
  })
})
