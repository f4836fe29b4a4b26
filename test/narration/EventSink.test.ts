// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import {
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  FastCheck as fc,
  Layer,
  Logger,
  Redacted,
  Schema,
  Scope,
  TestClock
} from "effect"
import { open } from "../../src/delivery/sinkQueue.js"
import { EventSink, Narrative, Renderer, WideEventRenderer } from "../../src/index.js"
import * as sinks from "../../src/narration/sinks.js"
import * as Correlation from "../../src/tracing/Correlation.js"
import { assertConserved, type Destination, rendererSuite, withWarnings } from "../renderer/rendererSuite.js"

interface Got {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

const collecting = () => {
  const events: Array<Got> = []
  return { events, sink: EventSink.make("collecting", (type, data) => void events.push({ type, data })) }
}

const types = (events: ReadonlyArray<Got>) => events.map(({ type }) => type)

const find = (events: ReadonlyArray<Got>, type: string): Got["data"] => {
  const found = events.find((event) => event.type === type)
  assert.isDefined(found, `${type} among ${types(events).join(", ")}`)
  return found?.data ?? {}
}

/** A renderer suite knows events by their sequence, which a note of the suite does not carry: they are counted. */
const behind = (destination: Destination) => {
  let sequence = 0
  return () => Effect.suspend(() => destination.accept([sequence++]))
}

rendererSuite("EventSink.layer, of a sink with a queue", (destination) =>
  Effect.gen(function* () {
    const queue = yield* open("buffered", behind(destination), {
      maxQueueSize: 8,
      whenFull: "wait",
      highWaterMark: 0.8,
      shutdownTimeout: Duration.seconds(5)
    })
    return yield* sinks.rendererOf("buffered", queue, { stages: false, stories: false })
  })
)

describe("A sink", () => {
  it.effect("gets what is narrated by dotted names, in order", () =>
    Effect.gen(function* () {
      const { events, sink } = collecting()
      yield* Effect.gen(function* () {
        yield* Effect.void.pipe(Narrative.stage("llm"))
        yield* Narrative.note("custom.checked", { rows: 3 })
        yield* Effect.fail("busy").pipe(Narrative.stage("tts"), Effect.ignore)
      }).pipe(Narrative.story("chat_fast"), Effect.provide(EventSink.layer(sink)))
      assert.deepStrictEqual(types(events), [
        "pipeline.started",
        "stage.llm.started",
        "stage.llm.completed",
        "custom.checked",
        "stage.tts.started",
        "stage.tts.failed",
        "pipeline.completed"
      ])
    })
  )

  it.effect("has the ids of the run and of who asked beside each event", () =>
    Effect.gen(function* () {
      const { events, sink } = collecting()
      yield* Effect.sleep("1250 millis").pipe(
        Narrative.stage("llm"),
        Narrative.story("Answer", { id: "run-1", labels: { topology: "chat_fast", execution_mode: "practice" } }),
        Correlation.with({ requestId: "request-1", userId: "ada" }),
        Effect.provide(EventSink.layer(sink)),
        Effect.fork,
        Effect.tap(() => TestClock.adjust("2 seconds")),
        Effect.flatMap(Fiber.join)
      )
      const data = find(events, "stage.llm.completed")
      assert.deepInclude(data, {
        stage: "llm",
        status: "completed",
        duration_ms: 1250,
        pipeline_run_id: "run-1",
        request_id: "request-1",
        user_id: "ada",
        topology: "chat_fast",
        execution_mode: "practice",
        timestamp: "1970-01-01T00:00:01.250Z"
      })
    })
  )

  it.effect("says why a pipeline failed, and that an interrupted one is cancelled", () =>
    Effect.gen(function* () {
      const { events, sink } = collecting()
      yield* Effect.fail(new RangeError("out of tokens")).pipe(
        Narrative.stage("llm"),
        Narrative.story("Answer"),
        Effect.provide(EventSink.layer(sink)),
        Effect.exit
      )
      const failed = find(events, "pipeline.failed")
      assert.strictEqual(failed["stage"], "llm")
      assert.deepInclude(failed["error"], { message: "out of tokens", retryable: false })
      const fiber = yield* Effect.never.pipe(
        Narrative.story("Answer"),
        Effect.provide(EventSink.layer(sink)),
        Effect.fork
      )
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(find(events, "pipeline.cancelled")["status"], "cancelled")
    })
  )

  it.effect("gets wide events where they are asked for, with the fields of their renderer", () =>
    Effect.gen(function* () {
      const { events, sink } = collecting()
      const program = Effect.void.pipe(Narrative.stage("llm"), Narrative.story("Answer", { id: "run-1" }))
      yield* Effect.provide(program, EventSink.layer(sink, { wide: true }))
      assert.include(types(events), "stage.wide")
      const { type, data } = events.at(-1) ?? { type: "", data: {} }
      assert.strictEqual(type, "pipeline.wide")
      const decoded = yield* Schema.decodeUnknown(WideEventRenderer.StoryWide)({ event: "story.wide", ...data })
      assert.strictEqual(decoded.storyId, "run-1")
      events.length = 0
      yield* Effect.provide(program, EventSink.layer(sink))
      assert.notInclude(types(events), "stage.wide")
    })
  )

  it.effect("gets what a program emits, inside a story and outside any, and renderers do not", () =>
    Effect.gen(function* () {
      const { events, sink } = collecting()
      const rendered: Array<string> = []
      const renderer = Renderer.make("rendered", ({ _tag }) => void rendered.push(_tag))
      yield* Effect.gen(function* () {
        yield* EventSink.emit("custom.outside")
        yield* EventSink.emit("custom.inside", { step: "validation" }).pipe(
          Narrative.stage("llm"),
          Narrative.story("Answer", { id: "run-1" })
        )
      }).pipe(Effect.provide([EventSink.layer(sink), Renderer.layer(renderer)]))
      assert.notProperty(find(events, "custom.outside"), "pipeline_run_id")
      assert.deepInclude(find(events, "custom.inside"), { stage: "llm", step: "validation", pipeline_run_id: "run-1" })
      assert.notInclude(rendered, "EventRecorded")
    })
  )

  it.effect("is reached by no one where there is none, nor where narration is off", () =>
    Effect.gen(function* () {
      const { events, sink } = collecting()
      assert.isFalse(yield* EventSink.tryEmit("custom.lost"))
      yield* EventSink.emit("custom.lost")
      yield* EventSink.emit("custom.lost").pipe(Effect.provide([EventSink.layer(sink), Narrative.disabled]))
      assert.deepStrictEqual(events, [])
    })
  )

  it.effect("gets no secret, whether narrated or emitted", () =>
    Effect.gen(function* () {
      const { events, sink } = collecting()
      const secret = "hunter2-of-the-north"
      yield* Effect.gen(function* () {
        yield* Narrative.annotate("password", secret)
        yield* EventSink.emit("custom.repeats", { said: `it is ${secret}`, apiKey: secret, at: Redacted.make(secret) })
        yield* sink.emit("custom.direct", { said: secret })
      }).pipe(Narrative.stage("llm"), Narrative.story("Answer"), Effect.provide(EventSink.layer(sink, { wide: true })))
      assert.notInclude(JSON.stringify(events), secret)
      assert.isAtLeast(events.length, 6)
    })
  )

  it.effect("logs events, without narrating its own lines", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => void lines.push(message))
      const { events, sink } = collecting()
      yield* Effect.void.pipe(
        Narrative.story("Answer"),
        Effect.provide(
          Layer.mergeAll(
            EventSink.layer(EventSink.logging),
            EventSink.layer(sink),
            Narrative.logger,
            Logger.replace(Logger.defaultLogger, logger)
          )
        )
      )
      assert.deepStrictEqual(lines.flat(), ["pipeline.started", "pipeline.completed"])
      assert.deepStrictEqual(types(events), ["pipeline.started", "pipeline.completed"])
    })
  )

  it.effect("of a renderer hands it each event as one that was recorded", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const renderer = Renderer.make("names", (event) => {
        if (event._tag === "EventRecorded") names.push(`${event.storyName}: ${event.name}`)
      })
      yield* Effect.void.pipe(
        Narrative.story("Answer"),
        Effect.provide(EventSink.layer(EventSink.fromRenderer(renderer)))
      )
      assert.deepStrictEqual(names, ["Answer: pipeline.started", "Answer: pipeline.completed"])
    })
  )
})

