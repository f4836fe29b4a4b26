/**
 * What narration has to say about the way it goes or is used: as a warning, instead of failing.
 */
import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"
import { aside } from "../delivery/rendererSet.js"
import type { Waiting } from "../narration/region.js"

/** Most different notices a process is told; what uses narration that wrongly has been told enough. */
const maxNotices = 1_000

const given = globalValue("effect-narrative/notices", () => new Set<string>())

/** A warning, the first time it is given. */
export const once = (message: string): Waiting => {
  if (given.has(message) || given.size >= maxNotices) return undefined
  given.add(message)
  return warning(message)
}

/** A warning aside from narration. A logger that throws is not the program's concern here. */
export const warning = (message: string): Effect.Effect<void> =>
  Effect.asVoid(Effect.exit(aside(Effect.logWarning(message))))
