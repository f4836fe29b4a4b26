import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, FastCheck as fc, Layer, Logger, Schema, Scope, TestClock } from "effect"
import type { NarrativeEvent, StageEnded } from "../../../src/event/NarrativeEvent.js"
import { isStageEnded } from "../../../src/event/NarrativeEvent.js"
import { Correlation, Narrative, Renderer, WideEventRenderer } from "../../../src/index.js"
import { OpenRecords } from "../../../src/renderer/wide/openRecords.js"
import { anyEvent, Narrator } from "../../fixtures/events.js"
import { observe } from "../../laws/observed.js"
import { interpret, narrated, program } from "../../laws/programs.js"
import { rendererOf } from "../files.js"
import { emitAll, rendererSuite, statsOf } from "../rendererSuite.js"

/** The ends of `count` stages. */
const ends = (count: number): ReadonlyArray<StageEnded> => {
  const narrator = new Narrator()
  return Array.from({ length: count }, (_, i) => narrator.completed(narrator.stage(`Stage ${i}`)))
}

rendererSuite(
  "WideEventRenderer",
  (destination) =>
    Effect.orDie(
      rendererOf(
        WideEventRenderer.layer({
          // What the destination's errors are worth, the buffer decides.
          write: (record) => Effect.orDie(Effect.suspend(() => destination.accept([record.sequence])))
        })
      )
    ),
  { events: ends }
)

type Records = ReadonlyArray<WideEventRenderer.WideEvent>

const stagesIn = (records: Records) => records.filter((record) => record._tag === "StageWide")
const storiesIn = (records: Records) => records.filter((record) => record._tag === "StoryWide")

/** Runs a program, and gives its records and its events. */
const recorded = <A, E>(
  self: Effect.Effect<A, E>,
  options: Omit<WideEventRenderer.WriteOptions, "write"> = {},
  ...others: ReadonlyArray<Layer.Layer<never>>
) =>
  Effect.gen(function* () {
    const records: Array<WideEventRenderer.WideEvent> = []
    const observed = observe(
      Layer.orDie(WideEventRenderer.layer({ ...options, write: (record) => void records.push(record) })),
      Logger.remove(Logger.defaultLogger),
      ...others
    )
    yield* Effect.exit(Effect.provide(self, observed.layer))
    return { records, events: observed.events }
  })

describe("WideEventRenderer: laws", () => {
  it.live.prop(
    "every stage and every story of a program has exactly one record, which says how it ended",
    [program],
    ([tree]) =>
      Effect.gen(function* () {
        const { events, records } = yield* recorded(
          Narrative.story(interpret(tree, narrated), "Random").pipe(Effect.forkDaemon, Effect.flatMap(Fiber.await))
        )
        const endsOf = events.filter(isStageEnded).map((event) => [event.storyId, event.stageIndex, event.sequence])
        const recordsOf = stagesIn(records).map((record) => [record.storyId, record.stageIndex, record.sequence])
        assert.deepStrictEqual(recordsOf, endsOf)
        assert.lengthOf(endsOf, events.filter(({ _tag }) => _tag === "StageStarted").length)
        const completed = events.filter((event) => event._tag === "StoryCompleted")
        assert.deepStrictEqual(
          storiesIn(records).map(({ status, storyId }) => [storyId, status]),
          completed.map(({ status, storyId }) => [storyId, status])
        )
        for (const story of storiesIn(records)) {
          const inside = stagesIn(records).filter(({ storyId }) => storyId === story.storyId)
          const withStatus = (status: string) => inside.filter((stage) => stage.status === status).length
          assert.strictEqual(story.stagesCompleted, withStatus("completed"))
          assert.strictEqual(story.stagesFailed, withStatus("failed"))
          assert.strictEqual(story.stagesCancelled, withStatus("cancelled"))
          assert.lengthOf(story.stages, inside.length)
          assert.isFalse(story.incomplete)
        }
        for (const stage of stagesIn(records)) assert.isFalse(stage.incomplete)
      }),
    { fastCheck: { numRuns: 100 }, timeout: 300_000 }
  )

  it.prop(
    "whatever events it gets, in whatever order, it throws nothing, and each record comes back from its line as it was",
    [fc.array(anyEvent, { maxLength: 12 })],
    ([events]) => {
      const open = new OpenRecords()
      const records = events.flatMap((event) => open.take({ ...event, storyId: "one" }))
      for (const record of [...records, ...open.close().map(([, record]) => record)]) {
        // JSON has no -0, and a date no part of a millisecond.
        const whole = { ...record, startedAt: Math.trunc(record.startedAt) + 0 }
        if (!Number.isFinite(new Date(whole.startedAt).getTime())) continue
        const line = WideEventRenderer.toJson(whole)
        assert.notMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
        assert.deepStrictEqual(Schema.decodeSync(Schema.parseJson(WideEventRenderer.WideEvent))(line), whole)
      }
    }
  )
})