describe("A sink without a queue", () => {
  for (const [fault, handle] of Object.entries<Parameters<typeof EventSink.make>[1]>({
    throws: () => {
      throw new Error("thrown")
    },
    fails: () => Effect.fail("failed"),
    dies: () => Effect.die("defect"),
    "interrupts itself": () => Effect.interrupt
  })) {
    it.effect(`that ${fault} is counted, and neither fails the program nor its emitter`, () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const sink = EventSink.make("faulty", handle)
          const result = yield* Effect.succeed(42).pipe(
            Effect.tap(EventSink.emit("custom.a")),
            Effect.tap(EventSink.tryEmit("custom.b")),
            Narrative.story("Answer"),
            Effect.provide(EventSink.layer(sink))
          )
          yield* Effect.yieldNow()
          assert.strictEqual(result, 42)
          assert.deepInclude(yield* sink.stats, { emitted: 4, failed: 4, delivered: 0, pending: 0 })
          assert.match(warnings[0] ?? "", /^Sink "faulty" failed/)
        })
      )
    )
  }

  it.effect("is waited for by `emit`, and not by `tryEmit`", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const sink = EventSink.make("slow", () => Deferred.await(gate))
      assert.isTrue(yield* sink.tryEmit("custom.tried"))
      const emitting = yield* Effect.fork(sink.emit("custom.waited"))
      yield* Effect.yieldNow()
      assert.isNull(emitting.unsafePoll())
      assert.deepInclude(yield* sink.stats, { emitted: 2, pending: 2 })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(emitting)
      yield* Effect.yieldNow()
      assert.deepInclude(yield* sink.stats, { delivered: 2, pending: 0 })
    })
  )

  it.effect("that hangs is tried at most 1,024 times at once", () =>
    Effect.gen(function* () {
      const sink = EventSink.make("hanging", () => Effect.never)
      const taken = yield* Effect.forEach(Array(1_030).keys(), (i) => sink.tryEmit("custom.a", { i }))
      assert.strictEqual(taken.filter(Boolean).length, 1_024)
      assert.deepInclude(yield* sink.stats, { emitted: 1_030, pending: 1_024, dropped: 6, dropRate: 0.58 })
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )
})

