/**
 * A log of every call of a provider: its start, and its one end, with latency, error and usage. `Work.providerCall` and
 * `effect-narrative/ModelTelemetry` write it, for answers that come at once and for streams, whether they end, fail, are aborted or
 * interrupted.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative, ProviderCallLogger, Work } from "effect-narrative"
 *
 * declare const insert: (table: string, row: unknown) => Effect.Effect<void, Error>
 *
 * const Log = ProviderCallLogger.layer({
 *   logCallStart: (call) => Effect.as(insert("calls", call), crypto.randomUUID()),
 *   logCallEnd: (callId, end) => insert("call_ends", { callId, ...end })
 * })
 *
 * export const program = Effect.succeed("42").pipe(
 *   Work.providerCall({ operation: "chat", provider: "openai", model: "gpt-4o" }),
 *   Narrative.story("Answer"),
 *   Effect.provide(Log)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { v7 } from "uuid"
import * as callLog from "./callLog.js"

/**
 * A call that is about to begin. `context`: the story, the stage and the correlation that it is made in.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallStart extends callLog.CallStart {}

/**
 * How a call ended. `error` is a code and a message, `null` for a success. `metrics` has the tokens and the cost that are known (of an
 * aborted stream too), and `cancelled` where the call was interrupted.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallEnd extends callLog.CallEnd {}

/**
 * `logCallStart` gives the id by which `logCallEnd` is called for the same call: exactly once, whatever becomes of the call. Calls wait for
 * both; a fault of either is isolated, and logged at its 1st, 2nd, 4th, 8th, … time.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderCallLogger extends callLog.CallLogger {}

/**
 * Logs nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: ProviderCallLogger = {
  logCallStart: () => Effect.sync(() => v7()),
  logCallEnd: () => Effect.void
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (logger: ProviderCallLogger): Layer.Layer<never> =>
  // Nothing asks for the service by its type: it is looked up where a call begins.
  Layer.succeed(callLog.CallLogger, logger) as Layer.Layer<never>

/**
 * {@link layer}, for an effect that makes a logger.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEffect = <E, R>(logger: Effect.Effect<ProviderCallLogger, E, R>): Layer.Layer<never, E, R> =>
  Layer.effect(callLog.CallLogger, logger) as Layer.Layer<never, E, R>
