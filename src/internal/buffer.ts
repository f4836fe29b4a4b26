/**
 * A bounded queue of events with one draining fiber: what stands between a story and anything slow.
 */
import type * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { NarrativeEvent } from "../NarrativeEvent.js"
import type { BufferOptions, Renderer } from "../Renderer.js"
import { Delivery } from "./delivery.js"
import { aside, inOrder, selfCounting } from "./renderers.js"

type Batch = readonly [NarrativeEvent, ...Array<NarrativeEvent>]

interface BufferConfig<R> extends BufferOptions {
  readonly name: string
  /** Most events handed over at once. */
  readonly size: number
  /** How long to wait for a batch to fill once its first event is there. */
  readonly within: Duration.DurationInput
  readonly handle: (batch: Batch) => Effect.Effect<void, unknown, R>
}

/** @internal */
export const make = <R>(config: BufferConfig<R>): Effect.Effect<Renderer, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const queue = new BoundedQueue(config)
    const shutdownTimeout = Duration.decode(config.shutdownTimeout ?? "5 seconds")
    const drain = yield* queue.drain(config).pipe(aside, Effect.interruptible, Effect.forkDaemon)
    const close = Effect.gen(function* () {
      queue.close()
      // Not a race: the closing fiber may be one that is interrupted, and must wait all the same.
      const done = yield* Deferred.make<void>()
      const settle = <A>(wait: Effect.Effect<A>) =>
        wait.pipe(
          Effect.interruptible,
          Effect.zipRight(Deferred.succeed(done, undefined)),
          Effect.asVoid,
          Effect.forkDaemon
        )
      const waits = [yield* settle(Fiber.await(drain)), yield* settle(Effect.sleep(shutdownTimeout))]
      yield* Deferred.await(done)
      for (const fiber of [drain, ...waits]) yield* Fiber.interruptFork(fiber)
      yield* Effect.suspend(() => queue.abandon() ?? Effect.void)
    })
    yield* Effect.addFinalizer(() => aside(close))
    return selfCounting({ name: config.name, handle: (event) => queue.offer(event) }, queue.delivery)
  })

class BoundedQueue {
  readonly delivery: Delivery
  readonly #capacity: number
  readonly #strategy: BufferOptions["strategy"]
  readonly #highWaterMark: number
  readonly #onOverflow: BufferOptions["onOverflow"]
  #events: Array<NarrativeEvent> = []
  #inFlight = 0
  #closed = false
  #armed = true
  #wakeDrain: (() => void) | undefined
  #wakeAt = 1
  #blocked: Array<() => void> = []

  constructor(config: BufferOptions & { readonly name: string }) {
    this.delivery = new Delivery(config.name)
    this.#capacity = Math.max(1, Math.floor(config.capacity))
    this.#strategy = config.strategy
    this.#highWaterMark = Math.max(1, Math.ceil(this.#capacity * (config.highWaterMark ?? 0.8)))
    this.#onOverflow = config.onOverflow
  }

