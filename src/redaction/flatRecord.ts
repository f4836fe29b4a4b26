/**
 * Records of a few texts and numbers in which nothing is secret: what most attributes are. They are copied without asking all that
 * decides over a copy of any value.
 */
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import type { SecretNames } from "./secretNames.js"
import { hideShapes, mayHide } from "./secretShapes.js"
import type { Secrets } from "./secrets.js"

/** Most fields, and the longest texts and names, that are looked at here. */
const maxFields = 32
const maxText = 2_048
const maxName = 64
/** Most names, and most texts, remembered of which nothing is to be hidden. */
const maxKnown = 1_000

/** What copies such a record; `undefined` for any other. */
export const flatRecords = (
  names: SecretNames
): ((record: Readonly<Record<string, unknown>>, secrets: Secrets | undefined) => PlainRecord | undefined) => {
  const openNames = new Set<string>()
  const isOpenName = (name: string): boolean => {
    if (openNames.has(name)) return true
    const isOpen =
      name.length <= maxName && !special.has(name) && names.kindOf(name) === "open" && hideShapes(name, names) === name
    if (isOpen && openNames.size < maxKnown) openNames.add(name)
    return isOpen
  }
  // A route comes with every request.
  const openTexts = new Set<string>()
  const isOpenText = (text: string): boolean => {
    if (!mayHide(text) || openTexts.has(text)) return true
    const isOpen = hideShapes(text, names) === text
    if (isOpen && text.length <= maxName && openTexts.size < maxKnown) openTexts.add(text)
    return isOpen
  }
  const isOpenValue = (value: unknown): value is PlainValue => {
    switch (typeof value) {
      case "string":
        return value.length <= maxText && isOpenText(value)
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0)
      default:
        return typeof value === "boolean" || value === null
    }
  }
  return (record, secrets) => {
    // What was hidden before may be repeated here.
    if (secrets !== undefined && secrets.version > 0) return undefined
    if (Object.getPrototypeOf(record) !== Object.prototype) return undefined
    const keys = Object.keys(record)
    if (keys.length > maxFields) return undefined
    const flat: Record<string, PlainValue> = {}
    for (const key of keys) {
      const property = Object.getOwnPropertyDescriptor(record, key)
      const value: unknown = property?.value
      // Not of a getter: only running code would give it.
      if (value === undefined || !isOpenName(key) || !isOpenValue(value)) return undefined
      flat[key] = value
    }
    return flat
  }
}

/** Names that say what is beside them, and those that an object has anyway. */
const special: ReadonlySet<string> = new Set(["name", "key", "value", ...Object.getOwnPropertyNames(Object.prototype)])