describe("WideEventRenderer: a record", () => {
  it.effect("says who asked for its story", () =>
    Effect.gen(function* () {
      const { records } = yield* recorded(
        Effect.void.pipe(
          Narrative.stage("Load"),
          Narrative.story("ETL"),
          Correlation.with({ requestId: "r", orgId: "o" })
        )
      )
      const lines = records.map(WideEventRenderer.toJson)
      for (const [i, record] of records.entries()) {
        assert.deepStrictEqual(record.correlation, { requestId: "r", orgId: "o" })
        assert.include(lines[i], '"correlation":{"request_id":"r","org_id":"o"}')
      }
      assert.lengthOf(records, 2)
    })
  )
})

describe("WideEventRenderer: a stage", () => {
  it.effect("has its story's labels and attributes, its own, and its times", () =>
    Effect.gen(function* () {
      const stage = Effect.sleep("2 seconds").pipe(
        Effect.zipRight(Narrative.annotate("rows", 3)),
        Narrative.stage("Load", { kind: "tool", attributes: { table: "orders" } })
      )
      const fiber = yield* Effect.fork(
        recorded(
          Effect.sleep("1 second").pipe(
            Effect.zipRight(stage),
            Narrative.story("ETL", { kind: "job", labels: { region: "north" }, attributes: { user_id: "u1", rows: 0 } })
          )
        )
      )
      yield* TestClock.adjust("1 minute")
      const [record] = stagesIn((yield* Fiber.join(fiber)).records)
      assert.deepInclude(record, {
        storyName: "ETL",
        storyKind: "job",
        stageName: "Load",
        stageKind: "tool",
        status: "completed",
        labels: { region: "north" },
        attributes: { user_id: "u1", rows: 3, table: "orders" },
        startedAt: 1_000,
        endedAt: 3_000,
        offsetSeconds: 1,
        durationSeconds: 2,
        attempts: 1,
        errorType: null
      })
      assert.isString(record?.traceId)
    })
  )

  it.effect("that failed has its error, its retries and why", () =>
    Effect.gen(function* () {
      let attempt = 0
      const stage = Effect.suspend(() => new Cause.TimeoutException(`slow ${++attempt}`)).pipe(
        Narrative.retry({ times: 2 }),
        Narrative.stage("Ask")
      )
      const { records } = yield* recorded(stage.pipe(Effect.ignore, Narrative.story("Quiz")))
      assert.deepInclude(stagesIn(records)[0], {
        status: "failed",
        attempts: 3,
        retries: 2,
        retryReason: "TimeoutException: slow 2",
        errorType: "TimeoutException",
        errorMessage: "slow 3",
        errorCode: "TIMEOUT",
        retryable: true
      })
      assert.deepInclude(storiesIn(records)[0], { status: "success", retries: 2, stagesFailed: 1, errorType: null })
    })
  )

  it.effect("that was interrupted or outlived its story is reported as cancelled", () =>
    Effect.gen(function* () {
      const { records } = yield* recorded(
        Effect.gen(function* () {
          const fiber = yield* Effect.never.pipe(Narrative.stage("Interrupted"), Effect.fork)
          yield* Effect.yieldNow()
          yield* Fiber.interrupt(fiber)
          yield* Effect.never.pipe(Narrative.stage("Left"), Effect.forkDaemon)
          yield* Effect.yieldNow()
        }).pipe(Narrative.story("Short"))
      )
      assert.deepStrictEqual(
        stagesIn(records).map(({ orphaned, stageName, status }) => [stageName, status, orphaned]),
        [
          ["Interrupted", "cancelled", false],
          ["Left", "cancelled", true]
        ]
      )
    })
  )

  it.effect("counts log lines by level, and keeps the first notes and the last progress", () =>
    Effect.gen(function* () {
      const busy = Effect.gen(function* () {
        yield* Effect.logInfo("a")
        yield* Effect.logWarning("b")
        yield* Effect.logWarning("c")
        for (let i = 0; i < 25; i++) yield* Narrative.note("row", { i })
        yield* Narrative.progress(3, 10)
      })
      const { records } = yield* recorded(
        Effect.logError("outside").pipe(Effect.zipRight(busy.pipe(Narrative.stage("Busy"))), Narrative.story("Logs")),
        {},
        Narrative.logger
      )
      const [stage] = stagesIn(records)
      const [story] = storiesIn(records)
      assert.deepStrictEqual(stage?.logs, { trace: 0, debug: 0, info: 1, warn: 2, error: 0, fatal: 0 })
      assert.deepStrictEqual(story?.logs, { trace: 0, debug: 0, info: 1, warn: 2, error: 1, fatal: 0 })
      assert.lengthOf(stage?.notes ?? [], 20)
      assert.deepStrictEqual(stage?.notes[19], { name: "row", data: { i: 19 } })
      assert.strictEqual(stage?.notesOmitted, 5)
      assert.deepStrictEqual([stage?.done, stage?.total], [3, 10])
    })
  )
})

