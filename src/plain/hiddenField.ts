/**
 * What is known of another's object, kept on that object where nothing else sees it.
 *
 * Not a `WeakMap`, where there is one object for each request or stage: V8's minor collections keep what is the value of one, and all
 * that it leads to, until the next major one.
 */

export interface HiddenField<in K extends object, in out A> {
  readonly has: (object: K) => boolean
  readonly get: (object: K) => A | undefined
  /** An object that takes no field is only not found. */
  readonly set: (object: K, value: A) => void
}

class Given {
  constructor(given: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a class adds a private field to another's object.
    return given
  }
}

export const make = <K extends object, A>(): HiddenField<K, A> =>
  class Holder extends Given {
    #value: A | undefined

    static has(object: K): boolean {
      return #value in object
    }

    static get(object: K): A | undefined {
      return #value in object ? object.#value : undefined
    }

    static set(object: K, value: A): void {
      try {
        const holder: object = #value in object ? object : new Holder(object)
        ;(holder as Holder).#value = value
      } catch {
        // As it says.
      }
    }
  }

/** What is computed of an object, once. */
export const remembering = <K extends object, A extends NonNullable<unknown>>(
  compute: (object: K) => A
): ((object: K) => A) => {
  const field = make<K, A>()
  return (object) => {
    let known = field.get(object)
    if (known === undefined) {
      known = compute(object)
      field.set(object, known)
    }
    return known
  }
}
