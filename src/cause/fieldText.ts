/**
 * What a failure without a message says: its fields, those that decide first, and no more than a reader takes in.
 */
import * as PlainValue from "../plain/PlainValue.js"
import { attempt, isObject, propertyOf, textOf } from "../plain/untrusted.js"

/** Most fields of one value that are looked at: a failure may be an object of a million keys. */
export const maxFields = 100

/** Longest text of the fields of an error, in UTF-16 code units. */
const maxText = 2_000

/** The fields by which a failure differs from others of its kind, in this order. */
const deciding = ["status", "statusText", "statusCode", "code", "errno", "method", "url", "path", "reason", "message"]

/** Fields as compact JSON: what decides, then what is one value, then the rest; `""` where there is nothing to say. */
export const fieldsAsText = (fields: Readonly<Record<string, unknown>>): string => {
  const json = JSON.stringify(PlainValue.fromRecord(inOrder(fields)))
  return json === "{}" ? "" : PlainValue.clip(json, maxText)
}

/** The same fields, those that decide first, requests and responses as one line each. */
export const inOrder = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const names = Object.keys(fields)
  const rank = (name: string): number => {
    const place = deciding.indexOf(name)
    return place >= 0 ? place : isObject(fields[name]) ? deciding.length + 1 : deciding.length
  }
  const ordered = names
    .map((name, i) => ({ name, place: rank(name) * maxFields * 2 + i }))
    .sort((a, b) => a.place - b.place)
    .map(({ name }) => [name, messageText(fields[name]) ?? fields[name]] as const)
  // `__proto__` must not become the prototype.
  const result: Record<string, unknown> = {}
  for (const [name, value] of ordered) Object.defineProperty(result, name, { value, enumerable: true })
  return result
}

/** The first keys of objects so large that listing them takes time: a failure is asked for its fields several times. */
const firstKeys = new WeakMap<object, ReadonlyArray<string>>()

/** The first own keys of a value. */
export const ownKeys = (value: object): ReadonlyArray<string> => {
  const known = firstKeys.get(value)
  if (known !== undefined) return known
  const keys = attempt(() => Object.keys(value), [])
  if (keys.length <= maxFields * 10) return keys.slice(0, maxFields)
  const first = keys.slice(0, maxFields)
  firstKeys.set(value, first)
  return first
}

/** The first own fields of a value; getters are not read. */
export const ownEntries = (value: object): ReadonlyArray<readonly [name: string, value: unknown]> => {
  const entries: Array<readonly [string, unknown]> = []
  for (const key of ownKeys(value)) {
    const property = attempt(() => Object.getOwnPropertyDescriptor(value, key), undefined)
    if (property !== undefined && "value" in property) entries.push([key, property.value])
  }
  return entries
}

/** A request or a response as one line: `PATCH https://example.com/users/1`, `503 Service Unavailable`. */
export const messageText = (value: unknown): string | undefined => {
  if (!isObject(value) || Array.isArray(value)) return undefined
  const headers = propertyOf(value, "headers")
  const status = propertyOf(value, "status") ?? propertyOf(value, "statusCode")
  const method = textOf(value, "method")
  const url = textOf(value, "url")
  if (!isObject(headers)) return undefined
  if (typeof status === "number") {
    const said = [String(status), textOf(value, "statusText"), url === undefined ? undefined : `(${safeUrl(url)})`]
    return said.filter((part) => part !== undefined).join(" ")
  }
  return method !== undefined && url !== undefined ? `${method} ${safeUrl(url)}` : undefined
}

/** Of a `Response`: how it was come by. */
const saysNothing = new Set(["type", "redirect", "mode", "credentials", "cache"])

/** Origin and path: a query holds tokens, the user part credentials. */
export const safeUrl = (url: string): string => {
  const parsed = attempt(() => new URL(url), undefined)
  return parsed === undefined || parsed.origin === "null"
    ? (url.split(/[?#]/, 1)[0] ?? "").replace(/^([^/]*\/\/)?[^/]*@/, "$1")
    : `${parsed.origin}${parsed.pathname}`
}

/**
 * What the platform's own objects say, whose fields are all getters: a `Response`, a `CloseEvent`. Only those of this
 * realm's globals are read: a getter of the program's own may do anything.
 */
export const accessorsOf = (value: object): Readonly<Record<string, unknown>> => {
  const found: Record<string, unknown> = {}
  const constructor = propertyOf(value, "constructor")
  const name = textOf(constructor, "name")
  if (name === undefined || propertyOf(globalThis, name) !== constructor) return found
  let prototype: unknown = attempt(() => Object.getPrototypeOf(value), null)
  for (let up = 0; up < 3 && isObject(prototype) && prototype !== Object.prototype; up++) {
    const from = prototype
    for (const [key, get] of gettersOf(from)) {
      const read: unknown = key in found ? undefined : attempt(() => get.call(value), undefined)
      const says = (typeof read === "string" && read !== "") || (typeof read === "number" && read !== 0)
      if (says) found[key] = key === "url" && typeof read === "string" ? safeUrl(read) : read
    }
    prototype = attempt(() => Object.getPrototypeOf(from), null)
  }
  return found
}

type Getter = readonly [name: string, get: () => unknown]

/** By prototype: an error is asked for them at every failure, and has none. */
const knownGetters = new WeakMap<object, ReadonlyArray<Getter>>()

const gettersOf = (prototype: object): ReadonlyArray<Getter> => {
  const known = knownGetters.get(prototype)
  if (known !== undefined) return known
  const properties = Object.entries(attempt(() => Object.getOwnPropertyDescriptors(prototype), {}))
  const getters = properties.flatMap(
    ([name, { get }]): ReadonlyArray<Getter> => (get === undefined || saysNothing.has(name) ? [] : [[name, get]])
  )
  knownGetters.set(prototype, getters)
  return getters
}
