import { assert, describe, it } from "@effect/vitest"
import {
  Deferred,
  Effect,
  Exit,
  Fiber,
  FiberRef,
  FastCheck as fc,
  Layer,
  Logger,
  pipe,
  Queue,
  Scope,
  TestClock
} from "effect"
import { deliver, deliverAll } from "../../src/delivery/dispatch.js"
import * as Renderer from "../../src/delivery/Renderer.js"
import * as rendererSet from "../../src/delivery/rendererSet.js"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import * as Narrative from "../../src/Narrative.js"
import { Narrator, notes, type ToldStage } from "../fixtures/events.js"
import { assertConserved, emitAll, rendererSuite, statsOf, withWarnings } from "../renderer/rendererSuite.js"

const recording = (name = "recording") => {
  const events: Array<NarrativeEvent> = []
  return { events, renderer: Renderer.make(name, (event) => void events.push(event)) }
}

const sequences = (events: ReadonlyArray<NarrativeEvent>): ReadonlyArray<number> =>
  events.map((event) => event.sequence)

const allStats = (use: ReadonlyArray<Renderer.Renderer>) => Effect.locally(Renderer.stats, rendererSet.current, use)

/** Lets every other fiber go as far as it can without time passing. */
const settle = Effect.repeatN(Effect.yieldNow(), 20)

rendererSuite("Renderer.buffered", (destination) =>
  Renderer.buffered(
    Renderer.make("buffered", (event) => Effect.orDie(destination.accept([event.sequence]))),
    { capacity: 8, strategy: "suspend" }
  )
)

rendererSuite("Renderer.batched", (destination) =>
  Renderer.batched("batched", {
    size: 10,
    within: "1 second",
    handle: (events) => destination.accept(sequences(events))
  })
)

describe("a renderer", () => {
  for (const [fault, handle] of Object.entries<Renderer.Renderer["handle"]>({
    throws: () => {
      throw new Error("thrown")
    },
    dies: () => Effect.die("defect"),
    "returns a rejected promise": () => Promise.reject(new Error("rejected")) as unknown as undefined,
    "returns an effect that fails in spite of its type": () => Effect.fail("failed") as unknown as Effect.Effect<void>,
    "interrupts itself": () => Effect.interrupt
  })) {
    it.effect(`that ${fault} is counted and warned of, and the next one gets the event`, () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const faulty = Renderer.make("faulty", handle)
          const { events, renderer } = recording()
          for (const event of notes(4)) {
            yield* Effect.uninterruptible(deliverAll([faulty, renderer], event) ?? Effect.void)
          }
          assert.lengthOf(events, 4)
          assert.deepInclude(yield* statsOf(faulty), { emitted: 4, delivered: 0, failed: 4, pending: 0 })
          assert.lengthOf(warnings, 3)
          assert.include(warnings[0], '"faulty"')
        })
      )
    )
  }

  it.effect("that returns some value has handled the event", () =>
    Effect.gen(function* () {
      const list: Array<NarrativeEvent> = []
      const renderer = Renderer.make("list", (event) => list.push(event) as unknown as undefined)
      for (const event of notes(2)) assert.isUndefined(deliver(renderer, event))
      assert.deepInclude(yield* statsOf(renderer), { emitted: 2, delivered: 2 })
    })
  )

  it.effect("that fails cannot hurt the program even where logging fails too", () =>
    Effect.gen(function* () {
      const broken = Logger.make(() => {
        throw new Error("no log")
      })
      const faulty = Renderer.make("faulty", () => Effect.die("defect"))
      const exit = yield* Effect.scoped(
        Effect.gen(function* () {
          yield* emitAll(faulty, notes(3))
          const buffered = yield* Renderer.buffered(faulty, { capacity: 1, strategy: "suspend" })
          yield* emitAll(buffered, notes(30))
          return buffered
        })
      ).pipe(Effect.provide(Logger.add(broken)), Effect.exit)
      assert.isTrue(Exit.isSuccess(exit))
      if (Exit.isSuccess(exit)) assert.deepInclude(yield* statsOf(exit.value), { emitted: 30, failed: 30, pending: 0 })
    })
  )
})