describe("A sink with a queue", () => {
  it.scoped("drops what a story says when it is full, says which, and stops no stage", () =>
    Effect.gen(function* () {
      const dropped: Array<string> = []
      const sink = yield* EventSink.make("hanging", () => Effect.never).pipe(
        EventSink.buffered({
          maxQueueSize: 2,
          shutdownTimeout: 0,
          onDrop: (type) => void dropped.push(type)
        })
      )
      yield* Effect.void.pipe(
        Narrative.stage("a"),
        Narrative.stage("b"),
        Narrative.story("Answer"),
        Effect.provide(EventSink.layer(sink))
      )
      assert.deepStrictEqual(dropped, [
        "stage.a.started",
        "stage.a.completed",
        "stage.b.completed",
        "pipeline.completed"
      ])
      const stats = yield* sink.stats
      assert.deepInclude(stats, { emitted: 6, dropped: 4, droppedBy: { overflow: 4 }, pending: 2, dropRate: 66.67 })
      assert.strictEqual(stats.lastDropAt, 0)
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )

  it.scoped("lets `emit` wait for room, and `tryEmit` say there is none", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const seen: Array<string> = []
      const sink = yield* EventSink.make("slow", (type) =>
        Effect.as(
          Effect.zipRight(
            Deferred.await(gate),
            Effect.sync(() => seen.push(type))
          ),
          undefined
        )
      ).pipe(EventSink.buffered({ maxQueueSize: 1 }))
      yield* sink.emit("1")
      yield* Effect.yieldNow()
      yield* sink.emit("2")
      assert.isFalse(yield* sink.tryEmit("lost"))
      const waiting = yield* Effect.fork(sink.emit("3"))
      yield* Effect.yieldNow()
      assert.isNull(waiting.unsafePoll())
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(waiting)
      yield* Effect.repeatN(Effect.yieldNow(), 20)
      assert.deepStrictEqual(seen, ["1", "2", "3"])
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )

  it.effect("drains when its scope is closed, and counts what is left as dropped", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const dropped: Array<string> = []
      const sink = yield* EventSink.make("slow", () => Effect.sleep("3 seconds")).pipe(
        EventSink.buffered({ onDrop: (type) => void dropped.push(type) }),
        Scope.extend(scope)
      )
      yield* Effect.forEach(["1", "2", "3"], (type) => sink.emit(type))
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(closing)
      assert.deepInclude(yield* sink.stats, { emitted: 3, delivered: 1, dropped: 2, pending: 0 })
      assert.deepStrictEqual(dropped, ["2", "3"])
      assert.isFalse(yield* sink.tryEmit("4"))
      assert.deepInclude((yield* sink.stats).droppedBy, { closed: 1, shutdown: 2 })
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )

  it.effect("refuses options that cannot be used", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(EventSink.buffered(EventSink.none, { maxQueueSize: 0 })))
      assert.strictEqual(error.setting, "maxQueueSize")
    })
  )

  it.effect.prop(
    "accounts for every event, whatever is emitted, waits, is interrupted and drains",
    [
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom("emit", "tryEmit", "interrupt", "drain", "fail"), { maxLength: 40 })
    ],
    ([maxQueueSize, steps]) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        let fails = false
        const sink = yield* EventSink.make("slow", () =>
          Effect.sleep("1 second").pipe(
            Effect.zipRight(Effect.suspend(() => (fails ? Effect.fail("no") : Effect.void)))
          )
        ).pipe(EventSink.buffered({ maxQueueSize }), Scope.extend(scope))
        const emitting: Array<Fiber.RuntimeFiber<void>> = []
        for (const step of steps) {
          if (step === "emit") emitting.push(yield* Effect.fork(sink.emit("e")))
          if (step === "tryEmit") yield* sink.tryEmit("t")
          if (step === "interrupt" && emitting.length > 0) yield* Fiber.interruptFork(emitting.pop() as never)
          if (step === "drain") yield* TestClock.adjust("1500 millis")
          if (step === "fail") fails = !fails
          assertConserved({ name: "", ...(yield* sink.stats), dropped: (yield* sink.stats).droppedBy })
        }
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(closing)
        const stats = yield* sink.stats
        assertConserved({ name: "", ...stats, dropped: stats.droppedBy })
        assert.strictEqual(stats.pending, 0)
      }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )
})
