/**
 * Finds the JSON object in what a model said: alone, in a fence, in prose, behind its reasoning.
 *
 * It never throws, and takes time in proportion to the first {@link maxScanned} characters.
 */
import * as Predicate from "effect/Predicate"

/** Most characters looked through. */
const maxScanned = 250_000
/** Most braces taken for the beginning of an object: prose has some that are not. */
const maxStarts = 40

/** The answer without the reasoning in front of it: `<think>…</think>`, also where the template ate its beginning. */
export const withoutReasoning = (text: string): string => {
  const opening = /^\s*<(think|thinking|reasoning)>/.exec(text)
  const closing = opening === null ? "</think>" : `</${opening[1]}>`
  const end = text.indexOf(closing)
  if (end < 0) return opening === null ? text : ""
  const isReasoning = opening !== null || !text.slice(0, end).trimStart().startsWith("{")
  return isReasoning ? text.slice(end + closing.length) : text
}

/** Every object in the text that is JSON, in its order. */
export const objectsIn = (text: string): ReadonlyArray<Readonly<Record<string, unknown>>> => {
  const scanned = text.slice(0, maxScanned)
  const whole = parse(scanned.trim())
  if (Predicate.isReadonlyRecord(whole)) return [whole]
  // An object that was written as a string of JSON.
  if (typeof whole === "string") return objectsIn(whole)
  const found: Array<Readonly<Record<string, unknown>>> = []
  let from = scanned.indexOf("{")
  for (let starts = 0; from >= 0 && starts < maxStarts; starts++) {
    const end = endOf(scanned, from)
    const value = end < 0 ? undefined : (parse(scanned.slice(from, end)) ?? parse(repaired(scanned.slice(from, end))))
    if (Predicate.isReadonlyRecord(value)) found.push(value)
    from = scanned.indexOf("{", value === undefined ? from + 1 : end)
  }
  return found
}

/** The value, or `undefined` where the text is no JSON. */
export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Behind the brace that closes the one at `start`; -1 where none does. */
const endOf = (text: string, start: number): number => {
  let depth = 0
  let isString = false
  for (let i = start; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (isString) {
      if (char === backslash) i += 1
      else if (char === quote) isString = false
    } else if (char === quote) isString = true
    else if (char === open) depth += 1
    else if (char === close) {
      depth -= 1
      if (depth === 0) return i + 1
    }
  }
  return -1
}

const quote = 34
const backslash = 92
const open = 123
const close = 125

/** With the line breaks and tabs escaped that models leave bare inside strings, and without trailing commas. */
const repaired = (text: string): string =>
  text.replace(/"[^"\\]*(?:\\[\s\S][^"\\]*)*"|,(?=\s*[}\]])/g, (token) =>
    token === "," ? "" : token.replace(/[\u0000-\u001f]/g, (char) => escapes[char] ?? " ")
  )

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }
