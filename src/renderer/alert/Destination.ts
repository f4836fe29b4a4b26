/**
 * Where alerts go: Slack, a webhook, or wherever a program's own effect brings them.
 */
import { createHmac } from "node:crypto"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import * as options from "../../plain/options.js"
import { Secrets } from "../../redaction/secrets.js"
import * as Alert from "./Alert.js"
import * as alertFilter from "./alertFilter.js"
import * as httpDelivery from "./httpDelivery.js"
import * as slackMessage from "./slackMessage.js"

/**
 * Where alerts go, and which ones. `R` is what it needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Destination<out R = never> {
  readonly name: string
  readonly filter: alertFilter.AlertFilter
  /** Checks the settings and makes what sends. A layer calls it; use `slack`, `webhook` or `destination` to make one. */
  readonly open: (delivery: Delivery) => Effect.Effect<Send, InvalidOption, R>
}

type Send = (alert: Alert.Alert) => Effect.Effect<void, unknown>

/** How it is delivered, whatever the destination. */
export interface Delivery {
  readonly timeout: Duration.Duration
  readonly retry: Schedule.Schedule<unknown, httpDelivery.AlertDeliveryError>
}

/**
 * Narrows what is sent there.
 *
 * @since 0.1.0
 * @category models
 */
export interface DestinationOptions extends alertFilter.AlertFilter {
  /** What `Renderer.stats` and warnings call it. */
  readonly name?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface WebhookOptions extends DestinationOptions {
  /** Default `POST`. */
  readonly method?: "POST" | "PUT" | "PATCH" | undefined
  /** Sent with every alert. */
  readonly headers?: Readonly<Record<string, string | Redacted.Redacted<string>>> | undefined
  /**
   * Signs the body: the header `x-narrative-signature` is `sha256=` and the HMAC-SHA256 of the body's bytes in
   * hexadecimal.
   */
  readonly secret?: string | Redacted.Redacted<string> | undefined
}

export const slack = (
  url: string | Redacted.Redacted<string>,
  given: DestinationOptions = {}
): Destination<HttpClient.HttpClient> => {
  const name = given.name ?? "slack"
  return overHttp(name, given, () =>
    Either.map(decodeSlack(name, { ...given, url }), ({ url }) => ({
      method: "POST" as const,
      url,
      secrets: secretsOf(url),
      requestOf: (alert) => ({ body: slackMessage.toJson(alert), headers: {} })
    }))
  )
}

export const webhook = (
  url: string | Redacted.Redacted<string>,
  given: WebhookOptions = {}
): Destination<HttpClient.HttpClient> => {
  const name = given.name ?? "webhook"
  return overHttp(name, given, () =>
    Either.map(decodeWebhook(name, { ...given, url }), ({ headers, method, secret, url }) => {
      const secrets = secretsOf(url)
      for (const [header, value] of Object.entries(given.headers ?? {})) {
        if (Redacted.isRedacted(value)) secrets.add((headers[header] ?? "").replace(/^(?:Bearer|Basic) /, ""))
      }
      if (secret !== undefined) secrets.add(secret)
      const sign = signer(secret)
      return {
        method,
        url,
        secrets,
        requestOf: (alert) => {
          const body = Alert.toJson(alert)
          return { body, headers: { ...headers, ...sign(body) } }
        }
      }
    })
  )
}

/** A kind of destination, once its options are decoded. */
interface Protocol extends Pick<httpDelivery.DeliveryConfig, "method" | "url" | "secrets"> {
  readonly requestOf: (alert: Alert.Alert) => {
    readonly body: string
    readonly headers: Readonly<Record<string, string>>
  }
}

const overHttp = (
  name: string,
  filter: alertFilter.AlertFilter,
  protocol: () => Either.Either<Protocol, InvalidOption>
): Destination<HttpClient.HttpClient> => ({
  name,
  filter,
  open: (delivery) =>
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const { requestOf, ...target } = yield* protocol()
      return (alert) => {
        const { body, headers } = requestOf(alert)
        return httpDelivery.post(client, { ...delivery, ...target, destination: name }, body, headers)
      }
    })
})

