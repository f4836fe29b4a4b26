/**
 * The exact cause of a failure in one plain sentence: what had no value, which key was missing, who refused.
 *
 * It says no more than the error, its line and its variables show. What is not known is told as the error tells it.
 */
import * as Cause from "effect/Cause"
import * as ConfigError from "effect/ConfigError"
import { leavesOf } from "../../cause/causeLeaves.js"
import * as thrownValue from "../../cause/thrownValue.js"
import * as PlainValue from "../../plain/PlainValue.js"
import { attempt, isErrorLike, isObject, propertyOf, textOf } from "../../plain/untrusted.js"
import { safeUrl } from "../errorFacts.js"
import { explainEngineError } from "./engineErrors.js"
import * as failingLine from "./failingLine.js"
import { explainSqlError, explainSystemError } from "./outsideErrors.js"
import { explainParseError } from "./parseErrors.js"

/**
 * The exact cause in one sentence of at most 500 characters. Never throws.
 *
 * `locals` are the variables of the failing frame, already redacted, the innermost frame's first. `sourceLine` is the
 * line of the error that {@link rootOf} finds: the line of a wrapper says nothing of what is inside it.
 */
export const explain = (error: unknown, known: failingLine.Known): string => {
  const line = attempt(() => failingLine.make(known), failingLine.empty)
  const sentence = attempt(() => sentenceOf(error, line, 0), undefined)
  return asSentence(sentence ?? attempt(() => plainly(error), undefined) ?? thrownValue.typeOf(error))
}

/** The error of a chain whose own place matters: the innermost that says anything. Never throws. */
export const rootOf = (error: unknown): unknown =>
  thrownValue.linksOf(error, maxLinks).findLast((link) => thrownValue.messageOf(link) !== "") ?? error

/** Longest sentence, in UTF-16 code units. */
const maxSentence = 500
/** Most errors followed to the innermost one. */
const maxLinks = 100
/** Deepest nesting of sentences in sentences: a request that failed since several connections failed. */
const maxDepth = 3

const asSentence = (text: string): string => {
  const plain = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim()
  return plain.length <= maxSentence ? plain : PlainValue.clip(plain, maxSentence - 40)
}

const sentenceOf = (error: unknown, line: failingLine.FailingLine, depth: number): string | undefined => {
  const links = thrownValue.linksOf(error, maxLinks)
  for (const link of links) {
    const inside = (inner: unknown) => (depth < maxDepth ? sentenceOf(inner, line, depth + 1) : plainly(inner))
    const sentence = attempt(
      () =>
        outerRules.reduce(
          firstSaid((rule) => rule(link, inside)),
          undefined
        ),
      undefined
    )
    if (sentence !== undefined) return sentence
  }
  for (const link of links.toReversed()) {
    const sentence = attempt(
      () =>
        innerRules.reduce(
          firstSaid((rule) => rule(link, line)),
          undefined
        ),
      undefined
    )
    if (sentence !== undefined) return sentence
  }
  return undefined
}

const firstSaid =
  <Rule>(ask: (rule: Rule) => string | undefined) =>
  (said: string | undefined, rule: Rule): string | undefined =>
    said ?? ask(rule)

type Inside = (error: unknown) => string | undefined

const tagged = (error: unknown, tag: string): boolean => propertyOf(error, "_tag") === tag

const short = (text: string, max: number = 150): string => PlainValue.clip(text, max)

const firstLine = (text: string): string => text.trimStart().split("\n", 1)[0] ?? ""

/** `Type: first line`, the fields of an error that has no message; nothing for one that says nothing. */
const plainly = (error: unknown): string | undefined => {
  if (typeof error === "string") return firstLine(error) || undefined
  const type = thrownValue.typeOf(error)
  const said = textOf(error, "message") === undefined ? fieldsOf(error) : firstLine(thrownValue.messageOf(error))
  return said === "" ? undefined : `${type}: ${said}`
}

/** Most fields of an error in a sentence. */
const maxFields = 5

const notFields = new Set(["_tag", "name", "message", "stack", "cause"])

