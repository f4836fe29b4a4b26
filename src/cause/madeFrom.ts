/**
 * What an error was made from, where it does not say so itself: rich mode sees that a handler failed with the words of what
 * it handled.
 */
import { globalValue } from "effect/GlobalValue"

// What one copy of this module has seen, another one may report.
const origins: WeakMap<object, unknown> = globalValue("effect-narrative/MadeFrom", () => new WeakMap())

/** Remembers what an error was made from, for as long as the error lives. */
export const noteOrigin = (error: object, origin: unknown): void => {
  origins.set(error, origin)
}

/** What an error was made from, as far as that was seen. */
export const originOf = (error: object): unknown => origins.get(error)