describe("layers of renderers", () => {
  const layerOf = (name: string) => Renderer.layer(Renderer.make(name, () => {}))
  const within =
    (layer: Layer.Layer<never>) =>
    <A>(effect: Effect.Effect<A>) =>
      Effect.provide(effect, layer)
  const names = Effect.map(Renderer.stats, (all) => all.map(({ name }) => name))

  it.effect("add up in any combination", () =>
    Effect.gen(function* () {
      const merged = Layer.mergeAll(layerOf("a"), layerOf("b"))
      assert.sameMembers(yield* Effect.provide(names, merged), ["a", "b"])
      assert.sameMembers(yield* Effect.provide(names, [layerOf("a"), merged, layerOf("c")]), ["a", "a", "b", "c"])
      assert.sameMembers(yield* names.pipe(within(layerOf("inner")), within(merged)), ["a", "b", "inner"])
      assert.sameMembers(yield* Effect.provide(names, Layer.provideMerge(layerOf("a"), layerOf("b"))), ["a", "b"])
    })
  )

  it.effect("end where they were provided", () =>
    Effect.gen(function* () {
      const before = yield* names
      yield* Effect.provide(names, layerOf("a"))
      assert.deepStrictEqual(yield* names, before)
      yield* Effect.provide(names, [layerOf("a"), Renderer.layerNone, layerOf("b")])
      assert.deepStrictEqual(yield* names, before)
      assert.deepStrictEqual(yield* FiberRef.get(rendererSet.current), [])
      const outer = Effect.gen(function* () {
        yield* Effect.provide(names, [layerOf("a"), layerOf("b"), layerOf("c")])
        return yield* names
      })
      assert.deepStrictEqual(yield* Effect.provide(outer, layerOf("outer")), ["outer"])
    })
  )

  it.effect("replace all others, or leave none", () =>
    Effect.gen(function* () {
      const only = Renderer.replace(Renderer.make("only", () => {}))
      assert.deepStrictEqual(yield* names.pipe(within(only), within(layerOf("outer"))), ["only"])
      assert.deepStrictEqual(yield* names.pipe(within(Renderer.layerNone), within(layerOf("outer"))), [])
      assert.deepStrictEqual(yield* names.pipe(within(layerOf("inner")), within(Renderer.layerNone)), ["inner"])
    })
  )

  it.effect("reach the fibers forked inside, and what those add does not come back", () =>
    Effect.gen(function* () {
      const inside = Effect.gen(function* () {
        const child = yield* Effect.fork(Effect.provide(names, layerOf("child")))
        return { child: yield* Fiber.join(child), parent: yield* names }
      })
      assert.deepStrictEqual(yield* Effect.provide(inside, layerOf("parent")), {
        child: ["parent", "child"],
        parent: ["parent"]
      })
    })
  )

  it.effect("are made with effects that fail as the layer", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.provide(names, Renderer.layerEffect(Effect.fail("no disk"))))
      assert.deepStrictEqual(exit, Exit.fail("no disk"))
    })
  )
})

