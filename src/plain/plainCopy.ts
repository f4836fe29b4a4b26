/**
 * The plain copy of any value, and where redaction takes part in it.
 */
import { EffectTypeId } from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { RefTypeId } from "effect/Ref"
import type { summaryOf } from "./httpMessage.js"
import { attempt, brandOf } from "./untrusted.js"

/** A JSON value, as the public `PlainValue` is: a user's declarations can name only a type that a public module declares. */
export type PlainValue =
  | string
  | number
  | boolean
  | null
  | ReadonlyArray<PlainValue>
  | { readonly [key: string]: PlainValue }

/** What is said of a request or a response. It is large: what makes outputs brings it, as it does the redactor. */
let summarize: typeof summaryOf = () => undefined

export const setSummary = (summary: typeof summaryOf): void => {
  summarize = summary
}

/** What decides over a copy while it is made. */
export interface CopyPolicy {
  /** What replaces the value of that name, or `undefined` to copy it. */
  readonly named: (name: string, value: unknown) => PlainValue | undefined
  /** What replaces an entry of a list, behind a text that may be its name; `isPair` where every other entry is a name. */
  readonly listed: (before: string, value: unknown, isPair: boolean) => PlainValue | undefined
  /** The policy inside the value of that name, if another one. */
  readonly inside: (name: string) => CopyPolicy | undefined
  /** What is left of a text, before it is cut to size. */
  readonly text: (text: string, isName: boolean) => string
  readonly redacted: (value: Redacted.Redacted<unknown>) => void
}

/** Longest text kept of one string, in UTF-16 code units. */
const maxText = 8_192
/** Longest name kept of a field. */
const maxName = 256
/** Most entries kept of one array, object, map or set. */
const maxEntries = 100
/** Deepest nesting kept. */
const maxDepth = 6
/** Most values kept altogether. */
const maxValues = 1_000
/** How much of a text beyond what is kept a policy sees: what begins before the cut may go on behind it. */
const lookahead = 4_096

export const clip = (text: string, max: number = maxText): string => {
  if (text.length <= max) return text
  const end = wholeUpTo(text, max)
  return `${text.slice(0, end)}… (+${text.length - end} characters)`
}

/** Never throws. */
export const copy = (value: unknown, policy?: CopyPolicy): PlainValue => {
  if (policy === undefined) {
    // The values most attributes hold.
    if (typeof value === "string") return clip(value)
    if (typeof value === "number") return fromNumber(value)
  }
  return safely(value, { values: 0, limit: maxValues, path: [], policy })
}

// Not in the middle of a character.
const wholeUpTo = (text: string, max: number): number => {
  const last = text.charCodeAt(max - 1)
  return last >= 0xd800 && last <= 0xdbff ? max - 1 : max
}

interface Budget {
  /** How many were copied. */
  values: number
  /** What `values` may come to: a share, while one field of several is copied. */
  limit: number
  readonly path: Array<object>
  policy: CopyPolicy | undefined
}

/** Hides before it cuts, since half a secret is not found. Looks at little more of a long text than it keeps. */
export const clipHidden = (text: string, max: number, hide: (text: string) => string): string => {
  if (text.length <= max + lookahead) return clip(hide(text), max)
  const head = hide(text.slice(0, max + lookahead))
  // At most `lookahead` characters at its end are half of something that was not known for it.
  const end = wholeUpTo(head, Math.max(0, Math.min(max, head.length - lookahead)))
  return `${head.slice(0, end)}… (+${text.length - end} characters)`
}

const kept = (text: string, { policy }: Budget, max: number = maxText, isName = false): string =>
  policy === undefined ? clip(text, max) : clipHidden(text, max, (text) => policy.text(text, isName))

// -0 and the numbers JSON cannot hold would not come back as they went.
const fromNumber = (value: number): PlainValue => (Number.isFinite(value) ? value + 0 || 0 : String(value))

const safely = (value: unknown, budget: Budget): PlainValue => {
  try {
    return unsafeCopy(value, budget)
  } catch {
    return "<unreadable>"
  }
}

