/**
 * Letting others go on in the middle of long work.
 */
import * as Effect from "effect/Effect"

/** Lets the event loop turn: the program goes on, and whoever else waits has a chance. `yieldNow` would only let fibers. */
export const otherWork: Effect.Effect<void> = Effect.async((resume) => {
  const turn = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(turn))
})
