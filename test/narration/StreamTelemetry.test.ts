import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FastCheck as fc, Option, Scope, Stream, TestClock } from "effect"
import { AudioBufferState } from "../../src/agent/audioBuffer.js"
import { ChunkQueueState, type Said } from "../../src/agent/chunkQueue.js"
import { EventSink, Narrative, NarrativeEvent, StreamTelemetry, Work } from "../../src/index.js"
import { atEveryOperation } from "../fixtures/interruptingScheduler.js"
import { assertWellFormed, observe } from "../laws/observed.js"

type Observed = ReturnType<typeof observe>

const ends = ({ events }: Observed) => events.filter(NarrativeEvent.isStageEnded)

const said = ({ events }: Observed) =>
  events.flatMap((event) => (event._tag === "EventRecorded" ? [[event.name, event.data] as const] : []))

const names = (observed: Observed) => said(observed).map(([name]) => name)

describe("StreamTelemetry.stage", () => {
  const numbers = Stream.range(1, 10).pipe(Stream.rechunk(1), StreamTelemetry.stage("Numbers"))

  for (const [how, use, tag] of [
    ["ends", Stream.runDrain(numbers), "StageCompleted"],
    ["is no longer read", Stream.runHead(numbers), "StageCompleted"],
    ["fails", Stream.runDrain(Stream.fail("no").pipe(StreamTelemetry.stage("Numbers"))), "StageFailed"],
    ["dies", Stream.runDrain(Stream.die("no").pipe(StreamTelemetry.stage("Numbers"))), "StageFailed"],
    [
      "is interrupted",
      Stream.runDrain(Stream.never.pipe(StreamTelemetry.stage("Numbers"))).pipe(Effect.timeout("1 second")),
      "StageCancelled"
    ]
  ] as const) {
    it.effect(`ends once when the stream ${how}`, () =>
      Effect.gen(function* () {
        const observed = observe()
        const fiber = yield* Effect.exit(use as Effect.Effect<unknown, unknown>).pipe(
          Narrative.story("Count"),
          Effect.provide(observed.layer),
          Effect.fork
        )
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(
          ends(observed).map(({ _tag }) => _tag),
          [tag]
        )
        assertWellFormed(observed.events)
        assert.deepStrictEqual(observed.openSpans(), [])
      })
    )
  }

  it.effect("is the place of what the stream does, and not of what its reader does", () =>
    Effect.gen(function* () {
      const observed = observe()
      yield* Stream.fromEffect(Effect.void.pipe(Narrative.stage("inside"))).pipe(
        StreamTelemetry.stage("Numbers"),
        Stream.runForEach(() => Effect.void.pipe(Narrative.stage("outside"))),
        Narrative.story("Count"),
        Effect.provide(observed.layer)
      )
      assert.deepStrictEqual(
        ends(observed).map((event) => [event.stageName, event.parentStageName]),
        [
          ["inside", "Numbers"],
          ["outside", null],
          ["Numbers", null]
        ]
      )
    })
  )

  it.effect("ends once, interrupted at whichever operation", () => {
    const observed = observe()
    const program = Stream.fromEffect(Effect.yieldNow()).pipe(
      StreamTelemetry.stage("Numbers"),
      (stream) => Stream.unwrap(Effect.succeed(stream)),
      Stream.runDrain,
      Narrative.story("Count")
    )
    return Effect.gen(function* () {
      const operations = yield* atEveryOperation(program, () =>
        Effect.sync(() => {
          assertWellFormed(observed.events)
          assert.deepStrictEqual(observed.openSpans(), [])
          observed.clear()
        })
      )
      assert.isAbove(operations, 50)
    }).pipe(Effect.provide(observed.layer))
  })
})

