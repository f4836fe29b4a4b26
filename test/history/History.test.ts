// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber, Schema, Stream } from "effect"
import { History, HistoryError, type HistoryFilter, HistoryStats, StoryRecord } from "../../src/history/index.js"
import { type Correlation, Narrative, type NarrativeEvent } from "../../src/index.js"
import { Narrator } from "../fixtures/events.js"
import { emitAll } from "../renderer/rendererSuite.js"
import { asked, layerAt, onBothDatabases, recorded, rendererOf } from "./histories.js"

type Event = NarrativeEvent.NarrativeEvent

const second = 1_000
const hour = 3_600 * second

/** Writes events as they are, at the times they say. */
const written = (filename: string, events: ReadonlyArray<Event>) =>
  Effect.scoped(Effect.flatMap(rendererOf(layerAt(filename)), (renderer) => emitAll(renderer, events)))

interface Run {
  readonly id: string
  readonly name?: string
  readonly at?: number
  readonly status?: NarrativeEvent.StoryStatus
  readonly seconds?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly correlation?: Correlation.Correlation
}

/** A story of one stage. */
const run = ({
  at = 0,
  correlation,
  id,
  labels = {},
  name = "Import",
  seconds = 1,
  status = "success"
}: Run): ReadonlyArray<Event> => {
  const narrator = new Narrator(name, id)
  const end = { timestamp: at + seconds * second, durationSeconds: seconds }
  const asked = { correlation: correlation ?? null }
  const start = narrator.start({ timestamp: at, labels, ...asked })
  const load = narrator.stage("Load")
  const stageStarted = narrator.stageStarted(load, { timestamp: at })
  const failed = status === "failed"
  return [
    start,
    stageStarted,
    failed ? narrator.failed(load, end) : narrator.completed(load, end),
    ...(failed ? [narrator.failureOccurred({ timestamp: end.timestamp, storyName: name })] : []),
    narrator.end({ ...end, status, labels, ...asked })
  ]
}

const idsOf = ({ stories }: History.StoryPage) => stories.map(({ id }) => id)

