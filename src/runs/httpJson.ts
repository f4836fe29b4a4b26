/**
 * JSON to and from a server: a time limit for each request, and never a word about an address that may be a secret.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Redacted from "effect/Redacted"
import { codeOf } from "../cause/errorCode.js"
import * as redirects from "../outbound/redirects.js"
import { retryAfterOf } from "../outbound/retry.js"
import { clip } from "../plain/PlainValue.js"
import * as terminalText from "../plain/terminalText.js"

/**
 * - `Refused`: the server answered with a status below 500; asking again would not help.
 * - `Unavailable`: it answered with a status of 500 and above.
 * - `Unreachable`: no connection, or one that broke. `detail` is the system's code, where there is one.
 * - `Timeout`: no answer in time.
 */
export class RequestFailed extends Data.TaggedError("RequestFailed")<{
  readonly reason: "Refused" | "Unavailable" | "Unreachable" | "Timeout"
  readonly status: number | null
  readonly detail: string
  /** How long the server asked to be left alone. */
  readonly retryAfter: Duration.Duration | null
}> {
  override get message(): string {
    const what = this.status === null ? this.reason : `${this.reason}, status ${this.status}`
    return `the server did not take it (${what}${this.detail === "" ? "" : `: ${this.detail}`})`
  }
}

export interface Server {
  readonly url: string
  readonly token: Redacted.Redacted<string> | undefined
}

export interface Answer {
  readonly text: string
  readonly headers: { readonly [name: string]: string | undefined }
}

/** Longest part of an answer that an error shows, in UTF-16 code units. */
const maxDetail = 200

/** Sends a body of JSON, or none, and gives what the server answered with a status of 200 to 299. */
export const request = (
  server: Server,
  method: HttpMethod,
  path: string,
  timeout: Duration.DurationInput,
  body?: string
): Effect.Effect<Answer, RequestFailed, HttpClient.HttpClient> =>
  Effect.flatMap(HttpClient.HttpClient, (client) => {
    const plain = HttpClientRequest.make(method)(`${server.url}${path}`)
    const withBody = body === undefined ? plain : HttpClientRequest.bodyText(plain, body, "application/json")
    const whole =
      server.token === undefined ? withBody : HttpClientRequest.bearerToken(withBody, Redacted.value(server.token))
    // Telemetry is no part of what is observed.
    const quiet = client.pipe(HttpClient.withTracerDisabledWhen(constTrue), HttpClient.withTracerPropagation(false))
    return redirects.refused(quiet.execute(whole)).pipe(
      Effect.flatMap((response) => Effect.map(response.text, (text) => ({ response, text }))),
      Effect.catchAllCause((cause) =>
        Cause.isInterruptedOnly(cause)
          ? Effect.interrupt
          : failed({ reason: "Unreachable", detail: codeOf(Cause.squash(cause)) ?? "" })
      ),
      Effect.flatMap(({ response: { headers, status }, text }) =>
        status >= 200 && status < 300
          ? Effect.succeed<Answer>({ text, headers })
          : Effect.flatMap(Clock.currentTimeMillis, (now) =>
              failed({
                reason: status >= 500 ? "Unavailable" : "Refused",
                status,
                detail: terminalText.line(clip(text.trim(), maxDetail)),
                retryAfter: retryAfterOf(headers, now) ?? null
              })
            )
      ),
      Effect.timeoutFail({ duration: timeout, onTimeout: () => failure({ reason: "Timeout" }) })
    )
  })

type Fields = Partial<RequestFailed> & Pick<RequestFailed, "reason">

const failure = (fields: Fields): RequestFailed =>
  new RequestFailed({ status: null, detail: "", retryAfter: null, ...fields })

const failed = (fields: Fields) => Effect.fail(failure(fields))
