/**
 * The exact cause of what gathers several errors: each of them in a few words.
 */
import * as Cause from "effect/Cause"
import { leavesOf } from "../../cause/causeLeaves.js"
import * as thrownValue from "../../cause/thrownValue.js"
import * as PlainValue from "../../plain/PlainValue.js"
import { isErrorLike, isObject, propertyOf, textOf } from "../../plain/untrusted.js"

/** The sentence of an error inside another one. */
export type Inside = (error: unknown) => string | undefined

/** Most errors of several that are named. */
const maxNamed = 3

export const explainSeveral = (error: unknown, inside: Inside): string | undefined => {
  const errors = thrownValue.gatheredIn(error)
  const [first, second] = errors
  if (first === undefined) return undefined
  const said = (one: unknown) => inside(one) ?? thrownValue.typeOf(one)
  if (isSuppressed(error))
    return second === undefined ? said(first) : `${said(first)}; and then, in cleaning up: ${said(second)}`
  if (errors.length === 1) return said(first)
  const named = errors.slice(0, maxNamed).map((one) => PlainValue.clip(said(one), Math.floor(400 / maxNamed)))
  const more = errors.length - named.length
  return `${errors.length} errors: ${named.join("; ")}${more > 0 ? `; and ${more} more` : ""}`
}

const isSuppressed = (error: unknown): boolean =>
  isErrorLike(error) && textOf(error, "name") === "SuppressedError" && propertyOf(error, "suppressed") !== undefined

export const explainStageGroup = (error: unknown, inside: Inside): string | undefined => {
  const failures = propertyOf(error, "failures")
  if (propertyOf(error, "_tag") !== "StageGroupError" || !isObject(failures)) return undefined
  const names = Object.keys(failures)
  const first = leavesOf(Cause.fail(error))[0]?.error
  const said = first === undefined || first === error ? undefined : inside(first)
  const stages = names.length === 1 ? "1 stage" : `${names.length} stages`
  const listed = `${names
    .slice(0, 5)
    .map((name) => PlainValue.clip(name, 40))
    .join(", ")}${names.length > 5 ? ", …" : ""}`
  return `${stages} of the group failed: ${listed}${said === undefined ? "" : `; the first failure: ${said}`}`
}
