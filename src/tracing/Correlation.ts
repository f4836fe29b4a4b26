/**
 * Who asked for this: the trace, the request, the tenant that work belongs to, across forks, queues and services.
 *
 * It is one immutable value in the fiber's context. Stories carry it to every output but metrics, log lines are annotated
 * with it, and {@link toHeaders} and {@link fromHeaders} bring it from one service to the next.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Correlation, Narrative } from "effect-narrative"
 *
 * export const handle = (headers: Record<string, string>) =>
 *   Effect.log("charging").pipe(
 *     Narrative.story("Charge Card"),
 *     Correlation.with({ orgId: "org-7", tenant: "Fjord Tea" }),
 *     Correlation.with(Correlation.fromHeaders(headers))
 *   )
 * ```
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as uuid from "uuid"
import * as fields from "../event/correlationFields.js"
import { extended } from "../plain/extended.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import { now, withFiber } from "../runtime/fiber.js"
import { setContext } from "../runtime/fiberInternals.js"
import * as asyncContext from "./asyncContext.js"
import { askerOf } from "./correlationAttributes.js"
import * as headers from "./correlationHeaders.js"
import { contextWith, correlationIn, currentIn, enter, merged } from "./correlationScope.js"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type BaggageEntry,
  /**
   * @since 0.1.0
   * @category models
   */
  Correlation
} from "../event/correlationFields.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  IncomingHeaders
} from "./correlationHeaders.js"

type Correlation = fields.Correlation

/**
 * Nothing is known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Correlation = fields.none

/**
 * A correlation of anything, such as JSON that another process wrote. What is not as its field says is left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (fields: unknown) => Correlation = fields.make

/**
 * What holds here. The trace is that of the current span, if there is one: what is sent to others names the span that asks.
 *
 * @since 0.1.0
 * @category accessors
 */
export const current: Effect.Effect<Correlation> = /* @__PURE__ */ withFiber((fiber) =>
  Effect.succeed(currentIn(fiber.currentContext))
)

/**
 * One field of what holds here.
 *
 * @since 0.1.0
 * @category accessors
 */
export const get = <K extends keyof Correlation>(
  field: K
): Effect.Effect<Option.Option<Exclude<Correlation[K], undefined>>> =>
  Effect.map(current, (correlation) =>
    Option.fromNullable(correlation[field] as Exclude<Correlation[K], undefined> | undefined)
  )

const within: {
  (fields: Correlation): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, fields: Correlation): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, given: Correlation) =>
  enter(self, (before) => merged(before, given))
)

export {
  /**
   * Says who asked for an effect and everything inside it, child fibers included. Fields add up with those around; members of
   * `baggage` and `extra` do, too. With `traceId` and `spanId`, spans inside are children of that span.
   *
   * Log lines inside are annotated with the ids, redacted.
   *
   * @since 0.1.0
   * @category combinators
   */
  within as with
}

/**
 * The correlation id. Where there is none it makes one, which holds for what follows: to the end of the stage, the story or
 * the `with` around it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const ensure: Effect.Effect<string> = /* @__PURE__ */ withFiber((fiber) => {
  const before = correlationIn(fiber.currentContext)
  if (before.correlationId !== undefined) return Effect.succeed(before.correlationId)
  const correlationId = uuid.v7({ msecs: now(fiber) })
  setContext(fiber, contextWith(fiber.currentContext, askerOf(fields.make(extended(before, { correlationId })))))
  return Effect.succeed(correlationId)
})

/**
 * Runs an effect with nothing of it inside. Spans keep their trace.
 *
 * @since 0.1.0
 * @category combinators
 */
export const clear = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => enter(self, () => none)

/**
 * What holds here as plain JSON, to be brought to another fiber, queue or process: see {@link activate}.
 *
 * @since 0.1.0
 * @category accessors
 */
export const capture: Effect.Effect<Correlation> = current

