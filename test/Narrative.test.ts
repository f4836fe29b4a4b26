import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Clock,
  Context,
  Data,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Schedule,
  TestClock,
  Tracer
} from "effect"
import { IdGenerator, Narrative, type NarrativeEvent, Renderer } from "../src/index.js"
import { assertWellFormed, observe } from "./laws/observed.js"

type Event = NarrativeEvent.NarrativeEvent
type Tagged<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

class Duplicate extends Data.TaggedError("Duplicate")<{ readonly id: number }> {
  override get message() {
    return `duplicate customer id ${this.id}`
  }
}

class ImportFailed extends Data.TaggedError("ImportFailed")<{ readonly cause: unknown }> {}

/** Runs a program, and gives its exit and everything that was recorded of it. */
const recorded = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const observed = observe()
    const exit = yield* Effect.exit(self).pipe(Effect.provide(observed.layer))
    assertWellFormed(observed.events)
    assert.deepStrictEqual(observed.openSpans(), [])
    const all = <Tag extends Event["_tag"]>(tag: Tag) =>
      observed.events.filter((event): event is Tagged<Tag> => event._tag === tag)
    const one = <Tag extends Event["_tag"]>(tag: Tag): Tagged<Tag> => {
      const [event, ...more] = all(tag)
      assert.isDefined(event, `no ${tag} among ${observed.events.map((event) => event._tag)}`)
      assert.lengthOf(more, 0, `more than one ${tag}`)
      return event as Tagged<Tag>
    }
    return { exit, events: observed.events, tags: observed.events.map(brief), all, one }
  })

const brief = (event: Event): string => ("stageName" in event ? `${event._tag} ${event.stageName}` : event._tag)

const fails = (id = 7) => Effect.fail(new Duplicate({ id }))

/** The same, where the types shall not know it. */
const mayFail = (): Effect.Effect<void, Duplicate> => fails()

