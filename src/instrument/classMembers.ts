/**
 * Which methods of a class are stages, and the same class with them.
 */
import { attempt } from "../plain/untrusted.js"
import { type AnyFunction, isSkipped, type Wrap } from "./wrapper.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface InstrumentOptions {
  /** What the stages are called before the member's own name (default: the name of the service or class). */
  readonly name?: string | undefined
  /** The kind of the stages, where "stage" says too little. */
  readonly kind?: string | undefined
  /** Members that are left as they are, beside those whose name begins with `_`. */
  readonly skip?: ReadonlyArray<string> | ((member: string) => boolean) | undefined
  /** Whether methods of the classes above are stages as well (default: no). */
  readonly inherited?: boolean | undefined
  /** Whether static methods of a class are stages as well (default: no). */
  readonly static?: boolean | undefined
}

export const isFunction = (value: unknown): value is AnyFunction => typeof value === "function"

export const isClass = (value: unknown): value is new (...args: Array<never>) => object =>
  isFunction(value) && /^class\b/.test(attempt(() => Function.prototype.toString.call(value), ""))

export const isLeftOut = (member: string, { skip }: InstrumentOptions): boolean =>
  member === "constructor" ||
  member.startsWith("_") ||
  (typeof skip === "function" ? attempt(() => skip(member), false) : (skip?.includes(member) ?? false))

/** Makes methods of a class stages, in place. */
export const classMembers = (
  target: abstract new (...args: Array<never>) => unknown,
  options: InstrumentOptions,
  wrap: Wrap
): void => {
  const of = { prefix: options.name ?? target.name, options, wrap }
  instrumentMethods(target.prototype, of, options.inherited === true)
  if (options.static === true) instrumentMethods(target, of, false)
}

interface Instrumenting {
  readonly prefix: string
  readonly options: InstrumentOptions
  readonly wrap: Wrap
}

const instrumentMethods = (target: object, { options, prefix, wrap }: Instrumenting, withInherited: boolean): void => {
  const names = new Set(Object.getOwnPropertyNames(target))
  for (
    let owner: object | null = withInherited ? Object.getPrototypeOf(target) : null;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    for (const name of Object.getOwnPropertyNames(owner)) names.add(name)
  }
  for (const name of names) {
    if (isLeftOut(name, options)) continue
    const property = propertyOf(target, name)
    const value: unknown = property?.value
    if (property === undefined || !isFunction(value) || isClass(value) || isSkipped(value)) continue
    const wrapped = wrap(value, `${prefix}.${name}`, options.kind)
    attempt(() => Object.defineProperty(target, name, { ...property, value: wrapped }), undefined)
  }
}

const propertyOf = (target: object, name: string): PropertyDescriptor | undefined => {
  for (let owner: object | null = target; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const property = Object.getOwnPropertyDescriptor(owner, name)
    if (property !== undefined) return property
  }
  return undefined
}
