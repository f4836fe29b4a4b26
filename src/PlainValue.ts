/**
 * What a program's value becomes before it may stand in an event: JSON, bounded, and safe to touch.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

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
export const PlainValue: Schema.Schema<PlainValue> = Schema.declare((value): value is PlainValue => isPlain(value), {
  identifier: "PlainValue",
  arbitrary: () => (fc) => fc.jsonValue().map(from),
  jsonSchema: {}
})

/**
 * The Schema of any {@link PlainRecord}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PlainRecord: Schema.Schema<PlainRecord> = Schema.declare(
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

/** Longest text kept of one string, in UTF-16 code units. */
const maxText = 8_192
/** Most entries kept of one array, object, map or set. */
const maxEntries = 100
/** Deepest nesting kept. */
const maxDepth = 6
/** Most values kept altogether. */
const maxValues = 1_000

/**
 * Cuts a text to at most `max` code units (default 8,192) and says how much is missing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const clip = (text: string, max: number = maxText): string => {
  if (text.length <= max) return text
  const last = text.charCodeAt(max - 1)
  const end = last >= 0xd800 && last <= 0xdbff ? max - 1 : max
  return `${text.slice(0, end)}… (+${text.length - end} characters)`
}

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
export const from = (value: unknown): PlainValue => {
  switch (typeof value) {
    case "string":
      return clip(value)
    case "boolean":
      return value
    case "number":
      return fromNumber(value)
    default:
      return copy(value, { values: 0, path: [] })
  }
}

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
  const plain = copy(record, { values: 0, path: [] })
  return Predicate.isReadonlyRecord(plain) ? (plain as PlainRecord) : { value: plain }
}

// -0 and the numbers JSON cannot hold would not come back as they went.
const fromNumber = (value: number): PlainValue => (Number.isFinite(value) ? value + 0 || 0 : String(value))

interface Budget {
  values: number
  readonly path: Array<object>
}

const copy = (value: unknown, budget: Budget): PlainValue => {
  try {
    return unsafeCopy(value, budget)
  } catch {
    return "<unreadable>"
  }
}

const unsafeCopy = (value: unknown, budget: Budget): PlainValue => {
  switch (typeof value) {
    case "string":
      return clip(value)
    case "number":
      return fromNumber(value)
    case "boolean":
      return value
    case "bigint":
    case "symbol":
      return clip(String(value))
    case "function":
      return `[Function ${nameOf(value)}]`
  }
  if (value === null || value === undefined) return null
  if (Redacted.isRedacted(value)) return "<redacted>"
  if (value instanceof Date) return fromDate(value)
  if (value instanceof Error) return clip(`${value.name}: ${value.message}`)
  if (value instanceof RegExp || value instanceof URL) return clip(String(value))
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (budget.path.includes(value)) return "<circular>"
  if (budget.path.length >= maxDepth) return Array.isArray(value) ? "[Array]" : "[Object]"
  budget.path.push(value)
  try {
    if (Array.isArray(value)) return copyEntries(value, value.length, budget)
    if (value instanceof Set) return copyEntries(value, value.size, budget)
    if (value instanceof Map) return copyFields(value, value.size, budget)
    if (Predicate.hasProperty(value, "toJSON") && Predicate.isFunction(value.toJSON)) {
      return copy(value.toJSON(), budget)
    }
    const keys = Object.keys(value)
    return copyFields(ownFields(value, keys), keys.length, budget)
  } finally {
    budget.path.pop()
  }
}

// A class may have a static `name` of its own, of any type.
const nameOf = (value: object): string => {
  const name = Object.getOwnPropertyDescriptor(value, "name")?.value
  return typeof name === "string" && name !== "" ? clip(name, 100) : "anonymous"
}

// The prototype's own methods: those of the value may be anything.
const fromDate = (value: Date): string =>
  Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : Date.prototype.toISOString.call(value)

const copyEntries = (entries: Iterable<unknown>, size: number, budget: Budget): PlainValue => {
  const out: Array<PlainValue> = []
  for (const entry of entries) {
    if (out.length >= maxEntries || budget.values >= maxValues) break
    budget.values += 1
    out.push(copy(entry, budget))
  }
  if (size > out.length) out.push(`… (+${size - out.length} more)`)
  return out
}

const copyFields = (fields: Iterable<readonly [unknown, unknown]>, size: number, budget: Budget): PlainValue => {
  const out: Record<string, PlainValue> = {}
  let seen = 0
  for (const [key, field] of fields) {
    if (seen >= maxEntries || budget.values >= maxValues) break
    seen += 1
    if (field === undefined) continue
    budget.values += 1
    setField(out, keyOf(key, budget), copy(field, budget))
  }
  if (size > seen) setField(out, "…", `+${size - seen} more`)
  return out
}

// A plain assignment to `__proto__` would set the prototype instead.
const setField = (out: Record<string, PlainValue>, name: string, value: PlainValue): void => {
  Object.defineProperty(out, name, { value, enumerable: true, configurable: true, writable: true })
}

const keyOf = (key: unknown, budget: Budget): string => {
  const plain = typeof key === "string" ? key : copy(key, budget)
  return clip(typeof plain === "string" ? plain : JSON.stringify(plain), 256)
}

function* ownFields(value: object, keys: ReadonlyArray<string>): Iterable<readonly [string, unknown]> {
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(value, key)
    yield [key, property === undefined || "value" in property ? property?.value : "<getter>"]
  }
}
