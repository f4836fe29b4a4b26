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
  if (!isErrorLike(error)) return asJson(PlainValue.from(error))
  const message = propertyOf(error, "message")
  if (typeof message !== "string") return message === undefined ? fieldsOf(error) : asJson(PlainValue.from(message))
  return message === "" ? fieldsOf(error) : PlainValue.clip(message)
}

/** Most errors of a chain that are told. */
export const maxChain = 5

/** What it came from, if it says so: its `cause`, or the first of the errors it gathers. */
export const causeOf = (error: unknown): unknown | undefined => {
  const inner =
    propertyOf(error, fiberFailureCause) ??
    propertyOf(error, "cause") ??
    (propertyOf(error, "_tag") === "UnknownException" ? propertyOf(error, "error") : undefined) ??
    firstOf(propertyOf(error, "errors"))
  const cause = attempt(() => Cause.isCause(inner), false) ? leavesOf(inner as Cause.Cause<unknown>)[0]?.error : inner
  return cause ?? undefined
}

/** The error and what it came from, at most `max` of them, outermost first, none twice. */
export const linksOf = (error: unknown, max: number = maxChain): ReadonlyArray<unknown> => {
  const links = new Set<unknown>([error])
  for (let next = causeOf(error); next !== undefined && links.size < max; next = causeOf(next)) {
    if (links.has(next)) break
    links.add(next)
  }
  return Array.from(links)
}

/** `Type: message <- Type: message`, the outermost first, at most 5. */
export const chainOf = (error: unknown): string =>
  formatChain(linksOf(error).map((link) => ({ type: typeOf(link), message: messageOf(link) })))

/** What one error of a chain says. */
export interface Saying {
  readonly type: string
  readonly message: string
}

/** `Type: message`, or the type alone when there is nothing to say. */
export const format = ({ message, type }: Saying): string => (message === "" ? type : `${type}: ${message}`)

/** The chain as one text, long messages cut. */
export const formatChain = (links: ReadonlyArray<Saying>): string =>
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
  if (!isErrorLike(value))
    return constructorName === undefined || constructorName === "Object" ? "object" : constructorName
  const name = textOf(value, "name")
  return name !== undefined && name !== "Error" ? name : (constructorName ?? "Error")
}

const namedElsewhere = new Set(["_tag", "name", "message", "stack", "cause"])

// Tagged errors often have no message: their fields are what they say.
const fieldsOf = (error: object): string => {
  const json = asJson(PlainValue.fromRecord(ownFields(error)))
  return json === "{}" ? "" : json
}

/** What an error carries besides what every error has; getters are not read. */
export const ownFields = (error: unknown): Readonly<Record<string, unknown>> => {
  const fields: Record<string, unknown> = {}
  if (!isObject(error)) return fields
  for (const key of attempt(() => Object.keys(error), [])) {
    const property = attempt(() => Object.getOwnPropertyDescriptor(error, key), undefined)
    if (property === undefined || !("value" in property) || namedElsewhere.has(key)) continue
    Object.defineProperty(fields, key, { value: property.value, enumerable: true })
  }
  return fields
}

const asJson = (value: PlainValue.PlainValue): string =>
  PlainValue.clip(typeof value === "string" ? value : JSON.stringify(value))

// Asking a revoked proxy whether it is an array throws.
const firstOf = (errors: unknown): unknown =>
  attempt(() => Array.isArray(errors), false) ? propertyOf(errors, 0) : undefined
