/**
 * What an error and what it came from say in fields of their own: a code, a path, an address, a status, a constraint.
 *
 * One flat record for a whole chain. Of a field that several errors have, the innermost has the word: it is where things
 * went wrong.
 */
import * as ConfigError from "effect/ConfigError"
import { accessorsOf, ownKeys, safeUrl } from "../cause/fieldText.js"
import * as thrownValue from "../cause/thrownValue.js"
import { attempt, isObject, propertyOf, textOf } from "../plain/untrusted.js"
import * as parseErrors from "./exactCause/parseErrors.js"

/** A value of a fact. */
export type Fact = string | number | boolean

/**
 * The facts of a chain of errors, outermost first, at most 24. Not redacted. Never throws.
 *
 * What rules go by comes first, then what else the errors carry that is a text, a number or a truth value.
 */
export const factsOf = (errors: ReadonlyArray<unknown>): Readonly<Record<string, Fact>> => {
  const known: Record<string, Fact> = {}
  const own: Record<string, Fact> = {}
  for (const error of errors.slice(0, maxErrors).toReversed()) {
    if (!isObject(error)) continue
    const add = (facts: Record<string, Fact>) => (name: string, value: unknown) => {
      const fact = factOf(name, value)
      if (fact !== undefined && !Object.hasOwn(facts, name)) put(facts, name, fact)
    }
    attempt(() => describe(error, add(known)), undefined)
    attempt(() => carried(error, add(own)), undefined)
  }
  return bounded(known, own)
}

/** Longest text of a fact in a report, in UTF-16 code units. */
export const maxFactText = 300

/** Most errors of a chain that are asked. */
const maxErrors = 20
const maxFacts = 24
/** Longest name of a fact. */
const maxName = 60

type Add = (name: string, value: unknown) => void

// `__proto__` must not become the prototype.
const put = (facts: Record<string, Fact>, name: string, value: Fact) =>
  Object.defineProperty(facts, name, { value, enumerable: true, configurable: true, writable: true })

const factOf = (name: string, value: unknown): Fact | undefined => {
  if (name === "" || name.length > maxName) return undefined
  switch (typeof value) {
    case "string":
      return value === "" ? undefined : value
    case "number":
      return Number.isFinite(value) ? value + 0 || 0 : String(value)
    case "boolean":
      return value
    case "bigint":
      return String(value)
    default:
      return undefined
  }
}

const bounded = (known: Record<string, Fact>, own: Record<string, Fact>): Readonly<Record<string, Fact>> => {
  const facts: Record<string, Fact> = {}
  let count = 0
  for (const record of [known, own]) {
    for (const [name, value] of Object.entries(record)) {
      if (count === maxFacts) return facts
      if (Object.hasOwn(facts, name)) continue
      put(facts, name, value)
      count++
    }
  }
  return facts
}

/** What is elsewhere than in a field of its own, or under another name. */
const describe = (error: object, add: Add): void => {
  const tag = textOf(error, "_tag")
  if (tag !== undefined) ofTag(tag, error, add)
  ofIssues(error, add)
  const code = propertyOf(error, "code")
  // The numbers of a DOMException say what its name says.
  if (typeof code === "string" || Object.hasOwn(error, "code")) add("code", code)
  ofAliases(error, add)
  ofMessage(textOf(error, "message") ?? "", code, error, add)
  ofConfig(error, add)
}

const ofTag = (tag: string, error: object, add: Add): void => {
  add("tag", tag)
  if (tag === "RequestError" || tag === "ResponseError") ofHttp(error, add)
  else if (platformTags.has(tag)) {
    add("module", propertyOf(error, "module"))
    // An HTTP request has a method, too.
    add("operation", propertyOf(error, "method"))
    const path = propertyOf(error, "pathOrDescriptor")
    if (typeof path === "string") add("path", path)
  }
}

const ofIssues = (error: object, add: Add): void => {
  const issue = parseErrors.firstIssueOf(error)
  if (issue === undefined) return
  add("field", issue.place)
  add("issues", issue.more + 1)
}

const platformTags = new Set(["SystemError", "BadArgument"])

const ofHttp = (error: object, add: Add): void => {
  const request = propertyOf(error, "request")
  const response = propertyOf(error, "response")
  add("method", propertyOf(request, "method"))
  add("url", safeUrl(textOf(request, "url") ?? ""))
  add("status", propertyOf(response, "status"))
  ofHeaders(response, add)
}

