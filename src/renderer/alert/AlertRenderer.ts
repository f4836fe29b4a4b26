/**
 * Sends failures to people: to Slack, to a webhook, or wherever an effect of yours takes an alert.
 *
 * Equal failures are sent once a window, and only so many alerts an interval; what is held back is counted and sent as
 * a summary. Each destination has a queue of its own, so that neither a slow one nor a broken one delays another, or the
 * program.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import type * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Renderer from "../../delivery/Renderer.js"
import { routed } from "../../delivery/routed.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import * as options from "../../plain/options.js"
import { inOrder } from "../../runtime/waiting.js"
import type { Alert, AlertStatus } from "./Alert.js"
import * as alertFilter from "./alertFilter.js"
import { AlertSource } from "./alertSource.js"
import * as destinations from "./Destination.js"
import * as destinationRenderer from "./destinationRenderer.js"
import { type AlertDeliveryError, defaultRetry } from "./httpDelivery.js"

export {
  Alert,
  AlertStatus,
  AlsoFailed,
  AnalysisAlert,
  FailureAlert,
  HeldBack,
  type OccurrenceAlert,
  StoryAlert,
  SummaryAlert
} from "./Alert.js"
export type { AlertFilter } from "./alertFilter.js"
export type { Destination, DestinationOptions, WebhookOptions } from "./Destination.js"
export { AlertDeliveryError } from "./httpDelivery.js"

/**
 * A Slack channel, by the URL of its incoming webhook. The URL is a secret: neither a log line nor a span shows it.
 *
 * What a program says is escaped: no mention, no channel and no link in it is obeyed.
 *
 * @since 0.1.0
 * @category destinations
 */
export const slack: (
  url: string | Redacted.Redacted<string>,
  options?: destinations.DestinationOptions
) => destinations.Destination<HttpClient.HttpClient> = destinations.slack

/**
 * An HTTP endpoint: each alert is the JSON that {@link Alert} describes, and that `Schema.decodeUnknown(Alert)` reads.
 *
 * @since 0.1.0
 * @category destinations
 */
export const webhook: (
  url: string | Redacted.Redacted<string>,
  options?: destinations.WebhookOptions
) => destinations.Destination<HttpClient.HttpClient> = destinations.webhook

/**
 * Anything else: an effect that brings an alert where it belongs. It is run for one alert at a time, for no longer than
 * `timeout`, and is not tried again: its own `Effect.retry` knows better when.
 *
 * @example
 * ```ts
 * import { Console } from "effect"
 * import { AlertRenderer } from "effect-narrative"
 *
 * export const Alerts = AlertRenderer.layer({
 *   destinations: [
 *     AlertRenderer.destination("terminal", (alert) =>
 *       alert._tag === "SummaryAlert" ? Console.error(`${alert.count} more`) : Console.error(alert.storyName)
 *     )
 *   ]
 * })
 * ```
 *
 * @since 0.1.0
 * @category destinations
 */
export const destination: <E, R>(
  name: string,
  send: (alert: Alert) => Effect.Effect<void, E, R>,
  options?: alertFilter.AlertFilter
) => destinations.Destination<R> = destinations.destination

/**
 * The filter holds for every destination, beside its own; `statuses` for those that have none of their own.
 *
 * @since 0.1.0
 * @category models
 */