  offer(event: NarrativeEvent): Effect.Effect<void> | undefined {
    this.delivery.emitted += 1
    if (this.#closed) return this.delivery.drop("closed")
    let waiting: Effect.Effect<void> | undefined
    if (this.#events.length >= this.#capacity && this.#strategy !== "suspend") {
      waiting = inOrder(this.delivery.drop("overflow"), this.#overflow(1))
      if (this.#strategy === "dropping") return waiting
      this.#events.shift()
      this.delivery.pending -= 1
    }
    this.#events.push(event)
    this.delivery.pending += 1
    waiting = inOrder(waiting, this.#watchHighWater())
    if (this.#wakeDrain !== undefined && this.#events.length >= this.#wakeAt) this.#wakeDrain()
    // The event is taken in any case, so an interrupted wait loses nothing: the bound is softened by one event a fiber.
    return this.#events.length > this.#capacity && this.#strategy === "suspend" ? inOrder(waiting, this.#room) : waiting
  }

  drain<R>(config: BufferConfig<R>): Effect.Effect<void, never, R> {
    const size = Math.max(1, Math.floor(config.size))
    const within = Duration.decode(config.within)
    const fill = Duration.isZero(within)
      ? Effect.void
      : Effect.suspend(() => this.#arrival(size)).pipe(Effect.timeoutOption(within), Effect.asVoid)
    const turn = Effect.suspend(() => this.#arrival(1)).pipe(
      Effect.zipRight(fill),
      Effect.zipRight(Effect.suspend(() => this.#deliver(this.#take(size), config.handle)))
    )
    return Effect.whileLoop({
      while: () => !this.#closed || this.#events.length > 0,
      body: () => turn,
      step: () => {}
    })
  }

  close(): void {
    this.#closed = true
    this.#wakeDrain?.()
  }

  /** Counts what could not be delivered any more, and tells of every loss not told of yet. */
  abandon(): Effect.Effect<void> | undefined {
    const lost = this.#events.length + this.#inFlight
    const waiting = lost === 0 ? undefined : this.delivery.drop("shutdown", lost)
    this.delivery.pending -= lost
    this.#events = []
    this.#inFlight = 0
    this.#release()
    return inOrder(waiting, this.delivery.finalWarning())
  }

  #deliver<R>(batch: ReadonlyArray<NarrativeEvent>, handle: BufferConfig<R>["handle"]): Effect.Effect<void, never, R> {
    if (!isBatch(batch)) return Effect.void
    this.#inFlight = batch.length
    return Effect.suspend(() => handle(batch)).pipe(
      Effect.matchCauseEffect({
        onSuccess: () => this.#settle((delivery) => delivery.deliver(batch.length)),
        onFailure: (cause: Cause.Cause<unknown>) => this.#settle((delivery) => delivery.fail(cause, batch.length))
      })
    )
  }

  #settle(count: (delivery: Delivery) => Effect.Effect<void> | undefined): Effect.Effect<void> {
    return Effect.suspend(() => {
      // Abandoned meanwhile: already counted.
      if (this.#inFlight === 0) return Effect.void
      this.delivery.pending -= this.#inFlight
      const waiting = count(this.delivery)
      this.#inFlight = 0
      return waiting ?? Effect.void
    })
  }

  #take(size: number): ReadonlyArray<NarrativeEvent> {
    const batch = this.#events.length <= size ? this.#events : this.#events.slice(0, size)
    this.#events = this.#events.length <= size ? [] : this.#events.slice(size)
    if (this.#events.length * 2 <= this.#highWaterMark) this.#armed = true
    if (this.#events.length < this.#capacity) this.#release()
    return batch
  }

  #release(): void {
    const blocked = this.#blocked
    this.#blocked = []
    for (const resume of blocked) resume()
  }

  #arrival(count: number): Effect.Effect<void> {
    if (this.#closed || this.#events.length >= count) return Effect.void
    return Effect.async<void>((resume) => {
      this.#wakeAt = count
      this.#wakeDrain = () => {
        this.#wakeDrain = undefined
        resume(Effect.void)
      }
    })
  }

  get #room(): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      if (this.#closed || this.#events.length < this.#capacity) return resume(Effect.void)
      this.#blocked.push(() => resume(Effect.void))
    })
  }

  #watchHighWater(): Effect.Effect<void> | undefined {
    if (!this.#armed || this.#events.length < this.#highWaterMark) return undefined
    this.#armed = false
    return this.#overflow(-1)
  }

  #overflow(dropped: number): Effect.Effect<void> | undefined {
    if (this.#onOverflow === undefined) return undefined
    try {
      this.#onOverflow(dropped, this.#events.length)
      return undefined
    } catch (defect) {
      return Effect.logWarning(`onOverflow of renderer "${this.delivery.renderer}" threw; it was ignored`, defect)
    }
  }
}

const isBatch = (events: ReadonlyArray<NarrativeEvent>): events is Batch => events.length > 0
