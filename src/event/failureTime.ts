import type { Failure } from "./FailureReport.js"
import type { NarrativeEvent } from "./NarrativeEvent.js"

/**
 * When a failure happened, in milliseconds since the epoch: its report is emitted later, when the story has ended and the
 * failure is described.
 */
export const failureTime = (event: {
  readonly failures: readonly [Pick<Failure, "failedAt">, ...ReadonlyArray<unknown>]
  readonly timestamp: number
}): number => event.failures[0].failedAt ?? event.timestamp

/** When what an event says happened, in milliseconds since the epoch. */
export const timeOf = (event: NarrativeEvent): number =>
  event._tag === "FailureOccurred" ? failureTime(event) : event.timestamp