describe("a story", () => {
  it.effect("is emitted from its start to its end, its stages between", () =>
    Effect.gen(function* () {
      const { exit, one, tags } = yield* recorded(
        Effect.gen(function* () {
          const rows = yield* Effect.succeed(3).pipe(Narrative.stage("Load"))
          yield* Effect.void.pipe(Narrative.stage("Validate"))
          return rows
        }).pipe(Narrative.story("Import", { totalStages: 2, labels: { team: "crm" }, kind: "pipeline" }))
      )
      assert.deepStrictEqual(exit, Exit.succeed(3))
      assert.deepStrictEqual(tags, [
        "StoryStarted",
        "StageStarted Load",
        "StageCompleted Load",
        "StageStarted Validate",
        "StageCompleted Validate",
        "StoryCompleted"
      ])
      assert.deepInclude(one("StoryStarted"), { totalStages: 2, labels: { team: "crm" }, kind: "pipeline" })
      assert.deepInclude(one("StoryCompleted"), {
        status: "success",
        success: true,
        progress: { percent: 100, completedStages: 2, totalStages: 2 }
      })
    })
  )

  it.effect("takes its ids from the IdGenerator and its times from the Clock", () =>
    Effect.gen(function* () {
      const { all, one } = yield* recorded(
        TestClock.adjust("1500 millis").pipe(
          Narrative.stage("Wait"),
          Narrative.story("Timed"),
          Effect.provideService(IdGenerator.IdGenerator, { next: (timestamp) => `id-${timestamp}` })
        )
      )
      assert.deepInclude(one("StoryStarted"), { storyId: "id-0", timestamp: 0 })
      assert.deepInclude(all("StageCompleted")[0], { timestamp: 1500, durationSeconds: 1.5 })
      assert.strictEqual(one("StoryCompleted").durationSeconds, 1.5)
    })
  )

  it.effect("counts what is reported of a failure into no duration of what is around it", () =>
    Effect.gen(function* () {
      const observed = observe()
      let passed = 0n
      const clock = Object.assign(Object.create(Clock.make()), { unsafeCurrentTimeNanos: () => passed })
      const slow = Renderer.make("slow", ({ _tag }) => {
        if (_tag === "StageFailed" || _tag === "FailureOccurred") passed += 1_000_000_000n
      })
      yield* Effect.fail("no room").pipe(
        Narrative.stage("Inner"),
        Narrative.story("Sub"),
        Effect.ignore,
        Narrative.stage("Outer"),
        Narrative.story("Root"),
        Effect.withClock(clock),
        Effect.provide(Layer.merge(observed.layer, Renderer.layer(slow)))
      )
      assert.strictEqual(passed, 2_000_000_000n)
      const ends = observed.events.flatMap((event) => ("durationSeconds" in event ? [event.durationSeconds] : []))
      assert.deepStrictEqual(ends, [0, 0, 0, 0])
    })
  )

  it.effect("that is given a default id gets a UUIDv7", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(Effect.void.pipe(Narrative.story("Any")))
      assert.match(one("StoryStarted").storyId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    })
  )

  it.effect("gets an id and goes on when the IdGenerator throws", () =>
    Effect.gen(function* () {
      const next = () => {
        throw new RangeError("no more ids")
      }
      const { exit, one } = yield* recorded(
        Effect.succeed(1).pipe(Narrative.story("Any"), Effect.provideService(IdGenerator.IdGenerator, { next }))
      )
      assert.deepStrictEqual(exit, Exit.succeed(1))
      assert.isAbove(one("StoryStarted").storyId.length, 30)
    })
  )

  it.effect("inside another story is its sub-story, and knows the root", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(
        Effect.void.pipe(
          Narrative.story("Leaf"),
          Narrative.stage("Call"),
          Narrative.story("Middle"),
          Narrative.story("Root")
        )
      )
      const [root, middle, leaf] = all("StoryStarted")
      assert.strictEqual(root?.parentStoryId, null)
      assert.strictEqual(middle?.parentStoryId, root?.storyId)
      assert.strictEqual(leaf?.parentStoryId, middle?.storyId)
      assert.deepStrictEqual(
        [root, middle, leaf].map((event) => event?.rootStoryId),
        [root, root, root].map((event) => event?.storyId)
      )
      assert.deepStrictEqual(
        [root, middle, leaf].map((event) => event?.parentStageIndex),
        [null, null, 0]
      )
    })
  )

  it.effect("carries its outcome, the status asked for, and attributes", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(
        Effect.gen(function* () {
          yield* Narrative.setTotalStages(4)
          yield* Effect.void.pipe(Narrative.stage("Only"))
          yield* Narrative.annotate({ rows: 12, skipped: [3n] })
          yield* Narrative.setOutcome("12 rows, 1 skipped")
          yield* Narrative.setStatus("partial")
        }).pipe(Narrative.story("Import", { attributes: { file: "a.csv" } }))
      )
      assert.deepInclude(one("StoryCompleted"), {
        status: "partial",
        success: false,
        outcome: "12 rows, 1 skipped",
        attributes: { file: "a.csv", rows: 12, skipped: ["3"] },
        progress: { percent: 25, completedStages: 1, totalStages: 4 }
      })
    })
  )

  it.effect("as a Layer lasts as long as the layer's scope, and ends as that scope ended", () =>
    Effect.gen(function* () {
      const ok = yield* recorded(
        Effect.void.pipe(Narrative.stage("Serve"), Effect.provide(Narrative.layerStory("Server")))
      )
      assert.deepStrictEqual(ok.tags, ["StoryStarted", "StageStarted Serve", "StageCompleted Serve", "StoryCompleted"])
      const failed = yield* recorded(
        fails().pipe(Narrative.stage("Serve"), Effect.provide(Narrative.layerStory("Server")))
      )
      assert.strictEqual(failed.one("StoryCompleted").status, "failed")
      assert.strictEqual(failed.one("FailureOccurred").failures[0].stageName, "Serve")
    })
  )

  it.effect("as a scoped effect holds for what follows, and is over when the scope is", () =>
    Effect.gen(function* () {
      const { exit, tags } = yield* recorded(
        Effect.gen(function* () {
          const active = yield* Effect.scoped(
            Effect.gen(function* () {
              const story = yield* Narrative.storyScoped("Session")
              yield* Effect.void.pipe(Narrative.stage("Inside"))
              const current = yield* Narrative.current
              return Option.getOrNull(current) === story && (yield* Narrative.isActive)
            })
          )
          yield* Effect.void.pipe(Narrative.stage("Outside"))
          return [active, yield* Narrative.isActive]
        })
      )
      assert.deepStrictEqual(exit, Exit.succeed([true, false]))
      assert.deepStrictEqual(tags, ["StoryStarted", "StageStarted Inside", "StageCompleted Inside", "StoryCompleted"])
    })
  )

  it.effect("that is over takes no more stages from fibers that outlive it", () =>
    Effect.gen(function* () {
      const { tags } = yield* recorded(
        Effect.gen(function* () {
          const gate = yield* Deferred.make<void>()
          const late = Effect.void.pipe(Narrative.stage("Late"))
          const fiber = yield* Deferred.await(gate).pipe(
            Effect.zipRight(late),
            Narrative.stage("Daemon"),
            Effect.forkDaemon,
            Effect.tap(Effect.yieldNow()),
            Narrative.story("Short")
          )
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.await(fiber)
        })
      )
      // The daemon's own end is a story beside it.
      assert.deepStrictEqual(tags, [
        "StoryStarted",
        "StageStarted Daemon",
        "StageCancelled Daemon",
        "StoryCompleted",
        "StoryStarted",
        "StoryCompleted"
      ])
    })
  )

  it.effect("ends the stages that daemons left open, as orphans", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(
        Effect.gen(function* () {
          const fiber = yield* Effect.never.pipe(
            Narrative.stage("Daemon"),
            Effect.forkDaemon,
            Effect.tap(Effect.yieldNow()),
            Narrative.story("Short")
          )
          yield* Fiber.interrupt(fiber)
        })
      )
      assert.isTrue(one("StageCancelled").orphaned)
      assert.strictEqual(one("StageCancelled").spanId, one("StageStarted").spanId)
    })
  )
})