export interface AlertOptions<Destinations extends ReadonlyArray<destinations.Destination<unknown>>>
  extends alertFilter.AlertFilter {
  /** One or more of `slack`, `webhook` and `destination`. */
  readonly destinations: Destinations
  /** For how long after one was sent equal alerts are held back (default 5 minutes); `false` sends all. */
  readonly deduplicate?: Duration.DurationInput | false | undefined
  /** Most alerts a destination is sent in a time, summaries included (default 30 a minute); `false` for no limit. */
  readonly rateLimit?: { readonly alerts: number; readonly per: Duration.DurationInput } | false | undefined
  /**
   * Whether an analysis made in the background is sent when it is ready, as an {@link AnalysisAlert} that names the failure
   * (default `true`). It counts for the limit, and is left out where that is reached.
   */
  readonly analyses?: boolean | undefined
  /** How long one attempt may take (default 10 seconds). */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * When a failed attempt is repeated, where that may help (default: 4 times, after 0.5, 1, 2 and 4 seconds). A server
   * that asks for more time (`Retry-After`) gets it, up to five minutes.
   */
  readonly retry?: Schedule.Schedule<unknown, AlertDeliveryError> | undefined
  /** Most alerts that wait for a destination (default 1,000); beyond it new ones are dropped, and counted. */
  readonly capacity?: number | undefined
  /** How long the closing layer waits for what is not sent yet (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/** What some destinations need. */
type Needs<Destinations extends ReadonlyArray<destinations.Destination<unknown>>> =
  Destinations[number] extends destinations.Destination<infer R> ? R : never

/**
 * Adds the alerts to the renderers of everything the layer is provided to.
 *
 * `Renderer.stats` counts each destination for itself, as `alerts: slack`. Of what it was given, `dropped` names what was
 * held back, too: `filter`, `duplicate`, `rate_limit`. A summary or an analysis counts as
 * one more alert that was given.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { Config, Effect, Layer } from "effect"
 * import { AlertRenderer, Narrative } from "effect-narrative"
 *
 * const Alerts = Layer.unwrapEffect(
 *   Effect.map(Config.redacted("SLACK_WEBHOOK_URL"), (url) =>
 *     AlertRenderer.layer({
 *       destinations: [
 *         AlertRenderer.slack(url),
 *         AlertRenderer.webhook("https://alerts.internal/database", { errorTypes: ["SqlError"] })
 *       ],
 *       stories: ["Nightly ETL", "Import Pipeline"]
 *     })
 *   )
 * ).pipe(Layer.provide(FetchHttpClient.layer))
 *
 * export const program = Effect.fail("no rows").pipe(Narrative.story("Nightly ETL"), Effect.provide(Alerts))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <const Destinations extends ReadonlyArray<destinations.Destination<unknown>>>(
  given: AlertOptions<Destinations>
): Layer.Layer<never, InvalidOption, Needs<Destinations>> => Renderer.layerScoped(make(given))

/**
 * The alerts as a renderer, until the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Destinations extends ReadonlyArray<destinations.Destination<unknown>>>(
  given: AlertOptions<Destinations>
): Effect.Effect<Renderer.Renderer, InvalidOption, Needs<Destinations> | Scope.Scope> =>
  Effect.gen(function* () {
    const config = configOf(yield* decode(given))
    const routes = routesOf(given)
    const source = new AlertSource(new Set(routes.flatMap(({ statuses }) => Array.from(statuses))))
    const parts: Array<Renderer.Renderer> = []
    // They close at the same time: what one cannot send is not waited for twice.
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.parallel)
    for (const { destination, name, statuses } of routes) {
      const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
      const made = destinationRenderer.make(`alerts: ${name}`, destination, source, { ...config, statuses })
      parts.push(yield* Scope.extend(made, own))
    }
    return routed("alerts", parts, (event, deliver) => {
      if (event._tag !== "AnalysisReady" && source.of(event) === undefined) return undefined
      let waiting: Effect.Effect<void> | undefined
      for (const part of parts) waiting = inOrder(waiting, deliver(part, event))
      return waiting
    })
  })

interface Route<R> {
  readonly name: string
  readonly destination: destinations.Destination<R>
  readonly statuses: ReadonlySet<AlertStatus>
}

const defaultStatuses: ReadonlyArray<AlertStatus> = ["failed", "timeout"]

const isDestinations = (all: unknown): all is ReadonlyArray<destinations.Destination<unknown>> =>
  Array.isArray(all) &&
  all.length > 0 &&
  all.every((one: unknown) => Predicate.hasProperty(one, "open") && Predicate.isFunction(one.open))

const isRetry = (value: unknown): value is Schedule.Schedule<unknown, AlertDeliveryError> => Schedule.isSchedule(value)

const RateLimit = Schema.Struct({ alerts: options.wholeNumber(1), per: options.positiveDuration })

const Options = Schema.Struct({
  ...alertFilter.fields,
  destinations: options.like(isDestinations, "a list of one or more of AlertRenderer.slack, webhook or destination"),
  deduplicate: options.withDefault(
    Schema.Union(options.positiveDuration, Schema.Literal(false)).pipe(
      options.takes('a duration of a millisecond or more, such as "5 minutes", or false')
    ),
    Duration.minutes(5)
  ),
  rateLimit: options.withDefault(
    Schema.Union(RateLimit, Schema.Literal(false)).pipe(
      options.takes('alerts by time, such as { alerts: 30, per: "1 minute" }, or false')
    ),
    { alerts: 30, per: Duration.minutes(1) }
  ),
  analyses: options.withDefault(options.flag, true),
  timeout: options.withDefault(options.positiveDuration, Duration.seconds(10)),
  retry: options.withDefault(options.like(isRetry, "a Schedule"), defaultRetry),
  capacity: options.withDefault(options.wholeNumber(1), 1_000),
  shutdownTimeout: options.withDefault(options.duration, Duration.seconds(5))
})

const decode = options.decode("AlertRenderer", Options)

const configOf = (decoded: typeof Options.Type) => {
  const { analyses, capacity, deduplicate, rateLimit, retry, shutdownTimeout, timeout } = decoded
  return {
    filter: decoded,
    limiter: {
      window: deduplicate === false ? null : Duration.toMillis(deduplicate),
      limit: rateLimit === false ? null : { alerts: rateLimit.alerts, per: Duration.toMillis(rateLimit.per) }
    },
    analyses,
    delivery: { timeout, retry },
    capacity,
    shutdownTimeout
  }
}

const routesOf = <const Destinations extends ReadonlyArray<destinations.Destination<unknown>>>(
  given: AlertOptions<Destinations>
): ReadonlyArray<Route<Needs<Destinations>>> => {
  const names = new Map<string, number>()
  // Each needs no more than all of them, which TypeScript does not conclude of a conditional type.
  const all = given.destinations as ReadonlyArray<unknown> as ReadonlyArray<
    destinations.Destination<Needs<Destinations>>
  >
  return all.map((destination) => {
    const number = (names.get(destination.name) ?? 0) + 1
    names.set(destination.name, number)
    return {
      destination,
      name: number === 1 ? destination.name : `${destination.name} ${number}`,
      statuses: new Set(destination.filter.statuses ?? given.statuses ?? defaultStatuses)
    }
  })
}
