/**
 * An OTLP collector on loopback: it takes what exporters send, in JSON or protobuf, and reads it with OpenTelemetry's own
 * messages.
 */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { gunzipSync } from "node:zlib"
import { Effect, type Scope } from "effect"
import messages from "otlp-messages/build/src/generated/root.js"

export interface ReceivedEvent {
  readonly name: string
  readonly timeUnixNano: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  /** As in the protocol: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<ReceivedEvent>
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  /** 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code?: number; readonly message?: string }
}

export interface ReceivedLog {
  readonly timeUnixNano: string
  readonly severityNumber: number
  readonly severityText: string
  readonly body: unknown
  readonly eventName: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

export interface Collector {
  readonly url: string
  readonly spans: Array<ReceivedSpan>
  readonly logs: Array<ReceivedLog>
  /** Every metric, as the protocol has it. */
  readonly metrics: Array<Record<string, unknown>>
  /** The attributes of the resource that sent last. */
  resource: Readonly<Record<string, unknown>>
  /** Every body as it came, decoded where it was protobuf. */
  readonly bodies: Array<string>
  requests: number
  /** Answers the next requests with these statuses; 200 after that. 0 closes the connection. */
  readonly answers: Array<Answer>
}

// biome-ignore lint/suspicious/noExplicitAny: whatever came over the wire.
type Json = any

interface Message {
  decode(body: Uint8Array): object
  fromObject(object: object): object
  toObject(message: object, options: object): Json
}

// The package declares no more than that there is a root.
export const { logs, metrics, trace } = (messages as Json).opentelemetry.proto.collector

const requestOf: { readonly [path: string]: Message } = {
  "/v1/traces": trace.v1.ExportTraceServiceRequest,
  "/v1/logs": logs.v1.ExportLogsServiceRequest,
  "/v1/metrics": metrics.v1.ExportMetricsServiceRequest
}

/** Ids are bytes in protobuf and hexadecimal in JSON; its generated reader takes base64. */
const base64Ids = (key: string, value: unknown): unknown =>
  /^(trace|span|parentSpan)Id$/.test(key) && typeof value === "string"
    ? Buffer.from(value, "hex").toString("base64")
    : value

const decode = (message: Message, type: string, body: Buffer): Json => {
  const read = type.includes("protobuf")
    ? message.decode(body)
    : message.fromObject(JSON.parse(body.toString("utf8"), base64Ids))
  return message.toObject(read, { longs: String, bytes: Buffer, defaults: false })
}

const hex = (bytes: Buffer | undefined): string => (bytes === undefined ? "" : Buffer.from(bytes).toString("hex"))

const valueOf = (value: Json): unknown => {
  if (value === null || value === undefined) return undefined
  if ("stringValue" in value) return value.stringValue
  if ("boolValue" in value) return value.boolValue
  if ("intValue" in value) return Number(value.intValue)
  if ("doubleValue" in value) return value.doubleValue
  if ("arrayValue" in value) return (value.arrayValue.values ?? []).map(valueOf)
  if ("kvlistValue" in value) return attributesOf(value.kvlistValue.values)
  return undefined
}

const attributesOf = (list: Json): Record<string, unknown> =>
  Object.fromEntries((list ?? []).map(({ key, value }: Json) => [key, valueOf(value)]))

const take = (collector: Collector, path: string, request: Json): void => {
  for (const group of request.resourceSpans ?? request.resourceLogs ?? request.resourceMetrics ?? []) {
    collector.resource = attributesOf(group.resource?.attributes)
    for (const scope of group.scopeSpans ?? group.scopeLogs ?? group.scopeMetrics ?? []) {
      if (path === "/v1/metrics") collector.metrics.push(...(scope.metrics ?? []))
      for (const span of scope.spans ?? []) collector.spans.push(spanOf(span))
      for (const log of scope.logRecords ?? []) collector.logs.push(logOf(log))
    }
  }
}

const spanOf = (span: Json): ReceivedSpan => ({
  ...span,
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentSpanId: hex(span.parentSpanId),
  attributes: attributesOf(span.attributes),
  events: (span.events ?? []).map((event: Json) => ({ ...event, attributes: attributesOf(event.attributes) })),
  links: (span.links ?? []).map((link: Json) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
  status: span.status ?? {}
})

const logOf = (log: Json): ReceivedLog => ({
  ...log,
  traceId: hex(log.traceId),
  spanId: hex(log.spanId),
  eventName: log.eventName ?? "",
  body: valueOf(log.body),
  attributes: attributesOf(log.attributes)
})

/** A collector that listens until the scope closes. */
export const make: Effect.Effect<Collector, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.async<{ readonly server: http.Server; readonly collector: Collector }>((resume) => {
      const server = http.createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk) => chunks.push(chunk))
        request.on("end", () => {
          collector.requests += 1
          const answer: Answer = collector.answers.shift() ?? { status: 200 }
          if (answer.status === 0) {
            response.destroy()
            return
          }
          const path = request.url ?? ""
          const message = requestOf[path]
          if (answer.status < 300 && message !== undefined) {
            const raw = Buffer.concat(chunks)
            const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw
            const decoded = decode(message, request.headers["content-type"] ?? "", body)
            collector.bodies.push(JSON.stringify(decoded))
            take(collector, path, decoded)
          }
          response.writeHead(answer.status, answer.headers).end(answer.body)
        })
      })
      let collector: Collector
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        collector = {
          url: `http://127.0.0.1:${port}`,
          spans: [],
          logs: [],
          metrics: [],
          resource: {},
          bodies: [],
          requests: 0,
          answers: []
        }
        resume(Effect.succeed({ server, collector }))
      })
    }),
    ({ server }) =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  ),
  ({ collector }) => collector
)

/** The only span of that name. */
export const spanNamed = ({ spans }: Collector, name: string): ReceivedSpan => {
  const [found, ...more] = spans.filter((span) => span.name === name)
  if (found === undefined || more.length > 0) throw new Error(`not one ${name} among ${spans.map(({ name }) => name)}`)
  return found
}
