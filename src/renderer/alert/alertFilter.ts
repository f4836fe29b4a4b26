/**
 * Which alerts somebody wants.
 */
import type * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { ErrorCode } from "../../event/FailureReport.js"
import { warnOnce } from "../../runtime/warnOnce.js"
import { AlertStatus, type OccurrenceAlert } from "./Alert.js"
import { InvalidAlertOptions } from "./InvalidAlertOptions.js"

/**
 * What is given has to hold, all of it; what is left out lets everything through.
 *
 * - `stories`: of these names, or inside one of them. A sub-story's failure is told there, and nowhere else.
 * - `errorTypes`, `errorCodes`: with a failure of these, the primary one or another of the same cause. A story that
 *   ended without a failure has none.
 * - `statuses`: of these. Default `failed` and `timeout`.
 * - `predicate`: whatever else. One that throws lets the alert through: too much is better than nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface AlertFilter {
  readonly stories?: ReadonlyArray<string> | undefined
  readonly errorTypes?: ReadonlyArray<string> | undefined
  readonly errorCodes?: ReadonlyArray<ErrorCode> | undefined
  readonly statuses?: ReadonlyArray<AlertStatus> | undefined
  readonly predicate?: ((alert: OccurrenceAlert) => boolean) | undefined
}

/** Throws an {@link InvalidAlertOptions} for a setting that cannot be used. */
export const check = (filter: AlertFilter, where: string): void => {
  const listOf = (setting: keyof AlertFilter, expected: string, isOne: (value: unknown) => boolean) => {
    const given: unknown = filter[setting]
    if (given === undefined || (Array.isArray(given) && given.length > 0 && given.every(isOne))) return
    throw new InvalidAlertOptions({ setting: `${where}${setting}`, expected: `a list of ${expected}`, given })
  }
  const isName = (value: unknown) => Predicate.isString(value) && value !== ""
  listOf("stories", "one name or more", isName)
  listOf("errorTypes", "one name or more", isName)
  listOf("errorCodes", `one or more of ${ErrorCode.literals.join(", ")}`, Schema.is(ErrorCode))
  listOf("statuses", `one or more of ${AlertStatus.literals.join(", ")}`, Schema.is(AlertStatus))
  const { predicate } = filter
  if (predicate !== undefined && !Predicate.isFunction(predicate)) {
    throw new InvalidAlertOptions({ setting: `${where}predicate`, expected: "a function", given: predicate })
  }
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
