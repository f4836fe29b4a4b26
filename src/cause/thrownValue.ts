/**
 * What a failed or thrown value says of itself, whatever it is.
 *
 * Programs throw anything: frozen errors, proxies, errors of another realm, `undefined`. Nothing here ever throws.
 */
import * as Cause from "effect/Cause"
import * as ConfigError from "effect/ConfigError"
import * as PlainValue from "../plain/PlainValue.js"
import { attempt, isErrorLike, isObject, propertyOf, textOf } from "../plain/untrusted.js"
import { leavesOf } from "./causeLeaves.js"
import { accessorsOf, fieldsAsText, messageText, ownEntries } from "./fieldText.js"
import { origin } from "./madeFrom.js"

/** What to call it: the tag or name of an error, the type of anything else. */
export const typeOf = (error: unknown): string => {
  if (error === null) return "null"
  if (!isObject(error) || typeof error === "function") return typeof error
  return PlainValue.clip(nameOf(error), maxName)
}

/** What it says: the message of an error, its fields when it has none, any other value as compact JSON. */
export const messageOf = (error: unknown): string => {
  if (typeof error === "string") return PlainValue.clip(error)
  if (error === undefined) return "undefined"
  if (attempt(() => ConfigError.isConfigError(error), false)) return attempt(() => PlainValue.clip(String(error)), "")
  if (!isErrorLike(error)) return isObject(error) ? textOfObject(error) : asJson(PlainValue.from(error))
  const message = propertyOf(error, "message")
  if (typeof message !== "string") return message === undefined ? fieldsOf(error) : asJson(PlainValue.from(message))
  return message === "" ? fieldsOf(error) : PlainValue.clip(message)
}

/** Most errors of a chain that are shown. */
export const maxChain = 5

/**
 * What it came from: the error that it was seen to be made from, its `cause`, the first of the errors it gathers, or an error
 * among its fields.
 */
export const causeOf = (error: unknown): unknown | undefined => {
  const inner =
    (isObject(error) ? origin.get(error) : undefined) ??
    propertyOf(error, fiberFailureCause) ??
    propertyOf(error, "cause") ??
    (propertyOf(error, "_tag") === "UnknownException" ? propertyOf(error, "error") : undefined) ??
    gatheredIn(error)[0] ??
    (isErrorLike(error) ? ownEntries(error).find(isHeld)?.[1] : undefined)
  const cause = attempt(() => Cause.isCause(inner), false) ? leavesOf(inner as Cause.Cause<unknown>)[0]?.error : inner
  return cause ?? undefined
}

/**
 * The errors that one gathers, in the order in which they happened: of an `AggregateError`, of a list of errors, of a
 * `SuppressedError` first the one that was suppressed.
 */
export const gatheredIn = (error: unknown): ReadonlyArray<unknown> => {
  const suppressed = propertyOf(error, "suppressed")
  if (isErrorLike(error) && textOf(error, "name") === "SuppressedError" && suppressed !== undefined) {
    return [suppressed, propertyOf(error, "error")].filter((one) => one !== undefined)
  }
  // Asking a revoked proxy whether it is an array throws.
  const list = attempt(() => Array.isArray(error), false) ? error : propertyOf(error, "errors")
  if (list === undefined) return []
  const errors = attempt(() => (Array.isArray(list) ? list.slice(0, maxGathered) : []), [])
  return errors.every((one) => isErrorLike(one) || textOf(one, "_tag") !== undefined) ? errors : []
}

/** An error among its fields, `original`, `inner` or however it is called: what an assertion compares is none. */
const isHeld = ([name, value]: readonly [string, unknown]): boolean =>
  name !== "actual" && name !== "expected" && isErrorLike(value)

/** Most errors looked at that one error gathers. */
const maxGathered = 10_000

/** The error and what it came from, at most `max` of them, outermost first, none twice. */
export const linksOf = (error: unknown, max: number = maxChain): ReadonlyArray<unknown> => {
  const first = causeOf(error)
  if (first === undefined || max === 1) return [error]
  const links = new Set<unknown>([error])
  for (let next: unknown = first; next !== undefined && links.size < max; next = causeOf(next)) {
    if (links.has(next)) break
    links.add(next)
  }
  return Array.from(links)
}

/** `Type: message <- Type: message`, the outermost first, at most 5. */
export const chainOf = (error: unknown): string =>
  formatChain(linksOf(error).map((link) => ({ type: typeOf(link), message: messageOf(link) })))

/** What one error of a chain says. */
export interface ErrorText {
  readonly type: string
  readonly message: string
}

/** `Type: message`, or the type alone when there is nothing to say. */
export const format = ({ message, type }: ErrorText): string => (message === "" ? type : `${type}: ${message}`)

