/**
 * What a synchronous step leaves to wait for.
 */
import * as Effect from "effect/Effect"

/** Something to wait for, in an uninterruptible region. It never fails; `undefined` is nothing to wait for. */
export type Waiting = Effect.Effect<void> | undefined

export const inOrder = (first: Waiting, second: Waiting): Waiting =>
  first === undefined ? second : second === undefined ? first : Effect.zipRight(first, second)