const unsafeCopy = (value: unknown, budget: Budget): PlainValue => {
  switch (typeof value) {
    case "string":
      return kept(value, budget)
    case "number":
      return fromNumber(value)
    case "boolean":
      return value
    case "bigint":
    case "symbol":
      return kept(String(value), budget)
    case "function":
      return `[Function ${nameOf(value, budget)}]`
  }
  if (value === null || value === undefined) return null
  if (Redacted.isRedacted(value)) {
    budget.policy?.redacted(value)
    return "<redacted>"
  }
  // Most objects are records and lists, of which nothing more has to be asked.
  const isPlain = isRecordOrList(value)
  const brand = isPlain ? undefined : brandOf(value)
  const whole = isPlain ? undefined : copyWhole(value, brand, budget)
  if (whole !== undefined) return whole
  const summary = isPlain ? undefined : summarize(value)
  if (typeof summary === "string") return kept(summary, budget)
  // What an effect is made of says nothing; an Option, an Exit and the like are data, and have a tag.
  const isEffect = !isPlain && summary === undefined && Predicate.hasProperty(value, EffectTypeId)
  if (isEffect && "_op" in value && !("_tag" in value)) return "[Effect]"
  if (budget.path.includes(value)) return "<circular>"
  if (budget.path.length >= maxDepth) return Array.isArray(value) ? "[Array]" : "[Object]"
  budget.path.push(value)
  try {
    return summary === undefined ? copyParts(value, brand, budget) : copyFields(summary, summary.length, budget)
  } finally {
    budget.path.pop()
  }
}

const isRecordOrList = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null
}

/** What is one value to a reader, though it is an object. */
const copyWhole = (value: object, brand: string | undefined, budget: Budget): PlainValue | undefined => {
  if (brand === "Date") return fromDate(value as Date)
  if (brand === "Error" || value instanceof Error) return kept(errorText(value as Error), budget)
  if (brand === "RegExp") return kept(RegExp.prototype.toString.call(value), budget)
  if (brand === "URL") return kept(URL.prototype.toString.call(value), budget)
  if (value instanceof String) return kept(String.prototype.valueOf.call(value), budget)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (brand === "Blob" || brand === "File") return `[${brand}]`
  return RefTypeId in value ? fromRef(value, budget) : undefined
}

const errorText = (error: Error): string => `${error.name}: ${error.message}`

const copyParts = (value: object, brand: string | undefined, budget: Budget): PlainValue => {
  if (Array.isArray(value)) return copyEntries(value, value.length, budget)
  if (brand === "Set") return copyEntries(Set.prototype.values.call(value), sizeOf(Set.prototype, value), budget)
  if (brand === "Map") return copyFields(Map.prototype.entries.call(value), sizeOf(Map.prototype, value), budget)
  if (brand === "Headers" || brand === "URLSearchParams" || brand === "FormData") {
    const entries: () => Iterable<readonly [string, unknown]> = globalThis[brand].prototype.entries
    // It may only call itself so.
    const fields = attempt(() => Array.from(entries.call(value)), undefined)
    if (fields !== undefined) return copyFields(fields, fields.length, budget)
  }
  if (Predicate.hasProperty(value, "toJSON") && Predicate.isFunction(value.toJSON)) {
    return safely(value.toJSON(), budget)
  }
  const keys = Object.keys(value)
  return copyFields(ownFields(value, keys), keys.length, budget)
}

const sizeOf = (prototype: Map<unknown, unknown> | Set<unknown>, value: object): number =>
  Number(Object.getOwnPropertyDescriptor(prototype, "size")?.get?.call(value))

/** What a Ref holds; a synchronized one holds another Ref. */
const fromRef = (value: object, budget: Budget): PlainValue => {
  const held: unknown = Object.getOwnPropertyDescriptor(value, "ref")?.value
  const current = typeof held === "object" && held !== null && Object.getOwnPropertyDescriptor(held, "current")
  if (current && "value" in current) return safely(current.value, budget)
  return Predicate.hasProperty(held, RefTypeId) && budget.path.length < maxDepth ? fromRef(held, budget) : "[Ref]"
}

// A class may have a static `name` of its own, of any type.
const nameOf = (value: object, budget: Budget): string => {
  const name = Object.getOwnPropertyDescriptor(value, "name")?.value
  return typeof name === "string" && name !== "" ? kept(name, budget, 100) : "anonymous"
}

// The prototype's own methods: those of the value may be anything.
const fromDate = (value: Date): string =>
  Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : Date.prototype.toISOString.call(value)

const copyEntries = (entries: Iterable<unknown>, size: number, budget: Budget): PlainValue => {
  const out: Array<PlainValue> = []
  const { policy } = budget
  const arePairs = policy !== undefined && isListOfPairs(entries)
  let before: unknown
  for (const entry of entries) {
    if (out.length >= maxEntries || budget.values >= budget.limit) break
    budget.values += 1
    const isPair = arePairs && out.length % 2 === 1
    const listed = typeof before === "string" ? policy?.listed(before, entry, isPair) : undefined
    out.push(listed ?? copyPair(entry, budget) ?? safely(entry, budget))
    before = entry
  }
  if (size > out.length) out.push(`… (+${size - out.length} more)`)
  return out
}