const fieldsOf = (error: unknown): string => {
  const plain = isErrorLike(error) ? ownFields(error) : PlainValue.from(error)
  if (plain === null || typeof plain !== "object" || Array.isArray(plain))
    return firstLine(thrownValue.messageOf(error))
  const told = Object.keys(plain)
    .filter((key) => !notFields.has(key))
    .map((key) => `${short(key, 60)} is ${short(JSON.stringify((plain as PlainValue.PlainRecord)[key]), 80)}`)
  const more = told.length - maxFields
  return `${told.slice(0, maxFields).join(", ")}${more > 0 ? `, and ${more} more` : ""}`
}

const ownFields = (error: object): PlainValue.PlainRecord => {
  const keys = attempt(() => Object.keys(error), []).filter((key) => !notFields.has(key))
  return PlainValue.fromRecord(
    Object.fromEntries(
      keys.map((key) => [key, attempt(() => Object.getOwnPropertyDescriptor(error, key)?.value, undefined)])
    )
  )
}

const several = (errors: ReadonlyArray<unknown>, inside: Inside): string | undefined => {
  const first = inside(errors[0]) ?? thrownValue.typeOf(errors[0])
  return errors.length === 1 ? first : `${errors.length} errors, the first: ${first}`
}

const arrayOf = (value: unknown): ReadonlyArray<unknown> =>
  attempt(() => (Array.isArray(value) ? value.slice(0, 10_000) : []), [])

const aggregate = (error: unknown, inside: Inside): string | undefined => {
  const errors = isErrorLike(error) ? arrayOf(propertyOf(error, "errors")) : arrayOf(error)
  const isGroup = errors.length > 0 && errors.every((one) => isErrorLike(one) || textOf(one, "_tag") !== undefined)
  return isGroup ? several(errors, inside) : undefined
}

const stageGroup = (error: unknown, inside: Inside): string | undefined => {
  const failures = propertyOf(error, "failures")
  if (!tagged(error, "StageGroupError") || !isObject(failures)) return undefined
  const names = Object.keys(failures)
  const first = leavesOf(Cause.fail(error))[0]?.error
  const said = first === undefined || first === error ? undefined : inside(first)
  const stages = names.length === 1 ? "1 stage" : `${names.length} stages`
  const listed = `${names
    .slice(0, 5)
    .map((name) => short(name, 40))
    .join(", ")}${names.length > 5 ? ", …" : ""}`
  return `${stages} of the group failed: ${listed}${said === undefined ? "" : `; the first failure: ${said}`}`
}

const http = (error: unknown, inside: Inside): string | undefined => {
  const isResponse = tagged(error, "ResponseError")
  const request = propertyOf(error, "request")
  const method = textOf(request, "method")
  if ((!isResponse && !tagged(error, "RequestError")) || method === undefined) return undefined
  const asked = `${short(method, 20)} ${short(safeUrl(textOf(request, "url") ?? ""), 200)}`
  const cause = propertyOf(error, "cause")
  const said = cause === undefined || cause === null ? undefined : inside(cause)
  const why = said ?? textOf(error, "description")
  const because = why === undefined ? "" : `: ${firstLine(why)}`
  const status = propertyOf(propertyOf(error, "response"), "status")
  switch (propertyOf(error, "reason")) {
    case "InvalidUrl":
      return `${asked} could not be sent: the URL is not valid`
    case "Encode":
      return `${asked} could not be sent, as its body cannot be encoded${because}`
    case "Transport":
      return `${asked} got no answer${because}`
    case "StatusCode":
      return `${asked} was answered with ${statusOf(status)}`
    case "Decode":
      return `${asked} was answered with ${statusOf(status)}, but the body could not be decoded${because}`
    case "EmptyBody":
      return `${asked} was answered with ${statusOf(status)}, but the body is empty`
    default:
      return undefined
  }
}

const httpBody = (error: unknown, inside: Inside): string | undefined => {
  if (!tagged(error, "HttpBodyError")) return undefined
  const said = inside(propertyOf(propertyOf(error, "reason"), "error"))
  return `the body of a request could not be encoded${said === undefined ? "" : `: ${said}`}`
}

const reasons: ReadonlyMap<unknown, string> = new Map(
  Object.entries({
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout"
  }).map(([status, reason]) => [Number(status), reason])
)

const statusOf = (status: unknown): string => {
  if (typeof status !== "number") return "an unknown status"
  const reason = reasons.get(status)
  return reason === undefined ? String(status) : `${status} ${reason}`
}

