/**
 * Failures in Sentry: each one once, with its chain of errors, its frames with their local variables, and the stages before it.
 *
 * {@link layer} uses the envelopes and the transport of `@sentry/core`, which has to be installed, and none of its global state. What is
 * sent is redacted as everything else that leaves.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative } from "effect-narrative"
 * import * as Sentry from "effect-narrative/sentry"
 *
 * declare const reserve: Effect.Effect<void, Error>
 *
 * const program = reserve.pipe(Narrative.stage("Reserve"), Narrative.story("Order"))
 *
 * program.pipe(
 *   Effect.provide(Sentry.layer({ dsn: "https://key@o1.ingest.sentry.io/2", environment: "production", release: "shop@1.2.0" })),
 *   Narrative.runMain
 * )
 * ```
 *
 * @since 0.1.0
 */
import type * as SentryCore from "@sentry/core"
import type { Client, DsnComponents, Event as SentryEvent, Transport } from "@sentry/core"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { InvalidOption } from "../../plain/InvalidOption.js"
import { whyNotLoaded } from "../../plain/neededPackage.js"
import { attempt } from "../../plain/untrusted.js"
import { version } from "../../plain/version.js"
import * as ErrorTracker from "../../renderer/tracker/ErrorTracker.js"
import { withoutNarration } from "../../runtime/muting.js"
import { type EventSettings, sentryEvent } from "./sentryEvent.js"

