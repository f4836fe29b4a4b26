/**
 * A span that writes itself in the form of OTLP when it ends, without the OpenTelemetry SDK.
 */
import { randomFillSync } from "node:crypto"
import type * as OtlpResource from "@effect/opentelemetry/OtlpResource"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { firstOf, leavesOf } from "../cause/causeLeaves.js"
import { prettyCause } from "../cause/prettyCause.js"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import * as PlainValue from "../plain/PlainValue.js"
import * as otlpAttributes from "./otlpAttributes.js"
import { isKnown } from "./spanIds.js"

/** As the protocol has it: https://opentelemetry.io/docs/specs/otlp/ */
export interface OtlpSpanData {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<OtlpResource.KeyValue>
  readonly droppedAttributesCount: number
  readonly events: ReadonlyArray<OtlpEvent>
  readonly droppedEventsCount: number
  readonly status: { readonly code: number; readonly message?: string }
  readonly links: ReadonlyArray<OtlpLink>
  readonly droppedLinksCount: number
}

export interface OtlpEvent {
  readonly name: string
  readonly timeUnixNano: string
  readonly attributes: ReadonlyArray<OtlpResource.KeyValue>
  readonly droppedAttributesCount: number
}

export interface OtlpLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: ReadonlyArray<OtlpResource.KeyValue>
  readonly droppedAttributesCount: number
}

const kinds: { readonly [kind in Tracer.SpanKind]: number } = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5
}

const ok = { code: 1 }
/** Most events, and most links, of a span, as in OpenTelemetry's own limits. */
const maxEvents = 128
const maxLinks = 128
/** Most failures of a cause that an exception event prints. */
const maxFailures = 10

export class OtlpSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly attributes = new Map<string, unknown>()
  readonly traceId: string
  readonly spanId = randomHex(8)
  readonly sampled: boolean
  readonly links: Array<Tracer.SpanLink>
  status: Tracer.SpanStatus
  #events: Array<OtlpEvent> | undefined
  #droppedEvents = 0
  #droppedLinks: number
  readonly #parentSpanId: string | undefined
  readonly #export: (span: OtlpSpanData) => void

  constructor(
    readonly name: string,
    readonly parent: Option.Option<Tracer.AnySpan>,
    readonly context: Context.Context<never>,
    links: ReadonlyArray<Tracer.SpanLink>,
    startTime: bigint,
    readonly kind: Tracer.SpanKind,
    /** Longest text, in UTF-16 code units. */
    readonly maxLength: number,
    send: (span: OtlpSpanData) => void
  ) {
    const outer = Option.getOrUndefined(parent)
    // One of ours was looked at when it began.
    const known = outer instanceof OtlpSpan || (outer !== undefined && isKnown(outer)) ? outer : undefined
    this.traceId = known === undefined ? randomHex(16) : known.traceId
    this.#parentSpanId = known?.spanId
    this.sampled = outer === undefined || outer.sampled
    this.links = links.slice(0, maxLinks)
    this.#droppedLinks = links.length - this.links.length
    this.status = { _tag: "Started", startTime }
    this.#export = send
  }

  attribute(key: string, value: unknown): void {
    this.attributes.set(key, value)
  }

  event(name: string, startTime: bigint, attributes?: Record<string, unknown>): void {
    this.#events ??= []
    if (this.#events.length >= maxEvents) {
      this.#droppedEvents += 1
      return
    }
    this.#events.push({
      name,
      timeUnixNano: String(startTime),
      attributes: attributes === undefined ? [] : otlpAttributes.of(Object.entries(attributes), this.maxLength),
      droppedAttributesCount: 0
    })
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    const room = links.slice(0, maxLinks - this.links.length)
    this.links.push(...room)
    this.#droppedLinks += links.length - room.length
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    const { startTime } = this.status
    this.status = { _tag: "Ended", startTime, endTime, exit }
    if (!this.sampled) return
    const status = exit._tag === "Success" ? ok : this.#ended(exit.cause, endTime)
    this.#export({
      traceId: this.traceId,
      spanId: this.spanId,
      parentSpanId: this.#parentSpanId,
      name: this.name,
      kind: kinds[this.kind],
      startTimeUnixNano: String(startTime),
      endTimeUnixNano: String(endTime),
      attributes: otlpAttributes.of(this.attributes, this.maxLength),
      droppedAttributesCount: 0,
      events: this.#events ?? [],
      droppedEventsCount: this.#droppedEvents,
      status,
      links: this.links.length === 0 ? [] : this.links.flatMap((link) => linkOf(link, this.maxLength)),
      droppedLinksCount: this.#droppedLinks
    })
  }

  #ended(cause: Cause.Cause<unknown>, endTime: bigint): OtlpSpanData["status"] {
    if (Cause.isInterruptedOnly(cause)) {
      // The names the SDK's tracer of @effect/opentelemetry uses.
      this.attributes.set("span.label", "⚠︎ Interrupted")
      this.attributes.set("status.interrupted", true)
      return ok
    }
    const bounded = firstOf(cause, maxFailures)
    const error = leavesOf(bounded.cause)[0]?.error
    const message = PlainValue.clip(messageOf(error), this.maxLength)
    this.event("exception", endTime, {
      "exception.type": typeOf(error),
      "exception.message": message,
      "exception.stacktrace": prettyCause(bounded.cause, message, { renderErrorCause: true })
    })
    if (bounded.count > maxFailures) this.attributes.set("narrative.failures", bounded.count)
    return { code: 2, message }
  }
}

const linkOf = ({ attributes, span }: Tracer.SpanLink, maxLength: number): OtlpLink | readonly [] =>
  isKnown(span)
    ? {
        traceId: span.traceId,
        spanId: span.spanId,
        attributes: otlpAttributes.of(Object.entries(attributes), maxLength),
        droppedAttributesCount: 0
      }
    : []

// Asking for random bytes costs more than making them: many at once.
const pool = Buffer.alloc(8_192)
let used = pool.length

const randomHex = (bytes: number): string => {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString("hex", used - bytes, used)
}