const ofHeaders = (response: unknown, add: Add): void => {
  const headers = propertyOf(response, "headers")
  const get = propertyOf(headers, "get")
  for (const [name, header] of answeredHeaders) {
    add(
      name,
      typeof get === "function" ? attempt(() => get.call(headers, header), undefined) : propertyOf(headers, header)
    )
  }
}

const answeredHeaders = [
  ["retryAfter", "retry-after"],
  ["contentType", "content-type"]
] as const

/** postgres.js says `table_name` where node-postgres says `table`, and HTTP clients differ in every name. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["statusCode", "status"],
  ["pathOrDescriptor", "path"],
  ["table_name", "table"],
  ["column_name", "column"],
  ["constraint_name", "constraint"],
  ["schema_name", "schema"]
])

const ofAliases = (error: object, add: Add): void => {
  for (const key of ownKeys(error)) {
    const name = aliases.get(key)
    const value = name === undefined ? undefined : Object.getOwnPropertyDescriptor(error, key)?.value
    if (name !== undefined && (name !== "path" || typeof value === "string")) add(name, value)
    if (key === "response") {
      const response = propertyOf(error, "response")
      add("status", propertyOf(response, "status") ?? propertyOf(response, "statusCode"))
      ofHeaders(response, add)
    }
  }
}

const ofMessage = (message: string, code: unknown, error: object, add: Add): void => {
  const service = /^Service not found: ([^\n]+?)(?: \(defined at|$)/.exec(message)?.[1]
  if (service !== undefined) add("service", service)
  if (typeof code !== "string") return
  if (/^(?:ERR_)?SQLITE/.test(code)) ofSqlite(message, add)
  else if (/^(?:ERR_)?MODULE_NOT_FOUND$|^ERR_PACKAGE_PATH_NOT_EXPORTED$/.test(code)) {
    add(
      "module",
      /^Cannot find (?:module|package) '([^']+)'|^Package subpath '([^']+)'/.exec(message)?.slice(1).find(Boolean)
    )
    add(
      "importedFrom",
      /imported from ([^\n]+)$/m.exec(message)?.[1] ?? propertyOf(propertyOf(error, "requireStack"), 0)
    )
  }
}

const ofSqlite = (message: string, add: Add): void => {
  const broken = /^(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(?:: (.+))?/.exec(message)
  if (broken !== null) {
    add("constraint", broken[2] ?? broken[1])
    const column = /^([^.,\s]+)\.([^.,\s]+)/.exec(broken[2] ?? "")
    add("table", column?.[1])
    add("column", column?.[2])
    return
  }
  add("table", /^no such table: (.+)$|^table (\S+) has no column/.exec(message)?.slice(1).find(Boolean))
  add("column", /^no such column: (.+)$|has no column named (.+)$/.exec(message)?.slice(1).find(Boolean))
}

const ofConfig = (error: object, add: Add): void => {
  const one = firstOf(error)
  if (one === undefined) return
  add("setting", one.path.join("."))
  add("reason", one._op)
}

/** The path of the setting that an error is about, the first where it is about several. */
export const settingOf = (error: unknown): ReadonlyArray<string> | undefined => firstOf(error)?.path

const firstOf = (error: unknown): Exclude<ConfigError.ConfigError, ConfigError.And | ConfigError.Or> | undefined => {
  if (!ConfigError.isConfigError(error)) return undefined
  let one: ConfigError.ConfigError = error
  while (one._op === "And" || one._op === "Or") one = one.left
  return one
}

/** Fields of the error's own; getters are not read. */
const carried = (error: object, add: Add): void => {
  const isPlatform = platformTags.has(textOf(error, "_tag") ?? "")
  // The platform's own objects, as a `Response`, have their fields as getters.
  for (const [name, value] of Object.entries({ ...accessorsOf(error), ...thrownValue.ownFields(error) })) {
    if (aliases.has(name) || noFacts.has(name) || (isPlatform && name === "method")) continue
    add(name, name === "url" && typeof value === "string" ? safeUrl(value) : value)
  }
}

// Shown under another name, or said by the message.
const noFacts = new Set(["_op", "pid", "killed"])
