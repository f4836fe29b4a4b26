/**
 * One question to a model over HTTP: asked once, read to a bound, and every way it can go wrong is an
 * `AnalyzerError`.
 */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { codeOf } from "../../cause/errorCode.js"
import * as redirects from "../../outbound/redirects.js"
import { retryAfterOf } from "../../outbound/retry.js"
import { builtIn as redactor } from "../../redaction/builtInRedactor.js"
import { Secrets } from "../../redaction/secrets.js"
import type { Analyzer } from "../Analyzer.js"
import type { AnalyzerError, AnalyzerErrorReason } from "../AnalyzerError.js"
import { parse } from "../prompt/answerText.js"
import type { Prompt } from "../prompt/Prompt.js"
import { cut } from "../prompt/promptText.js"
import * as Endpoint from "./endpoint.js"
import { errorInBody, reasonOf } from "./httpFault.js"
import { type Complaint, complaint, make as makeAnalyzer, type Reply } from "./modelAnalyzer.js"
import { type ModelOptions, misconfigured, modelVariable, settingsOf } from "./modelSettings.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface HttpModelOptions extends ModelOptions {
  /** Where the model is asked. Its query is sent and never shown; credentials in it become a header. */
  readonly endpoint?: string | URL | undefined
  /** More headers. Their values are never shown. */
  readonly headers?: { readonly [name: string]: string | Redacted.Redacted } | undefined
  /** Most tokens of an answer (default 1,024). */
  readonly maxTokens?: number | undefined
  /** Default 0. */
  readonly temperature?: number | undefined
  /** More fields of the request, or other values for those it has; `undefined` leaves one out. */
  readonly body?: { readonly [name: string]: unknown } | undefined
}

/** What one API has of its own. */
export interface HttpApi {
  readonly analyzer: string
  readonly defaultEndpoint: string
  readonly defaultModel: string | null
  /** How a model is named, for one who named none: an example. */
  readonly exampleModel: string
  /** The path of the API, where the address has another or none. */
  readonly pathOf: (path: string) => string
  readonly headers: { readonly [name: string]: string | Redacted.Redacted }
  readonly bodyOf: (question: Question) => { readonly [name: string]: unknown }
  /** Reads a body that came with status 200. */
  readonly replyOf: (body: unknown) => Either.Either<Reply, Complaint>
  /** What would help, where there is something better to say than usual. */
  readonly adviceOf: (reason: AnalyzerErrorReason, model: string, message: string) => string | undefined
}

export interface Question {
  readonly prompt: Prompt
  readonly model: string
  readonly maxTokens: number
  readonly temperature: number
  readonly maxContextChars: number
}

/** An analyzer that asks over HTTP. Settings are checked here, before there is anything to ask. */
export const make = (
  api: HttpApi,
  options: HttpModelOptions
): Effect.Effect<Analyzer, AnalyzerError, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const settings = yield* settingsOf(api.analyzer, options)
    const model = settings.model ?? api.defaultModel
    if (model === null) {
      return yield* misconfigured(
        api.analyzer,
        "no model is named",
        `Set ${modelVariable}, or give \`model\`, such as "${api.exampleModel}"`
      )
    }
    const maxTokens = yield* maxTokensOf(api, options.maxTokens)
    const temperature = yield* temperatureOf(api, options.temperature)
    const endpoint = yield* Endpoint.parse(api.analyzer, options.endpoint ?? api.defaultEndpoint, api.pathOf)
    const secrets = new Secrets()
    for (const secret of endpoint.secrets) secrets.add(secret)
    const headers = yield* headersOf(api, endpoint, options.headers ?? {}, secrets)
    const call: Call = { api, client, endpoint, headers, model, secrets }
    return makeAnalyzer({ analyzer: api.analyzer, model, endpoint: endpoint.shown }, settings, (prompt) =>
      ask(call, {
        ...api.bodyOf({ prompt, model, maxTokens, temperature, maxContextChars: settings.maxContextChars }),
        ...options.body
      })
    )
  })

interface Call {
  readonly api: HttpApi
  readonly client: HttpClient.HttpClient
  readonly endpoint: Endpoint.Endpoint
  readonly headers: Headers.Headers
  readonly model: string
  /** What must not be shown, even if a server repeats it. */
  readonly secrets: Secrets
}

