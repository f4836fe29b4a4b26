/**
 * Handing a body to a server until it has it: a time limit for each attempt, another attempt where one may help, and
 * never a word about the address, which may be a secret.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { codeOf } from "../../cause/errorCode.js"
import * as redirects from "../../outbound/redirects.js"
import { retry, retryAfterOf } from "../../outbound/retry.js"
import { clip } from "../../plain/PlainValue.js"
import * as terminalText from "../../plain/terminalText.js"
import { builtIn as redactor } from "../../redaction/builtInRedactor.js"
import type { Secrets } from "../../redaction/secrets.js"

/**
 * Why an alert could not be delivered.
 *
 * - `Refused`: the server answered with `status`, and asking again would not help.
 * - `Overloaded`: it answered 429 or 503 to the last attempt, or asked to wait longer than five minutes.
 * - `Unavailable`: it answered 408, 425 or another status of 500 and above to the last attempt.
 * - `Unreachable`: no connection, or one that broke. `detail` is the system's code, where there is one.
 * - `Timeout`: no answer in time.
 *
 * @since 0.1.0
 * @category errors
 */
export class AlertDeliveryError extends Data.TaggedError("AlertDeliveryError")<{
  readonly reason: "Refused" | "Overloaded" | "Unavailable" | "Unreachable" | "Timeout"
  readonly destination: string
  readonly status: number | null
  readonly detail: string
  /** How often it was tried. */
  readonly attempts: number
  /** How long the server asked to be left alone. */
  readonly retryAfter: Duration.Duration | null
}> {
  override get message(): string {
    const what = this.status === null ? this.reason : `${this.reason}, status ${this.status}`
    const detail = this.detail === "" ? "" : `: ${this.detail}`
    const attempts = this.attempts === 1 ? "1 attempt" : `${this.attempts} attempts`
    return `The alert was not delivered to ${this.destination} (${what}${detail}; ${attempts})`
  }
}

export interface DeliveryConfig {
  readonly destination: string
  readonly method: "POST" | "PUT" | "PATCH"
  readonly url: string
  /** What must not be shown, even if a server repeats it. */
  readonly secrets: Secrets
  readonly timeout: Duration.Duration
  readonly retry: Schedule.Schedule<unknown, AlertDeliveryError>
}

/** 0.5, 1, 2 and 4 seconds, each a little more or less. */
export const defaultRetry: DeliveryConfig["retry"] = Schedule.exponential("500 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(4))
)

/** Longest part of a refusal that is shown, in UTF-16 code units. */
const maxDetail = 200
/** Longest part that is looked at. */
const maxRead = 4_000

/** Posts a body of JSON. */
export const post = (
  client: HttpClient.HttpClient,
  config: DeliveryConfig,
  body: string,
  headers: Readonly<Record<string, string>>
): Effect.Effect<void, AlertDeliveryError> => {
  const request = HttpClientRequest.make(config.method)(config.url).pipe(
    HttpClientRequest.bodyText(body, "application/json"),
    HttpClientRequest.setHeaders(headers)
  )
  // A span would carry the address.
  const quiet = HttpClient.withTracerDisabledWhen(client, constTrue)
  let attempts = 0
  const failure = (fields: Partial<AlertDeliveryError> & Pick<AlertDeliveryError, "reason">) =>
    new AlertDeliveryError({
      destination: config.destination,
      status: null,
      detail: "",
      retryAfter: null,
      ...fields,
      attempts
    })

  const attempt = Effect.suspend(() => {
    attempts += 1
    return redirects.refused(quiet.execute(request))
  }).pipe(
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.interrupt
        : Effect.fail(failure({ reason: "Unreachable", detail: codeOf(Cause.squash(cause)) ?? "" }))
    ),
    Effect.flatMap((response) => verdict(response, config, failure)),
    Effect.timeoutFail({ duration: config.timeout, onTimeout: () => failure({ reason: "Timeout" }) })
  )

  return attempt.pipe(retry(config.retry, ({ reason }) => reason !== "Refused"))
}

const verdict = (
  response: HttpClientResponse.HttpClientResponse,
  { secrets }: DeliveryConfig,
  failure: (fields: Partial<AlertDeliveryError> & Pick<AlertDeliveryError, "reason">) => AlertDeliveryError
): Effect.Effect<void, AlertDeliveryError> => {
  const { headers, status } = response
  // Read in any case, so that the connection is free again; but what was taken is taken, however its text ends.
  const text = Effect.timeoutOption(Effect.option(response.text), "1 second").pipe(
    Effect.map(Option.flatten),
    Effect.map(Option.getOrElse(() => ""))
  )
  return Effect.flatMap(text, (text) => {
    if (status >= 200 && status < 300) return Effect.void
    const said = redactor.text(text.slice(0, maxRead), secrets).trim()
    const detail = terminalText.line(clip(said, maxDetail))
    const overloaded = status === 429 || status === 503
    const unavailable = status === 408 || status === 425 || status >= 500
    const reason = overloaded ? "Overloaded" : unavailable ? "Unavailable" : "Refused"
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.fail(
        failure({ reason, status, detail, retryAfter: overloaded ? (retryAfterOf(headers, now) ?? null) : null })
      )
    )
  })
}
