/**
 * Sending batches to an OTLP endpoint, with every item accounted for: a bounded queue, retries as the protocol asks for,
 * and a count of what was delivered, refused and lost. (The exporters of `@effect/opentelemetry` drop all that comes
 * within a minute of a failed export, and count nothing.)
 */
import * as Headers from "@effect/platform/Headers"
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { codeOf } from "../cause/errorCode.js"
import * as boundedBuffer from "../delivery/boundedBuffer.js"
import { openQueues, statsOf } from "../delivery/deliveryStats.js"
import type { RendererStats } from "../delivery/Renderer.js"
import { retry, retryAfterOf } from "../outbound/retry.js"
import type { QueueSettings, SenderSettings } from "./otlpOptions.js"

/** What a signal is called, and how a batch of it is written. */
export interface Signal<A> {
  readonly name: string
  readonly encode: (batch: ReadonlyArray<A>) => HttpBody.HttpBody
}

/** The endpoint did not take a batch. */
class ExportError extends Data.TaggedError("ExportError")<{
  readonly reason: string
  readonly retryable: boolean
  readonly retryAfter: Duration.Duration | undefined
}> {
  override get message(): string {
    return this.reason
  }
}

/** A queue whose items are sent in batches. */
export const queue = <A>(
  signal: Signal<A>,
  settings: SenderSettings,
  headers?: Headers.Input
): Effect.Effect<boundedBuffer.Buffer<A>, never, HttpClient.HttpClient | Scope.Scope> =>
  Effect.flatMap(sender(signal, settings, headers), (send) =>
    counted(boundedBuffer.open({ ...bufferOptions(signal.name, settings), handle: send }))
  )

/** Lets a queue be among {@link stats} until the scope closes. */
export const counted = <A, R>(make: Effect.Effect<boundedBuffer.Buffer<A>, never, R>) =>
  Effect.tap(make, ({ delivery }) =>
    Effect.acquireRelease(
      Effect.sync(() => openQueues.add(delivery)),
      () => Effect.sync(() => openQueues.delete(delivery))
    )
  )

/** The counts of every queue that is open. */
export const stats: Effect.Effect<ReadonlyArray<RendererStats>> = Effect.sync(() => Array.from(openQueues, statsOf))

/** How items wait for being sent. */
export const bufferOptions = (
  name: string,
  { capacity, exportInterval, maxBatchSize, shutdownTimeout }: QueueSettings
) =>
  ({
    name,
    size: maxBatchSize,
    within: exportInterval,
    capacity: Math.max(capacity, maxBatchSize),
    strategy: "dropping",
    shutdownTimeout
  }) as const

/** Sends a batch; says how many of it the endpoint refused. */
export const sender = <A>(
  signal: Signal<A>,
  { retries, timeout, url }: SenderSettings,
  headers?: Headers.Input
): Effect.Effect<
  (batch: ReadonlyArray<A>) => Effect.Effect<boundedBuffer.Refused, ExportError>,
  never,
  HttpClient.HttpClient
> =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const request = HttpClientRequest.post(url, {
      headers: Headers.merge(Headers.unsafeFromRecord({ "user-agent": "effect-narrative" }), Headers.fromInput(headers))
    })
    const endpoint = shownUrl(url)
    const again = retry(retrySchedule(retries), (error: ExportError) => error.retryable)
    const late = () => failed(`${endpoint} gave no answer within ${Duration.format(timeout)}`)
    return (batch) =>
      Effect.suspend(() => client.execute(HttpClientRequest.setBody(request, signal.encode(batch)))).pipe(
        Effect.mapError((error) => unreachable(endpoint, error)),
        Effect.flatMap((response) => answered(endpoint, response)),
        Effect.scoped,
        // Left behind where the client cannot be interrupted: the next batch must not wait for it.
        Effect.disconnect,
        Effect.timeoutFail({ duration: timeout, onTimeout: late }),
        again,
        // What is sent must not be part of what is sent next.
        Effect.withTracerEnabled(false)
      )
  })

/** An address without its credentials and query, which may be secret. */
const shownUrl = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const retryableStatuses = new Set([429, 502, 503, 504])

const retrySchedule = (times: number) => Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(times))

const failed = (reason: string): ExportError => new ExportError({ reason, retryable: true, retryAfter: undefined })

/** Not with the client's message, which shows the whole address. */
const unreachable = (endpoint: string, error: HttpClientError.HttpClientError): ExportError =>
  failed(`${endpoint} cannot be reached (${codeOf(error) ?? error.reason})`)

const answered = (
  endpoint: string,
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<boundedBuffer.Refused, ExportError> => {
  const { status } = response
  if (status >= 200 && status < 300) return refusedIn(response)
  return Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const retryAfter = retryAfterOf(response.headers, now)
    const retryable = retryableStatuses.has(status)
    return Effect.fail(new ExportError({ reason: `${endpoint} answered ${status}`, retryable, retryAfter }))
  })
}

/**
 * How many items of a batch the endpoint took without keeping them (`partial_success`):
 * https://opentelemetry.io/docs/specs/otlp/#partial-success
 */
const refusedIn = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<boundedBuffer.Refused> =>
  Effect.map(Effect.either(response.arrayBuffer), (body) => {
    if (body._tag === "Left" || body.right.byteLength === 0) return new boundedBuffer.Refused(0)
    const bytes = Buffer.from(body.right)
    const isJson = response.headers["content-type"]?.includes("json") === true
    return new boundedBuffer.Refused(isJson ? refusedInJson(bytes) : refusedInProtobuf(bytes))
  })

const refusedInJson = (bytes: Buffer): number => {
  try {
    const { partialSuccess = {} } = JSON.parse(bytes.toString("utf8"))
    const refused = partialSuccess.rejectedSpans ?? partialSuccess.rejectedLogRecords ?? 0
    return Number(refused) || 0
  } catch {
    return 0
  }
}

/** Field 1 of the answer is the partial success, and field 1 of that the number. */
const refusedInProtobuf = (bytes: Buffer): number => {
  if (bytes[0] !== 0x0a || bytes[2] !== 0x08) return 0
  let refused = 0
  for (let i = 3, scale = 1; i < bytes.length && i < 13; i++, scale *= 128) {
    const byte = bytes[i] ?? 0
    refused += (byte & 0x7f) * scale
    if ((byte & 0x80) === 0) return refused
  }
  return 0
}
