/**
 * Sending batches to an OTLP endpoint, with every item accounted for: a bounded queue, retries as the protocol asks for,
 * and a count of what was delivered, refused and lost. (The exporters of `@effect/opentelemetry` drop all that comes
 * within a minute of a failed export, and count nothing.)
 */
import * as OtlpResource from "@effect/opentelemetry/OtlpResource"
import * as Headers from "@effect/platform/Headers"
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as boundedBuffer from "../delivery/boundedBuffer.js"
import { openQueues, statsOf } from "../delivery/deliveryCounts.js"
import type { RendererStats } from "../delivery/Renderer.js"
import { retry, retryAfterOf } from "../outbound/retry.js"

/**
 * - `exportInterval`: how long items are gathered (default 1 second); `maxBatchSize`: most sent at once (default 512).
 * - `capacity`: most items waiting (default 8,192). Beyond it new ones are dropped, counted and warned of.
 * - `shutdownTimeout`: how long the closing scope waits for what is left to be sent (default 5 seconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface QueueOptions {
  readonly exportInterval?: Duration.DurationInput | undefined
  readonly maxBatchSize?: number | undefined
  readonly capacity?: number | undefined
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/**
 * - `url`: the whole address of the signal, e.g. `http://localhost:4318/v1/traces`.
 * - `resource`: who sends. Without a `serviceName`, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say it, and failing
 *   those it is `unknown_service:node`.
 * - `retries`: how often a batch is sent again that could not be delivered for the time being (default 5), after 1, 2,
 *   4, … seconds, or what the server asks for, up to five minutes.
 *
 * @since 0.1.0
 * @category models
 */
export interface OtlpOptions extends QueueOptions {
  readonly url: string
  readonly resource?:
    | {
        readonly serviceName?: string | undefined
        readonly serviceVersion?: string | undefined
        readonly attributes?: Record<string, unknown>
      }
    | undefined
  readonly headers?: Headers.Input | undefined
  readonly retries?: number | undefined
}

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
  options: OtlpOptions
): Effect.Effect<boundedBuffer.Buffer<A>, never, HttpClient.HttpClient | Scope.Scope> =>
  Effect.flatMap(sender(signal, options), (send) =>
    counted(boundedBuffer.open({ ...queueOptions(signal.name, options), handle: send }))
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
export const queueOptions = (name: string, options: QueueOptions) => {
  const size = options.maxBatchSize ?? 512
  return {
    name,
    size,
    within: options.exportInterval ?? "1 second",
    capacity: Math.max(options.capacity ?? 8_192, size),
    strategy: "dropping",
    shutdownTimeout: options.shutdownTimeout
  } as const
}

/** Sends a batch; says how many of it the endpoint refused. */
export const sender = <A>(
  signal: Signal<A>,
  options: OtlpOptions
): Effect.Effect<
  (batch: ReadonlyArray<A>) => Effect.Effect<boundedBuffer.Refused, ExportError>,
  never,
  HttpClient.HttpClient
> =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const headers = Headers.merge(
      Headers.unsafeFromRecord({ "user-agent": "effect-narrative" }),
      Headers.fromInput(options.headers)
    )
    const request = HttpClientRequest.post(options.url, { headers })
    const again = retry(retrySchedule(options.retries ?? 5), (error: ExportError) => error.retryable)
    return (batch) =>
      Effect.suspend(() => client.execute(HttpClientRequest.setBody(request, signal.encode(batch)))).pipe(
        Effect.mapError(unreachable),
        Effect.flatMap(answered),
        Effect.scoped,
        again,
        // What is sent must not be told of in what is sent next.
        Effect.withTracerEnabled(false)
      )
  })

/** Who sends; an endless wait for a name would be worse than a stranger. */
export const resourceOf = (resource: OtlpOptions["resource"]): Effect.Effect<OtlpResource.Resource> =>
  OtlpResource.fromConfig(resource).pipe(
    Effect.catchAllDefect(() => OtlpResource.fromConfig({ ...resource, serviceName: "unknown_service:node" }))
  )

/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const retryableStatuses = new Set([429, 502, 503, 504])

const retrySchedule = (times: number) => Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(times))

const unreachable = (error: HttpClientError.HttpClientError): ExportError =>
  new ExportError({ reason: error.message, retryable: true, retryAfter: undefined })

const answered = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<boundedBuffer.Refused, ExportError> => {
  const { status } = response
  if (status >= 200 && status < 300) return refusedIn(response)
  return Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const retryAfter = retryAfterOf(response.headers, now)
    const retryable = retryableStatuses.has(status)
    return Effect.fail(new ExportError({ reason: `it answered ${status}`, retryable, retryAfter }))
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