const maxTokensOf = (api: HttpApi, maxTokens = 1_024): Effect.Effect<number, AnalyzerError> =>
  Number.isSafeInteger(maxTokens) && maxTokens > 0
    ? Effect.succeed(maxTokens)
    : misconfigured(api.analyzer, `maxTokens is ${String(maxTokens)}`, "It takes a whole number above 0")

const temperatureOf = (api: HttpApi, temperature = 0): Effect.Effect<number, AnalyzerError> =>
  temperature >= 0 && temperature <= 2
    ? Effect.succeed(temperature)
    : misconfigured(api.analyzer, `temperature is ${String(temperature)}`, "It takes a number from 0 to 2")

/** A value that no header can have would be shown in the error of the client that refuses it. */
const headersOf = (
  api: HttpApi,
  endpoint: Endpoint.Endpoint,
  given: { readonly [name: string]: string | Redacted.Redacted },
  secrets: Secrets
): Effect.Effect<Headers.Headers, AnalyzerError> =>
  Effect.gen(function* () {
    const own = endpoint.authorization === null ? {} : { authorization: Redacted.make(endpoint.authorization) }
    const plain: Record<string, string> = { accept: "application/json" }
    for (const [name, value] of Object.entries({ ...own, ...api.headers, ...given })) {
      const text = (Redacted.isRedacted(value) ? Redacted.value(value) : value).trim()
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
        return yield* misconfigured(
          api.analyzer,
          `the header ${JSON.stringify(name.slice(0, 60))} cannot be sent`,
          "Its name or its value holds a character that no header may have, such as a line break"
        )
      }
      if (Redacted.isRedacted(value) || name in given) secrets.add(text.replace(/^(?:Bearer|Basic) /, ""))
      plain[name.toLowerCase()] = text
    }
    return Headers.fromInput(plain)
  })

/** Most bytes read of an answer, and of the body of an error. */
const maxAnswer = 1_000_000
const maxErrorBody = 64_000

const ask = (call: Call, body: unknown): Effect.Effect<Reply, AnalyzerError> =>
  Effect.gen(function* () {
    const request = HttpClientRequest.post(call.endpoint.url).pipe(
      HttpClientRequest.setHeaders(call.headers),
      HttpClientRequest.bodyUnsafeJson(body)
    )
    const response = yield* redirects.refused(call.client.execute(request))
    if (response.status < 200 || response.status >= 300) return yield* refused(call, response)
    const text = yield* textOf(response, maxAnswer)
    if (text === undefined) {
      return yield* failed(call, {
        reason: "InvalidAnswer",
        description: `the answer is longer than ${maxAnswer} bytes`,
        advice: "Check that `endpoint` is that of a model"
      })
    }
    return yield* replied(call, response, text)
  }).pipe(
    Effect.catchTags({
      RequestError: (error) => unsent(call, error),
      // A client that checks the status itself fails with it.
      ResponseError: (error) => (error.reason === "StatusCode" ? refused(call, error.response) : brokenOff(call))
    })
  )

/** The body as text, or `undefined` where it has more bytes than that. What is too much is not read. */
const textOf = (
  response: HttpClientResponse.HttpClientResponse,
  max: number
): Effect.Effect<string | undefined, HttpClientError.ResponseError> =>
  Effect.suspend(() => {
    const decoder = new TextDecoder()
    let size = 0
    let text = ""
    return response.stream.pipe(
      Stream.runForEachWhile((chunk) =>
        Effect.sync(() => {
          size += chunk.length
          if (size <= max) text += decoder.decode(chunk, { stream: true })
          return size <= max
        })
      ),
      Effect.map(() => (size <= max ? text + decoder.decode() : undefined)),
      Effect.catchIf(
        (error) => error.reason === "EmptyBody",
        () => Effect.succeed("")
      )
    )
  })

