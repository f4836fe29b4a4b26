/**
 * Who logs calls of providers: asked before a call begins, and once when it has ended.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { logWarning } from "../runtime/logWarning.js"
import { withoutNarration } from "../runtime/muting.js"
import { isDue } from "../runtime/warningCadence.js"

/** A call that is about to begin. */
export interface CallStart {
  readonly operation: string
  readonly provider: string
  readonly modelId: string | null
  readonly context: { readonly [name: string]: unknown }
}

/** How a call ended. */
export interface CallEnd {
  readonly success: boolean
  readonly latencyMs: number
  readonly error: string | null
  readonly metrics: { readonly [name: string]: number | boolean | string }
}

export interface CallLogger {
  readonly logCallStart: (call: CallStart) => Effect.Effect<string, unknown>
  readonly logCallEnd: (callId: string, end: CallEnd) => Effect.Effect<void, unknown>
}

export const CallLogger = Context.GenericTag<CallLogger>("effect-narrative/ProviderCallLogger")

export const callLoggerIn = (context: Context.Context<never>): CallLogger | undefined =>
  context.unsafeMap.get(CallLogger.key)

let faults = 0

/** Runs what a logger does: no fault of it reaches the program, and it narrates nothing. */
export const isolated = <A>(effect: () => Effect.Effect<A, unknown>, otherwise: A): Effect.Effect<A> =>
  Effect.suspend(effect).pipe(
    Effect.catchAllCause((cause) => {
      faults += 1
      const warning = isDue(faults)
        ? logWarning("A ProviderCallLogger failed; the program goes on", cause)
        : Effect.void
      return Effect.as(Effect.exit(warning), otherwise)
    }),
    withoutNarration
  )
