/**
 * Errors of the engine about JSON.
 */

import { propertyOf } from "../../plain/untrusted.js"
import { type EngineMessage, only, propertyName } from "./engineMessage.js"
import { argumentsOf, evidence, type FailingLine, shown, valueOf } from "./failingLine.js"

export const json = ({ line, message }: EngineMessage): string => {
  const given = only(argumentsOf(line, /\bJSON\.parse\s*\(/g))
  const what = given === undefined ? "the text" : shown(given)
  const text = given === undefined ? undefined : valueOf(line, given)
  const place = typeof text === "string" ? excerptOf(text, message) || wholeOf(line, given, text, message) : ""
  const said = message.replace(/ in JSON at position (\d+)(?: \(line \d+ column \d+\))?$/, " at position $1")
  return `${what} is not valid JSON: ${said}${place}`
}

/** A text that ends too early has no place. */
const wholeOf = (line: FailingLine, given: string | undefined, text: string, message: string): string =>
  given !== undefined && messageOfParsing(text) === message ? evidence(line, given) : ""

// The text is only shown if it fails in the very same way: locals may have changed since.
export const excerptOf = (text: string, message: string): string => {
  const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? Number.NaN)
  if (Number.isNaN(position) || messageOfParsing(text) !== message) return ""
  const start = Math.max(0, position - 20)
  const end = Math.min(text.length, position + 20)
  const before = text.slice(0, position).split("\n")
  const where = before.length > 1 ? `, line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}` : ""
  const excerpt = `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`
  return `${where}, near ${JSON.stringify(excerpt)}`
}

export const messageOfParsing = (text: string): unknown => {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return propertyOf(error, "message")
  }
}

export const circle = ({ at, message }: EngineMessage): string => {
  const start = at(1)
  const steps = Array.from(message.matchAll(/(?:property '([^']*)'|index (\d+)|\|\s+\.\.\.)/g), (match) =>
    match[1] !== undefined ? propertyName(match[1]) : match[2] !== undefined ? `[${match[2]}]` : "…"
  )
  return steps.length === 0
    ? `JSON cannot hold a circle, and an ${start} is part of one`
    : `JSON cannot hold a circle: ${start}${steps.join("")} is that ${start} again`
}
