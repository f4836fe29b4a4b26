/**
 * Whether an error was made from another one that it does not hold: `new Refused({ message: error.message })` repeats what that
 * said, and `new Refused({ cause: error.cause })` holds what that came from.
 */
import { attempt, isErrorLike, isObject, textOf } from "../plain/untrusted.js"
import { causeOf, linksOf, ownFields, typeOf } from "./thrownValue.js"

/** Whether `error` came from `origin`, which failed before it, and does not say so itself. Never throws. */
export const isMadeFrom = (error: object, origin: unknown): boolean => {
  if (error === origin) return false
  const cause = attempt(() => causeOf(error), undefined)
  if (cause === undefined) return repeats(error, origin)
  const behind = isObject(cause) ? attempt(() => linksOf(origin, maxLinks).slice(1), []) : []
  return behind.includes(cause) && !behind.includes(error)
}

/**
 * Never throws. Errors of one type are one failure met again, as by a retry, unless the later one puts a text of its own before
 * the other's in the same field.
 */
export const repeats = (error: object, origin: unknown): boolean =>
  attempt(() => {
    const said = textsOf(error)
    if (said.size === 0) return false
    const type = typeOf(error)
    return linksOf(origin, maxLinks).some((link) =>
      typeOf(link) === type ? continues(said, textsOf(link)) : quotes(said, textsOf(link))
    )
  }, false)

/** Most errors of the earlier failure that are looked at. */
const maxLinks = 4
/** Longest text that is looked at, and the shortest that is no coincidence inside another. */
const maxText = 4_000
const minInside = 8
/** Shortest text that says the same by being the same. */
const minSame = 4

/** Texts by the names of their fields. */
type Texts = ReadonlyMap<string, string>

const continues = (said: Texts, before: Texts): boolean =>
  [...before].some(([name, text]) => {
    const later = said.get(name) ?? ""
    return text.length >= minInside && later.length > text.length && later.endsWith(text)
  })

const quotes = (said: Texts, before: Texts): boolean =>
  [...before.values()].some((text) =>
    [...said.values()].some((later) =>
      later === text ? text.length >= minSame : text.length >= minInside && later.includes(text)
    )
  )

const textsOf = (error: unknown): Texts => {
  const texts = new Map<string, string>()
  const add = (name: string, text: string) => texts.set(name, text.trim().slice(0, maxText))
  if (typeof error === "string") add("message", error)
  if (!isErrorLike(error)) return texts
  add("message", textOf(error, "message") ?? "")
  for (const [name, value] of Object.entries(ownFields(error))) {
    if (typeof value === "string" && name !== "name" && name !== "message") add(name, value)
  }
  return texts
}
