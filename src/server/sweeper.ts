/**
 * Ends stale runs, at the start of a server and from then on again and again.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Embedded } from "../runs/embedded.js"
import * as Runs from "../runs/Runs.js"
import { withoutNarration } from "../runtime/muting.js"
import { isDue } from "../runtime/warningCadence.js"
import { warning } from "../runtime/warnOnce.js"

export interface SweepSettings {
  /** How often. `Infinity`: never. */
  readonly sweepEvery: Duration.Duration
  /** How long nothing was written of a run elsewhere. Without it such runs are left as they are. */
  readonly staleAfter?: Duration.Duration | undefined
}

/** @internal */
export const make = (
  { sink }: Pick<Embedded, "sink">,
  { staleAfter, sweepEvery }: SweepSettings
): Effect.Effect<void, never, Scope.Scope> => {
  if (!Duration.isFinite(sweepEvery)) return Effect.void
  let failures = 0
  return Runs.make(sink)
    .sweep({ olderThan: staleAfter })
    .pipe(
      Effect.catchAllCause((cause) => {
        failures += 1
        const why = String(Cause.squash(cause))
        return isDue(failures) ? warning(`Stale runs could not be swept; this is tried again: ${why}`) : Effect.void
      }),
      Effect.repeat(Schedule.spaced(sweepEvery)),
      withoutNarration,
      Effect.interruptible,
      Effect.forkScoped,
      Effect.asVoid
    )
}
