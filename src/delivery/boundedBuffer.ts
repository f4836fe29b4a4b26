/**
 * A bounded queue with one draining fiber: what is between a story and anything slow.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import { waitAtMost } from "../runtime/deadline.js"
import { logWarning } from "../runtime/logWarning.js"
import { withoutNarration } from "../runtime/muting.js"
import { onProcessExit } from "../runtime/processExit.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { isDue } from "../runtime/warningCadence.js"
import { Delivery } from "./deliveryCounts.js"
import { type BufferOptions, makeCounting, type Renderer } from "./rendererModel.js"

/** So many of a batch were taken, and then not kept; and why, where that is known. */
export class Refused {
  constructor(
    readonly count: number,
    readonly cause: Cause.Cause<unknown> = Cause.empty
  ) {}
}

type Batch<A> = readonly [A, ...Array<A>]

interface BufferConfig<A, R> extends BufferOptions {
  readonly name: string
  readonly noun?: Delivery["noun"]
  /** Most events handed over at once. */
  readonly size: number
  /** How long to wait for a batch to fill once its first event is there. */
  readonly within: Duration.DurationInput
  /** Gives {@link Refused} where some of the batch were. */
  readonly handle: (batch: Batch<A>) => Effect.Effect<unknown, unknown, R>
  /**
   * Delivers at once what is left when the process ends, when no effect runs any more: the batch that `handle` was given
   * and has not settled, and what waits behind it.
   */
  readonly atExit?: (begun: ReadonlyArray<A>, waiting: ReadonlyArray<A>) => void
  /** Called with each one that is dropped, as long as it is known. It never throws. */
  readonly onDropped?: (value: A) => Waiting
}

/** A renderer with a buffer in front. @internal */
export const make = <R>(config: BufferConfig<NarrativeEvent, R>): Effect.Effect<Renderer, never, R | Scope.Scope> =>
  Effect.map(open(config), (queue) => makeCounting(config.name, (event) => queue.offer(event), queue.delivery))

/** What a buffer takes, and its books. */
export interface Buffer<A> {
  readonly delivery: Delivery
  /** Takes one more. Brings back what the caller has to wait for. */
  readonly offer: (value: A) => Effect.Effect<void> | undefined
  /** Takes one more only if there is room. What there is to wait for is a warning. */
  readonly tryOffer: (value: A) => { readonly taken: boolean; readonly waiting: Waiting }
  /** Delivers what waits without gathering more, and ends when nothing is left. */
  readonly flush: Effect.Effect<void>
}

/** A buffer of anything; it drains until the scope is closed. @internal */
export const open = <A, R>(config: BufferConfig<A, R>): Effect.Effect<Buffer<A>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const queue = new BoundedQueue<A>(config)
    const shutdownTimeout = Duration.decode(config.shutdownTimeout ?? "5 seconds")
    const { atExit } = config
    if (atExit !== undefined) {
      // Released after the drain has ended: what waits until then is written by either.
      yield* Effect.acquireRelease(
        Effect.sync(() => onProcessExit(() => queue.leave(atExit))),
        (stop) => Effect.sync(stop)
      )
    }
    yield* Effect.acquireRelease(
      queue.drain(config).pipe(withoutNarration, Effect.interruptible, Effect.forkDaemon),
      (drain) => withoutNarration(close(queue, drain, shutdownTimeout))
    )
    return queue
  })

const close = <A>(
  queue: BoundedQueue<A>,
  drain: Fiber.RuntimeFiber<void>,
  shutdownTimeout: Duration.Duration
): Effect.Effect<void> =>
  Effect.gen(function* () {
    queue.close()
    yield* waitAtMost(Fiber.await(drain), shutdownTimeout)
    yield* Fiber.interruptFork(drain)
    yield* Effect.suspend(() => queue.abandon() ?? Effect.void)
  })

/**
 * Most events a `suspend` buffer takes beyond its capacity: one of each waiting fiber, and those of fibers interrupted
 * while they waited. Without a bound a destination that hangs would fill the heap.
 */
const maxBeyondCapacity = 16_384

