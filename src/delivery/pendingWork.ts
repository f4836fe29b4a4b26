/**
 * What is still to be told to a renderer after its story has ended. Whoever closes the renderer waits for it first.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { waitAtMost } from "../runtime/deadline.js"
import type { Waiting } from "../runtime/waiting.js"
import type { Renderer } from "./rendererModel.js"

export interface Pledge {
  /** Ends when it was told. */
  readonly kept: Effect.Effect<void>
  readonly patience: Duration.Duration
  /** The renderer is gone: nothing can be told to it any more. */
  readonly forgo: (renderer: Renderer) => Waiting
}

const pledges = new WeakMap<Renderer, Set<Pledge>>()

export const pledge = (renderer: Renderer, pledge: Pledge): void => {
  const owed = pledges.get(renderer) ?? new Set()
  owed.add(pledge)
  pledges.set(renderer, owed)
}

export const redeem = (renderer: Renderer, pledge: Pledge): void => {
  const owed = pledges.get(renderer)
  owed?.delete(pledge)
  if (owed?.size === 0) pledges.delete(renderer)
}

/** Waits for what the renderer is still to be told, as long as each of them has patience. */
export const awaitAll = (renderer: Renderer): Effect.Effect<void> =>
  Effect.suspend(() =>
    Effect.forEach(
      Array.from(pledges.get(renderer) ?? []),
      (pledge) =>
        Effect.zipRight(
          waitAtMost(pledge.kept, pledge.patience),
          Effect.suspend(() => pledge.forgo(renderer) ?? Effect.void)
        ),
      { concurrency: "unbounded", discard: true }
    )
  )