describe("WideEventRenderer: a story", () => {
  it.effect("has its outcome, its stages, and where and why it failed", () =>
    Effect.gen(function* () {
      const { events, records } = yield* recorded(
        Effect.void.pipe(
          Narrative.stage("Load"),
          Effect.zipRight(Narrative.annotate("late", true)),
          Effect.zipRight(Narrative.setOutcome("nothing written")),
          Effect.zipRight(Effect.fail(new Cause.NoSuchElementException("no row 7")).pipe(Narrative.stage("Write"))),
          Narrative.story("ETL", { attributes: { user_id: "u1" } })
        )
      )
      const [story] = storiesIn(records)
      const failure = events.find((event) => event._tag === "FailureOccurred")?.failures[0]
      if (failure === undefined) return assert.fail("no failure was reported")
      assert.deepInclude(story, {
        status: "failed",
        success: false,
        outcome: "nothing written",
        attributes: { user_id: "u1", late: true },
        failedStageName: "Write",
        errorType: "NoSuchElementException",
        errorMessage: "no row 7",
        errorCode: failure.errorCode,
        fingerprint: failure.fingerprint,
        failures: 1,
        stagesOmitted: 0
      })
      assert.deepStrictEqual(
        story?.stages.map(({ errorType, index, name, status }) => [name, index, status, errorType]),
        [
          ["Load", 0, "completed", null],
          ["Write", 1, "failed", "NoSuchElementException"]
        ]
      )
    })
  )

  it.effect("that a sub-story's failure ended says whose", () =>
    Effect.gen(function* () {
      const { records } = yield* recorded(
        Effect.fail(new Cause.NoSuchElementException()).pipe(Narrative.story("Sub"), Narrative.story("Root"))
      )
      const [sub, root] = storiesIn(records)
      if (sub === undefined) return assert.fail("the sub-story has no record")
      assert.deepInclude(root, { causedByStoryId: sub.storyId, errorType: "NoSuchElementException", failures: 0 })
      assert.strictEqual(sub.rootStoryId, root?.storyId)
    })
  )

  it.effect("names the first 50 and the last 200 of its stages, and counts the others", () =>
    Effect.gen(function* () {
      const { records } = yield* recorded(
        Effect.forEach(
          Array.from({ length: 1_000 }, (_, i) => i),
          (i) => Effect.void.pipe(Narrative.stage(`${i}`))
        ).pipe(Narrative.story("Long")),
        { stages: false }
      )
      assert.lengthOf(records, 1)
      const [story] = storiesIn(records)
      assert.deepStrictEqual(
        story?.stages.map(({ index }) => index),
        [...Array.from({ length: 50 }, (_, i) => i), ...Array.from({ length: 200 }, (_, i) => 800 + i)]
      )
      assert.strictEqual(story?.stagesOmitted, 750)
    })
  )

  it.effect("that is still running when the layer closes is reported as unfinished", () =>
    Effect.gen(function* () {
      const { records } = yield* recorded(
        Effect.gen(function* () {
          const begun = yield* Deferred.make<void>()
          const inside = Effect.void.pipe(
            Narrative.stage("Listen"),
            Effect.zipRight(Deferred.succeed(begun, undefined))
          )
          yield* Effect.zipRight(inside, Effect.never).pipe(Narrative.story("Server"), Effect.forkDaemon)
          yield* Deferred.await(begun)
        })
      )
      assert.deepInclude(storiesIn(records)[0], {
        storyName: "Server",
        status: "unfinished",
        success: false,
        endedAt: null,
        durationSeconds: null,
        stagesCompleted: 1
      })
    })
  )

  it("that never ends is given up after 10,000 others, and reported as unfinished; what ends later says what it lacks", () => {
    const open = new OpenRecords()
    const first = new Narrator("First")
    open.take(first.start())
    const letGo: Array<WideEventRenderer.WideEvent> = []
    for (let i = 0; i < 10_000; i++) letGo.push(...open.take(new Narrator(`Story ${i}`).start()))
    assert.deepStrictEqual(
      letGo.map(({ status, storyName }) => [storyName, status]),
      [["First", "unfinished"]]
    )
    const [late] = open.take(first.end({ durationSeconds: 2, timestamp: 5_000 }))
    assert.deepInclude(late, { storyName: "First", status: "success", incomplete: true, startedAt: 3_000 })
    assert.lengthOf(open.close(), 10_000)
    assert.lengthOf(open.close(), 0)
  })
})