describe("a stage", () => {
  it.effect("knows its place: index by order of starting, path, parent and depth", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(
        Effect.all([
          Effect.void.pipe(Narrative.stage("Inner"), Narrative.stage("Outer")),
          Effect.void.pipe(Narrative.stage("Next"))
        ]).pipe(Narrative.story("Nested"))
      )
      assert.deepStrictEqual(
        all("StageStarted").map(({ depth, parentStageIndex, parentStageName, stageIndex, stagePath }) => ({
          depth,
          parentStageIndex,
          parentStageName,
          stageIndex,
          stagePath
        })),
        [
          { depth: 0, parentStageIndex: null, parentStageName: null, stageIndex: 0, stagePath: ["Outer"] },
          { depth: 1, parentStageIndex: 0, parentStageName: "Outer", stageIndex: 1, stagePath: ["Outer", "Inner"] },
          { depth: 0, parentStageIndex: null, parentStageName: null, stageIndex: 2, stagePath: ["Next"] }
        ]
      )
    })
  )

  it.effect("outside any story is only its span", () =>
    Effect.gen(function* () {
      const { exit, tags } = yield* recorded(
        Effect.currentSpan.pipe(
          Effect.map((span) => span.name),
          Narrative.stage("Alone")
        )
      )
      assert.deepStrictEqual(exit, Exit.succeed("Alone"))
      assert.deepStrictEqual(tags, [])
    })
  )

  it.effect("is a span of that name below the story's, with the narrative attributes", () =>
    Effect.gen(function* () {
      const span = yield* Effect.currentSpan.pipe(
        Effect.tap(Narrative.annotate("rows", 3)),
        Narrative.stage("Load", { attributes: { file: "a.csv" } }),
        Narrative.story("Import", { id: "s-1", labels: { team: "crm" } }),
        Effect.provide(observe().layer)
      )
      assert.deepStrictEqual(Object.fromEntries(span.attributes), {
        file: "a.csv",
        rows: 3,
        "narrative.story.id": "s-1",
        "narrative.story.name": "Import",
        "narrative.stage.name": "Load",
        "narrative.stage.index": 0
      })
      const parent = Option.getOrThrow(span.parent) as Tracer.Span
      assert.strictEqual(parent.name, "Import")
      assert.deepInclude(Object.fromEntries(parent.attributes), { team: "crm", "narrative.story.id": "s-1" })
      assert.deepStrictEqual(span.status._tag, "Ended")
    })
  )

  it.effect("value that is used twice is emitted twice", () =>
    Effect.gen(function* () {
      const twice = Effect.void.pipe(Narrative.stage("Again"))
      const { all } = yield* recorded(Effect.zip(twice, twice).pipe(Narrative.story("Reuse")))
      assert.deepStrictEqual(
        all("StageCompleted").map((event) => event.stageIndex),
        [0, 1]
      )
    })
  )

  it.effect("interrupted from without is cancelled, by the fiber and stage that did it", () =>
    Effect.gen(function* () {
      const { all, one } = yield* recorded(
        Effect.never.pipe(
          Narrative.stage("Slow"),
          Effect.fork,
          Effect.tap(Effect.yieldNow()),
          Effect.flatMap(Fiber.interrupt),
          Narrative.stage("Impatient"),
          Narrative.story("Race")
        )
      )
      const [interruptor] = one("StageCancelled").interruptors
      assert.deepInclude(interruptor, { storyName: "Race", stageName: "Impatient" })
      assert.match(interruptor?.fiberId ?? "", /^#\d+$/)
      assert.lengthOf(all("FailureOccurred"), 0)
      assert.strictEqual(one("StoryCompleted").status, "success")
    })
  )

  it.effect("that interrupts itself cancels the story, and that is no failure", () =>
    Effect.gen(function* () {
      const { all, exit, one } = yield* recorded(
        Effect.interrupt.pipe(Narrative.stage("Stop"), Narrative.story("Stopped"))
      )
      assert.isTrue(Exit.isInterrupted(exit))
      assert.deepInclude(one("StoryCompleted"), { status: "cancelled", success: false, cancelledStages: 1 })
      assert.lengthOf(all("FailureOccurred"), 0)
    })
  )

  it.effect("reports its progress at most ten times a second", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(
        Effect.forEach(Array.from({ length: 200 }), (_, i) =>
          Effect.zipRight(Narrative.progress(i, 200), TestClock.adjust("10 millis"))
        ).pipe(Narrative.stage("Long"), Narrative.story("Progress"))
      )
      const told200 = all("StageProgressed")
      assert.strictEqual(told200.length, 20)
      assert.deepInclude(told200[1], { done: 10, total: 200 })
    })
  )

  it.effect("notes what happened, with data copied at once", () =>
    Effect.gen(function* () {
      const data = { rows: [1] }
      const { one } = yield* recorded(
        Narrative.note("loaded", data).pipe(
          Effect.tap(() => Effect.sync(() => data.rows.push(2))),
          Narrative.stage("Load"),
          Narrative.story("Notes")
        )
      )
      assert.deepInclude(one("EventRecorded"), {
        name: "loaded",
        data: { rows: [1] },
        stageName: "Load",
        stageIndex: 0
      })
    })
  )
})

