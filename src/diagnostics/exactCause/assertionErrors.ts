/**
 * What differs, where `node:assert` compared two values: its message draws both over many lines.
 */
import * as PlainValue from "../../plain/PlainValue.js"
import { isObject, propertyOf, textOf } from "../../plain/untrusted.js"
import type { Show } from "./show.js"

export const explainAssertion = (error: unknown, show: Show): string | undefined => {
  const operator = textOf(error, "operator") ?? ""
  if (textOf(error, "code") !== "ERR_ASSERTION" || propertyOf(error, "generatedMessage") !== true) return undefined
  if (!/^(?:partialDeep|deep(?:Strict)?Equal$)/.test(operator)) return undefined
  const difference = firstDifference(show.value(propertyOf(error, "actual")), show.value(propertyOf(error, "expected")))
  if (difference === undefined) return undefined
  const { actual, expected, place } = difference
  return `AssertionError: ${place === "" ? "the value" : place} is ${textFor(actual)}, and ${textFor(expected)} was expected`
}

interface Difference {
  readonly place: string
  readonly actual: PlainValue.PlainValue | undefined
  readonly expected: PlainValue.PlainValue | undefined
}

/** Deepest place looked at. */
const maxDepth = 20

const firstDifference = (
  actual: PlainValue.PlainValue | undefined,
  expected: PlainValue.PlainValue | undefined,
  place = "",
  depth = 0
): Difference | undefined => {
  if (!isObject(actual) || !isObject(expected) || Array.isArray(actual) !== Array.isArray(expected)) {
    return Object.is(actual, expected) ? undefined : { place, actual, expected }
  }
  if (depth > maxDepth) return undefined
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const inner = Array.isArray(actual) ? `${place}[${key}]` : place === "" ? key : `${place}.${key}`
    const found = firstDifference(fieldOf(actual, key), fieldOf(expected, key), inner, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

const fieldOf = (value: object, key: string): PlainValue.PlainValue | undefined =>
  Object.hasOwn(value, key) ? (propertyOf(value, key) as PlainValue.PlainValue) : undefined // what a plain value holds is plain

const textFor = (value: PlainValue.PlainValue | undefined): string =>
  value === undefined ? "missing" : PlainValue.clip(JSON.stringify(value), 80)