describe("Renderer.filter, mapEvents and merge", () => {
  it.effect("pass on what is wanted, as it is wanted, to both", () =>
    Effect.gen(function* () {
      const [a, b] = [recording("a"), recording("b")]
      const shifted = Renderer.mapEvents(b.renderer, (event) => ({ ...event, sequence: event.sequence + 100 }))
      const both = pipe(
        a.renderer,
        Renderer.merge(shifted),
        Renderer.filter((event) => event.sequence % 2 === 0)
      )
      yield* emitAll(both, notes(5))
      assert.deepStrictEqual(sequences(a.events), [0, 2, 4])
      assert.deepStrictEqual(sequences(b.events), [100, 102, 104])
    })
  )

  it.effect("count nothing themselves: those below do", () =>
    Effect.gen(function* () {
      const [a, b] = [recording("a"), recording("b")]
      const both = Renderer.merge(
        a.renderer,
        Renderer.filter(b.renderer, (event) => event.sequence === 0)
      )
      yield* emitAll(both, notes(3))
      const stats = yield* allStats([both, a.renderer])
      assert.deepStrictEqual(
        stats.map(({ delivered, emitted, name }) => [name, emitted, delivered]),
        [
          ["a", 3, 3],
          ["b", 1, 1]
        ]
      )
    })
  )

  it.effect("count an event as failed for all below when their own function throws", () =>
    Effect.gen(function* () {
      const [a, b] = [recording("a"), recording("b")]
      const faulty = Renderer.filter(Renderer.merge(a.renderer, b.renderer), () => {
        throw new Error("predicate")
      })
      yield* emitAll(faulty, notes(2))
      for (const stats of yield* allStats([faulty])) {
        assertConserved(stats)
        assert.deepInclude(stats, { emitted: 2, failed: 2 })
      }
    })
  )

  it.effect("report both when the first one fails", () =>
    Effect.gen(function* () {
      const { events, renderer } = recording()
      const faulty = Renderer.make("faulty", () => Effect.die("defect"))
      yield* emitAll(Renderer.merge(faulty, renderer), notes(3))
      assert.lengthOf(events, 3)
    })
  )

  it.effect("let a buffer around them see what goes wrong below", () =>
    Effect.gen(function* () {
      const { events, renderer } = recording()
      for (const handle of [
        () => Effect.die("defect"),
        () => {
          throw new Error("thrown")
        }
      ]) {
        const both = Renderer.merge(Renderer.make("faulty", handle), renderer)
        const buffered = yield* Effect.scoped(
          Effect.tap(Renderer.buffered(both, { capacity: 10, strategy: "suspend" }), (buffered) =>
            emitAll(buffered, notes(3))
          )
        )
        assert.deepInclude(yield* statsOf(buffered), { emitted: 3, delivered: 0, failed: 3, pending: 0 })
      }
      assert.lengthOf(events, 6)
    })
  )
})