export const destination = <E, R>(
  name: string,
  send: (alert: Alert.Alert) => Effect.Effect<void, E, R>,
  given: alertFilter.AlertFilter = {}
): Destination<R> => ({
  name,
  filter: given,
  open: ({ timeout }) =>
    Effect.gen(function* () {
      const decoded = yield* decodeOwn(name, { ...given, name, send })
      const context = yield* Effect.context<R>()
      return (alert) =>
        Effect.suspend(() => send(alert)).pipe(
          Effect.provide(context),
          Effect.timeoutFail({
            duration: timeout,
            onTimeout: () =>
              new httpDelivery.AlertDeliveryError({
                reason: "Timeout",
                destination: decoded.name,
                status: null,
                detail: `longer than ${Duration.format(timeout)}`,
                attempts: 1,
                retryAfter: null
              })
          })
        )
    })
})

const SecretText = Schema.transform(
  Schema.Union(Schema.String, Schema.RedactedFromSelf(Schema.String)),
  Schema.String,
  {
    strict: true,
    decode: (given) => (Redacted.isRedacted(given) ? Redacted.value(given) : given),
    encode: (text) => text
  }
)

// Not shown: what is wrong with it may be next to what is secret in it.
const Url = SecretText.pipe(
  Schema.filter((text) => {
    if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false
    const { password, username } = new URL(text)
    return (username === "" && password === "") || "a URL without a user and a password, which a header may bring"
  }),
  options.takes("an http:// or https:// URL"),
  options.secret
)

/** What HTTP allows as the name of a header, and as its value. */
const headerName = /^[\w!#$%&'*+.^`|~-]+$/
const headerValue = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
const allowedInHttp = "a name and a text that HTTP allows"

const Headers = Schema.Record({
  key: Schema.String,
  value: SecretText.pipe(Schema.pattern(headerValue), options.takes(allowedInHttp))
}).pipe(
  Schema.filter((headers) =>
    Object.keys(headers)
      .filter((name) => !headerName.test(name))
      .map((name) => ({ path: [name], message: allowedInHttp }))
  ),
  options.secret
)

const common = { ...alertFilter.fields, name: Schema.optional(options.nonEmptyText) }

const SlackOptions = Schema.Struct({ ...common, url: Url })

const MethodsOfWebhook = options.oneOf("POST", "PUT", "PATCH")

const WebhookOptionsSchema = Schema.Struct({
  ...common,
  url: Url,
  method: options.withDefault(MethodsOfWebhook, "POST"),
  headers: options.withDefault(Headers, {}),
  secret: Schema.optional(
    SecretText.pipe(Schema.minLength(1), options.takes("a text that is not empty"), options.secret)
  )
})

const OwnOptions = Schema.Struct({
  ...alertFilter.fields,
  name: options.nonEmptyText,
  send: options.functionOf<(alert: never) => Effect.Effect<void, unknown, unknown>>("a function of an alert")
})

/** Decodes the options of one destination: a setting is found by its name. */
const decodeAs = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = options.decode("AlertRenderer", schema)
  return (name: string, given: I) => Either.mapLeft(decode(given), options.within(name))
}

const decodeSlack = decodeAs(SlackOptions)
const decodeWebhook = decodeAs(WebhookOptionsSchema)
const decodeOwn = decodeAs(OwnOptions)

/** What a server that refuses may repeat: what it was asked for, or a part of it. */
const secretsOf = (url: string): Secrets => {
  const secrets = new Secrets()
  const { href, pathname, search, searchParams } = new URL(url)
  for (const part of [url, href, pathname + search, pathname, ...pathname.split("/"), ...searchParams.values()]) {
    secrets.add(part)
  }
  return secrets
}

const signer =
  (secret: string | undefined) =>
  (body: string): Record<string, string> =>
    secret === undefined
      ? {}
      : { "x-narrative-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` }
