/**
 * Where alerts go: Slack, a webhook, or wherever a program's own effect brings them.
 */
import { createHmac } from "node:crypto"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Schedule from "effect/Schedule"
import * as Redaction from "../../redaction/Redaction.js"
import * as Alert from "./Alert.js"
import type * as alertFilter from "./alertFilter.js"
import * as httpDelivery from "./httpDelivery.js"
import { InvalidAlertOptions } from "./InvalidAlertOptions.js"
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
  readonly open: (delivery: Delivery) => Effect.Effect<Send, InvalidAlertOptions, R>
}

type Send = (alert: Alert.Alert) => Effect.Effect<void, unknown>

/** How it is delivered, whatever the destination. */
export interface Delivery {
  readonly timeout: Duration.Duration
  readonly retry: Schedule.Schedule<unknown, httpDelivery.AlertDeliveryError>
}

/**
 * `name`: how it is called in `Renderer.stats` and in warnings. Everything else narrows what is sent there.
 *
 * @since 0.1.0
 * @category models
 */
export interface DestinationOptions extends alertFilter.AlertFilter {
  readonly name?: string | undefined
}

/**
 * - `method`: default `POST`.
 * - `headers`: sent with every alert.
 * - `secret`: signs the body: the header `x-narrative-signature` is `sha256=` and the HMAC-SHA256 of the body's bytes
 *   in hexadecimal.
 *
 * @since 0.1.0
 * @category models
 */
export interface WebhookOptions extends DestinationOptions {
  readonly method?: "POST" | "PUT" | "PATCH" | undefined
  readonly headers?: Readonly<Record<string, string | Redacted.Redacted<string>>> | undefined
  readonly secret?: string | Redacted.Redacted<string> | undefined
}

export const slack = (
  url: string | Redacted.Redacted<string>,
  options: DestinationOptions = {}
): Destination<HttpClient.HttpClient> =>
  overHttp(options.name ?? "slack", url, options, () => ({
    method: "POST",
    requestOf: (alert) => ({ body: slackMessage.toJson(alert), headers: {} })
  }))

export const webhook = (
  url: string | Redacted.Redacted<string>,
  options: WebhookOptions = {}
): Destination<HttpClient.HttpClient> => {
  const name = options.name ?? "webhook"
  return overHttp(name, url, options, (secrets) => {
    const headers = headersOf(options, name, secrets)
    const sign = signer(options.secret, name, secrets)
    return {
      method: methodOf(options, name),
      requestOf: (alert) => {
        const body = Alert.toJson(alert)
        return { body, headers: { ...headers, ...sign(body) } }
      }
    }
  })
}

/** What a kind of destination makes of its settings, which it checks; what is secret in them it hands over. */
type Protocol = (secrets: Redaction.Secrets) => {
  readonly method: httpDelivery.DeliveryConfig["method"]
  readonly requestOf: (alert: Alert.Alert) => {
    readonly body: string
    readonly headers: Readonly<Record<string, string>>
  }
}

const overHttp = (
  name: string,
  url: string | Redacted.Redacted<string>,
  filter: alertFilter.AlertFilter,
  protocol: Protocol
): Destination<HttpClient.HttpClient> => ({
  name,
  filter,
  open: (delivery) =>
    Effect.flatMap(HttpClient.HttpClient, (client) =>
      checked(() => {
        const secrets = new Redaction.Secrets()
        const { method, requestOf } = protocol(secrets)
        const config = { ...delivery, destination: name, method, url: urlOf(url, name, secrets), secrets }
        return (alert) => {
          const { body, headers } = requestOf(alert)
          return httpDelivery.post(client, config, body, headers)
        }
      })
    )
})

export const destination = <E, R>(
  name: string,
  send: (alert: Alert.Alert) => Effect.Effect<void, E, R>,
  options: alertFilter.AlertFilter = {}
): Destination<R> => ({
  name,
  filter: options,
  open: ({ timeout }) =>
    Effect.map(Effect.context<R>(), (context) => (alert) => {
      const sent = Effect.provide(
        Effect.suspend(() => send(alert)),
        context
      )
      return Effect.timeoutFail(sent, {
        duration: timeout,
        onTimeout: () =>
          new httpDelivery.AlertDeliveryError({
            reason: "Timeout",
            destination: name,
            status: null,
            detail: `longer than ${Duration.format(timeout)}`,
            attempts: 1,
            retryAfter: null
          })
      })
    })
})

const checked = (make: () => Send): Effect.Effect<Send, InvalidAlertOptions> =>
  Effect.try({
    try: make,
    catch: (error) => {
      if (error instanceof InvalidAlertOptions) return error
      throw error
    }
  })

const textOf = (value: unknown): unknown => (Redacted.isRedacted(value) ? Redacted.value(value) : value)

const urlOf = (given: string | Redacted.Redacted<string>, name: string, secrets: Redaction.Secrets): string => {
  const text: unknown = textOf(given)
  const setting = `the URL of "${name}"`
  // Not shown: what is wrong with it may be next to what is secret in it.
  if (!Predicate.isString(text) || !/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new InvalidAlertOptions({ setting, expected: "an http:// or https:// URL" })
  }
  const { href, password, pathname, search, searchParams, username } = new URL(text)
  if (username !== "" || password !== "") {
    throw new InvalidAlertOptions({ setting, expected: "one without a user and a password, which a header may bring" })
  }
  // A server that refuses may name what it was asked for, or a part of it.
  for (const part of [text, href, pathname + search, pathname, ...pathname.split("/"), ...searchParams.values()]) {
    secrets.add(part)
  }
  return text
}

const methods = ["POST", "PUT", "PATCH"] as const

const methodOf = ({ method = "POST" }: WebhookOptions, name: string): (typeof methods)[number] => {
  if (methods.includes(method)) return method
  throw new InvalidAlertOptions({ setting: `method of "${name}"`, expected: methods.join(", "), given: method })
}

/** What HTTP allows as the name of a header, and as its value. */
const headerName = /^[\w!#$%&'*+.^`|~-]+$/
const headerValue = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

const headersOf = (
  { headers = {} }: WebhookOptions,
  name: string,
  secrets: Redaction.Secrets
): Record<string, string> => {
  const out: Record<string, string> = {}
  for (const [header, given] of Object.entries(headers)) {
    const value: unknown = textOf(given)
    const isFine = headerName.test(header) && Predicate.isString(value) && headerValue.test(value)
    if (!isFine) {
      const setting = `the header ${JSON.stringify(header)} of "${name}"`
      throw new InvalidAlertOptions({ setting, expected: "a name and a text that HTTP allows" })
    }
    if (Redacted.isRedacted(given)) secrets.add(value.replace(/^(?:Bearer|Basic) /, ""))
    out[header] = value
  }
  return out
}

const signer = (
  given: WebhookOptions["secret"],
  name: string,
  secrets: Redaction.Secrets
): ((body: string) => Record<string, string>) => {
  if (given === undefined) return () => ({})
  const secret: unknown = textOf(given)
  if (!Predicate.isString(secret) || secret === "") {
    throw new InvalidAlertOptions({ setting: `secret of "${name}"`, expected: "a text that is not empty" })
  }
  secrets.add(secret)
  return (body) => ({ "x-narrative-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` })
}
