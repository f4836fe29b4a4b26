/**
 * What emits each new attempt of an effect that is tried again.
 */
import * as Effect from "effect/Effect"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import { renderersOf } from "../delivery/rendererSet.js"
import * as Instruments from "../metrics/Instruments.js"
import * as PlainValue from "../plain/PlainValue.js"
import { nanos, seconds, withFiber } from "../runtime/fiber.js"
import * as spans from "../tracing/spans.js"
import * as eventFactory from "./eventFactory.js"
import { emit, hide, within } from "./region.js"
import * as workContext from "./workContext.js"

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
  const emitAttempt = within(({ span, stage, story }, fiber) => {
    if (stage?.status !== "running" || failed === undefined) return undefined
    const { atNanos, error } = failed
    stage.retries += 1
    workContext.measure(
      fiber,
      { story, span },
      Instruments.retryAttempts,
      [workContext.agentIdOf(fiber), typeOf(error)],
      1
    )
    const isRead = spans.isRead(fiber, span)
    if (!isRead && renderersOf(fiber).length === 0) return undefined
    const startNanos = nanos(fiber)
    const delaySeconds = seconds(atNanos, startNanos)
    const shown = hide(fiber, story, reasonOf(error, reason))
    if (isRead) {
      spans.event(fiber, span, startNanos, "narrative.retry", { attempt, delay_seconds: delaySeconds, reason: shown })
    }
    return emit(fiber, story, (timestamp) =>
      eventFactory.stageRetried(story, stage, timestamp, span, attempt, delaySeconds, shown)
    )
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