describe("a story that goes on", () => {
  /** Whether a value is found in what something holds, a few levels deep. */
  const holds = (holder: unknown, value: object, depth = 4): boolean =>
    holder === value ||
    (depth > 0 &&
      typeof holder === "object" &&
      holder !== null &&
      Object.values(holder).some((held) => holds(held, value, depth - 1)))

  it.effect("holds nothing of what its stages gave", () =>
    Effect.gen(function* () {
      const rows = { count: 1_000_000 }
      const { exit } = yield* recorded(
        Effect.gen(function* () {
          yield* Effect.succeed(rows).pipe(Narrative.stage("Load"))
          return holds(yield* Narrative.current, rows)
        }).pipe(Narrative.story("Import"))
      )
      assert.deepStrictEqual(exit, Exit.succeed(false))
    })
  )
})

describe("a failure", () => {
  it.effect("is reported once, at the story it surfaced in, blamed on the innermost stage", () =>
    Effect.gen(function* () {
      const { exit, one, tags } = yield* recorded(
        fails().pipe(Narrative.stage("Insert Row"), Narrative.stage("Insert Records"), Narrative.story("Import"))
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(tags, [
        "StoryStarted",
        "StageStarted Insert Records",
        "StageStarted Insert Row",
        "StageFailed Insert Row",
        "StageFailed Insert Records",
        "FailureOccurred",
        "StoryCompleted"
      ])
      const failure = one("FailureOccurred").failures[0]
      assert.deepInclude(failure, {
        kind: "fail",
        errorType: "Duplicate",
        errorMessage: "duplicate customer id 7",
        stageName: "Insert Row",
        stagePath: ["Insert Records", "Insert Row"]
      })
      assert.match(failure.location?.file ?? "", /Narrative\.test\.ts$/)
      assert.include(failure.location?.sourceLine ?? "", "new Duplicate")
    })
  )

  it.effect("says what kind it is where a stage fails, as its report does", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(
        new Cause.TimeoutException("slow").pipe(Narrative.stage("Ask"), Narrative.story("Quiz"))
      )
      const { errorCode, retryable } = one("FailureOccurred").failures[0]
      assert.deepStrictEqual([errorCode, retryable], ["TIMEOUT", true])
      assert.deepInclude(one("StageFailed"), { errorCode, retryable })
    })
  )

  it.effect("caught inside the story has no report, and is not blamed for a later one", () =>
    Effect.gen(function* () {
      const same = new Duplicate({ id: 1 })
      const { all, one } = yield* recorded(
        Effect.gen(function* () {
          yield* Effect.fail(same).pipe(Narrative.stage("Caught"), Effect.ignore)
          return yield* Effect.fail(same).pipe(Narrative.stage("Fatal"))
        }).pipe(Narrative.story("Twice"))
      )
      assert.strictEqual(one("FailureOccurred").failures[0].stageName, "Fatal")
      assert.lengthOf(all("StageFailed"), 2)
      const caught = yield* recorded(fails().pipe(Narrative.stage("Caught"), Effect.ignore, Narrative.story("Fine")))
      assert.lengthOf(caught.all("FailureOccurred"), 0)
      assert.deepInclude(caught.one("StoryCompleted"), { status: "success", failedStages: 1 })
    })
  )

  it.effect("outside any stage says so", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(fails().pipe(Narrative.story("Bare")))
      assert.deepInclude(one("FailureOccurred").failures[0], { stageName: null, stagePath: [] })
    })
  )

  it.effect("of a sub-story is reported there only; the story around it refers to it", () =>
    Effect.gen(function* () {
      const { all, one } = yield* recorded(
        fails().pipe(
          Narrative.stage("Insert"),
          Narrative.story("Save", { id: "inner" }),
          Narrative.stage("Saving"),
          Narrative.story("Import", { id: "outer" })
        )
      )
      assert.strictEqual(one("FailureOccurred").storyId, "inner")
      const outer = all("StoryCompleted").find((event) => event.storyId === "outer")
      assert.deepInclude(outer, { status: "failed" })
      assert.deepStrictEqual(outer?.causedBy, {
        storyId: "inner",
        storyName: "Save",
        stageName: "Insert",
        errorType: "Duplicate"
      })
    })
  )

  it.effect("wrapped on its way up with its cause is still the same failure", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(
        fails().pipe(
          Narrative.stage("Insert"),
          Effect.mapError((cause) => new ImportFailed({ cause })),
          Narrative.stage("Outer"),
          Narrative.story("Inner"),
          Effect.mapError((cause) => new ImportFailed({ cause })),
          Narrative.story("Import")
        )
      )
      const failure = one("FailureOccurred").failures[0]
      assert.deepInclude(failure, { errorType: "ImportFailed", stageName: "Insert" })
      assert.include(failure.exceptionChain, "Duplicate: duplicate customer id 7")
    })
  )

  it.effect("of a parent that adds its own is reported for what is new", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(
        Effect.all([fails(1).pipe(Narrative.story("Sub")), fails(2).pipe(Narrative.stage("Own"))], {
          concurrency: "unbounded",
          mode: "validate"
        }).pipe(Narrative.story("Root"))
      )
      assert.isAtLeast(all("FailureOccurred").length, 1)
    })
  )

  it.effect("in several fibers is reported whole, each with its own stage", () =>
    Effect.gen(function* () {
      const { exit, one } = yield* recorded(
        Narrative.group({ "Load Data": fails(1), "Load Config": Effect.die("broken"), Fine: Effect.succeed(1) }).pipe(
          Narrative.story("Parallel")
        )
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(
        one("FailureOccurred").failures.map(({ errorType, kind, stageName }) => [kind, errorType, stageName]),
        [
          ["fail", "Duplicate", "Load Data"],
          ["die", "string", "Load Config"]
        ]
      )
    })
  )

  it.effect("of the primitive kind is blamed on the innermost stage too", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(
        Effect.fail("nope").pipe(Narrative.stage("Inner"), Narrative.stage("Outer"), Narrative.story("Text"))
      )
      assert.deepInclude(one("FailureOccurred").failures[0], { errorMessage: "nope", stageName: "Inner" })
    })
  )

  it.effect("that was handled can be reported all the same, and the story still succeeds", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(
        fails().pipe(
          Effect.catchAllCause((cause) => Narrative.recordFailure(cause, { stage: "Compensate" })),
          Narrative.story("Saga")
        )
      )
      assert.isTrue(one("FailureOccurred").handled)
      assert.strictEqual(one("FailureOccurred").failures[0].stageName, "Compensate")
      assert.strictEqual(one("StoryCompleted").status, "success")
    })
  )

  it.effect("by timeout gives the story the status timeout and names the stage", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(
        Effect.gen(function* () {
          const fiber = yield* Effect.never.pipe(
            Narrative.timeout("5 seconds"),
            Narrative.stage("Charge"),
            Narrative.story("Order"),
            Effect.fork
          )
          yield* TestClock.adjust("5 seconds")
          return yield* fiber
        })
      )
      assert.strictEqual(one("StoryCompleted").status, "timeout")
      assert.deepInclude(one("FailureOccurred").failures[0], {
        errorType: "TimeoutException",
        errorMessage: `Stage "Charge" timed out after 5s`
      })
    })
  )
})