describe("WideEventRenderer.layerFile", () => {
  it.scoped("writes a line a record, which can be read back", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* fs.makeTempDirectoryScoped()}/wide/events.jsonl`
      const scope = yield* Scope.make()
      const renderer = yield* Scope.extend(rendererOf(WideEventRenderer.layerFile({ path })), scope)
      const narrator = new Narrator("ETL")
      const stage = narrator.stage("Load")
      const events: ReadonlyArray<NarrativeEvent> = [
        narrator.start(),
        narrator.stageStarted(stage),
        narrator.completed(stage),
        narrator.end()
      ]
      yield* emitAll(renderer, events)
      yield* Scope.close(scope, Exit.void)
      const lines = (yield* fs.readFileString(path)).trimEnd().split("\n")
      const records = lines.map((line) => Schema.decodeSync(Schema.parseJson(WideEventRenderer.WideEvent))(line))
      assert.deepStrictEqual(
        records.map(({ _tag, status }) => [_tag, status]),
        [
          ["StageWide", "completed"],
          ["StoryWide", "success"]
        ]
      )
      assert.containsAllKeys(JSON.parse(lines[0] ?? ""), [
        "event",
        "story_id",
        "stage_name",
        "duration_seconds",
        "offset_seconds",
        "error_code"
      ])
      // Only what makes a record is an event of the file's.
      assert.deepInclude(yield* statsOf(renderer), { emitted: 2, delivered: 2, failed: 0, pending: 0 })
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})

describe("WideEventRenderer: settings", () => {
  const invalid: ReadonlyArray<readonly [options: { readonly [option: string]: unknown }, message: RegExp]> = [
    [{ stages: false, stories: false }, /stories takes true where "stages" is false/],
    [{ stages: "yes" }, /stages takes true or false, not "yes"/],
    [{ capacity: 0 }, /capacity takes a whole number of 1 or more, not 0/],
    [{ write: "log" }, /write takes a function of a record, not "log"/]
  ]
  for (const [options, message] of invalid) {
    it.effect(`says what is wrong: ${message.source}`, () =>
      Effect.gen(function* () {
        // What only a program without types could pass.
        const wrong = { write: () => {}, ...options } as WideEventRenderer.WriteOptions
        const exit = yield* Effect.exit(Effect.scoped(Layer.build(WideEventRenderer.layer(wrong))))
        if (Exit.isSuccess(exit)) return assert.fail("it was made")
        assert.match(Cause.pretty(exit.cause), message)
      })
    )
  }

  it.effect("adds to the renderers in use, and works behind a buffer of one's own", () =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const names = yield* Effect.void.pipe(
        Narrative.story("S"),
        Effect.zipRight(Renderer.stats),
        Effect.provide([
          Renderer.layer(Renderer.make("other", () => {})),
          WideEventRenderer.layer({ write: ({ storyName }) => void written.push(storyName) })
        ])
      )
      assert.deepStrictEqual(
        names.map(({ name }) => name),
        ["other", "wide-events"]
      )
      assert.deepStrictEqual(written, ["S"])
    })
  )
})