describe("Renderer.coalesce", () => {
  const polls = (narrator: Narrator, count: number): ReadonlyArray<NarrativeEvent> =>
    Array.from({ length: count }, () => narrator.stage("Poll")).flatMap((stage) => [
      narrator.stageStarted(stage),
      narrator.completed(stage)
    ])

  const coalesced = (events: ReadonlyArray<NarrativeEvent>, threshold = 2) =>
    Effect.gen(function* () {
      const { events: recorded, renderer } = recording()
      yield* emitAll(Renderer.coalesce(renderer, { threshold }), events)
      return recorded
    })

  const summariesIn = (events: ReadonlyArray<NarrativeEvent>) =>
    events.flatMap((event) => (event._tag === "EventRecorded" && event.name === "stages.coalesced" ? [event.data] : []))

  it.effect("delivers the first stages of a run, and the rest as one event when the run ends", () =>
    Effect.gen(function* () {
      const narrator = new Narrator()
      const recorded = yield* coalesced([narrator.start(), ...polls(narrator, 10), narrator.end()])
      assert.deepStrictEqual(
        recorded.map((event) => event._tag),
        [
          "StoryStarted",
          "StageStarted",
          "StageCompleted",
          "StageStarted",
          "StageCompleted",
          "EventRecorded",
          "StoryCompleted"
        ]
      )
      assert.deepStrictEqual(summariesIn(recorded), [{ stage_name: "Poll", count: 8, duration_seconds: 4 }])
    })
  )

  it.effect("delivers a stage that fails in the middle of a run, with its start", () =>
    Effect.gen(function* () {
      const narrator = new Narrator()
      const before = polls(narrator, 4)
      const failing = narrator.stage("Poll")
      const failure = [narrator.stageStarted(failing), narrator.failed(failing)]
      const recorded = yield* coalesced([...before, ...failure, narrator.end()])
      assert.deepStrictEqual(
        recorded.slice(-4).map((event) => event._tag),
        ["EventRecorded", "StageStarted", "StageFailed", "StoryCompleted"]
      )
    })
  )

  it.effect("delivers what is inside a stage of the run, and that stage", () =>
    Effect.gen(function* () {
      const narrator = new Narrator()
      const before = polls(narrator, 4)
      const outer = narrator.stage("Poll")
      const inner = narrator.stage("Fetch", outer)
      const nested = [
        narrator.stageStarted(outer),
        narrator.stageStarted(inner),
        narrator.completed(inner),
        narrator.completed(outer)
      ]
      const recorded = yield* coalesced([...before, ...nested, narrator.end()])
      assert.deepStrictEqual(recorded.slice(-5, -1), nested)
    })
  )

  it.effect("keeps the runs of different stories apart", () =>
    Effect.gen(function* () {
      const [a, b] = [new Narrator("A"), new Narrator("B")]
      const [ofA, ofB] = [polls(a, 5), polls(b, 5)]
      const interleaved = ofA.flatMap((event, i) => [event, ofB[i] as NarrativeEvent])
      const recorded = yield* coalesced([...interleaved, a.end(), b.end()])
      assert.lengthOf(summariesIn(recorded), 2)
    })
  )

  it.effect("holds on to no story whose end never comes", () =>
    Effect.gen(function* () {
      const stories = Array.from({ length: 1_100 }, (_, i) => polls(new Narrator("Endless", `${i}`), 4))
      const recorded = yield* coalesced(stories.flat())
      assert.lengthOf(summariesIn(recorded), 100)
    })
  )

  type Op = "poll" | "concurrent" | "fail" | "nested" | "note" | "progress"
  const ops = fc.array(fc.constantFrom<Op>("poll", "poll", "poll", "concurrent", "fail", "nested", "note"), {
    maxLength: 40
  })

  const recorded = (narrator: Narrator, ops: ReadonlyArray<Op>): ReadonlyArray<NarrativeEvent> => {
    const start = narrator.start()
    const stage = (): ToldStage => narrator.stage("Poll")
    const events = ops.flatMap((op): ReadonlyArray<NarrativeEvent> => {
      const [one, two] = [stage(), stage()]
      switch (op) {
        case "concurrent":
          return [
            narrator.stageStarted(one),
            narrator.stageStarted(two),
            narrator.completed(one),
            narrator.completed(two)
          ]
        case "fail":
          return [narrator.stageStarted(one), narrator.failed(one)]
        case "nested": {
          const inner = narrator.stage("Fetch", one)
          return [
            narrator.stageStarted(one),
            narrator.stageStarted(inner),
            narrator.completed(inner),
            narrator.completed(one)
          ]
        }
        case "note":
          return [narrator.note()]
        default:
          return [narrator.stageStarted(one), narrator.completed(one)]
      }
    })
    return [start, ...events, narrator.end()]
  }

  it.effect.prop(
    "leaves out completed stages only, whole ones, counts each once, and keeps the order",
    [ops, fc.integer({ min: 1, max: 4 })],
    ([ops, threshold]) =>
      Effect.gen(function* () {
        const events = recorded(new Narrator(), ops)
        const kept = yield* coalesced(events, threshold)
        const passed = kept.filter((event) => events.includes(event))
        assert.deepStrictEqual(
          passed,
          events.filter((event) => passed.includes(event)),
          "in order"
        )
        const order = sequences(kept)
        assert.deepStrictEqual(
          order,
          Array.from(order).sort((a, b) => a - b),
          "the summaries too"
        )
        const held = events.filter((event) => !passed.includes(event))
        const starts = held.flatMap((event) => (event._tag === "StageStarted" ? [event.stageIndex] : []))
        const ends = held.flatMap((event) => (event._tag === "StageCompleted" ? [event.stageIndex] : []))
        assert.lengthOf(held, starts.length + ends.length)
        assert.deepStrictEqual(starts, ends)
        const counted = summariesIn(kept).map((data) => (data as { readonly count: number }).count)
        assert.strictEqual(
          counted.reduce((sum, count) => sum + count, 0),
          ends.length
        )
      })
  )
})