describe("a group", () => {
  it.effect("gives a struct of the results", () =>
    Effect.gen(function* () {
      const { exit } = yield* recorded(
        Narrative.group({ rows: Effect.succeed([1, 2]), strict: Effect.succeed(true) }).pipe(Narrative.story("Group"))
      )
      assert.deepStrictEqual(exit, Exit.succeed({ rows: [1, 2], strict: true }))
    })
  )

  it.effect("awaits all of its stages and fails with every failure under its name", () =>
    Effect.gen(function* () {
      const { all, exit } = yield* recorded(
        Narrative.group({
          Quick: fails(1),
          Slow: Effect.yieldNow().pipe(Effect.repeatN(50)),
          Other: fails(2)
        }).pipe(Narrative.story("Group"))
      )
      assert.isTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause))
      const error = yield* Effect.flip(exit)
      assert.instanceOf(error, Narrative.StageGroupError)
      assert.deepStrictEqual(Object.keys(error.failures), ["Quick", "Other"])
      assert.deepStrictEqual(
        all("StageCompleted").map((event) => event.stageName),
        ["Slow"]
      )
    })
  )

  it.effect("interrupted from without interrupts its stages", () =>
    Effect.gen(function* () {
      const { all, exit } = yield* recorded(
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(
            Narrative.group({ A: Effect.never, B: Effect.never }).pipe(Narrative.story("Group"))
          )
          yield* Effect.yieldNow().pipe(Effect.repeatN(20))
          return yield* Fiber.interrupt(fiber)
        })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.lengthOf(all("StageCancelled"), 2)
    })
  )
})

