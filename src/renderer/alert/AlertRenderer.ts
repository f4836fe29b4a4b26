/**
 * Tells people of failures: in Slack, by webhook, or wherever an effect of yours brings an alert.
 *
 * Equal failures are told once a window, and only so many alerts an interval; what is held back is counted and told in
 * a summary. Each destination has a queue of its own, so that neither a slow one nor a broken one delays another, or the
 * program.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { routed } from "../../delivery/dispatch.js"
import * as Renderer from "../../delivery/Renderer.js"
import { inOrder } from "../../runtime/waiting.js"
import type { Alert, AlertStatus } from "./Alert.js"
import * as alertFilter from "./alertFilter.js"
import { AlertSource } from "./alertSource.js"
import * as destinations from "./Destination.js"
import * as destinationRenderer from "./destinationRenderer.js"
import { type AlertDeliveryError, defaultRetry } from "./httpDelivery.js"
import { InvalidAlertOptions } from "./InvalidAlertOptions.js"

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
export { InvalidAlertOptions } from "./InvalidAlertOptions.js"

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
 * - `destinations`: one or more.
 * - `stories`, `errorTypes`, `errorCodes`, `predicate`: hold for every destination, beside its own. `statuses` (default
 *   `failed` and `timeout`) holds for those that have none of their own.
 * - `deduplicate`: for how long after one was sent equal alerts are held back (default 5 minutes); `false` sends all.
 * - `rateLimit`: most alerts a destination is sent in a time (default 30 a minute), summaries included; `false` for no
 *   limit.
 * - `analyses`: whether an analysis made in the background is told when it is there, as an {@link AnalysisAlert} that
 *   names the failure (default `true`). It counts for the limit, and is left out where that is reached.
 * - `timeout`: how long one attempt may take (default 10 seconds).
 * - `retry`: when a failed attempt is repeated, where that may help (default: 4 times, after 0.5, 1, 2 and 4 seconds).
 *   A server that asks for more time (`Retry-After`) gets it, up to five minutes.
 * - `capacity`: most alerts that wait for a destination (default 1,000); beyond it new ones are dropped, and counted.
 * - `shutdownTimeout`: how long the closing layer waits for what is not sent yet (default 5 seconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface AlertOptions<Destinations extends ReadonlyArray<destinations.Destination<unknown>>>
  extends alertFilter.AlertFilter {
  readonly destinations: Destinations
  readonly deduplicate?: Duration.DurationInput | false | undefined
  readonly rateLimit?: { readonly alerts: number; readonly per: Duration.DurationInput } | false | undefined
  readonly analyses?: boolean | undefined
  readonly timeout?: Duration.DurationInput | undefined
  readonly retry?: Schedule.Schedule<unknown, AlertDeliveryError> | undefined
  readonly capacity?: number | undefined
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
  options: AlertOptions<Destinations>
): Layer.Layer<never, InvalidAlertOptions, Needs<Destinations>> => Renderer.layerScoped(make(options))

/**
 * The alerts as a renderer, until the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Destinations extends ReadonlyArray<destinations.Destination<unknown>>>(
  options: AlertOptions<Destinations>
): Effect.Effect<Renderer.Renderer, InvalidAlertOptions, Needs<Destinations> | Scope.Scope> =>
  Effect.gen(function* () {
    const { config, routes } = yield* Effect.try({
      try: () => decode(options),
      catch: (error) => {
        if (error instanceof InvalidAlertOptions) return error
        throw error
      }
    })
    const source = new AlertSource(new Set(routes.flatMap(({ statuses }) => Array.from(statuses))))
    const parts: Array<Renderer.Renderer> = []
    for (const { destination, name, statuses } of routes) {
      parts.push(yield* destinationRenderer.make(`alerts: ${name}`, destination, source, { ...config, statuses }))
    }
    return routed("alerts", parts, (event, tell) => {
      if (event._tag !== "AnalysisReady" && source.of(event) === undefined) return undefined
      let waiting: Effect.Effect<void> | undefined
      for (const part of parts) waiting = inOrder(waiting, tell(part, event))
      return waiting
    })
  })

interface Route<R> {
  readonly name: string
  readonly destination: destinations.Destination<R>
  readonly statuses: ReadonlySet<AlertStatus>
}

const defaultStatuses: ReadonlyArray<AlertStatus> = ["failed", "timeout"]

const decode = <const Destinations extends ReadonlyArray<destinations.Destination<unknown>>>(
  options: AlertOptions<Destinations>
) => {
  alertFilter.check(options, "")
  const { rateLimit = { alerts: 30, per: "1 minute" }, deduplicate = "5 minutes" } = options
  return {
    routes: routesOf(options),
    config: {
      filter: options,
      gate: {
        window: deduplicate === false ? null : Duration.toMillis(positive("deduplicate", deduplicate)),
        limit:
          rateLimit === false
            ? null
            : {
                alerts: count("rateLimit.alerts", rateLimit?.alerts),
                per: Duration.toMillis(positive("rateLimit.per", rateLimit?.per))
              }
      },
      analyses: flag("analyses", options.analyses ?? true),
      delivery: { timeout: positive("timeout", options.timeout ?? "10 seconds"), retry: retryOf(options.retry) },
      capacity: count("capacity", options.capacity ?? 1_000),
      shutdownTimeout: durationOf("shutdownTimeout", options.shutdownTimeout ?? "5 seconds")
    }
  }
}

const routesOf = <const Destinations extends ReadonlyArray<destinations.Destination<unknown>>>(
  options: AlertOptions<Destinations>
): ReadonlyArray<Route<Needs<Destinations>>> => {
  const all: unknown = options.destinations
  if (!isDestinations<Needs<Destinations>>(all)) {
    const expected = "a list of one or more of AlertRenderer.slack, webhook or destination"
    throw new InvalidAlertOptions({ setting: "destinations", expected })
  }
  const names = new Map<string, number>()
  return all.map((destination) => {
    if (!Predicate.isString(destination.name) || destination.name.trim() === "") {
      const setting = "the name of a destination"
      throw new InvalidAlertOptions({ setting, expected: "a text that is not empty", given: destination.name })
    }
    alertFilter.check(destination.filter, `${destination.name}: `)
    const number = (names.get(destination.name) ?? 0) + 1
    names.set(destination.name, number)
    return {
      destination,
      name: number === 1 ? destination.name : `${destination.name} ${number}`,
      statuses: new Set(destination.filter.statuses ?? options.statuses ?? defaultStatuses)
    }
  })
}

// What a destination needs, the types say; here it is only told apart from what is none.
const isDestinations = <R>(all: unknown): all is ReadonlyArray<destinations.Destination<R>> =>
  Array.isArray(all) &&
  all.length > 0 &&
  all.every((one: unknown) => Predicate.hasProperty(one, "open") && Predicate.isFunction(one.open))

const durationOf = (setting: string, given: Duration.DurationInput): Duration.Duration => {
  const duration = Duration.decodeUnknown(given)
  if (Option.isSome(duration)) return duration.value
  throw new InvalidAlertOptions({ setting, expected: 'a duration, such as "5 minutes"', given })
}

const positive = (setting: string, given: Duration.DurationInput): Duration.Duration => {
  const duration = durationOf(setting, given)
  if (Duration.toMillis(duration) >= 1) return duration
  throw new InvalidAlertOptions({ setting, expected: "a duration of a millisecond or more", given })
}

const count = (setting: string, given: number): number => {
  if (Number.isSafeInteger(given) && given >= 1) return given
  throw new InvalidAlertOptions({ setting, expected: "a whole number of 1 or more", given })
}

const flag = (setting: string, given: boolean): boolean => {
  if (typeof given === "boolean") return given
  throw new InvalidAlertOptions({ setting, expected: "true or false", given })
}

const retryOf = (given: Schedule.Schedule<unknown, AlertDeliveryError> | undefined) => {
  if (given === undefined || Schedule.isSchedule(given)) return given ?? defaultRetry
  throw new InvalidAlertOptions({ setting: "retry", expected: "a Schedule", given })
}
