/**
 * The suite every renderer that does I/O must pass: whatever its destination does, no event goes missing from the books,
 * the order is kept, and the program neither fails nor hangs.
 *
 * A renderer under test is made on a {@link Destination}: a fake of the file, server or database behind it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Exit, Fiber, Layer, Logger, Scope, TestClock } from "effect"
import { deliver } from "../../src/delivery/dispatch.js"
import * as Renderer from "../../src/delivery/Renderer.js"
import * as rendererSet from "../../src/delivery/rendererSet.js"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import { notes } from "../fixtures/events.js"

export type Behaviour = "healthy" | "failing" | "dying" | "throwing" | "slow" | "hanging" | "recovering"

const behaviours: ReadonlyArray<Behaviour> = [
  "healthy",
  "failing",
  "dying",
  "throwing",
  "slow",
  "hanging",
  "recovering"
]

export class DestinationError extends Data.TaggedError("DestinationError")<{ readonly reason: string }> {}

/** What is behind a renderer. Events are known by their `sequence`. */
export class Destination {
  readonly accepted: Array<number> = []
  #calls = 0

  constructor(readonly behaviour: Behaviour) {}

  /** For renderers that wait for their destination. */
  accept(sequences: ReadonlyArray<number>): Effect.Effect<void, DestinationError> {
    this.#calls += 1
    const done = Effect.sync(() => this.#take(sequences))
    switch (this.behaviour) {
      case "healthy":
        return done
      case "failing":
        return new DestinationError({ reason: "full" })
      case "dying":
        return Effect.die(new Error("defect"))
      case "throwing":
        throw new Error("thrown")
      case "slow":
        return Effect.zipRight(Effect.sleep("1 second"), done)
      case "hanging":
        return Effect.never
      case "recovering":
        return this.#calls % 2 === 1 ? new DestinationError({ reason: "busy" }) : done
    }
  }

  /** For renderers that write in the emitting fiber: every fault is a throw, and nothing takes time. */
  acceptNow(sequences: ReadonlyArray<number>): void {
    this.#calls += 1
    const fails = ["failing", "dying", "throwing"].includes(this.behaviour)
    if (fails || (this.behaviour === "recovering" && this.#calls % 2 === 1)) throw new Error("stream is broken")
    this.#take(sequences)
  }

  #take(sequences: ReadonlyArray<number>): void {
    this.accepted.push(...sequences)
  }
}

/** Tells events as a story does: in order, in one fiber, in an uninterruptible region each. */
export const emitAll = (renderer: Renderer.Renderer, events: Iterable<NarrativeEvent>): Effect.Effect<void> =>
  Effect.forEach(
    events,
    (event) => Effect.uninterruptible(Effect.suspend(() => deliver(renderer, event) ?? Effect.void)),
    { discard: true }
  )

export const statsOf = (renderer: Renderer.Renderer): Effect.Effect<Renderer.RendererStats> =>
  Effect.map(Effect.locally(Renderer.stats, rendererSet.current, [renderer]), ([stats]) => {
    if (stats === undefined) throw new Error("a renderer has stats")
    return stats
  })

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Once nothing is pending, which may wait for what no clock of a test moves on: a file that is opened anew. */
export const settledStatsOf = (renderer: Renderer.Renderer): Effect.Effect<Renderer.RendererStats> =>
  Effect.repeat(Effect.zipRight(turn, statsOf(renderer)), { until: ({ pending }) => pending === 0 })

const droppedOf = (stats: Renderer.RendererStats): number =>
  Object.values(stats.dropped).reduce((sum, count) => sum + count, 0)

export const assertConserved = (stats: Renderer.RendererStats): void =>
  assert.strictEqual(
    stats.emitted,
    stats.delivered + droppedOf(stats) + stats.failed + stats.pending,
    JSON.stringify(stats)
  )

/** Every warning logged while an effect runs. */
export const withWarnings = <A, E, R>(
  use: (warnings: ReadonlyArray<string>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const warnings: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      if (logLevel._tag === "Warning") warnings.push(String(message))
    })
    return Effect.provide(use(warnings), Layer.provideMerge(Logger.add(logger), Logger.remove(Logger.defaultLogger)))
  })