/** `["Host", "example.com", "Accept", "text/html"]`, as `rawHeaders` of `node:http` are. */
const isListOfPairs = (entries: Iterable<unknown>): boolean =>
  Array.isArray(entries) &&
  entries.length > 0 &&
  entries.length % 2 === 0 &&
  entries.slice(0, maxEntries).every((entry, i) => i % 2 === 1 || (typeof entry === "string" && isFieldName(entry)))

const isFieldName = (text: string): boolean => /^[A-Za-z_][\w.-]{0,63}$/.test(text)

/** An entry that is a name and its value, as in a list of headers, if the value is not to be copied. */
const copyPair = (entry: unknown, budget: Budget): PlainValue | undefined => {
  const { policy } = budget
  if (policy === undefined || typeof entry !== "object") return undefined
  try {
    if (!Array.isArray(entry) || entry.length !== 2) return undefined
    const [name, paired]: ReadonlyArray<unknown> = entry
    if (typeof name !== "string") return undefined
    const shown = policy.named(name, paired)
    if (shown !== undefined) return [keyOf(name, budget), shown]
    const inside = typeof paired === "object" ? policy.inside(name) : undefined
    return inside && [keyOf(name, budget), copyInside(paired, inside, budget)]
  } catch {
    return undefined
  }
}

const copyFields = (fields: Iterable<readonly [unknown, unknown]>, size: number, budget: Budget): PlainValue => {
  const { policy } = budget
  const out: Record<string, PlainValue> = {}
  const composite: Array<Composite> = []
  let seen = 0
  let label: unknown
  let labelled: unknown
  for (const [key, field] of fields) {
    if (seen >= maxEntries || budget.values >= budget.limit) break
    seen += 1
    if (field === undefined) continue
    budget.values += 1
    const plain = keyOf(key, budget)
    const name = policy === undefined || plain === key ? plain : unusedName(out, plain)
    if (key === "name" || key === "key") label = field
    else if (key === "value") labelled = field
    const shown = typeof key === "string" && field !== getter ? policy?.named(key, field) : undefined
    if (field === getter) setField(out, name, "<getter>")
    else if (shown !== undefined) setField(out, name, shown)
    else if (typeof field === "object" && field !== null) {
      // Its place among the others; its value comes when all scalars have had theirs.
      setField(out, name, null)
      composite.push([name, field, typeof key === "string" ? policy?.inside(key) : undefined])
    } else setField(out, name, safely(field, budget))
  }
  copyInShares(composite, out, budget)
  // `{ name: "Authorization", value: … }` is a named value as well.
  if (typeof label === "string" && labelled !== undefined && policy !== undefined) {
    const shown = policy.named(label, labelled)
    if (shown !== undefined) setField(out, "value", shown)
  }
  if (size > seen) setField(out, "…", `+${size - seen} more`)
  return out
}

/** A field of several values, and the policy inside it if that is another one. */
type Composite = readonly [name: string, field: object, policy: CopyPolicy | undefined]

/** Copies fields of several values each, so that none of them leaves nothing for those behind it. */
const copyInShares = (fields: ReadonlyArray<Composite>, out: Record<string, PlainValue>, budget: Budget): void => {
  const { limit } = budget
  for (const [i, [name, field, policy]] of fields.entries()) {
    budget.limit = budget.values + Math.ceil(Math.max(0, limit - budget.values) / (fields.length - i))
    setField(out, name, copyInside(field, policy, budget))
  }
  budget.limit = limit
}

const copyInside = (value: unknown, inside: CopyPolicy | undefined, budget: Budget): PlainValue => {
  if (inside === undefined) return safely(value, budget)
  const { policy } = budget
  budget.policy = inside
  const copied = safely(value, budget)
  budget.policy = policy
  return copied
}

// A plain assignment to `__proto__` would set the prototype instead.
const setField = (out: Record<string, PlainValue>, name: string, value: PlainValue): void => {
  Object.defineProperty(out, name, { value, enumerable: true, configurable: true, writable: true })
}

// Two names may be the same once what is secret in them is hidden.
const unusedName = (out: object, name: string): string => {
  if (!Object.hasOwn(out, name)) return name
  let number = 2
  while (Object.hasOwn(out, `${name} (${number})`)) number += 1
  return `${name} (${number})`
}

const keyOf = (key: unknown, budget: Budget): string => {
  const plain = typeof key === "string" ? key : safely(key, budget)
  return kept(typeof plain === "string" ? plain : JSON.stringify(plain), budget, maxName, true)
}

/** In place of a value that only running code would give. */
const getter = Symbol()

function* ownFields(value: object, keys: ReadonlyArray<string>): Iterable<readonly [string, unknown]> {
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(value, key)
    yield [key, property === undefined || "value" in property ? property?.value : getter]
  }
}
