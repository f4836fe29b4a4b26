/**
 * What the library logs about the way it is used: a warning, instead of a failure.
 */
import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"
import { logWarning } from "./logWarning.js"
import { withoutNarration } from "./muting.js"
import type { Waiting } from "./waiting.js"

/** Most different warnings of one process. */
const maxWarnings = 1_000

const given = globalValue("effect-narrative/warnings", () => new Set<string>())

/** A warning, the first time it is given. */
export const warnOnce = (message: string): Waiting => {
  if (given.has(message) || given.size >= maxWarnings) return undefined
  given.add(message)
  return warning(message)
}

/** A warning that is not narrated. A logger that throws must not reach the program. */
export const warning = (message: string): Effect.Effect<void> =>
  Effect.asVoid(Effect.exit(withoutNarration(logWarning(message))))
