/**
 * Touching values that may fight back: proxies with throwing traps, getters that throw, revoked proxies.
 *
 * Whatever a program throws ends up here, so every read is guarded and gives `undefined` instead of failing.
 */
import { inspect, types } from "node:util"

/** What can have properties worth reading. */
export const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function"

/** The property, own or inherited; `undefined` if there is none or it cannot be read. */
export const propertyOf = (value: unknown, key: PropertyKey): unknown => {
  if (!isObject(value)) return undefined
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

/** The property if it is a text that says something. */
export const textOf = (value: unknown, key: PropertyKey): string | undefined => {
  const text = propertyOf(value, key)
  return typeof text === "string" && text !== "" ? text : undefined
}

/**
 * The stack of an error, also of one behind a proxy: since V8 12, the getter of `stack` gives nothing for those. Node shows what
 * is behind a proxy and runs none of its traps.
 */
export const stackOf = (error: unknown): string | undefined => {
  const stack = textOf(error, "stack")
  if (stack !== undefined || !types.isProxy(error)) return stack
  try {
    return /^[\s\S]*?(?:\n {4}at .*)+/.exec(inspect(error, shownAsStack))?.[0]
  } catch {
    return undefined
  }
}

/** Its fields are of no use here. */
const shownAsStack = { depth: 0, customInspect: false, showProxy: false, maxArrayLength: 0, maxStringLength: 0 }

/** Errors of this and of other realms, and what carries both a message and a stack. */
export const isErrorLike = (value: unknown): value is object => {
  if (!isObject(value)) return false
  try {
    if (value instanceof Error || types.isNativeError(value)) return true
  } catch {
    // A proxy whose `getPrototypeOf` throws: ask its properties instead.
  }
  return typeof propertyOf(value, "message") === "string" && typeof propertyOf(value, "stack") === "string"
}

/**
 * What the platform says an object is, whichever realm made it: `Map`, `Date`, `Headers`. Runs no code of the object.
 */
export const brandOf = (value: object): string | undefined => {
  if (types.isMap(value)) return "Map"
  if (types.isSet(value)) return "Set"
  if (types.isDate(value)) return "Date"
  if (types.isRegExp(value)) return "RegExp"
  if (types.isNativeError(value)) return "Error"
  let prototype: object | null = Object.getPrototypeOf(value)
  for (let up = 0; up < 4 && prototype !== null && prototype !== Object.prototype; up++) {
    const tag: unknown = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value
    if (typeof tag === "string") return tag
    prototype = Object.getPrototypeOf(prototype)
  }
  return undefined
}

/** The outcome of `read`, or `otherwise` if it throws. */
export const attempt = <A, B>(read: () => A, otherwise: B): A | B => {
  try {
    return read()
  } catch {
    return otherwise
  }
}