describe("a retry", () => {
  it.effect("reports each new attempt: its number, the wait before it and why", () =>
    Effect.gen(function* () {
      let attempts = 0
      const { all, exit, one } = yield* recorded(
        Effect.gen(function* () {
          const fiber = yield* Effect.suspend(() =>
            ++attempts < 3 ? fails(attempts) : Effect.succeed("charged")
          ).pipe(
            Narrative.retry(Schedule.exponential("100 millis")),
            Narrative.stage("Charge"),
            Narrative.story("Order"),
            Effect.fork
          )
          yield* TestClock.adjust("1 second")
          return yield* fiber
        })
      )
      assert.deepStrictEqual(exit, Exit.succeed("charged"))
      assert.deepStrictEqual(
        all("StageRetried").map(({ attempt, delaySeconds, reason }) => [attempt, delaySeconds, reason]),
        [
          [2, 0.1, "Duplicate: duplicate customer id 1"],
          [3, 0.2, "Duplicate: duplicate customer id 2"]
        ]
      )
      assert.strictEqual(one("StageCompleted").stageName, "Charge")
    })
  )

  it.effect("takes whatever Effect.retry takes, and fails as it does", () =>
    Effect.gen(function* () {
      const { all, exit } = yield* recorded(
        fails().pipe(
          Narrative.retry({ times: 2 }, { reason: (error) => `id ${error.id}` }),
          Narrative.stage("Charge"),
          Narrative.story("Order")
        )
      )
      assert.deepStrictEqual(
        all("StageRetried").map((event) => event.reason),
        ["id 7", "id 7"]
      )
      assert.strictEqual((yield* Effect.flip(exit)).id, 7)
    })
  )
})

