/**
 * Which alerts are wanted.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ErrorCode } from "../../event/FailureReport.js"
import * as options from "../../plain/options.js"
import { warnOnce } from "../../runtime/warnOnce.js"
import { AlertStatus, type OccurrenceAlert } from "./Alert.js"

/**
 * What is given has to hold, all of it; what is left out lets everything through.
 *
 * @since 0.1.0
 * @category models
 */
export interface AlertFilter {
  /** Only alerts of stories of these names, or inside one of them. A sub-story's failure is reported there only. */
  readonly stories?: ReadonlyArray<string> | undefined
  /** Only with a failure of these types, the primary one or another of the same cause. */
  readonly errorTypes?: ReadonlyArray<string> | undefined
  /** Only with a failure of these codes. A story that ended without a failure has none. */
  readonly errorCodes?: ReadonlyArray<ErrorCode> | undefined
  /** Only of these statuses. Default `failed` and `timeout`. */
  readonly statuses?: ReadonlyArray<AlertStatus> | undefined
  /** Whatever else. One that throws lets the alert through: too much is better than nothing. */
  readonly predicate?: ((alert: OccurrenceAlert) => boolean) | undefined
}

const oneOf = (literals: ReadonlyArray<string>): string => `one of ${literals.join(", ")}`

const names = Schema.optional(options.someOf(options.nonEmptyText, "one name or more"))

/** The options that are a filter. */
export const fields = {
  stories: names,
  errorTypes: names,
  errorCodes: Schema.optional(
    options.someOf(ErrorCode.pipe(options.takes(oneOf(ErrorCode.literals))), "one error code or more")
  ),
  statuses: Schema.optional(
    options.someOf(AlertStatus.pipe(options.takes(oneOf(AlertStatus.literals))), "one status or more")
  ),
  predicate: Schema.optional(options.functionOf<(alert: OccurrenceAlert) => boolean>())
}

/** Whether a filter lets an alert through, its statuses aside, and what there is to say about the filter. */
export const admits = (
  filter: AlertFilter,
  alert: OccurrenceAlert
): { readonly admitted: boolean; readonly notice: Effect.Effect<void> | undefined } => {
  const { errorCodes, errorTypes, stories } = filter
  const failures = alert._tag === "FailureAlert" ? [alert, ...alert.alsoFailed] : []
  const admitted =
    (stories === undefined || alert.storyPath.some((name) => stories.includes(name))) &&
    (errorTypes === undefined || failures.some(({ errorType }) => errorTypes.includes(errorType))) &&
    (errorCodes === undefined || failures.some(({ errorCode }) => errorCodes.includes(errorCode)))
  if (!admitted || filter.predicate === undefined) return { admitted, notice: undefined }
  try {
    return { admitted: filter.predicate(alert), notice: undefined }
  } catch {
    return { admitted: true, notice: warnOnce("The predicate of an alert filter threw; the alert was sent") }
  }
}