describe("Renderer.batched", () => {
  const batches = (size: number, within: string & `${number} seconds`) =>
    Effect.gen(function* () {
      const handled: Array<ReadonlyArray<number>> = []
      const renderer = yield* Renderer.batched("batches", {
        size,
        within,
        handle: (events) => Effect.sync(() => handled.push(sequences(events)))
      })
      return { handled, renderer }
    })

  it.scoped("hands over a full batch at once", () =>
    Effect.gen(function* () {
      const { handled, renderer } = yield* batches(3, "10 seconds")
      yield* emitAll(renderer, notes(7))
      yield* settle
      assert.deepStrictEqual(handled, [
        [0, 1, 2],
        [3, 4, 5]
      ])
    })
  )

  it.scoped("hands over what is there when the time since the first event has passed", () =>
    Effect.gen(function* () {
      const { handled, renderer } = yield* batches(3, "10 seconds")
      yield* emitAll(renderer, notes(2))
      yield* TestClock.adjust("9 seconds")
      assert.isEmpty(handled)
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(handled, [[0, 1]])
    })
  )

  it.effect("hands over what is there when it is closed, without waiting for more", () =>
    Effect.gen(function* () {
      const { handled } = yield* Effect.scoped(
        Effect.tap(batches(3, "10 seconds"), ({ renderer }) => emitAll(renderer, notes(4)))
      )
      assert.deepStrictEqual(handled, [[0, 1, 2], [3]])
    })
  )

  it.scoped("counts a whole batch as failed, and tries the next one afresh", () =>
    Effect.gen(function* () {
      let calls = 0
      const renderer = yield* Renderer.batched("batches", {
        size: 4,
        within: 0,
        handle: () => (++calls === 1 ? Effect.fail("busy") : Effect.void)
      })
      for (const event of notes(4)) deliver(renderer, event)
      yield* settle
      for (const event of notes(4)) deliver(renderer, event)
      yield* settle
      assert.deepInclude(yield* statsOf(renderer), { emitted: 8, failed: 4, delivered: 4, pending: 0 })
    })
  )
})

type Step = { readonly offer: number } | { readonly drain: number }

const steps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.oneof(fc.record({ offer: fc.integer({ min: 1, max: 6 }) }), fc.record({ drain: fc.integer({ min: 1, max: 4 }) })),
  { maxLength: 20 }
)

/** A buffer whose destination takes one event for each turn of the tap. */
const tapped = (options: Omit<Renderer.BufferOptions, "capacity"> & { readonly capacity: number }) =>
  Effect.gen(function* () {
    const turns = yield* Queue.unbounded<void>()
    const delivered: Array<number> = []
    const slow = Renderer.make("slow", (event) =>
      Effect.map(Queue.take(turns), () => {
        delivered.push(event.sequence)
      })
    )
    const renderer = yield* Renderer.buffered(slow, options)
    const turn = (count: number) => Effect.zipRight(Queue.offerAll(turns, Array.from({ length: count })), settle)
    return { delivered, renderer, turn }
  })

/** What a queue of the given strategy does with the same steps. */
const modelled = (steps: ReadonlyArray<Step>, capacity: number, strategy: "dropping" | "sliding") => {
  const delivered: Array<number> = []
  let waiting: Array<number> = []
  let inFlight: number | undefined
  let turns = 0
  let next = 0
  let dropped = 0
  const work = () => {
    inFlight ??= waiting.shift()
    while (inFlight !== undefined && turns > 0) {
      turns -= 1
      delivered.push(inFlight)
      inFlight = waiting.shift()
    }
  }
  for (const step of steps) {
    if ("drain" in step) {
      turns += step.drain
    } else {
      for (let i = 0; i < step.offer; i++) {
        const event = next++
        if (waiting.length < capacity) waiting.push(event)
        else {
          dropped += 1
          if (strategy === "sliding") waiting = [...waiting.slice(1), event]
        }
      }
    }
    work()
  }
  return { delivered, dropped, pending: waiting.length + (inFlight === undefined ? 0 : 1) }
}