describe("StreamTelemetry.providerCall", () => {
  it.effect("has what was used until its stream was aborted", () =>
    Effect.gen(function* () {
      const observed = observe()
      const fiber = yield* Stream.concat(Stream.make(3, 7), Stream.never).pipe(
        StreamTelemetry.providerCall({
          operation: "chat",
          provider: "openai",
          model: "gpt-4o",
          usage: (completion) => ({ prompt: 10, completion })
        }),
        Stream.runDrain,
        Narrative.story("Answer"),
        Effect.provide(observed.layer),
        Effect.fork
      )
      yield* Effect.repeatN(Effect.yieldNow(), 50)
      yield* Fiber.interrupt(fiber)
      const end = observed.events.find((event) => event._tag === "StoryCompleted")
      const work = end?._tag === "StoryCompleted" ? end.work : null
      assert.strictEqual(work === null ? 0 : Work.tokens(work), 17)
    })
  )
})

/** Runs in a story, with a scope that is left open. */
const inStory = <A, E>(self: Effect.Effect<A, E, Scope.Scope>) => {
  const observed = observe()
  return Effect.scoped(Effect.flatMap(Effect.scope, (scope) => Scope.extend(self, scope))).pipe(
    Narrative.story("Speak"),
    Effect.provide(observed.layer),
    Effect.map((value) => ({ observed, value }))
  )
}