/**
 * Runs an effect with all that was captured, and nothing of what holds here: spans inside are children of the span that was
 * current where it was captured.
 *
 * @example
 * ```ts
 * import { Effect, Queue } from "effect"
 * import { Correlation } from "effect-narrative"
 *
 * interface Job {
 *   readonly order: string
 *   readonly correlation: Correlation.Correlation
 * }
 *
 * export const enqueue = (queue: Queue.Enqueue<Job>, order: string) =>
 *   Effect.flatMap(Correlation.capture, (correlation) => Queue.offer(queue, { order, correlation }))
 *
 * export const work = (queue: Queue.Dequeue<Job>) =>
 *   Effect.flatMap(Queue.take(queue), ({ correlation, order }) =>
 *     Effect.log(`packing ${order}`).pipe(Correlation.activate(correlation)))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const activate: {
  (captured: Correlation): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, captured: Correlation): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, captured: Correlation) => enter(self, () => fields.make(captured)))

/**
 * The headers that bring it to another service: `traceparent`, `tracestate`, `baggage`, `x-correlation-id`, `x-request-id`,
 * `x-pipeline-run-id` and `x-org-id`. The other ids travel in the baggage, under names that begin with `narrative.`; so does
 * an id that no header can carry as it is. `parentSpanId` is not sent.
 *
 * Values of the baggage are percent-encoded. Beyond 8,192 bytes, 180 members, or 4,096 bytes of a member, they are left out.
 *
 * @since 0.1.0
 * @category headers
 */
export const toHeaders: (correlation: Correlation) => { readonly [name: string]: string } = headers.toHeaders

/**
 * What the headers of a request say of it, in any case of their names; also stageflow's `x-baggage-*`. What is malformed is left
 * out: it never throws, and reads no more than the limits of {@link toHeaders}, whatever it is given.
 *
 * @since 0.1.0
 * @category headers
 */
export const fromHeaders: (headers: headers.IncomingHeaders) => Correlation = headers.fromHeaders

/**
 * @since 0.1.0
 * @category models
 */
export interface PropagateOptions {
  /** The origins that it is sent to, such as `https://api.example.com`. No other service learns of it. */
  readonly to: ReadonlyArray<string | URL>
}

const Origin = Schema.Union(Schema.String, Schema.instanceOf(URL)).pipe(
  Schema.filter((origin) => URL.canParse(String(origin))),
  options.takes('an origin, such as "https://api.example.com"')
)

const decodeOptions = options.decodeOrThrow(
  "Correlation",
  Schema.Struct({ to: Schema.Array(Origin).pipe(options.takes("a list of origins")) })
)

/**
 * An `HttpClient` that sends it to these origins, and to none besides. Throws {@link InvalidOption} for what is no origin.
 *
 * Effect's client sends its own `traceparent` to every origin, unless `HttpClient.withTracerPropagation(false)` says not to.
 *
 * @since 0.1.0
 * @category headers
 */
export const propagate = (
  options: PropagateOptions
): (<E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E, R>) => {
  const origins = new Set(decodeOptions(options).to.map((origin) => new URL(origin).origin))
  return HttpClient.mapRequestEffect((request) =>
    originOf(request.url, origins)
      ? Effect.map(current, (correlation) => HttpClientRequest.setHeaders(request, headers.toHeaders(correlation)))
      : Effect.succeed(request)
  )
}

const originOf = (url: string, origins: ReadonlySet<string>): boolean =>
  URL.canParse(url) && origins.has(new URL(url).origin)

/**
 * Lets code that is not Effect, and that Effects call, see what holds for them with {@link unsafeCurrent}: drivers, event
 * emitters, loggers. Costs a look-up at every operation of a fiber. Provide it inside the layer of a tracing SDK.
 *
 * @since 0.1.0
 * @category foreign code
 */
export const layerForeign: Layer.Layer<never> = asyncContext.layerForeign

/**
 * What holds where a Promise, a callback or an event handler was called from, with {@link layerForeign}. Not for Effects: they
 * have {@link current}.
 *
 * @since 0.1.0
 * @category foreign code
 */
export const unsafeCurrent = (): Correlation => {
  const context = asyncContext.currentContext()
  return context === undefined ? none : currentIn(context)
}
