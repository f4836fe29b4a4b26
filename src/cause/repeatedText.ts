/**
 * Whether an error repeats what another one said: `new Refused({ message: error.message })` has no `cause`, and yet it came
 * from that error.
 */
import { attempt, isErrorLike, textOf } from "../plain/untrusted.js"
import { linksOf, ownFields, typeOf } from "./thrownValue.js"

/** Never throws. Errors of one type are one failure met again unless the later one puts a text of its own before the other's. */
export const repeats = (error: object, origin: unknown): boolean =>
  attempt(() => {
    const said = textsOf(error)
    if (said.length === 0) return false
    const isSameType = typeOf(error) === typeOf(origin)
    return linksOf(origin, maxLinks).some((link) =>
      textsOf(link).some((text) => said.some((later) => contains(later, text, isSameType)))
    )
  }, false)

/** Most errors of the earlier failure that are looked at. */
const maxLinks = 4
/** Longest text that is looked at, and the shortest that is no coincidence inside another. */
const maxText = 4_000
const minInside = 8
/** Shortest text that says the same by being the same. */
const minSame = 4

const contains = (later: string, text: string, isSameType: boolean): boolean => {
  if (isSameType) return text.length >= minInside && later.length > text.length && later.endsWith(text)
  return later === text ? text.length >= minSame : text.length >= minInside && later.includes(text)
}

const textsOf = (error: unknown): ReadonlyArray<string> => {
  if (typeof error === "string") return [error.slice(0, maxText)]
  if (!isErrorLike(error)) return []
  const fields = Object.entries(ownFields(error)).flatMap(([name, value]) =>
    typeof value === "string" && name !== "name" ? [value] : []
  )
  return [textOf(error, "message") ?? "", ...fields].map((text) => text.trim().slice(0, maxText))
}
