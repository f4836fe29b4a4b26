/**
 * Which members of a service, a class or a module are stages, and the same object with them.
 */
import { titleCase } from "../plain/titleCase.js"
import { attempt } from "../plain/untrusted.js"
import * as classes from "./classMembers.js"
import { type InstrumentOptions, isClass, isFunction, isLeftOut } from "./classMembers.js"
import { initOf, isLater, stageOf, wrap } from "./wrappedFunction.js"
import { type AnyFunction, isSkipped } from "./wrapper.js"

/**
 * The same service, whose methods are stages. They are called on the service itself, so that private fields work; what it
 * calls of itself is therefore no stage of its own.
 */
export const service = <S>(given: S, name: string, options: InstrumentOptions): S => {
  const prefix = options.name ?? name
  if (isFunction(given) && !isClass(given)) return wrap(given, initOf(prefix, options.kind))
  if (typeof given !== "object" || given === null || isLater(given)) return given
  const target: object = given
  const known = new Map<PropertyKey, { readonly from: unknown; readonly to: unknown }>()
  const proxy: object = new Proxy(target, {
    get: (_, key) => {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof key !== "string" || !(isFunction(value) || isLater(value)) || isLeftOut(key, options)) return value
      const before = known.get(key)
      if (before !== undefined && before.from === value) return before.to
      const to = isInstrumented(target, key, value, options) ? instrumented(`${prefix}.${key}`, value) : value
      known.set(key, { from: value, to })
      return to
    },
    set: (_, key, value) => Reflect.set(target, key, value, target)
  })
  const instrumented = (stage: string, value: unknown): unknown => {
    const init = initOf(stage, options.kind)
    return isFunction(value) ? wrap(onTarget(value, target, proxy), init) : stageOf(value, init)
  }
  // A proxy of it is of its type.
  return proxy as S
}

/** Calls a method on the object itself where it was called on the proxy: private fields are the object's. */
const onTarget = (method: AnyFunction, target: object, proxy: object): AnyFunction =>
  new Proxy(method, {
    apply: (method, self: unknown, args) => Reflect.apply(method, self === proxy ? target : self, args)
  })

/** Own members, and methods of the object's own class; never an accessor, nor what a proxy may not change. */
const isInstrumented = (target: object, key: string, value: unknown, { inherited }: InstrumentOptions): boolean => {
  if (isClass(value) || (isFunction(value) && isSkipped(value))) return false
  const own = Object.getOwnPropertyDescriptor(target, key)
  if (own !== undefined) return "value" in own && (own.configurable === true || own.writable === true)
  let depth = 0
  for (
    let owner: object | null = Object.getPrototypeOf(target);
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    const property = Object.getOwnPropertyDescriptor(owner, key)
    if (property !== undefined) return "value" in property && (depth === 0 || inherited === true)
    depth += 1
  }
  return false
}

/** Makes methods of a class stages, in place. */
export const classMembers = (
  target: abstract new (...args: Array<never>) => unknown,
  options: InstrumentOptions
): void => classes.classMembers(target, options, (f, name, kind) => wrap(f, initOf(name, kind)))

/** The exports of a module, its functions stages, and its classes instrumented in place. */
export const moduleMembers = <M extends object>(namespace: M, options: InstrumentOptions): M => {
  const members = Object.entries(Object.getOwnPropertyDescriptors(namespace)).map(([name, property]) => {
    // An export that is not set yet, in a circle of modules, is read when it is asked for.
    const value: unknown = attempt(() => Reflect.get(namespace, name), undefined)
    return [name, { ...property, value: isLeftOut(name, options) ? value : member(name, value, options) }] as const
  })
  // The same exports, of the same types.
  return Object.defineProperties(Object.create(Object.getPrototypeOf(namespace)), Object.fromEntries(members)) as M
}

const member = (name: string, value: unknown, options: InstrumentOptions): unknown => {
  if (isClass(value)) {
    if (!isSkipped(value)) classMembers(value, { ...options, name: undefined })
    return value
  }
  const stage = titleCase(isFunction(value) && name === "default" ? value.name || name : name)
  const init = initOf(options.name === undefined ? stage : `${options.name}.${stage}`, options.kind)
  return isFunction(value) ? wrap(value, init) : stageOf(value, init)
}