/**
 * Why a failure could not be sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class SentryError extends Data.TaggedError("SentryError")<{
  /** `RateLimited`: Sentry asked not to be sent any. `Refused`: it answered with `status`. `Unreachable`: no answer. */
  readonly reason: "RateLimited" | "Refused" | "Unreachable"
  readonly status: number | null
}> {
  override get message(): string {
    return `The failure was not sent to Sentry (${this.status === null ? this.reason : `${this.reason}, status ${this.status}`})`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends EventSettings, ErrorTracker.Options {
  /** The DSN of the project. Without one nothing is sent. */
  readonly dsn: string | Redacted.Redacted<string> | undefined
  /** Changes an event before it is sent; `null` drops it. What it throws drops it, too, and is logged. */
  readonly beforeSend?: ((event: SentryEvent) => SentryEvent | null) | undefined
  /** How long one attempt to send may take (default 10 seconds). */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * Sends each failure that is reported where the layer is provided. What cannot be sent because there is no connection is tried three times
 * more, after 1, 2 and 4 seconds; rate limits are kept; closing the layer waits for what is on its way. What was lost is counted
 * (`Renderer.stats`) and logged.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<never, InvalidOption> =>
  Layer.unwrapEffect(
    Effect.suspend((): Effect.Effect<Layer.Layer<never, InvalidOption>, InvalidOption> => {
      const given = Redacted.isRedacted(options.dsn) ? Redacted.value(options.dsn) : options.dsn
      if (given === undefined || given.trim() === "") return Effect.succeed(Layer.empty)
      const dsn = dsnOf(given)
      if (dsn === undefined) {
        return Effect.fail(
          new InvalidOption({
            module: "sentry",
            setting: "dsn",
            expected: "the DSN of a project, such as https://key@host/1",
            given: undefined,
            advice: "Copy it from the project's settings"
          })
        )
      }
      return Effect.map(
        sentryCore,
        ({ createEventEnvelope, createTransport, getEnvelopeEndpointWithUrlEncodedAuth }) => {
          const timeout = Duration.decode(options.timeout ?? "10 seconds")
          const send = sender(createTransport, getEnvelopeEndpointWithUrlEncodedAuth(dsn), timeout)
          return trackerLayer((event) => send(createEventEnvelope(event, dsn, { sdk })), options)
        }
      )
    })
  )

/**
 * {@link layer}, with `SENTRY_DSN`, `SENTRY_ENVIRONMENT` and `SENTRY_RELEASE` of the environment.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEnvironment = (
  options: Omit<Options, "dsn"> = {}
): Layer.Layer<never, InvalidOption | import("effect/ConfigError").ConfigError> =>
  Layer.unwrapEffect(
    Effect.map(
      Config.all({
        dsn: Config.option(Config.redacted("SENTRY_DSN")),
        environment: Config.option(Config.string("SENTRY_ENVIRONMENT")),
        release: Config.option(Config.string("SENTRY_RELEASE"))
      }),
      ({ dsn, environment, release }) =>
        layer({
          ...options,
          dsn: Option.getOrUndefined(dsn),
          environment: options.environment ?? Option.getOrUndefined(environment),
          release: options.release ?? Option.getOrUndefined(release)
        })
    )
  )

/**
 * Hands failures to a client of the program's own, such as that of `@sentry/node`, which sends them as it is set up to.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (
  client: Pick<Client, "captureEvent" | "flush">,
  options: Omit<Options, "dsn" | "timeout"> = {}
): Layer.Layer<never, InvalidOption> => {
  const capture = (event: SentryEvent) => Effect.sync(() => void client.captureEvent(event))
  const flushed = Layer.scopedDiscard(
    Effect.addFinalizer(() =>
      Effect.ignore(
        Effect.tryPromise(() => Promise.resolve(client.flush(Duration.toMillis(options.shutdownTimeout ?? 5_000))))
      )
    )
  )
  return Layer.provideMerge(trackerLayer(capture, options), flushed)
}

/** Not by Sentry's own parser, which prints what it cannot read: a key, perhaps. */
const dsnOf = (text: string): DsnComponents | undefined => {
  const url = attempt(() => new URL(text.trim()), null)
  if (url === null || !/^https?:$/.test(url.protocol) || !/^[\w-]+$/.test(url.username)) return undefined
  const [, path = "", projectId] = /^\/(.*?)\/?(\d+)$/.exec(url.pathname) ?? []
  if (projectId === undefined) return undefined
  return {
    protocol: url.protocol === "https:" ? "https" : "http",
    publicKey: url.username,
    pass: url.password,
    host: url.hostname,
    port: url.port,
    path,
    projectId
  }
}

const sdk = { name: "effect-narrative", version }

/** Loaded by what sends: a client of the program's own needs none of it. */
const sentryCore = Effect.promise(() =>
  import("@sentry/core").catch((thrown) => Promise.reject(whyNotLoaded("Sentry.layer", "@sentry/core", thrown)))
)

const trackerLayer = (
  capture: (event: SentryEvent) => Effect.Effect<void, unknown>,
  options: Omit<Options, "dsn">
): Layer.Layer<never, InvalidOption> => {
  const tracker: ErrorTracker.Service = {
    name: "sentry",
    capture: (error) =>
      Effect.suspend(() => {
        const event = sentryEvent(error, options)
        const changed = options.beforeSend === undefined ? event : options.beforeSend(event)
        return changed === null ? Effect.void : capture(changed)
      })
  }
  // Who needs the tracker itself makes its layer with `ErrorTracker`.
  return Layer.discard(ErrorTracker.layer(tracker, options))
}

/** Sends envelopes by Sentry's transport, which keeps the limits that Sentry asks for. */
const sender = (createTransport: typeof SentryCore.createTransport, url: string, timeout: Duration.Duration) => {
  let dropped: string | undefined
  const transport: Transport = createTransport(
    {
      recordDroppedEvent: (reason) => {
        dropped = reason
      }
    },
    async ({ body }) => {
      const signal = AbortSignal.timeout(Duration.toMillis(timeout))
      const headers = { "content-type": "application/x-sentry-envelope" }
      // Nothing that was sent to Sentry may be sent on to another host.
      const response = await fetch(url, { method: "POST", body: bodyOf(body), headers, signal, redirect: "manual" })
      await response.arrayBuffer()
      return {
        statusCode: response.status,
        headers: {
          "x-sentry-rate-limits": response.headers.get("x-sentry-rate-limits"),
          "retry-after": response.headers.get("retry-after")
        }
      }
    }
  )
  const sendOnce = (envelope: Parameters<Transport["send"]>[0]): Effect.Effect<void, SentryError> =>
    Effect.suspend(() => {
      dropped = undefined
      return Effect.tryPromise({
        try: () => Promise.resolve(transport.send(envelope)),
        // Not what it failed with, which may name the address and its key.
        catch: () => new SentryError({ reason: "Unreachable", status: null })
      })
    }).pipe(
      Effect.flatMap(({ statusCode }) => {
        if (dropped !== undefined && statusCode === undefined) {
          return new SentryError({ reason: "RateLimited", status: null })
        }
        const isTaken = statusCode !== undefined && statusCode >= 200 && statusCode < 300
        if (isTaken) return Effect.void
        const reason = statusCode === 429 ? "RateLimited" : "Refused"
        return new SentryError({ reason, status: statusCode ?? null })
      })
    )
  const backoff = Schedule.intersect(Schedule.exponential("1 second", 2), Schedule.recurs(3))
  return (envelope: Parameters<Transport["send"]>[0]): Effect.Effect<void, SentryError> =>
    withoutNarration(
      Effect.retry(sendOnce(envelope), { schedule: backoff, while: ({ reason }) => reason === "Unreachable" })
    )
}

// `fetch` takes bytes of one kind of buffer only.
const bodyOf = (body: string | Uint8Array): string | Uint8Array<ArrayBuffer> =>
  typeof body === "string" ? body : new Uint8Array(body)
