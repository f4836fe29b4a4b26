/**
 * The exact cause of Effect's own errors: a setting, a service, an Option, a time limit.
 */
import * as ConfigError from "effect/ConfigError"
import * as PlainValue from "../../plain/PlainValue.js"
import { isErrorLike, propertyOf, textOf } from "../../plain/untrusted.js"
import * as failingLine from "./failingLine.js"
import { tellingLine } from "./plainSentence.js"
import type { Show } from "./show.js"

const tagged = (error: unknown, tag: string): boolean => propertyOf(error, "_tag") === tag

const short = (text: string, max: number = 150): string => PlainValue.clip(text, max)

/** Most settings that are named. */
const maxSettings = 5

export const explainConfigError = (error: unknown, show: Show): string | undefined => {
  if (!ConfigError.isConfigError(error)) return undefined
  const said: Array<string> = []
  const pending: Array<{ readonly error: ConfigError.ConfigError; readonly joint: string }> = [{ error, joint: "" }]
  for (let next = pending.pop(); next !== undefined && said.length < maxSettings; next = pending.pop()) {
    const one = next.error
    if (one._op === "And" || one._op === "Or") {
      pending.push({ error: one.right, joint: one._op === "And" ? " and " : ", nor is its alternative there: " })
      pending.push({ error: one.left, joint: next.joint })
    } else said.push(`${next.joint}${settingOf(one, show)}`)
  }
  return `${said.join("")}${pending.length > 0 ? ", and more" : ""}`
}

const settingOf = (error: Exclude<ConfigError.ConfigError, ConfigError.And | ConfigError.Or>, show: Show): string => {
  const key = error.path.length === 0 ? "the configuration" : `the setting ${short(error.path.join("."))}`
  const message = short(tellingLine(error.message), 200)
  switch (error._op) {
    case "MissingData":
      return `${key} is missing`
    case "InvalidData":
      // The message quotes the value.
      return error.path.some(show.isSecret) ? `${key} is not valid` : `${key} is not valid: ${message}`
    case "SourceUnavailable":
      return `${key} could not be read: ${message}`
    case "Unsupported":
      return `${key} is not supported by its source: ${message}`
  }
}

export const explainTimeout = (error: unknown, line: failingLine.FailingLine): string | undefined => {
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

export const explainNoSuchElement = (error: unknown, line: failingLine.FailingLine): string | undefined => {
  if (!tagged(error, "NoSuchElementException")) return undefined
  const message = textOf(error, "message")
  if (message !== undefined) return `NoSuchElementException: ${tellingLine(message)}`
  const one = awaitedOn(line)
  return one === undefined
    ? "an Option was None, or a collection was empty"
    : `${failingLine.shown(one)} had no value to give: an Option was None, or a collection was empty`
}

/** `Option.getOrThrow` and `Either.getOrThrow` say what they were called on; the line says with what. */
export const explainGetOrThrow = (error: unknown, line: failingLine.FailingLine): string | undefined => {
  const was = /^getOrThrow called on a (None|Left)$/.exec(textOf(error, "message") ?? "")?.[1]
  if (was === undefined || !isErrorLike(error)) return undefined
  const given = failingLine.argumentsOf(line, /\bgetOrThrow\s*\(/g)
  const what = given.length === 1 ? failingLine.shown(given[0] ?? "") : was === "None" ? "an Option" : "an Either"
  return `${what} was ${was === "None" ? "None" : "a Left"}, so getOrThrow had no value to give`
}

export const explainMissingService = (error: unknown): string | undefined => {
  const match = /^Service not found(?:: ([\s\S]+?))?(?: \(defined at ([\s\S]*)\))?$/.exec(
    textOf(error, "message") ?? ""
  )
  if (match === null || !isErrorLike(error)) return undefined
  const place = match[2]?.replace(/^.*\((.*)\)$/, "$1")
  const declared = place === undefined ? "" : ` (its tag is declared at ${short(place, 200)})`
  return `the service ${short(match[1] ?? "without a key")} was not provided${declared}`
}

export const explainInterruption = (error: unknown): string | undefined => {
  if (!tagged(error, "InterruptedException")) return undefined
  const message = textOf(error, "message")
  return message === undefined ? "the fiber was interrupted" : `the fiber was interrupted: ${tellingLine(message)}`
}