describe("A chunk queue", () => {
  it.effect("throttles at 80 % and goes on at 20 %, whether it is filled or drained", () =>
    Effect.gen(function* () {
      const { observed } = yield* inStory(
        Effect.gen(function* () {
          const queue = yield* StreamTelemetry.chunkQueue<number>({ maxSize: 10 })
          yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], (n) => queue.put(n))
          assert.isTrue((yield* queue.stats).isThrottled)
          yield* Effect.replicateEffect(queue.take, 6)
          assert.isFalse((yield* queue.stats).isThrottled)
        })
      )
      assert.deepStrictEqual(said(observed).slice(0, 2), [
        ["stream.throttle_started", { fill_percentage: 80, queue_size: 8 }],
        ["stream.throttle_ended", { fill_percentage: 20, queue_size: 2 }]
      ])
    })
  )

  it.effect("drops the oldest where it may, and says so", () =>
    Effect.gen(function* () {
      const { observed, value } = yield* inStory(
        Effect.gen(function* () {
          const queue = yield* StreamTelemetry.chunkQueue<number>({ maxSize: 2, dropOnOverflow: true, throttleAt: 1 })
          assert.deepStrictEqual(yield* Effect.forEach([1, 2, 3], (n) => queue.put(n)), [true, true, true])
          yield* queue.close
          assert.isFalse(yield* queue.put(4))
          return Array.from(yield* Stream.runCollect(queue.stream))
        })
      )
      assert.deepStrictEqual(value, [2, 3])
      assert.deepInclude(said(observed), ["stream.chunk_dropped", { queue_size: 1, max_size: 2, reason: "overflow" }])
    })
  )

  it.effect("lets a producer wait, and says for how long", () =>
    Effect.gen(function* () {
      const observed = observe()
      yield* Effect.gen(function* () {
        const queue = yield* StreamTelemetry.chunkQueue<number>({ maxSize: 1 })
        yield* queue.put(1)
        assert.isFalse(yield* queue.tryPut(9))
        const blocked = yield* Effect.fork(queue.put(2))
        yield* TestClock.adjust("50 millis")
        assert.isNull(blocked.unsafePoll())
        assert.deepStrictEqual(yield* queue.take, Option.some(1))
        assert.isTrue(yield* Fiber.join(blocked))
        assert.deepInclude(yield* queue.stats, { blockedPuts: 1, totalBlockedMs: 50, droppedItems: 1, totalItems: 2 })
      }).pipe(Effect.scoped, Narrative.story("Speak"), Effect.provide(observed.layer))
      assert.includeMembers(names(observed), ["stream.chunk_dropped", "stream.producer_blocked", "stream.queue_closed"])
      assert.deepInclude(said(observed), ["stream.producer_blocked", { blocked_ms: 50, queue_size: 1 }])
    })
  )

  it.effect("wakes every reader and every producer when it is closed, and takes nothing for the end", () =>
    Effect.gen(function* () {
      const queue = yield* StreamTelemetry.chunkQueue<number | null>({ maxSize: 1 })
      const readers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(queue.take))
      yield* Effect.yieldNow()
      yield* queue.put(null)
      yield* Effect.repeatN(Effect.yieldNow(), 5)
      yield* queue.close
      const taken = yield* Effect.forEach(readers, Fiber.join)
      assert.sameDeepMembers(taken, [Option.some(null), Option.none(), Option.none()])
      const full = yield* StreamTelemetry.chunkQueue<number>({ maxSize: 1 })
      yield* full.put(1)
      const producers = yield* Effect.forEach([1, 2], (n) => Effect.fork(full.put(n)))
      yield* Effect.yieldNow()
      yield* full.close
      assert.deepStrictEqual(yield* Effect.forEach(producers, Fiber.join), [false, false])
    }).pipe(Effect.scoped)
  )

  it.effect("says it to a sink outside any story", () =>
    Effect.gen(function* () {
      const types: Array<string> = []
      const layer = EventSink.layer(EventSink.make("types", (type) => void types.push(type)))
      yield* Effect.scoped(StreamTelemetry.chunkQueue()).pipe(Effect.provide(layer))
      assert.deepStrictEqual(types, ["stream.queue_closed"])
    })
  )

  it.effect.prop(
    "loses nothing that it took, and is never stuck, whatever is put, taken and interrupted",
    [
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.constantFrom("put", "take", "stop put", "stop take"), { maxLength: 40 })
    ],
    ([maxSize, steps]) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const queue = yield* Scope.extend(StreamTelemetry.chunkQueue<number>({ maxSize }), scope)
        const puts: Array<Fiber.RuntimeFiber<boolean>> = []
        const takes: Array<Fiber.RuntimeFiber<Option.Option<number>>> = []
        const stopped = { puts: 0, takes: 0 }
        for (const [i, one] of steps.entries()) {
          if (one === "put") puts.push(yield* Effect.fork(queue.put(i)))
          if (one === "take") takes.push(yield* Effect.fork(queue.take))
          const put = one === "stop put" ? puts.at(-1 - stopped.puts++) : undefined
          if (put !== undefined) yield* Fiber.interrupt(put)
          const take = one === "stop take" ? takes.at(-1 - stopped.takes++) : undefined
          if (take !== undefined) yield* Fiber.interrupt(take)
          yield* Effect.repeatN(Effect.yieldNow(), 3)
        }
        const { queueSize } = yield* queue.stats
        yield* Scope.close(scope, Exit.void)
        const left = yield* Stream.runCollect(queue.stream)
        const exits = yield* Effect.forEach(takes, Fiber.await)
        const taken = exits.flatMap((exit) => (Exit.isSuccess(exit) ? Option.toArray(exit.value) : []))
        const { totalItems } = yield* queue.stats
        assert.strictEqual(left.length, queueSize)
        assert.isAtMost(queueSize, maxSize)
        assert.strictEqual(totalItems, taken.length + left.length)
        assert.strictEqual(new Set([...taken, ...left]).size, totalItems)
        for (const exit of yield* Effect.forEach(puts, Fiber.await)) assert.isDefined(exit)
      })
  )

  it.prop("throttles as its model does", [fc.array(fc.boolean())], ([steps]) => {
    const queue = new ChunkQueueState<number>({ maxSize: 5, dropOnOverflow: true, throttleAt: 0.8, resumeAt: 0.2 })
    const received: Array<Said> = []
    let size = 0
    let throttled = false
    for (const puts of steps) {
      if (puts) queue.put(1, (one) => received.push(one))
      else queue.take((one) => received.push(one))
      const before = size
      size = Math.max(0, Math.min(5, size + (puts ? 1 : -1)))
      if (throttled ? size <= 1 && (puts || before > 0) : size >= 4) throttled = !throttled
      assert.deepStrictEqual([queue.size, queue.isThrottled], [size, throttled])
    }
    const levels = received.flatMap(([name]) => (name.startsWith("throttle") ? [name] : []))
    assert.deepStrictEqual(
      levels,
      levels.map((_, i) => (i % 2 === 0 ? "throttle_started" : "throttle_ended"))
    )
  })
})