describe("a function", () => {
  it.effect("made with fn is a stage at every call, named after itself", () =>
    Effect.gen(function* () {
      const validateOrder = Narrative.fn()(function* validateOrder(id: number, _strict = false) {
        yield* Effect.yieldNow()
        return id * 2
      })
      const parse_http2Body = Narrative.fn()(function* parse_http2Body() {})
      const named = Narrative.fn("Charge Card", { kind: "provider" })(
        function* (amount: number) {
          return yield* amount > 0 ? Effect.succeed("ok") : Effect.fail("no" as const)
        },
        (self, amount) => Effect.map(self, (text) => `${text} ${amount}`)
      )
      const { all, exit } = yield* recorded(
        Effect.all([validateOrder(21), parse_http2Body(), named(5)]).pipe(Narrative.story("Functions"))
      )
      assert.deepStrictEqual(exit, Exit.succeed([42, undefined, "ok 5"]))
      assert.deepStrictEqual(
        all("StageCompleted").map((event) => [event.stageName, event.kind]),
        [
          ["Validate Order", "stage"],
          ["Parse Http2 Body", "stage"],
          ["Charge Card", "provider"]
        ]
      )
      assert.strictEqual(validateOrder.length, 1)
    })
  )

  it.effect("made with fn of a function alone is a stage named after it, as Effect.fn takes it", () =>
    Effect.gen(function* () {
      const validateOrder = Narrative.fn(
        function* validateOrder(this: { factor: number }, id: number) {
          return this.factor * (yield* Effect.succeed(id))
        },
        (self, id) => Effect.map(self, (double) => [id, double])
      )
      const loadAll = Narrative.fn(function loadAll() {
        return Effect.succeed("all")
      })
      const { all, exit } = yield* recorded(
        Effect.all([validateOrder.call({ factor: 2 }, 21), loadAll()]).pipe(Narrative.story("Functions"))
      )
      assert.deepStrictEqual(exit, Exit.succeed([[21, 42], "all"]))
      assert.deepStrictEqual(
        all("StageCompleted").map((event) => event.stageName),
        ["Validate Order", "Load All"]
      )
      assert.strictEqual(validateOrder.length, 1)
    })
  )

  it.effect("made with fn keeps its this", () =>
    Effect.gen(function* () {
      const service = {
        factor: 3,
        scale: Narrative.fn("Scale")(function* (this: { factor: number }, value: number) {
          return this.factor * (yield* Effect.succeed(value))
        })
      }
      assert.strictEqual(yield* service.scale(4), 12)
    })
  )
})

