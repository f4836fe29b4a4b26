/**
 * What a program's value becomes before it may be part of an event: JSON, bounded, and safe to touch.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as plainCopy from "./plainCopy.js"

/**
 * A JSON value.
 *
 * @since 0.1.0
 * @category models
 */
export type PlainValue =
  | string
  | number
  | boolean
  | null
  | ReadonlyArray<PlainValue>
  | { readonly [key: string]: PlainValue }

/**
 * Named plain values: the attributes of a story or a stage.
 *
 * @since 0.1.0
 * @category models
 */
export type PlainRecord = { readonly [key: string]: PlainValue }

/**
 * The Schema of any {@link PlainValue}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PlainValue: Schema.Schema<PlainValue> = /* @__PURE__ */ Schema.declare(
  (value): value is PlainValue => isPlain(value),
  {
    identifier: "PlainValue",
    arbitrary: () => (fc) => fc.jsonValue().map(from),
    // An empty one is taken for none.
    jsonSchema: { type: ["string", "number", "boolean", "null", "array", "object"] }
  }
)

/**
 * The Schema of any {@link PlainRecord}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PlainRecord: Schema.Schema<PlainRecord> = /* @__PURE__ */ Schema.declare(
  (value): value is PlainRecord => isPlain(value) && Predicate.isRecord(value),
  {
    identifier: "PlainRecord",
    arbitrary: () => (fc) => fc.dictionary(fc.string(), fc.jsonValue()).map(fromRecord),
    jsonSchema: { type: "object" }
  }
)

/** Deepest nesting read back from outside: far more than is ever written, and no danger to the stack. */
const maxReadDepth = 500

// Not `Schema.Record`: that would lose a key named `__proto__`, which JSON may hold.
const isPlain = (value: unknown, depth = 0): value is PlainValue => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true
    case "number":
      return Number.isFinite(value)
    case "object": {
      if (value === null) return true
      if (depth >= maxReadDepth) return false
      if (Array.isArray(value)) return value.every((entry) => isPlain(entry, depth + 1))
      const prototype = Object.getPrototypeOf(value)
      if (prototype !== Object.prototype && prototype !== null) return false
      return Object.values(value).every((entry) => isPlain(entry, depth + 1))
    }
    default:
      return false
  }
}

/**
 * Cuts a text to at most `max` code units (default 8,192) and says how much is missing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const clip: (text: string, max?: number) => string = plainCopy.clip

/**
 * A plain copy of any value. Never throws and never runs the value's own code beyond `toJSON`: getters are not read,
 * cycles and excess are cut and said to be cut, `Redacted` stays hidden.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert"
 * import { PlainValue } from "effect-narrative"
 *
 * assert.deepStrictEqual(PlainValue.from({ id: 1n, at: new Date(0), ratio: Number.NaN }), {
 *   id: "1",
 *   at: "1970-01-01T00:00:00.000Z",
 *   ratio: "NaN"
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const from = (value: unknown): PlainValue => plainCopy.copy(value)

/**
 * Any value as a short text: a string as it is, everything else as compact JSON of its plain copy. Never throws.
 *
 * @since 0.1.0
 * @category constructors
 */
export const text = (value: unknown): string => {
  const plain = from(value)
  return typeof plain === "string" ? plain : clip(JSON.stringify(plain))
}

/**
 * A plain copy of every own entry of a record. Entries that are `undefined` are left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromRecord = (record: Readonly<Record<string, unknown>>): PlainRecord => {
  const plain = from(record)
  return Predicate.isReadonlyRecord(plain) ? (plain as PlainRecord) : { value: plain }
}
