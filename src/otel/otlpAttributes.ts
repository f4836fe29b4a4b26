/**
 * Attributes of any values in the form of OTLP. One that cannot be written, or that the endpoint cannot read, would cost
 * the whole batch it is in: here are none.
 */
import type { AnyValue, KeyValue } from "@effect/opentelemetry/OtlpResource"
import * as Inspectable from "effect/Inspectable"
import * as PlainValue from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"

/** Texts are cut to so many UTF-16 code units. Never throws. */
export const of = (
  entries: Iterable<readonly [string, unknown]>,
  maxLength: number = Number.POSITIVE_INFINITY
): Array<KeyValue> => {
  const attributes: Array<KeyValue> = []
  for (const [key, value] of entries) attributes.push({ key, value: valueOf(value, maxLength, []) })
  return attributes
}

/** Whether an integer of the protocol holds it. */
export const isInt64 = (value: number | bigint): boolean =>
  (typeof value === "bigint" || Number.isInteger(value)) && value >= -(2 ** 63) && value < 2 ** 63

/** A list deeper inside of lists is a text. */
const maxDepth = 8

const valueOf = (value: unknown, maxLength: number, path: ReadonlyArray<unknown>): AnyValue => {
  switch (typeof value) {
    case "string":
      return { stringValue: PlainValue.clip(value, maxLength) }
    case "boolean":
      return { boolValue: value }
    case "number":
      return numberOf(value)
    case "bigint":
      return isInt64(value) ? integerOf(value) : { stringValue: PlainValue.clip(String(value), maxLength) }
    default:
      return attempt(() => objectOf(value, maxLength, path), { stringValue: "<unreadable>" })
  }
}

/**
 * Beyond 2^53 in decimal digits, as the JSON form of the protocol has 64-bit integers: a number would round it. The type
 * of `@effect/opentelemetry` leaves that out; its writers take it.
 */
const integerOf = (value: bigint): AnyValue => {
  const number = Number(value)
  return { intValue: Number.isSafeInteger(number) ? number : (String(value) as unknown as number) }
}

/** JSON knows neither NaN nor infinity. */
const numberOf = (value: number): AnyValue => {
  if (isInt64(value)) return { intValue: value }
  return Number.isFinite(value) ? { doubleValue: value } : { stringValue: String(value) }
}

const objectOf = (value: unknown, maxLength: number, path: ReadonlyArray<unknown>): AnyValue => {
  if (!Array.isArray(value) || path.length >= maxDepth || path.includes(value)) {
    return { stringValue: PlainValue.clip(Inspectable.toStringUnknown(value), maxLength) }
  }
  const inside = [...path, value]
  return { arrayValue: { values: Array.from(value, (item) => valueOf(item, maxLength, inside)) } }
}
