/**
 * How an event reaches a sink, and what becomes of it: by the same law, and on the same books, as events and renderers.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { PlainRecord } from "../plain/PlainValue.js"
import { logWarning } from "../runtime/logWarning.js"
import { withoutNarration } from "../runtime/muting.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { isDue } from "../runtime/warningCadence.js"
import * as boundedBuffer from "./boundedBuffer.js"
import { Delivery } from "./deliveryCounts.js"
import { deliverTo } from "./dispatch.js"

/** What a sink gets: a dotted name, and data that may leave. */
export interface SinkEvent {
  readonly type: string
  readonly data: PlainRecord
}

/** What is behind a sink. */
export type Handle = (type: string, data: PlainRecord) => void | Effect.Effect<void, unknown>

/** Whether an event was taken, and what to wait for: the sink's own warnings. */
export interface Tried {
  readonly taken: boolean
  readonly waiting: Waiting
}

/** Takes events, and counts them. Nothing of it throws, and no effect that it returns fails. */
export interface SinkQueue {
  readonly delivery: Delivery
  readonly handle: Handle
  readonly lastEmitAt: number | null
  readonly lastDropAt: number | null
  /** Takes an event. Brings back what the caller has to wait for. */
  readonly offer: (event: SinkEvent, now: number) => Waiting
  /** Takes an event if nothing has to be waited for. */
  readonly tryOffer: (event: SinkEvent, now: number) => Tried
  /** Takes an event of a story. */
  readonly narrate: (event: SinkEvent, now: number) => Waiting
}

/** Most events of {@link SinkQueue.tryOffer} that a sink without a queue is busy with at a time. */
const maxBusy = 1_024

/** A sink that handles each event in the fiber that emits it. */
export class DirectQueue implements SinkQueue {
  readonly delivery: Delivery
  readonly #to: { readonly handle: (event: SinkEvent) => unknown }
  lastEmitAt: number | null = null
  lastDropAt: number | null = null

  constructor(
    name: string,
    readonly handle: Handle
  ) {
    this.delivery = new Delivery(name, "Sink")
    this.#to = { handle: ({ data, type }) => handle(type, data) }
  }

  offer(event: SinkEvent, now: number): Waiting {
    this.lastEmitAt = now
    return deliverTo(this.delivery, this.#to, event)
  }

  tryOffer(event: SinkEvent, now: number): Tried {
    if (this.delivery.pending >= maxBusy) {
      this.lastEmitAt = this.lastDropAt = now
      this.delivery.emitted += 1
      return { taken: false, waiting: this.delivery.drop("overflow") }
    }
    const failed = this.delivery.failed
    const waiting = this.offer(event, now)
    return {
      taken: this.delivery.failed === failed,
      waiting: waiting === undefined ? undefined : Effect.asVoid(Effect.forkDaemon(waiting))
    }
  }

  narrate(event: SinkEvent, now: number): Waiting {
    return this.offer(event, now)
  }
}

export interface QueueOptions {
  readonly maxQueueSize: number
  readonly whenFull: "drop" | "wait"
  readonly highWaterMark: number
  readonly shutdownTimeout: Duration.Duration
  readonly onDrop?: ((type: string, data: PlainRecord) => void) | undefined
  readonly onHighWater?: ((size: number) => void) | undefined
}

/** A sink with a bounded queue in front, and a fiber that empties it until the scope is closed. */
export const open = (
  name: string,
  handle: Handle,
  options: QueueOptions
): Effect.Effect<SinkQueue, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const { onDrop, onHighWater } = options
    const drops = { at: null as number | null, faults: 0 }
    const onDropped = ({ data, type }: SinkEvent): Waiting => {
      drops.at = clock.unsafeCurrentTimeMillis()
      if (onDrop === undefined) return undefined
      try {
        onDrop(type, data)
        return undefined
      } catch (defect) {
        drops.faults += 1
        if (!isDue(drops.faults)) return undefined
        return Effect.asVoid(Effect.exit(logWarning(`onDrop of sink "${name}" threw; it was ignored`, defect)))
      }
    }
    const buffer = yield* boundedBuffer.open<SinkEvent, never>({
      name,
      noun: "Sink",
      capacity: options.maxQueueSize,
      strategy: "suspend",
      highWaterMark: options.highWaterMark,
      shutdownTimeout: options.shutdownTimeout,
      onOverflow: onHighWater === undefined ? undefined : (dropped, size) => dropped === -1 && onHighWater(size),
      size: 1,
      within: Duration.zero,
      handle: ([{ data, type }]) => Effect.suspend(() => handle(type, data) ?? Effect.void),
      onDropped
    })
    const times = { emit: null as number | null }
    const noted = <A>(now: number, f: () => A): A => {
      times.emit = now
      return f()
    }
    return {
      delivery: buffer.delivery,
      handle,
      get lastEmitAt() {
        return times.emit
      },
      get lastDropAt() {
        return drops.at
      },
      offer: (event, now) => noted(now, () => quiet(buffer.offer(event))),
      tryOffer: (event, now) =>
        noted(now, () => {
          const { taken, waiting } = buffer.tryOffer(event)
          return { taken, waiting: quiet(waiting) }
        }),
      narrate: (event, now) =>
        noted(now, () => quiet(options.whenFull === "wait" ? buffer.offer(event) : buffer.tryOffer(event).waiting))
    }
  })

const quiet = (waiting: Waiting): Waiting =>
  waiting === undefined ? undefined : Effect.asVoid(Effect.exit(withoutNarration(waiting)))

/** Takes several events, in their order. */
export const narrateAll = (queue: SinkQueue, events: ReadonlyArray<SinkEvent>, now: number): Waiting => {
  let waiting: Waiting
  for (const event of events) waiting = inOrder(waiting, queue.narrate(event, now))
  return waiting
}