class BoundedQueue<A> implements Buffer<A> {
  readonly delivery: Delivery
  readonly #capacity: number
  readonly #strategy: BufferOptions["strategy"]
  readonly #highWaterMark: number
  readonly #onOverflow: BufferOptions["onOverflow"]
  readonly #onDropped: BufferConfig<A, unknown>["onDropped"]
  readonly #events = new Fifo<A>()
  /** What was handed over and has not been settled. */
  #batch: ReadonlyArray<A> = []
  #overflowFaults = 0
  #closed = false
  #armed = true
  #wakeDrain: (() => void) | undefined
  #wakeAt = 1
  #blocked = new Set<() => void>()
  #flushing = new Set<() => void>()

  constructor(config: BufferOptions & Pick<BufferConfig<A, unknown>, "name" | "noun" | "onDropped">) {
    this.delivery = new Delivery(config.name, config.noun)
    this.#capacity = Math.max(1, Math.floor(config.capacity) || 1)
    this.#strategy = config.strategy
    this.#highWaterMark = Math.max(1, Math.ceil(this.#capacity * (config.highWaterMark ?? 0.8)))
    this.#onOverflow = config.onOverflow
    this.#onDropped = config.onDropped
  }

  offer(event: A): Effect.Effect<void> | undefined {
    this.delivery.emitted += 1
    if (this.#closed) return this.#drop("closed", [event])
    let waiting: Effect.Effect<void> | undefined
    if (this.#events.length >= this.#limit) {
      const isSliding = this.#strategy === "sliding"
      const dropped = isSliding ? this.#events.take(1) : [event]
      waiting = inOrder(this.#drop("overflow", dropped), this.#overflow(1))
      if (!isSliding) return waiting
      this.delivery.pending -= 1
    }
    waiting = inOrder(waiting, this.#push(event))
    // The event is taken in any case, so an interrupted wait loses nothing: the bound is softened by one event a fiber.
    return this.#events.length > this.#capacity && this.#strategy === "suspend" ? inOrder(waiting, this.#room) : waiting
  }

  tryOffer(event: A): { readonly taken: boolean; readonly waiting: Waiting } {
    this.delivery.emitted += 1
    if (this.#closed) return { taken: false, waiting: this.#drop("closed", [event]) }
    if (this.#events.length >= this.#capacity) {
      return { taken: false, waiting: inOrder(this.#drop("overflow", [event]), this.#overflow(1)) }
    }
    return { taken: true, waiting: this.#push(event) }
  }

  #push(event: A): Waiting {
    this.#events.push(event)
    this.delivery.pending += 1
    const waiting = this.#watchHighWater()
    if (this.#wakeDrain !== undefined && this.#events.length >= this.#wakeAt) this.#wakeDrain()
    return waiting
  }

  #drop(reason: string, values: ReadonlyArray<A>): Waiting {
    let waiting = this.delivery.drop(reason, values.length)
    if (this.#onDropped !== undefined) {
      for (const value of values) waiting = inOrder(waiting, this.#onDropped(value))
    }
    return waiting
  }

  get #limit(): number {
    return this.#strategy === "suspend" ? this.#capacity + maxBeyondCapacity : this.#capacity
  }

  drain<R>(config: BufferConfig<A, R>): Effect.Effect<void, never, R> {
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

  get flush(): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      if (this.delivery.pending === 0) return resume(Effect.void)
      const done = () => resume(Effect.void)
      this.#flushing.add(done)
      if (this.#events.length > 0) this.#wakeDrain?.()
      return Effect.sync(() => this.#flushing.delete(done))
    })
  }

  #flushed(): void {
    const flushing = this.#flushing
    this.#flushing = new Set()
    for (const resume of flushing) resume()
  }

  close(): void {
    this.#closed = true
    this.#wakeDrain?.()
  }

  /** Counts what could not be delivered any more, and logs every loss not logged yet. */
  abandon(): Effect.Effect<void> | undefined {
    const lost = [...this.#batch, ...this.#events.take(this.#events.length)]
    const waiting = lost.length === 0 ? undefined : this.#drop("shutdown", lost)
    this.delivery.pending -= lost.length
    this.#batch = []
    this.#release()
    this.#flushed()
    return inOrder(waiting, this.delivery.finalWarning())
  }

  leave(deliver: NonNullable<BufferConfig<A, unknown>["atExit"]>): void {
    const [begun, waiting] = [this.#batch, this.#events.take(this.#events.length)]
    if (begun.length + waiting.length > 0) deliver(begun, waiting)
  }

  #deliver<R>(batch: ReadonlyArray<A>, handle: BufferConfig<A, R>["handle"]): Effect.Effect<void, never, R> {
    if (!isBatch(batch)) return Effect.void
    this.#batch = batch
    return Effect.suspend(() => handle(batch)).pipe(
      Effect.matchCauseEffect({
        onSuccess: (refused) =>
          this.#settle((delivery) => {
            const failed = refused instanceof Refused ? Math.min(batch.length, refused.count) : 0
            delivery.deliver(batch.length - failed)
            return refused instanceof Refused && failed > 0 ? delivery.fail(refused.cause, failed) : undefined
          }),
        onFailure: (cause: Cause.Cause<unknown>) => this.#settle((delivery) => delivery.fail(cause, batch.length))
      })
    )
  }

  #settle(count: (delivery: Delivery) => Effect.Effect<void> | undefined): Effect.Effect<void> {
    return Effect.suspend(() => {
      // Abandoned meanwhile: already counted.
      if (this.#batch.length === 0) return Effect.void
      this.delivery.pending -= this.#batch.length
      const waiting = count(this.delivery)
      this.#batch = []
      if (this.delivery.pending === 0) this.#flushed()
      return waiting ?? Effect.void
    })
  }

  #take(size: number): ReadonlyArray<A> {
    const batch = this.#events.take(size)
    if (this.#events.length * 2 <= this.#highWaterMark) this.#armed = true
    if (this.#events.length < this.#capacity) this.#release()
    return batch
  }

  #release(): void {
    const blocked = this.#blocked
    this.#blocked = new Set()
    for (const resume of blocked) resume()
  }

  #hasArrived(count: number): boolean {
    return this.#closed || this.#events.length >= (this.#flushing.size > 0 ? 1 : count)
  }

  #arrival(count: number): Effect.Effect<void> {
    if (this.#hasArrived(count)) return Effect.void
    return Effect.async<void>((resume) => {
      // Once more: the fiber may have yielded between the two, and nothing would wake it for what came then.
      if (this.#hasArrived(count)) return resume(Effect.void)
      this.#wakeAt = count
      this.#wakeDrain = () => {
        this.#wakeDrain = undefined
        resume(Effect.void)
      }
    })
  }

  /** Ends early when the program is interrupted: the event has its place in any case. */
  get #room(): Effect.Effect<void> {
    return Effect.interruptible(
      Effect.async<void>((resume) => {
        if (this.#closed || this.#events.length < this.#capacity) return resume(Effect.void)
        const go = () => resume(Effect.void)
        this.#blocked.add(go)
        return Effect.sync(() => this.#blocked.delete(go))
      })
    )
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
      this.#overflowFaults += 1
      if (!isDue(this.#overflowFaults)) return undefined
      return logWarning(`onOverflow of renderer "${this.delivery.renderer}" threw; it was ignored`, defect)
    }
  }
}

const isBatch = <A>(values: ReadonlyArray<A>): values is Batch<A> => values.length > 0

/** First in, first out; taking from it copies only what is taken. */
class Fifo<A> {
  #values: Array<A> = []
  #head = 0

  get length(): number {
    return this.#values.length - this.#head
  }

  push(value: A): void {
    this.#values.push(value)
  }

  take(count: number): ReadonlyArray<A> {
    if (this.#head === 0 && count >= this.#values.length) {
      const all = this.#values
      this.#values = []
      return all
    }
    const taken = this.#values.slice(this.#head, this.#head + count)
    this.#head += taken.length
    // The part already taken is let go before it outgrows the rest.
    if (this.#head * 2 >= this.#values.length) {
      this.#values = this.#values.slice(this.#head)
      this.#head = 0
    }
    return taken
  }
}
