/**
 * What an error says itself, as a sentence: its type, and of its message the line that says why.
 */

import { inOrder, ownEntries } from "../../cause/fieldText.js"
import * as thrownValue from "../../cause/thrownValue.js"
import * as PlainValue from "../../plain/PlainValue.js"
import { attempt, isErrorLike, isObject, propertyOf, textOf } from "../../plain/untrusted.js"
import type { Show } from "./show.js"

/** `Type: what it says`, the fields of an error that has no message; nothing for one that says nothing. */
export const plainly = (error: unknown, show: Show): string | undefined => {
  if (typeof error === "string") return tellingLine(error) || undefined
  const issues = attempt(() => issuesOf(error), undefined)
  if (issues !== undefined) return issues
  const type = thrownValue.typeOf(error)
  const said = saysNothingButFields(error) ? fieldsOf(error, show) : tellingLine(thrownValue.messageOf(error))
  if (said === "" || said === "{}") return undefined
  // An object that is no error has no name worth a word.
  return type === "object" ? said : `${type}: ${said}${attempt(() => unsaidOf(error, show), "")}`
}

/** What a tagged error has in fields that its message does not say: `Store not found (name is "harbour")`. */
const unsaidOf = (error: unknown, show: Show): string => {
  const message = textOf(error, "message")
  if (message === undefined || !isErrorLike(error) || textOf(error, "_tag") === undefined) return ""
  const own = Object.entries(thrownValue.ownFields(error)).filter(([, value]) => isShort(value))
  const unsaid = Object.fromEntries(own.filter(([, value]) => !message.includes(String(value))))
  const entries = Object.entries(show.fields(inOrder(unsaid))).slice(0, maxUnsaid)
  return entries.length === 0 ? "" : ` (${entries.map(([key, value]) => sentenceOf(key, value)).join(", ")})`
}

/** A value that is read at a glance: what is longer is no key by which something was looked for. */
const isShort = (value: unknown): boolean =>
  typeof value === "number" ||
  typeof value === "bigint" ||
  (typeof value === "string" && value !== "" && value.length <= 80)

const maxUnsaid = 3

const sentenceOf = (key: string, value: unknown): string =>
  `${PlainValue.clip(key, 60)} is ${PlainValue.clip(JSON.stringify(value), 80)}`

/** What a validator found, as ajv and zod list it: `/port must be integer; name Required`. */
const issuesOf = (error: unknown): string | undefined => {
  if (!Array.isArray(error) || error.length === 0) return undefined
  const said = error.slice(0, maxIssues).map((issue: unknown) => {
    const path = propertyOf(issue, "path") ?? propertyOf(issue, "instancePath")
    const place = Array.isArray(path) ? path.map(String).join(".") : typeof path === "string" ? path : ""
    return isObject(issue) ? `${place} ${textOf(issue, "message") ?? ""}`.trim() : ""
  })
  if (isErrorLike(error[0]) || said.includes("")) return undefined
  const more = error.length - said.length
  return `${said.map((one) => PlainValue.clip(one, 150)).join("; ")}${more > 0 ? `; and ${more} more` : ""}`
}

const maxIssues = 3

/**
 * The line of a message that says why: its first, unless that only leads up to it. Prisma quotes the call and says why in
 * its last line; `assert` ends its first line with a colon; a Schema's tree says why at the end of its first branch.
 */
export const tellingLine = (message: string): string => {
  const written = message.slice(0, maxMessage).split("\n", maxLines)
  const said = /^\s*[├└]─ /.test(written[1] ?? "") ? endOfBranch(written.slice(1)) : undefined
  if (said !== undefined) return said
  const lines = written.map((line) => line.trim()).filter((line) => line !== "")
  const [first = "", ...rest] = lines
  if (rest.length === 0) return first
  if (/^Invalid `[^`]*` invocation/.test(first)) return rest.at(-1) ?? first
  if (!first.endsWith(":")) return first
  const next = rest.find((line) => !/^\+ actual - expected/.test(line))
  return next === undefined ? first : `${first} ${next}`
}

/** `address.zip: Expected a number, actual "x"`: the end of a tree's first branch, and the keys on the way there. */
const endOfBranch = (lines: ReadonlyArray<string>): string | undefined => {
  let place = ""
  let depth = -1
  let end: string | undefined
  for (const line of lines) {
    const branch = /^([\s│]*)[├└]─ (.*)$/.exec(line)
    const at = branch?.[1]?.length ?? -1
    if (branch === null || at <= depth) break
    depth = at
    const text = branch[2] ?? ""
    const key = /^\[(?:"(.*)"|(\d+))\]$/.exec(text)
    if (key !== null) place += key[1] === undefined ? `[${key[2]}]` : place === "" ? key[1] : `.${key[1]}`
    else end = text
  }
  return end === undefined || place === "" ? end : `${place}: ${end}`
}

/** Most of a message that is looked at, in UTF-16 code units. */
const maxMessage = 8_192
const maxLines = 200

/** Most fields of an error in a sentence. */
const maxFields = 5

const saysNothingButFields = (error: unknown): boolean => {
  if (!isObject(error)) return false
  const message = textOf(error, "message")
  // Its own text is better than its fields.
  return message === undefined ? thrownValue.messageOf(error).startsWith("{") : isOfFields(error, message)
}

/** Whether a message is that which `Schema.TaggedError` makes of the fields: `{ "id": 2 }`. */
const isOfFields = (error: object, message: string): boolean => {
  const names = Object.keys(thrownValue.ownFields(error))
  return (
    isErrorLike(error) &&
    message.startsWith(`{ "`) &&
    message.endsWith(" }") &&
    names.length > 0 &&
    names.every((name) => message.includes(`${JSON.stringify(name)}: `))
  )
}

const fieldsOf = (error: object | unknown, show: Show): string => {
  const plain = isErrorLike(error)
    ? show.fields(inOrder(thrownValue.ownFields(error)))
    : isObject(error) && thrownValue.isRecord(error)
      ? show.fields(inOrder(Object.fromEntries(ownEntries(error))))
      : show.value(error)
  if (typeof plain !== "object" || plain === null || Array.isArray(plain))
    return tellingLine(thrownValue.messageOf(error))
  const entries = Object.entries(plain).filter(([key]) => key !== "_tag")
  // The platform's own objects have no fields but getters.
  if (entries.length === 0 && !isErrorLike(error)) return tellingLine(thrownValue.messageOf(error))
  const said = entries.slice(0, maxFields).map(([key, value]) => sentenceOf(key, value))
  const more = entries.length - maxFields
  return `${said.join(", ")}${more > 0 ? `, and ${more} more` : ""}`
}
