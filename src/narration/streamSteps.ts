/**
 * What queues and buffers of streams do, as steps of the fibers that use them.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ChunkQueueState, Said } from "../agent/chunkQueue.js"
import { type AnyFiber, now, withFiber } from "../runtime/fiber.js"
import { isEnabled } from "../runtime/muting.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import * as recordings from "./recordings.js"
import { regionFor } from "./region.js"
import * as sinks from "./sinks.js"

/** Says something of a stream where a fiber is. */
const say = (fiber: AnyFiber, [name, data]: Said): Waiting => {
  const here = regionFor(fiber)
  if (here !== undefined) return recordings.note(`stream.${name}`, data)(here, fiber)
  return sinks.tryEmit(fiber, `stream.${name}`, data).waiting
}

/** A synchronous step, and then what it said. */
export const step = <A>(f: (say: (said: Said) => void, fiber: AnyFiber) => A): Effect.Effect<A> =>
  Effect.uninterruptible(
    withFiber((fiber) => {
      let waiting: Waiting
      const isNarrated = isEnabled(fiber)
      const value = f((said) => {
        if (isNarrated) waiting = inOrder(waiting, say(fiber, said))
      }, fiber)
      return waiting === undefined ? Effect.succeed(value) : Effect.as(waiting, value)
    })
  )

/** A queue of chunks as fibers use it. */
export class WaitingQueue<A> {
  constructor(readonly state: ChunkQueueState<A>) {}

  put(chunk: A): Effect.Effect<boolean> {
    const { state } = this
    return Effect.flatMap(
      step((say, fiber) => ({ taken: state.put(chunk, say), since: now(fiber) })),
      ({ since, taken }) => {
        if (taken !== undefined) return Effect.succeed(taken)
        state.blockedPuts += 1
        return this.#waitForRoom(chunk, since)
      }
    )
  }

  #waitForRoom(chunk: A, since: number): Effect.Effect<boolean> {
    const attempt = step((say, fiber) => {
      const taken = this.state.put(chunk, say)
      if (taken !== undefined) this.state.blocked(now(fiber) - since, say)
      return taken
    })
    return Effect.flatMap(attempt, (taken) =>
      taken === undefined ? Effect.zipRight(this.#change(), this.#waitForRoom(chunk, since)) : Effect.succeed(taken)
    )
  }

  tryPut(chunk: A): Effect.Effect<boolean> {
    return step((say) => {
      const taken = this.state.put(chunk, say)
      if (taken === undefined) this.state.refuse(say)
      return taken ?? false
    })
  }

  get take(): Effect.Effect<Option.Option<A>> {
    const attempt = step((say) => {
      const taken = this.state.take(say)
      return taken === undefined && !this.state.isClosed
        ? undefined
        : Option.map(Option.fromNullable(taken), (one) => one.chunk)
    })
    return Effect.flatMap(attempt, (taken) =>
      taken === undefined
        ? Effect.zipRight(
            this.#change((state) => state.size > 0),
            this.take
          )
        : Effect.succeed(taken)
    )
  }

  /** Ends at the next change, at once if there was one since it was looked. */
  #change(isThere: (state: ChunkQueueState<A>) => boolean = ({ settings, size }) => size < settings.maxSize) {
    return Effect.async<void>((resume) => {
      if (this.state.isClosed || isThere(this.state)) return resume(Effect.void)
      const forget = this.state.onChange(() => resume(Effect.void))
      return Effect.sync(forget)
    })
  }

  get stream(): Stream.Stream<A> {
    return Stream.repeatEffectOption(
      Effect.flatMap(
        Effect.suspend(() => this.take),
        Option.match({ onNone: () => Effect.fail(Option.none()), onSome: (chunk) => Effect.succeed(chunk) })
      )
    )
  }

  get close(): Effect.Effect<void> {
    return step((say) => this.state.close(say))
  }

  get stats() {
    return Effect.sync(() => {
      const { blockedPuts, droppedItems, isClosed, isThrottled, maxQueueSize, size, totalBlockedMillis, totalItems } =
        this.state
      return {
        queueSize: size,
        totalItems,
        droppedItems,
        dropRate: droppedItems / Math.max(totalItems, 1),
        blockedPuts,
        totalBlockedMs: totalBlockedMillis,
        maxQueueSize,
        isThrottled,
        isClosed
      }
    })
  }
}