const replied = (
  call: Call,
  response: HttpClientResponse.HttpClientResponse,
  text: string
): Effect.Effect<Reply, AnalyzerError> => {
  const body = parse(text)
  const fault = errorInBody(body ?? lastOf(text), false)
  if (fault !== undefined) return failed(call, faultOf(call, fault.reason, fault.status, fault.message))
  if (body === undefined) {
    const type = oneLine(response.headers["content-type"] ?? "no content type")
    return failed(call, {
      reason: "InvalidAnswer",
      description: text.trim() === "" ? "the answer is empty" : `the answer is no JSON (${type})`,
      advice: `Check that \`endpoint\` is that of ${call.api.analyzer}, and of nothing in front of it`
    })
  }
  return Either.match(call.api.replyOf(body), {
    onLeft: (complaint) => failed(call, complaint),
    onRight: (reply) => Effect.succeed(reply)
  })
}

/** Where a server streams though it was not asked to, its last line or event may be the error that ended it. */
const lastOf = (text: string): unknown => {
  const end = text.slice(-maxErrorBody).trimEnd()
  return parse(end.slice(end.lastIndexOf("\n") + 1).replace(/^data: ?/, ""))
}

const refused = (
  call: Call,
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<never, AnalyzerError, never> =>
  Effect.gen(function* () {
    // What the status says holds without a body.
    const text = (yield* Effect.orElseSucceed(textOf(response, maxErrorBody), () => "")) ?? ""
    const { headers, status } = response
    const now = yield* Clock.currentTimeMillis
    const message = errorInBody(parse(text), true)?.message ?? plainMessage(headers["content-type"], text)
    const retryAfter = retryAfterOf(headers, now)
    return yield* failed(call, {
      ...faultOf(call, reasonOf(status), status, message),
      ...(retryAfter === undefined ? {} : { retryAfter })
    })
  })

/** A page for people says nothing in one line. */
const plainMessage = (contentType: string | undefined, text: string): string =>
  contentType?.startsWith("text/plain") === true ? text : ""

const faultOf = (call: Call, reason: AnalyzerErrorReason, status: number | undefined, message: string): Complaint => {
  const said = cut(oneLine(redactor.text(message.slice(0, 4_000), call.secrets)), 300)
  const parts = [status === undefined ? "an error" : `status ${status}`, said].filter((part) => part !== "")
  return {
    reason,
    status,
    description: parts.join(": "),
    advice: call.api.adviceOf(reason, call.model, said) ?? usualAdvice(reason, status)
  }
}

const usualAdvice = (reason: AnalyzerErrorReason, status: number | undefined): string => {
  switch (reason) {
    case "Unauthorized":
      return "Check the key it is given, and what that key may do"
    case "NotFound":
      return `Check \`endpoint\`, and the model's name (${modelVariable} or \`model\`)`
    case "RateLimited":
      return "Ask less often, or later (FailureAnalyzer.withRateLimit, withRetry), and check the account's quota"
    default:
      if (status === 413) return "Lower `maxContextChars`"
      if (status !== undefined && status >= 500) return "Ask again later (FailureAnalyzer.withRetry)"
      if (status !== undefined && status < 400) return "Set `endpoint` to the address it redirects to"
      return "Check the model's name, and which settings that model takes (`temperature`, `maxTokens`, `body`)"
  }
}

const unsent = (call: Call, error: HttpClientError.RequestError): Effect.Effect<never, AnalyzerError> => {
  const code = codeOf(error.cause)
  return failed(call, {
    reason: "Unreachable",
    description: `no connection${code === undefined ? "" : ` (${code})`}`,
    advice:
      call.api.adviceOf("Unreachable", call.model, "") ?? "Check `endpoint`, and that it can be reached from here",
    // Not the client's error: it holds the request with its headers.
    cause: error.cause
  })
}

const brokenOff = (call: Call): Effect.Effect<never, AnalyzerError> =>
  failed(call, {
    reason: "Unreachable",
    description: "the connection broke off in the middle of the answer",
    advice: "Ask again (FailureAnalyzer.withRetry), and see what the server says"
  })

const oneLine = (text: string): string => text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim()

const failed = (call: Call, fault: Complaint): Effect.Effect<never, AnalyzerError> =>
  complaint({ analyzer: call.api.analyzer, model: call.model, endpoint: call.endpoint.shown }, fault)