const pcm = (millis: number, from = 0): Uint8Array => {
  const samples = Int16Array.from({ length: millis * 16 }, (_, i) => from + i)
  return new Uint8Array(samples.buffer)
}

describe("A streaming buffer", () => {
  it.effect("gives nothing until it was filled once, says once that it ran empty, and that it recovered", () =>
    Effect.gen(function* () {
      const { observed } = yield* inStory(
        Effect.gen(function* () {
          const buffer = yield* StreamTelemetry.streamingBuffer()
          yield* buffer.write(pcm(100))
          assert.strictEqual((yield* buffer.read(640)).length, 0)
          yield* buffer.write(pcm(100))
          assert.strictEqual((yield* buffer.read(5_760)).length, 5_760)
          assert.strictEqual((yield* buffer.read(1_280)).length, 640)
          assert.strictEqual((yield* buffer.read(1_280)).length, 0)
          yield* buffer.write(pcm(100))
          assert.strictEqual((yield* buffer.read(1_280)).length, 1_280)
        })
      )
      assert.deepStrictEqual(said(observed), [
        ["stream.buffer_underrun", { bytes_requested: 1_280, bytes_available: 640, buffer_duration_ms: 20 }],
        ["stream.buffer_recovered", { buffer_duration_ms: 60, bytes_available: 1_920 }]
      ])
    })
  )

  it.effect("drops the oldest beyond two seconds, 50 milliseconds at a time", () =>
    Effect.gen(function* () {
      const { observed } = yield* inStory(
        Effect.gen(function* () {
          const buffer = yield* StreamTelemetry.streamingBuffer()
          yield* buffer.write(pcm(2_010))
          const [first] = new Int16Array((yield* buffer.read(2)).slice().buffer)
          assert.strictEqual(first, 50 * 16)
        })
      )
      assert.deepStrictEqual(said(observed), [
        ["stream.buffer_overflow", { bytes_dropped: 1_600, buffer_duration_ms: 1_960, max_duration_ms: 2_000 }]
      ])
    })
  )

  it.prop(
    "never cuts a sample, never holds more than its most, and accounts for every byte",
    [
      fc.integer({ min: 1, max: 4 }),
      fc.array(
        fc.oneof(
          fc.record({ write: fc.integer({ min: 0, max: 300 }) }),
          fc.record({ read: fc.integer({ min: 0, max: 300 }) })
        )
      )
    ],
    ([frameBytes, steps]) => {
      const buffer = new AudioBufferState({ targetMillis: 0, maxMillis: 100, frameBytes, framesPerSecond: 1_000 })
      let written = 0
      const ignore = () => {}
      for (const one of steps) {
        if ("write" in one) {
          // Each byte says its place in its frame.
          buffer.write(
            Uint8Array.from({ length: one.write }, () => written++ % frameBytes),
            ignore
          )
        } else {
          const read = buffer.read(one.read, ignore)
          assert.strictEqual(read.length % frameBytes, 0)
          assert.isTrue(read.every((byte, i) => byte === i % frameBytes))
        }
        assert.isAtMost(buffer.durationMillis, 100)
        const rest = buffer.totalReceived - buffer.bytes - buffer.totalRead - buffer.totalDropped
        assert.strictEqual(rest, buffer.totalReceived % frameBytes)
      }
    }
  )

  it.effect("refuses options that cannot be used", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(StreamTelemetry.streamingBuffer({ target: "3 seconds" }))
      assert.strictEqual(error.setting, "target")
    })
  )
})