onBothDatabases(({ file, rowsOf }) => {
  describe("History.story", () => {
    it.scoped("finds a story by any beginning of its id that no other id has", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* written(filename, [...run({ id: "aa-1" }), ...run({ id: "ab-2" }), ...run({ id: "ab-22" })])
        yield* Effect.gen(function* () {
          assert.strictEqual((yield* History.story("aa")).id, "aa-1")
          assert.strictEqual((yield* History.story("aa-1")).id, "aa-1")
          // The whole id of one is the beginning of another.
          assert.strictEqual((yield* History.story("ab-2")).id, "ab-2")
          assert.deepStrictEqual(
            yield* Effect.flip(History.story("ac")),
            new HistoryError.StoryNotFound({ idPrefix: "ac" })
          )
          const ambiguous = yield* Effect.flip(History.story("a"))
          assert.instanceOf(ambiguous, HistoryError.AmbiguousStoryId)
          assert.deepStrictEqual(
            ambiguous instanceof HistoryError.AmbiguousStoryId ? ambiguous.candidates.map(({ id }) => id).sort() : [],
            ["aa-1", "ab-2", "ab-22"]
          )
          assert.strictEqual((yield* Effect.flip(History.story("")))._tag, "InvalidOption")
        }).pipe((self) => asked(self, filename))
      })
    )

    it.scoped("takes the newest of several stories that were given the same id", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* written(filename, [...run({ id: "job", seconds: 1 }), ...run({ id: "job", at: hour, seconds: 2 })])
        const story = yield* asked(History.story("job"), filename)
        assert.deepInclude(story, { startedAt: hour, durationSeconds: 2 })
        assert.lengthOf((yield* asked(History.stories(), filename)).stories, 2)
      })
    )

    it.scoped("takes no text of an id for a pattern, nor for SQL", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* written(filename, run({ id: "a%b'; DROP TABLE stories; --" }))
        yield* Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(History.story("%")))._tag, "StoryNotFound")
          assert.strictEqual((yield* History.story("a%b'")).status, "success")
          assert.lengthOf((yield* History.stories({ name: "' OR 1=1 --" })).stories, 0)
        }).pipe((self) => asked(self, filename))
      })
    )

    it.scopedLive("gives the whole report of a failure, and what the stages annotated", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* Effect.fail(new RangeError("row 7")).pipe(
          Narrative.stage("Insert", { attributes: { table: "customers" } }),
          Narrative.story("Import"),
          Effect.ignore,
          (self) => recorded(self, filename)
        )
        const [failure] = yield* asked(History.failures(), filename)
        const story = yield* asked(History.story(failure?.storyId ?? ""), filename)
        assert.deepInclude(story.failure, { stageName: "Insert", errorType: "RangeError", errorMessage: "row 7" })
        const report = story.failures[0]?.report
        assert.include(report?.failures[0].location?.file, "History.test.ts")
        assert.isAbove(report?.failures[0].stackFrames.length ?? 0, 0)
        assert.deepStrictEqual(story.stages[0]?.attributes, { table: "customers" })
        // What it gives is JSON, and comes back from it as it was.
        const json = Schema.encodeSync(Schema.parseJson(StoryRecord.StoryRecord))(story)
        assert.deepStrictEqual(Schema.decodeSync(Schema.parseJson(StoryRecord.StoryRecord))(json), story)
        assert.include(json, '"story_name":"Import"')
      })
    )

    it.scoped("keeps the first and the last stages of a story that has too many, and counts the others", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const narrator = new Narrator("Long", "long")
        const events: Array<Event> = [narrator.start()]
        for (let i = 0; i < 10_050; i++) {
          const stage = narrator.stage(`Stage ${i}`)
          events.push(narrator.stageStarted(stage), narrator.completed(stage))
        }
        yield* written(filename, events)
        const { stages, stagesOmitted } = yield* asked(History.story("long"), filename)
        assert.strictEqual(stagesOmitted, 50)
        assert.lengthOf(stages, 10_000)
        assert.strictEqual(stages[999]?.name, "Stage 999")
        assert.strictEqual(stages[1_000]?.name, "Stage 1050")
        assert.strictEqual(stages.at(-1)?.name, "Stage 10049")
      })
    )
  })

  describe("History.stories", () => {
    it.scoped("finds those that were asked for by an id, or by the values of some fields", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const acme = { orgId: "acme", traceId: "0af7651916cd43dd8448eb211c80319c" }
        yield* written(filename, [
          ...run({ id: "a", at: 1, correlation: { requestId: "r-1", ...acme, extra: { shop: "7" } } }),
          ...run({ id: "b", at: 2, correlation: { requestId: "r-2", correlationId: "r-1", tenant: "acme" } }),
          ...run({ id: "c", at: 3, correlation: { requestId: "r-2", ...acme } }),
          ...run({ id: "d", at: 4 })
        ])
        const found = (correlation: HistoryFilter.StoryFilter["correlation"]) =>
          Effect.map(History.stories({ correlation }), idsOf)
        yield* Effect.gen(function* () {
          assert.deepStrictEqual(yield* found("r-1"), ["b", "a"])
          assert.deepStrictEqual(yield* found({ requestId: "r-1" }), ["a"])
          assert.deepStrictEqual(yield* found("acme"), ["c", "b", "a"])
          assert.deepStrictEqual(yield* found({ orgId: "acme", requestId: "r-2" }), ["c"])
          assert.deepStrictEqual(yield* found(acme.traceId), ["c", "a"])
          assert.deepStrictEqual(yield* found("7"), ["a"])
          assert.deepStrictEqual(yield* found("r-3"), [])
          assert.deepStrictEqual(idsOf(yield* History.stories({ correlation: "acme", limit: 1, status: "success" })), [
            "c"
          ])
          const { correlation } = yield* History.story("a")
          assert.deepStrictEqual(correlation, { requestId: "r-1", ...acme, extra: { shop: "7" } })
          assert.isNull((yield* History.story("d")).correlation)
          const [start] = yield* History.replay("a")
          assert.deepInclude(start, { _tag: "StoryStarted", correlation })
        }).pipe((self) => asked(self, filename))
      })
    )

    const runs: ReadonlyArray<Run> = [
      { id: "1", at: 1 * hour, labels: { region: "north" } },
      { id: "2", at: 2 * hour, status: "failed", labels: { region: "south", tier: "a" } },
      { id: "3", at: 3 * hour, name: "Export", labels: { region: "south" } },
      { id: "4", at: 4 * hour, status: "timeout" },
      { id: "5", at: 5 * hour, name: "Export", status: "cancelled", labels: { region: "south", tier: "b" } },
      { id: "6", at: 6 * hour, labels: { region: "north" } }
    ]
    const filters: ReadonlyArray<readonly [string, HistoryFilter.StoryFilter, ReadonlyArray<string>]> = [
      ["all", {}, ["6", "5", "4", "3", "2", "1"]],
      ["a name", { name: "Export" }, ["5", "3"]],
      ["a status", { status: "success" }, ["6", "3", "1"]],
      ["several statuses", { status: ["failed", "timeout"] }, ["4", "2"]],
      ["a name and a status", { name: "Import", status: "failed" }, ["2"]],
      ["from a time up to another", { since: 2 * hour, until: 4 * hour }, ["3", "2"]],
      ["a label", { labels: { region: "south" } }, ["5", "3", "2"]],
      ["several labels", { labels: { region: "south", tier: "a" } }, ["2"]],
      ["a label and a status", { labels: { region: "south" }, status: "success" }, ["3"]],
      ["a label that no story has", { labels: { region: "west" } }, []],
      ["a status that no story has", { status: "running" }, []]
    ]

    it.scoped("gives those that a filter asks for, the newest first, and no others", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* written(filename, runs.flatMap(run))
        yield* Effect.gen(function* () {
          for (const [what, filter, ids] of filters)
            assert.deepStrictEqual(idsOf(yield* History.stories(filter)), ids, what)
        }).pipe((self) => asked(self, filename))
      })
    )

    it.scoped("gives every story once over its pages, also when new ones begin meanwhile", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const count = 25
        yield* written(
          filename,
          Array.from({ length: count }, (_, i) =>
            // Several at one moment, and of several statuses.
            run({ id: `${i}`, at: Math.floor(i / 5) * hour, status: i % 3 === 0 ? "failed" : "success" })
          ).flat()
        )
        const seen: Array<string> = []
        let cursor: string | undefined
        do {
          const page: History.StoryPage = yield* asked(History.stories({ limit: 4, cursor }), filename)
          assert.isAtMost(page.stories.length, 4)
          seen.push(...idsOf(page))
          cursor = page.next ?? undefined
          yield* written(filename, run({ id: `new ${seen.length}`, at: 99 * hour }))
        } while (cursor !== undefined)
        assert.sameMembers(
          seen,
          Array.from({ length: count }, (_, i) => `${i}`)
        )
      })
    )

    it.scoped("leaves sub-stories out when asked for roots only", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const parent = new Narrator("Parent", "parent")
        const child = new Narrator("Child", "child", parent)
        yield* written(filename, [parent.start(), child.start(), child.end(), parent.end()])
        yield* Effect.gen(function* () {
          assert.sameMembers(idsOf(yield* History.stories()), ["parent", "child"])
          assert.deepStrictEqual(idsOf(yield* History.stories({ rootsOnly: true })), ["parent"])
          assert.deepStrictEqual(
            (yield* History.story("parent")).stories.map(({ id }) => id),
            ["child"]
          )
        }).pipe((self) => asked(self, filename))
      })
    )

    it.scoped("refuses a filter that cannot be meant, and names it", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* recorded(Effect.void, filename)
        const bad: ReadonlyArray<readonly [string, HistoryFilter.StoryFilter]> = [
          ["limit", { limit: 0 }],
          ["limit", { limit: 1_001 }],
          ["since", { since: "soon" }],
          ["until", { until: "31.01.2026" }],
          ["cursor", { cursor: "page 2" }],
          ["status", { status: "broken" as never }],
          ["status", { status: [] }]
        ]
        yield* Effect.gen(function* () {
          for (const [setting, filter] of bad) {
            const error = yield* Effect.flip(History.stories(filter))
            assert.deepInclude(error, { _tag: "InvalidOption", setting })
          }
          assert.strictEqual((yield* Effect.flip(History.failures({ last: -1 })))._tag, "InvalidOption")
          assert.strictEqual((yield* Effect.flip(History.changes(-1)))._tag, "InvalidOption")
          const empty = yield* Effect.flip(History.stats({ since: 5, until: 5 }))
          assert.deepInclude(empty, { _tag: "InvalidOption", setting: "until" })
        }).pipe((self) => asked(self, filename))
      })
    )
  })

  describe("History.failures", () => {
    it.scoped("gives those that a filter asks for, the newest first", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const failure = (
          id: string,
          at: number,
          story: string,
          overrides: Partial<NarrativeEvent.FailureOccurred["failures"][0]>
        ) => {
          const narrator = new Narrator(story, id)
          const start = narrator.start({ timestamp: at })
          const occurred = narrator.failureOccurred({ timestamp: at, storyName: story })
          return [start, { ...occurred, failures: [{ ...occurred.failures[0], ...overrides }] }] as const
        }
        yield* written(filename, [
          ...failure("1", 1 * hour, "Import", { stageName: "Load", errorType: "CsvError" }),
          ...failure("2", 2 * hour, "Import", { stageName: "Insert", errorType: "SqlError", errorCode: "CONFLICT" }),
          ...failure("3", 3 * hour, "Export", {
            stageName: "Load",
            errorType: "CsvError",
            fingerprint: "ffff000011112222"
          }),
          ...failure("4", 4 * hour, "Export", { stageName: null, errorType: "SqlError" })
        ])
        const cases: ReadonlyArray<readonly [HistoryFilter.FailureFilter, ReadonlyArray<string>]> = [
          [{}, ["4", "3", "2", "1"]],
          [{ last: 2 }, ["4", "3"]],
          [{ stage: "Load" }, ["3", "1"]],
          [{ story: "Import" }, ["2", "1"]],
          [{ story: "Import", stage: "Load" }, ["1"]],
          [{ errorType: "SqlError" }, ["4", "2"]],
          [{ code: "CONFLICT" }, ["2"]],
          [{ fingerprint: "ffff" }, ["3"]],
          [{ since: 2 * hour, until: 4 * hour }, ["3", "2"]]
        ]
        yield* Effect.gen(function* () {
          for (const [filter, ids] of cases) {
            const found = yield* History.failures(filter)
            assert.deepStrictEqual(
              found.map(({ storyId }) => storyId),
              ids,
              JSON.stringify(filter)
            )
          }
          const [newest] = yield* History.failures()
          assert.deepInclude(newest, {
            stageName: null,
            location: "src/load.ts:7",
            errorMessage: "bad row 7",
            analyzed: false
          })
        }).pipe((self) => asked(self, filename))
      })
    )
  })

  describe("History.stats", () => {
    it.scoped("counts by status, and gives percentiles that were measured", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const runs = Array.from({ length: 100 }, (_, i) => run({ id: `${i}`, at: i * second, seconds: i + 1 })).flat()
        yield* written(filename, [
          ...runs,
          ...run({ id: "f1", at: 200 * second, status: "failed", seconds: 0.5 }),
          ...run({ id: "f2", at: 201 * second, status: "failed", seconds: 0.5 }),
          ...run({ id: "t", at: 202 * second, status: "timeout", name: "Export" }),
          ...run({ id: "later", at: hour })
        ])
        const stats = yield* asked(History.stats({ since: 0, until: hour }), filename)
        assert.strictEqual(stats.count, 103)
        assert.deepInclude(stats.byStatus, { success: 100, failed: 2, timeout: 1, running: 0 })
        assert.closeTo(stats.failureRate, 3 / 103, 1e-12)
        assert.strictEqual(stats.storiesPerHour, 103)
        assert.deepStrictEqual(
          stats.stories.map(({ count, storyName }) => ({ count, storyName })),
          [
            { count: 102, storyName: "Import" },
            { count: 1, storyName: "Export" }
          ]
        )
        const load = stats.stages.find(({ storyName }) => storyName === "Import")
        assert.deepInclude(load, { stageName: "Load", count: 102, completed: 100, failed: 2, open: 0 })
        assert.closeTo(load?.failureRate ?? 0, 2 / 102, 1e-12)
        // Of 0.5, 0.5, 1, 2, …, 100: the 51st, the 97th, the 101st.
        assert.deepInclude(load?.durations, { p50: 49, p95: 95, p99: 99, max: 100 })
        assert.strictEqual(stats.slowest.length, 10)
        assert.deepInclude(stats.slowest[0], { storyId: "99", durationSeconds: 100 })
        assert.strictEqual(stats.failureCount, 2)
        assert.deepInclude(stats.failures[0], { fingerprint: "0123456789abcdef", count: 2, lastStoryId: "f2" })
        const json = Schema.encodeSync(Schema.parseJson(HistoryStats.HistoryStats))(stats)
        assert.deepStrictEqual(Schema.decodeSync(Schema.parseJson(HistoryStats.HistoryStats))(json), stats)
        const ofExport = yield* asked(History.stats({ since: 0, until: hour, story: "Export" }), filename)
        assert.deepInclude(ofExport, { count: 1, failureCount: 0, storyName: "Export" })
      })
    )

    it.scoped("gives zeros, not nonsense, for a time without stories", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* recorded(Effect.void, filename)
        const stats = yield* asked(History.stats({ since: 0, until: hour }), filename)
        assert.deepInclude(stats, { count: 0, failureRate: 0, storiesPerHour: 0, failureCount: 0 })
        assert.deepStrictEqual([stats.stories, stats.stages, stats.slowest, stats.failures], [[], [], [], []])
      })
    )
  })

  describe("History.follow", () => {
    it.scopedLive("gives what was written before, and then what is written while it is read, each event once", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* written(filename, run({ id: "before" }))
        const isSeen = yield* Deferred.make<void>()
        const following = yield* History.follow(0, { limit: 2 }).pipe(
          Stream.mapConcat(({ events }) => events),
          Stream.tap(({ _tag }) => (_tag === "StoryCompleted" ? Deferred.succeed(isSeen, undefined) : Effect.void)),
          Stream.take(8),
          Stream.runCollect,
          (self) => asked(self, filename),
          Effect.fork
        )
        yield* Deferred.await(isSeen)
        yield* written(filename, run({ id: "after" }))
        const seen = Array.from(yield* Fiber.join(following))
        assert.deepStrictEqual(
          seen.map(({ sequence, storyId }) => [storyId, sequence]),
          ["before", "after"].flatMap((id) => [0, 1, 2, 3].map((sequence) => [id, sequence]))
        )
        const wrong = yield* Effect.flip(asked(Stream.runDrain(History.follow(-1)), filename))
        assert.deepInclude(wrong, { _tag: "InvalidOption", setting: "cursor" })
      })
    )
  })

  describe("History.changes", () => {
    it.scoped("gives each event once to somebody who follows, with what is known of it", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* written(filename, run({ id: "before" }))
        const start = yield* asked(History.cursor, filename)
        yield* written(filename, run({ id: "after", status: "failed" }))
        const seen: Array<StoryRecord.HistoryEvent> = []
        let cursor = start
        for (;;) {
          const page = yield* asked(History.changes(cursor, { limit: 2 }), filename)
          if (page.changes.length === 0) break
          seen.push(...page.changes)
          cursor = page.cursor
        }
        assert.deepStrictEqual(
          seen.map(({ errorType, event, stageName, status, storyId }) => ({
            errorType,
            event,
            stageName,
            status,
            storyId
          })),
          [
            { errorType: null, event: "StoryStarted", stageName: null, status: null, storyId: "after" },
            { errorType: null, event: "StageStarted", stageName: "Load", status: null, storyId: "after" },
            { errorType: "CsvError", event: "StageFailed", stageName: "Load", status: null, storyId: "after" },
            { errorType: "CsvError", event: "FailureOccurred", stageName: "Load", status: null, storyId: "after" },
            { errorType: null, event: "StoryCompleted", stageName: null, status: "failed", storyId: "after" }
          ]
        )
        assert.lengthOf((yield* asked(History.changes(0, { story: "Nobody" }), filename)).changes, 0)
        const encode = Schema.encodeEither(Schema.Array(StoryRecord.HistoryEvent))
        assert.isTrue(Either.isRight(encode(seen)))
      })
    )
  })

  describe("A history with a damaged row", () => {
    it.scoped("says so, and that alone", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* written(filename, run({ id: "1", status: "failed" }))
        yield* rowsOf(filename, "UPDATE failures SET report = '{\"event\":' RETURNING id")
        const error = yield* Effect.flip(asked(History.story("1"), filename))
        assert.deepInclude(error, { _tag: "HistoryError", reason: "Damaged" })
        assert.lengthOf((yield* asked(History.stories(), filename)).stories, 1)
      })
    )
  })
})
