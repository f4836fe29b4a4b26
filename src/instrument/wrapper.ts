/**
 * A function in the place of another one: the same to whoever looks at it, and its calls are someone else's.
 */
export type AnyFunction = (this: unknown, ...args: Array<unknown>) => unknown

export type Call = (self: unknown, args: Array<unknown>) => unknown

const untouchedKey = Symbol.for("effect-narrative/untouched")
const known: unknown = Reflect.get(globalThis, untouchedKey)

/**
 * Those made here, and those that are stages or are to be left as they are: of all copies of the library in a process. What
 * instruments modules as they are loaded loads no Effect for it.
 */
const untouched: WeakSet<object> = known instanceof WeakSet ? known : new WeakSet()
Reflect.set(globalThis, untouchedKey, untouched)

/** Leaves a function as it is from now on. */
export const skip = (f: object): void => void untouched.add(f)

export const isSkipped = (f: object): boolean => untouched.has(f)

/** What makes a function one whose calls are stages of this name. */
export type Wrap = <F extends object>(f: F, name: string, kind: string | undefined) => F

/** The same function to whoever looks at it: its name, length, prototype and properties. */
export const wrapper = <F extends object>(f: F, callOf: (original: AnyFunction) => Call): F => {
  if (isSkipped(f)) return f
  // Only functions are given.
  const original = f as unknown as AnyFunction
  const call = callOf(original)
  const wrapper = Object.hasOwn(original, "prototype")
    ? function (this: unknown, ...args: Array<unknown>): unknown {
        if (new.target === undefined) return call(this, args)
        return Reflect.construct(original, args, new.target === wrapper ? original : new.target)
      }
    : // A method has no prototype, and is no constructor.
      {
        wrapper(this: unknown, ...args: Array<unknown>): unknown {
          return call(this, args)
        }
      }.wrapper
  const prototype: object | null = Object.getPrototypeOf(original)
  if (prototype !== Function.prototype) Object.setPrototypeOf(wrapper, prototype)
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key)
    if (property !== undefined) Reflect.defineProperty(wrapper, key, property)
  }
  if (!Object.hasOwn(original, "toString")) {
    const value = () => Function.prototype.toString.call(original)
    Object.defineProperty(wrapper, "toString", { value, configurable: true, writable: true })
  }
  skip(wrapper)
  return wrapper as unknown as F
}
