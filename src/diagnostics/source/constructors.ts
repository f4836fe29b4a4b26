/**
 * The constructors that ran when an error was made, as V8 names them in its stack.
 */
import { attempt, propertyOf, textOf } from "../../plain/untrusted.js"

/** `new HttpError`, and those of the classes that it extends. */
export const constructorsOf = (error: unknown): ReadonlySet<string> => {
  const names = new Set<string>()
  let constructor = propertyOf(error, "constructor")
  for (let up = 0; up < 5; up++) {
    const name = textOf(constructor, "name")
    if (name === undefined) break
    names.add(`new ${name}`)
    const parent = constructor
    constructor = attempt(() => Object.getPrototypeOf(parent), undefined)
  }
  return names
}