/** Lets time pass until a fiber is done. */
const finish = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) =>
  Effect.gen(function* () {
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const ascending = (sequences: ReadonlyArray<number>): boolean =>
  sequences.every((sequence, i) => i === 0 || sequence > (sequences[i - 1] as number))

export const rendererSuite = (
  name: string,
  makeUnderTest: (destination: Destination) => Effect.Effect<Renderer.Renderer, never, Scope.Scope>,
  /** `events`: of the kind the renderer delivers, by ascending `sequence`. Any, unless said otherwise. */
  { events = notes }: { readonly events?: (count: number) => ReadonlyArray<NarrativeEvent> } = {}
): void => {
  const open = (behaviour: Behaviour) =>
    Effect.gen(function* () {
      const destination = new Destination(behaviour)
      const scope = yield* Scope.make()
      const renderer = yield* Scope.extend(makeUnderTest(destination), scope)
      const close = Scope.close(scope, Exit.void)
      return { close, destination, renderer }
    })

  describe(`${name}, as a renderer`, () => {
    for (const behaviour of behaviours) {
      it.effect(`accounts for every event when its destination is ${behaviour}`, () =>
        Effect.gen(function* () {
          const { close, destination, renderer } = yield* open(behaviour)
          const emitting = yield* Effect.fork(emitAll(renderer, events(50)))
          yield* TestClock.adjust("1 second")
          assertConserved(yield* statsOf(renderer))
          yield* TestClock.adjust("1 hour")
          assertConserved(yield* statsOf(renderer))
          yield* finish(yield* Effect.fork(close))
          yield* Fiber.join(emitting)
          const stats = yield* statsOf(renderer)
          assertConserved(stats)
          assert.strictEqual(stats.emitted, 50)
          assert.strictEqual(stats.pending, 0)
          assert.isTrue(ascending(destination.accepted), "the order is kept")
        })
      )
    }

    it.effect("delivers everything to a healthy destination, in order", () =>
      Effect.gen(function* () {
        const { close, destination, renderer } = yield* open("healthy")
        yield* emitAll(renderer, events(500))
        yield* finish(yield* Effect.fork(close))
        assert.deepStrictEqual(
          destination.accepted,
          events(500).map((event) => event.sequence)
        )
        assert.strictEqual((yield* statsOf(renderer)).delivered, 500)
      })
    )

    it.effect("lets an emitter that waits be interrupted, and still accounts for its event", () =>
      Effect.gen(function* () {
        const { close, renderer } = yield* open("hanging")
        const emitting = yield* Effect.fork(emitAll(renderer, events(10_000)))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(emitting)
        assertConserved(yield* statsOf(renderer))
        yield* finish(yield* Effect.fork(close))
        const stats = yield* statsOf(renderer)
        assertConserved(stats)
        assert.strictEqual(stats.pending, 0)
      })
    )

    it.effect("closes in the middle of a write, within its time", () =>
      Effect.gen(function* () {
        for (const behaviour of ["slow", "hanging"] as const) {
          const { close, renderer } = yield* open(behaviour)
          yield* Effect.fork(emitAll(renderer, events(3)))
          yield* TestClock.adjust("100 millis")
          yield* finish(yield* Effect.fork(close))
          const stats = yield* statsOf(renderer)
          assertConserved(stats)
          assert.strictEqual(stats.pending, 0)
        }
      })
    )

    it.effect("neither hangs nor throws when it gets something after it was closed", () =>
      Effect.gen(function* () {
        const { close, renderer } = yield* open("healthy")
        yield* emitAll(renderer, events(2))
        yield* finish(yield* Effect.fork(close))
        yield* emitAll(renderer, events(3))
        const stats = yield* statsOf(renderer)
        assertConserved(stats)
        assert.strictEqual(stats.emitted, 5)
        assert.strictEqual(stats.pending, 0)
      })
    )

    it.effect("warns at once that its destination fails, but not once for each event", () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const { close, renderer } = yield* open("failing")
          for (const event of events(40)) {
            yield* emitAll(renderer, [event])
            yield* TestClock.adjust("1 second")
            if (event.sequence === 0) assert.lengthOf(warnings, 1)
          }
          yield* finish(yield* Effect.fork(close))
          assert.include(warnings[0], renderer.name)
          assert.isAtMost(warnings.length, 7)
        })
      )
    )
  })
}