// The platform knows the path where Node's own error does not: reading a folder says only `read`.
const platform = (error: unknown): string | undefined => {
  if (!tagged(error, "SystemError")) return undefined
  const path = propertyOf(error, "pathOrDescriptor")
  return explainSystemError(propertyOf(error, "cause"), typeof path === "string" ? { path } : {})
}

const config = (error: unknown): string | undefined => {
  if (!ConfigError.isConfigError(error)) return undefined
  const told: Array<string> = []
  const pending: Array<{ readonly error: ConfigError.ConfigError; readonly joint: string }> = [{ error, joint: "" }]
  for (let next = pending.pop(); next !== undefined && told.length < maxFields; next = pending.pop()) {
    const one = next.error
    if (one._op === "And" || one._op === "Or") {
      pending.push({ error: one.right, joint: one._op === "And" ? " and " : ", nor is its alternative there: " })
      pending.push({ error: one.left, joint: next.joint })
    } else told.push(`${next.joint}${configKey(one)}`)
  }
  return `${told.join("")}${pending.length > 0 ? ", and more" : ""}`
}

const configKey = (
  error: ConfigError.InvalidData | ConfigError.MissingData | ConfigError.SourceUnavailable | ConfigError.Unsupported
): string => {
  const key = error.path.length === 0 ? "the configuration" : `the setting ${short(error.path.join("."))}`
  const message = short(firstLine(error.message), 200)
  switch (error._op) {
    case "MissingData":
      return `${key} is missing`
    case "InvalidData":
      return `${key} is not valid: ${message}`
    case "SourceUnavailable":
      return `${key} could not be read: ${message}`
    case "Unsupported":
      return `${key} is not supported by its source: ${message}`
  }
}

const timeout = (error: unknown, line: failingLine.FailingLine): string | undefined => {
  if (!tagged(error, "TimeoutException")) return undefined
  const said = `TimeoutException: ${textOf(error, "message") ?? "the operation timed out"}`
  const awaited = awaitedOn(line)?.replace(/\s*\.pipe\([\s\S]*$/, "")
  return awaited === undefined ? said : `${said}, in ${failingLine.shown(awaited)}`
}

/** What the line yields, where that is one thing. */
const awaitedOn = (line: failingLine.FailingLine): string | undefined => {
  const awaited = Array.from(line.code.matchAll(/\byield\s*\*/g), (match) =>
    failingLine.operandAfter(line, match.index + match[0].length)
  )
  return awaited.length === 1 ? awaited[0] : undefined
}

const noSuchElement = (error: unknown, line: failingLine.FailingLine): string | undefined => {
  if (!tagged(error, "NoSuchElementException")) return undefined
  const message = textOf(error, "message")
  if (message !== undefined) return `NoSuchElementException: ${firstLine(message)}`
  const one = awaitedOn(line)
  return one === undefined
    ? "an Option was None, or a collection was empty"
    : `${failingLine.shown(one)} had no value to give: an Option was None, or a collection was empty`
}

const service = (error: unknown): string | undefined => {
  const match = /^Service not found(?:: ([\s\S]+?))?(?: \(defined at ([\s\S]*)\))?$/.exec(
    textOf(error, "message") ?? ""
  )
  if (match === null || !isErrorLike(error)) return undefined
  const place = match[2]?.replace(/^.*\((.*)\)$/, "$1")
  const declared = place === undefined ? "" : ` (its tag is declared at ${short(place, 200)})`
  return `the service ${short(match[1] ?? "without a key")} was not provided${declared}`
}

const interruption = (error: unknown): string | undefined => {
  if (!tagged(error, "InterruptedException")) return undefined
  const message = textOf(error, "message")
  return message === undefined ? "the fiber was interrupted" : `the fiber was interrupted: ${firstLine(message)}`
}

/** What holds other errors, and tells of them itself: the outermost has the word. */
const outerRules: ReadonlyArray<(error: unknown, inside: Inside) => string | undefined> = [
  http,
  httpBody,
  stageGroup,
  aggregate,
  platform
]

/** What says of itself all there is: the innermost has the word. */
const innerRules: ReadonlyArray<(error: unknown, line: failingLine.FailingLine) => string | undefined> = [
  explainParseError,
  config,
  timeout,
  noSuchElement,
  service,
  interruption,
  explainSqlError,
  (error) => explainSystemError(error),
  explainEngineError,
  plainly
]