/** The chain as one text, long messages cut. */
export const formatChain = (links: ReadonlyArray<ErrorText>): string =>
  links.map(({ message, type }) => format({ type, message: PlainValue.clip(message, maxLinkMessage) })).join(" <- ")

/** Whether this is the error `Effect.runPromise` and its like reject with: a copy of the one inside. */
export const isFiberFailure = (error: unknown): boolean => propertyOf(error, fiberFailureCause) !== undefined

const fiberFailureCause = Symbol.for("effect/Runtime/FiberFailure/Cause")

/** Longest name of a type. It becomes a label of metrics. */
const maxName = 100
/** Longest message of one link of a chain. */
const maxLinkMessage = 1_000

const nameOf = (value: object): string => {
  const tag = textOf(value, "_tag")
  if (tag !== undefined) return tag
  const constructorName = textOf(propertyOf(value, "constructor"), "name")
  const name = textOf(value, "name")
  if (!isErrorLike(value)) {
    // An error that came as JSON, or from another process, is an object by now.
    if (name !== undefined && errorNames.test(name) && textOf(value, "message") !== undefined) return name
    return constructorName === undefined || constructorName === "Object" ? "object" : constructorName
  }
  return name !== undefined && name !== "Error" ? name : (constructorName ?? "Error")
}

const errorNames = /^[A-Z]\w*(?:Error|Exception|Fault|Failure)$/

const saidElsewhere = new Set(["_tag", "message", "stack", "cause"])

// Tagged errors often have no message: their own text or their fields are what they say.
const fieldsOf = (error: object): string => {
  const own = propertyOf(error, "toString")
  if (typeof own === "function" && own !== Error.prototype.toString && own !== Object.prototype.toString) {
    const said: unknown = attempt(() => own.call(error), undefined)
    if (typeof said === "string" && said !== "" && !/^\[object \w+\]$/.test(said)) return PlainValue.clip(said)
  }
  return fieldsAsText(ownFields(error))
}

/** The message of an object that is no error, with the code beside it; else its fields. */
const textOfObject = (value: object): string => {
  const message = textOf(value, "message")
  const plain = attempt(() => Array.isArray(value) || typeof value === "function", true)
  if (message !== undefined && !plain) {
    const code = propertyOf(value, "code") ?? propertyOf(value, "status")
    return PlainValue.clip(typeof code === "string" || typeof code === "number" ? `${message} (${code})` : message)
  }
  if (isCliError(value)) {
    const said = textsIn(propertyOf(value, "error"), 0).join(" ").trim()
    if (said !== "") return PlainValue.clip(said)
  }
  // Only a record has fields to be put in order: what says of itself how it is shown stays as it is.
  if (isRecord(value)) return fieldsAsText(Object.fromEntries(ownEntries(value))) || "{}"
  const copied = PlainValue.from(value)
  if (JSON.stringify(copied) !== "{}") return asJson(copied)
  return messageText(value) ?? (fieldsAsText(accessorsOf(value)) || "{}")
}

/** Whether a value is no more than its fields. */
export const isRecord = (value: object): boolean => {
  const prototype: unknown = attempt(() => Object.getPrototypeOf(value), undefined)
  return (prototype === Object.prototype || prototype === null) && typeof propertyOf(value, "toJSON") !== "function"
}

/** `@effect/cli` says what is wrong with an argument as a page of help. */
const cliErrorTypeId = Symbol.for("@effect/cli/ValidationError")

export const isCliError = (error: unknown): boolean => propertyOf(error, cliErrorTypeId) !== undefined

/** The texts of such a page, in their order. */
const textsIn = (doc: unknown, depth: number): ReadonlyArray<string> => {
  if (typeof doc === "string") return [doc]
  if (!isObject(doc) || depth > 10) return []
  const parts = attempt(() => (Array.isArray(doc) ? doc.slice(0, 50) : undefined), undefined)
  if (parts !== undefined) return parts.flatMap((part) => textsIn(part, depth + 1))
  return ["value", "left", "right", "blocks", "elements", "definitions"].flatMap((key) =>
    textsIn(propertyOf(doc, key), depth + 1)
  )
}

/** What an error carries besides what every error has; getters are not read. */
export const ownFields = (error: unknown): Readonly<Record<string, unknown>> => {
  const fields: Record<string, unknown> = {}
  if (!isObject(error)) return fields
  for (const [name, value] of ownEntries(error)) {
    // A ship's name is a field; the error's own is its type.
    if (saidElsewhere.has(name) || (name === "name" && value === nameOf(error))) continue
    Object.defineProperty(fields, name, { value, enumerable: true })
  }
  return fields
}

const asJson = (value: PlainValue.PlainValue): string =>
  PlainValue.clip(typeof value === "string" ? value : JSON.stringify(value))
