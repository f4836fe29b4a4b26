/**
 * What emits each new attempt of an effect that is tried again.
 */
import * as Effect from "effect/Effect"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import * as PlainValue from "../plain/PlainValue.js"
import { nanos, seconds, withFiber } from "../runtime/fiber.js"
import { retry } from "./recordings.js"
import { within } from "./region.js"

/** One effect's attempts; has to be made anew for each series of them. */
export const instrumented = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  reason: ((error: E) => string) | undefined
): Effect.Effect<A, E, R> => {
  let attempt = 1
  let failed: { readonly error: E; readonly atNanos: bigint } | undefined
  const noteFailure = (error: E) =>
    withFiber((fiber) => {
      attempt += 1
      failed = { error, atNanos: nanos(fiber) }
      return Effect.void
    })
  const emitAttempt = within((here, fiber) => {
    if (failed === undefined) return undefined
    const { atNanos, error } = failed
    const delaySeconds = seconds(atNanos, nanos(fiber))
    return retry({ attempt, delaySeconds, error, reason: () => reasonOf(error, reason) })(here, fiber)
  })
  return Effect.suspend(() => (failed === undefined ? self : Effect.zipRight(emitAttempt, self))).pipe(
    Effect.tapError(noteFailure)
  )
}

const reasonOf = <E>(error: E, reason: ((error: E) => string) | undefined): string => {
  try {
    if (reason !== undefined) return PlainValue.clip(String(reason(error)))
  } catch {
    // What the error says of itself will do.
  }
  return PlainValue.clip(`${typeOf(error)}: ${messageOf(error)}`)
}
