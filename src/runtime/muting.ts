/**
 * Where narration is switched off.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AnyFiber } from "./fiber.js"
import { enterRefs } from "./fiberInternals.js"
import { withLocalRefs } from "./localRefs.js"
import { changeScoped } from "./scopedChange.js"
import * as switches from "./switches.js"

export const muted = switches.make("effect-narrative/muted")

export const isEnabled = (fiber: AnyFiber): boolean => !switches.isOn(fiber.getFiberRef(muted))

/** Narrates nothing until the scope is closed. */
export const mute: Effect.Effect<void, never, Scope.Scope> = changeScoped(muted, switches.hold)

/** Runs an effect of the library's own: it narrates nothing, so it cannot come back to itself. */
export const withoutNarration = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  withLocalRefs(effect, (fiber) => enterRefs(fiber, [[muted, switches.on]]))
