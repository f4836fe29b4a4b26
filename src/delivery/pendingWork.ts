/**
 * What a renderer is still to get after a story has ended. Whoever closes the renderer waits for it first.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { waitAtMost } from "../runtime/deadline.js"
import type { Waiting } from "../runtime/waiting.js"
import type { Renderer } from "./rendererModel.js"

export interface PendingWork {
  /** Ends when it was delivered. */
  readonly done: Effect.Effect<void>
  /** Longest that the closing renderer waits for it. */
  readonly timeout: Duration.Duration
  /** The renderer is gone: nothing can be delivered to it any more. */
  readonly abandon: (renderer: Renderer) => Waiting
}

const pending = new WeakMap<Renderer, Set<PendingWork>>()

export const register = (renderer: Renderer, work: PendingWork): void => {
  const all = pending.get(renderer) ?? new Set()
  all.add(work)
  pending.set(renderer, all)
}

export const complete = (renderer: Renderer, work: PendingWork): void => {
  const all = pending.get(renderer)
  all?.delete(work)
  if (all?.size === 0) pending.delete(renderer)
}

/** Waits for what the renderer is still to get, as long as each of it may take. */
export const awaitAll = (renderer: Renderer): Effect.Effect<void> =>
  Effect.suspend(() =>
    Effect.forEach(
      Array.from(pending.get(renderer) ?? []),
      (work) =>
        Effect.zipRight(
          waitAtMost(work.done, work.timeout),
          Effect.suspend(() => work.abandon(renderer) ?? Effect.void)
        ),
      { concurrency: "unbounded", discard: true }
    )
  )