describe("a dry run", () => {
  it.effect("takes the stand-in where there is one, and swallows what fails elsewhere", () =>
    Effect.gen(function* () {
      let connected = false
      const { all, exit, one } = yield* recorded(
        Effect.gen(function* () {
          const rows = yield* Effect.sync(() => {
            connected = true
            return ["real"]
          }).pipe(
            Narrative.whenDryRun(() => ["stand-in"]),
            Narrative.stage("Load")
          )
          yield* mayFail().pipe(Narrative.stage("Transform"))
          yield* Effect.sync(() => JSON.parse("not JSON")).pipe(Narrative.stage("Export"))
          return rows
        }).pipe(Narrative.story("Nightly ETL", { dryRun: true }))
      )
      assert.isFalse(connected)
      assert.deepStrictEqual(exit, Exit.succeed(["stand-in"]))
      assert.deepStrictEqual(
        all("StageCompleted").map((event) => event.stageName),
        ["Load", "Transform", "Export"]
      )
      assert.deepInclude(one("StoryCompleted"), { status: "success", success: true, dryRun: true })
    })
  )

  it.effect("of an effect gives a report of the stages visited", () =>
    Effect.gen(function* () {
      const report = yield* Effect.gen(function* () {
        yield* Effect.succeed(1).pipe(
          Narrative.whenDryRun(() => 0),
          Narrative.stage("Load")
        )
        yield* mayFail().pipe(Narrative.stage("Row"), Narrative.stage("Insert"))
      }).pipe(Narrative.story("Import"), Narrative.dryRun, Effect.provide(observe().layer))
      assert.deepStrictEqual(report.stages, [
        { storyName: "Import", name: "Load", path: ["Load"], standIn: true, failure: null },
        {
          storyName: "Import",
          name: "Row",
          path: ["Insert", "Row"],
          standIn: false,
          failure: "Duplicate: duplicate customer id 7"
        },
        { storyName: "Import", name: "Insert", path: ["Insert"], standIn: false, failure: null }
      ])
    })
  )

  it.effect("a dry run that is interrupted ends as interrupted", () =>
    Effect.gen(function* () {
      const { exit, one } = yield* recorded(
        Effect.interrupt.pipe(Narrative.stage("Stop"), Narrative.story("Dry", { dryRun: true }))
      )
      assert.isTrue(Exit.isInterrupted(exit))
      assert.strictEqual(one("StoryCompleted").status, "cancelled")
    })
  )
})

describe("narration", () => {
  it.effect("switched off emits nothing and makes no spans of its own", () =>
    Effect.gen(function* () {
      const spans: Array<string> = []
      const counting = Layer.setTracer(
        Tracer.make({
          span: (name) => {
            spans.push(name)
            throw new Error("no span expected")
          },
          context: (f) => f()
        })
      )
      const { exit, tags } = yield* recorded(
        Effect.gen(function* () {
          yield* Effect.scoped(Narrative.storyScoped("Scoped"))
          yield* Narrative.note("nothing")
          return yield* Narrative.isActive
        }).pipe(
          Narrative.stage("Off"),
          Narrative.story("Off"),
          Effect.provide(
            Narrative.layerStory("Layer").pipe(Layer.provideMerge(Layer.mergeAll(Narrative.disabled, counting)))
          )
        )
      )
      assert.deepStrictEqual(exit, Exit.succeed(false))
      assert.deepStrictEqual([tags, spans], [[], []])
    })
  )

  it.effect("goes on where tracing is off", () =>
    Effect.gen(function* () {
      const { one } = yield* recorded(
        Effect.void.pipe(Narrative.stage("Quiet"), Narrative.story("Untraced"), Effect.withTracerEnabled(false))
      )
      assert.deepInclude(one("StageCompleted"), { traceId: null, spanId: null })
    })
  )

  it.effect("outside a story lets every combinator pass", () =>
    Effect.gen(function* () {
      const { exit, tags } = yield* recorded(
        Effect.gen(function* () {
          yield* Narrative.annotate("key", 1)
          yield* Narrative.note("note")
          yield* Narrative.progress(1, 2)
          yield* Narrative.setOutcome("none")
          yield* Narrative.setStatus("partial")
          yield* Narrative.setTotalStages(1)
          yield* Narrative.recordFailure(Cause.fail("x"))
          return yield* Narrative.current
        })
      )
      assert.deepStrictEqual(exit, Exit.succeed(Option.none()))
      assert.deepStrictEqual(tags, [])
    })
  )

  it.effect("passes the context of the program through untouched", () =>
    Effect.gen(function* () {
      class Database extends Context.Tag("Database")<Database, { readonly url: string }>() {}
      const { exit } = yield* recorded(
        Effect.map(Database, ({ url }) => url).pipe(
          Narrative.stage("Read"),
          Narrative.story("Context"),
          Effect.provideService(Database, { url: "db" })
        )
      )
      assert.deepStrictEqual(exit, Exit.succeed("db"))
    })
  )
})