describe("Renderer.buffered", () => {
  it.effect("closes in a program run by Effect.runSync: delivered, or counted where the destination takes time", () =>
    withWarnings(() =>
      Effect.sync(() => {
        const { events, renderer } = recording()
        for (const destination of [renderer, Renderer.make("hangs", () => Effect.never)]) {
          const run = Effect.gen(function* () {
            const buffered = yield* Effect.scoped(
              Effect.tap(Renderer.buffered(destination, { capacity: 10, strategy: "suspend" }), (buffered) =>
                emitAll(buffered, notes(3))
              )
            )
            return yield* statsOf(buffered)
          })
          // `runSync` itself is what this is about.
          const stats = Effect.runSync(Effect.provide(run, Logger.remove(Logger.defaultLogger)))
          assertConserved(stats)
          assert.strictEqual(stats.pending, 0)
        }
        assert.lengthOf(events, 3)
      })
    )
  )

  for (const strategy of ["dropping", "sliding"] as const) {
    const loses = strategy === "dropping" ? "the newest" : "the oldest"
    it.scoped.prop(
      `${strategy} loses ${loses} event whenever it is full, and only then`,
      [steps, fc.integer({ min: 1, max: 5 })],
      ([steps, capacity]) =>
        Effect.gen(function* () {
          const { delivered, renderer, turn } = yield* tapped({ capacity, strategy, shutdownTimeout: 0 })
          const events = notes(200)
          let next = 0
          yield* settle
          for (const step of steps) {
            if ("drain" in step) yield* turn(step.drain)
            else {
              yield* emitAll(renderer, events.slice(next, next + step.offer))
              next += step.offer
              yield* settle
            }
          }
          const model = modelled(steps, capacity, strategy)
          const stats = yield* statsOf(renderer)
          assertConserved(stats)
          assert.deepStrictEqual(delivered, model.delivered)
          assert.strictEqual(stats.dropped["overflow"] ?? 0, model.dropped)
          assert.strictEqual(stats.pending, model.pending)
        })
    )
  }

  it.effect.prop(
    "suspend loses nothing, keeps the order of each emitter, and lets wait only while it is full",
    [steps, fc.integer({ min: 1, max: 5 })],
    ([steps, capacity]) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { delivered, renderer, turn } = yield* Scope.extend(tapped({ capacity, strategy: "suspend" }), scope)
        const emitters: Array<Fiber.RuntimeFiber<void>> = []
        const events = notes(200)
        let next = 0
        for (const step of steps) {
          if ("drain" in step) yield* turn(step.drain)
          else {
            emitters.push(yield* Effect.fork(emitAll(renderer, events.slice(next, next + step.offer))))
            next += step.offer
            yield* settle
          }
          const stats = yield* statsOf(renderer)
          assertConserved(stats)
          const waiting = emitters.filter((fiber) => fiber.unsafePoll() === null)
          // One is in flight, and each emitter adds at most one before it waits.
          assert.isAtMost(stats.pending, capacity + 1 + emitters.length)
          if (stats.pending <= capacity) assert.isEmpty(waiting)
        }
        yield* turn(200)
        yield* Fiber.joinAll(emitters)
        yield* Scope.close(scope, Exit.void)
        assert.sameMembers(delivered, Array.from(sequences(events.slice(0, next))))
        let first = 0
        for (const step of steps) {
          if (!("offer" in step)) continue
          const own = delivered.filter((sequence) => sequence >= first && sequence < first + step.offer)
          assert.deepStrictEqual(
            own,
            Array.from(own).sort((a, b) => a - b)
          )
          first += step.offer
        }
      })
  )

  it.effect.prop(
    "misses no event and no closing, whenever its fiber yields",
    [fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }), fc.integer({ min: 16, max: 60 })],
    ([pauses, maxOps]) =>
      Effect.gen(function* () {
        const { events, renderer } = recording()
        const recorded = notes(pauses.length)
        const emitting = Effect.scoped(
          Effect.gen(function* () {
            const buffered = yield* Renderer.buffered(renderer, { capacity: 2, strategy: "suspend" })
            for (const [i, event] of recorded.entries()) {
              yield* emitAll(buffered, [event])
              yield* Effect.repeatN(Effect.yieldNow(), pauses[i] ?? 0)
            }
          })
        )
        // No time passes: a lost wake-up would wait for the shutdown timeout. Fewer operations are too few for Effect itself.
        yield* Effect.withMaxOpsBeforeYield(emitting, maxOps)
        assert.deepStrictEqual(sequences(events), sequences(recorded))
      })
  )

  it.effect("suspend lets an interrupted emitter go, and delivers its event all the same", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { delivered, renderer, turn } = yield* Scope.extend(tapped({ capacity: 1, strategy: "suspend" }), scope)
      yield* settle
      const emitter = yield* Effect.fork(emitAll(renderer, notes(9)))
      yield* settle
      yield* Fiber.interrupt(emitter)
      const { emitted } = yield* statsOf(renderer)
      yield* turn(20)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(delivered.length, emitted)
      assert.isBelow(emitted, 9)
    })
  )

  it.scoped("suspend is bounded, even where no fiber waits and nothing is delivered", () =>
    Effect.gen(function* () {
      const { renderer } = yield* tapped({ capacity: 10, strategy: "suspend", shutdownTimeout: 0 })
      const [event] = notes(1)
      for (let i = 0; i < 20_000; i++) deliver(renderer, event as NarrativeEvent)
      const stats = yield* statsOf(renderer)
      assertConserved(stats)
      assert.strictEqual(stats.pending, 10 + 16_384)
      assert.strictEqual(stats.dropped["overflow"], 20_000 - 10 - 16_384)
    })
  )

  it.scoped("calls onOverflow at the high-water mark, once on the way up, and again after half of it", () =>
    Effect.gen(function* () {
      const calls: Array<readonly [number, number]> = []
      const { renderer, turn } = yield* tapped({
        capacity: 10,
        strategy: "dropping",
        highWaterMark: 0.8,
        onOverflow: (dropped, size) => void calls.push([dropped, size]),
        shutdownTimeout: 0
      })
      yield* emitAll(renderer, notes(1))
      yield* settle
      yield* emitAll(renderer, notes(9))
      assert.deepStrictEqual(calls, [[-1, 8]])
      yield* turn(4)
      yield* emitAll(renderer, notes(3))
      assert.deepStrictEqual(calls, [[-1, 8]], "down to 5 of 8 is not half")
      yield* turn(4)
      yield* emitAll(renderer, notes(4))
      assert.deepStrictEqual(calls, [
        [-1, 8],
        [-1, 8]
      ])
    })
  )

  it.scoped("calls onOverflow for each dropped event", () =>
    Effect.gen(function* () {
      const dropped: Array<number> = []
      const { renderer } = yield* tapped({
        capacity: 2,
        strategy: "sliding",
        onOverflow: (count) => void dropped.push(count),
        shutdownTimeout: 0
      })
      yield* emitAll(renderer, notes(1))
      yield* settle
      yield* emitAll(renderer, notes(5))
      assert.deepStrictEqual(dropped, [-1, 1, 1, 1])
    })
  )

  it.scoped("survives an onOverflow that throws, and warns of it a few times only", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const { renderer } = yield* tapped({
          capacity: 1,
          strategy: "dropping",
          onOverflow: () => {
            throw new Error("callback")
          },
          shutdownTimeout: 0
        })
        yield* emitAll(renderer, notes(100))
        assertConserved(yield* statsOf(renderer))
        const recorded = warnings.filter((warning) => warning.includes("onOverflow"))
        assert.isAtLeast(recorded.length, 1)
        assert.isAtMost(recorded.length, 7)
      })
    )
  )

  it.effect("warns of drops at the 1st, 2nd, 4th, 8th, … and of the rest when it is closed", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { renderer, turn } = yield* tapped({ capacity: 1, strategy: "dropping" })
            yield* emitAll(renderer, notes(1))
            yield* settle
            yield* emitAll(renderer, notes(1))
            for (const [event, recorded] of [1, 2, 2, 3, 3, 3].entries()) {
              yield* emitAll(renderer, notes(1))
              assert.lengthOf(warnings, recorded, `after drop ${event + 1}`)
            }
            yield* turn(2)
          })
        )
        assert.lengthOf(warnings, 4)
        assert.include(warnings[3], "lost 6 event(s) in all")
      })
    )
  )

  it.effect("waits for a destination as long as it was asked to when it is closed, and no longer", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { renderer } = yield* Scope.extend(
        tapped({ capacity: 10, strategy: "suspend", shutdownTimeout: "3 seconds" }),
        scope
      )
      yield* emitAll(renderer, notes(5))
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("2999 millis")
      assert.isNull(closing.unsafePoll())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
      assert.deepInclude(yield* statsOf(renderer), { emitted: 5, dropped: { shutdown: 5 }, pending: 0 })
    })
  )

  it.effect("drains when the fiber that closes it is interrupted", () =>
    Effect.gen(function* () {
      const handled: Array<NarrativeEvent> = []
      const slow = Renderer.make("slow", (event) =>
        Effect.zipRight(
          Effect.sleep("1 second"),
          Effect.sync(() => void handled.push(event))
        )
      )
      const ready = yield* Deferred.make<void>()
      const program = Effect.scoped(
        Effect.gen(function* () {
          const renderer = yield* Renderer.buffered(slow, { capacity: 10, strategy: "suspend" })
          yield* emitAll(renderer, notes(3))
          yield* Deferred.succeed(ready, undefined)
          return yield* Effect.never
        })
      )
      const running = yield* Effect.fork(program)
      yield* Deferred.await(ready)
      const interrupting = yield* Effect.fork(Fiber.interrupt(running))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(interrupting)
      assert.lengthOf(handled, 3)
    })
  )

  it.effect("wakes the emitters that wait when it is closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { renderer } = yield* Scope.extend(tapped({ capacity: 1, strategy: "suspend" }), scope)
      const emitters = yield* Effect.forEach(notes(5), (event) => Effect.fork(emitAll(renderer, [event])))
      yield* settle
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.joinAll([closing, ...emitters])
      assertConserved(yield* statsOf(renderer))
    })
  )

  it.effect("is not slowed by what it has waiting", () =>
    Effect.gen(function* () {
      const { events, renderer } = recording()
      const recorded = notes(100_000)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const buffered = yield* Renderer.buffered(renderer, { capacity: 100_000, strategy: "suspend" })
          for (const event of recorded) deliver(buffered, event)
        })
      )
      assert.lengthOf(events, 100_000)
      assert.strictEqual(events.at(-1), recorded.at(-1))
    })
  )
})

describe("A renderer whose handler is async", () => {
  it.live("is isolated when it rejects while another renderer is waited for", () =>
    Effect.gen(function* () {
      const slow = Renderer.make("slow", () => Effect.sleep("20 millis"))
      const rejecting = Renderer.make("rejecting", () => Effect.runPromise(Effect.dieMessage("rejected")) as never)
      const program = Effect.zipRight(Narrative.note("one", 1), Renderer.stats).pipe(Narrative.story("Import"))
      const stats = yield* program.pipe(
        Effect.provide(
          Layer.mergeAll(Renderer.layer(slow), Renderer.layer(rejecting), Logger.remove(Logger.defaultLogger))
        )
      )
      assert.deepInclude(
        stats.find(({ name }) => name === "rejecting"),
        { emitted: 2, failed: 2 }
      )
    })
  )
})
