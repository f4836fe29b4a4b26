/**
 * What goes on behind a program that keeps runs.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { withoutNarration } from "../runtime/muting.js"
import { withoutHoldingProcess } from "../runtime/unheldTimers.js"

/** Again and again until the scope is closed; no process goes on for it. */
export const inBackground = (step: Effect.Effect<void>): Effect.Effect<void, never, Scope.Scope> =>
  step.pipe(
    Effect.forever,
    withoutNarration,
    withoutHoldingProcess,
    Effect.interruptible,
    Effect.forkScoped,
    Effect.asVoid
  )
