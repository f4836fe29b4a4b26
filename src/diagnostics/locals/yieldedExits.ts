/**
 * Keeps a generator that yields what has failed already, such as a text's `Effect.fail`, on its fiber's stack. Effect takes
 * such an exit as it is, without putting the generator back, and so the failure would not know where it came from.
 */
import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"

interface ExitPrototype {
  [Symbol.iterator]: (this: Effect.Effect<never, unknown>) => Iterator<unknown>
}

// Two copies of this module must not patch each other's patch.
const store = globalValue("effect-narrative/YieldedExits", () => ({
  original: undefined as ExitPrototype[typeof Symbol.iterator] | undefined
}))

// The prototype is not exported: any failure leads to it.
const prototype = (): ExitPrototype => Object.getPrototypeOf(Effect.fail(""))

const ours: ExitPrototype[typeof Symbol.iterator] = function () {
  // One step more, and no exit until it is run.
  return Effect.suspend(() => this)[Symbol.iterator]()
}

/** Costs what succeeds nothing: only failures that are yielded come by. */
export const install = (): void => {
  const on = prototype()
  if (store.original !== undefined || !Object.hasOwn(on, Symbol.iterator)) return
  store.original = on[Symbol.iterator]
  on[Symbol.iterator] = ours
}

export const uninstall = (): void => {
  const on = prototype()
  // Somebody else may have patched it since: ours stays below theirs, and does no harm.
  if (store.original === undefined || on[Symbol.iterator] !== ours) return
  on[Symbol.iterator] = store.original
  store.original = undefined
}
