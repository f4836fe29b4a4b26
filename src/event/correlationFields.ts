/**
 * Who asked for a piece of work, as a value: the trace, the request, the tenant it belongs to.
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as hiddenField from "../plain/hiddenField.js"

/**
 * A member of the W3C `baggage`: its value, or its value with the properties that came with it, which are passed on as they are.
 *
 * @since 0.1.0
 * @category models
 */
export type BaggageEntry = string | { readonly value: string; readonly properties: string }

/**
 * Who asked for this: one immutable value, every field of it optional, and plain JSON.
 *
 * An id is a text of 1 to 256 characters without control characters. What is not as its field says is left out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Correlation {
  /** The W3C trace id: 32 lower-case hexadecimal digits, not all of them 0. */
  readonly traceId?: string | undefined
  /** The span that asked: 16 lower-case hexadecimal digits, not all of them 0. */
  readonly spanId?: string | undefined
  /** The span around that one. It is not sent: the receiver's parent is `spanId`. */
  readonly parentSpanId?: string | undefined
  /** Whether the caller records its trace. Not known is not the same as `false`, but is sent as it. */
  readonly sampled?: boolean | undefined
  /** The W3C `tracestate` that came with the trace, of at most 512 characters. */
  readonly traceState?: string | undefined
  /** What ties together everything that was done for one cause, across services. */
  readonly correlationId?: string | undefined
  /** The request at the outermost service. */
  readonly requestId?: string | undefined
  /** The run of a pipeline. */
  readonly runId?: string | undefined
  /** Hidden in everything that leaves, as any name of a session is, unless your own `Redaction` shows it. */
  readonly sessionId?: string | undefined
  readonly userId?: string | undefined
  /** The id of the organisation it is done for. */
  readonly orgId?: string | undefined
  /** The name of the tenant it is done for. */
  readonly tenant?: string | undefined
  /** The W3C `baggage`: what travels with the request through every service. */
  readonly baggage?: { readonly [name: string]: BaggageEntry } | undefined
  /** Any other ids. */
  readonly extra?: { readonly [name: string]: string } | undefined
}

/** The fields that are ids or names, and their names on the wire and in log lines. */
export const idFields = {
  correlationId: "correlation_id",
  requestId: "request_id",
  runId: "run_id",
  sessionId: "session_id",
  userId: "user_id",
  orgId: "org_id",
  tenant: "tenant"
} as const

export type IdField = keyof typeof idFields

/** Every field's name on the wire. */
export const wireNames: { readonly [K in keyof Correlation]-?: string } = {
  traceId: "trace_id",
  spanId: "span_id",
  parentSpanId: "parent_span_id",
  sampled: "sampled",
  traceState: "trace_state",
  ...idFields,
  baggage: "baggage",
  extra: "extra"
}

export const idFieldNames = Object.keys(idFields) as ReadonlyArray<IdField>

/** Nothing is known. */
export const none: Correlation = Object.freeze({})

/** Most members of `baggage`, as the W3C says, and of `extra`. */
export const maxMembers = 180
/** Most characters of one member's value. */
const maxValue = 4_096

export const isTraceId = (value: unknown): value is string =>
  typeof value === "string" && /^(?!0{32})[0-9a-f]{32}$/.test(value)

export const isSpanId = (value: unknown): value is string =>
  typeof value === "string" && /^(?!0{16})[0-9a-f]{16}$/.test(value)

const idText = /^[^\u0000-\u001f\u007f-\u009f]{1,256}$/

export const isId = (value: unknown): value is string =>
  typeof value === "string" &&
  value.length <= 256 &&
  (plainText.test(value) || (idText.test(value) && !loneSurrogate.test(value)))

/** What most ids are. */
const plainText = /^[\u0020-\u007e]+$/

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** A name in `baggage`: a token of RFC 7230. Those that begin with `narrative.` are ours. */
export const isBaggageName = (name: string): boolean =>
  name.length <= 256 && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) && !name.startsWith(ownPrefix)

export const ownPrefix = "narrative."

export const isBaggageValue = (value: unknown): value is string =>
  typeof value === "string" && value.length <= maxValue && !loneSurrogate.test(value)

/** Anything a header can carry but a comma. */
const isProperties = (value: unknown): value is string =>
  typeof value === "string" &&
  value.length <= maxValue &&
  /^[\u0021-\u002b\u002d-\u007e](?:[\u0020-\u002b\u002d-\u007e\t]*[\u0021-\u002b\u002d-\u007e])?$/.test(value)

/** Longest `tracestate` passed on. */
const maxTraceState = 512

const traceStateMember =
  /^[a-z0-9][a-z0-9_\-*/]{0,240}(?:@[a-z][a-z0-9_\-*/]{0,13})?=[\u0020-\u002b\u002d-\u003c\u003e-\u007e]{0,255}[\u0021-\u002b\u002d-\u003c\u003e-\u007e]$/

/** A `tracestate` as it may be passed on: of one that is too long the first whole members, of a malformed one nothing. */
export const traceStateOf = (given: unknown): string | undefined => {
  if (typeof given !== "string") return undefined
  const isCut = given.length > maxTraceState
  const members = (isCut ? given.slice(0, maxTraceState + 1) : given).split(",")
  if (isCut) members.pop()
  const shown = members.map((member) => member.trim()).filter((member) => member !== "")
  const names = new Set(shown.map((member) => member.split("=", 1)[0]))
  const isValid = shown.length > 0 && shown.length <= 32 && names.size === shown.length
  return isValid && shown.every((member) => traceStateMember.test(member)) ? shown.join(",") : undefined
}

/** Anything as a correlation: what is not as its field says is left out. It never throws for a plain object. */
export const make = (given: unknown): Correlation => {
  if (!Predicate.isRecord(given)) return none
  if (known.has(given)) return given
  const made: { -readonly [K in keyof Correlation]: Correlation[K] } = {}
  if (isTraceId(given.traceId)) made.traceId = given.traceId
  if (isSpanId(given.spanId)) made.spanId = given.spanId
  if (isSpanId(given.parentSpanId)) made.parentSpanId = given.parentSpanId
  if (typeof given.sampled === "boolean") made.sampled = given.sampled
  const traceState = traceStateOf(given.traceState)
  if (traceState !== undefined) made.traceState = traceState
  for (const field of idFieldNames) {
    const id = given[field]
    if (isId(id)) made[field] = id
  }
  const baggage = membersOf(given.baggage, isBaggageName, entryOf)
  if (baggage !== undefined) made.baggage = baggage
  const extra = membersOf(given.extra, isId, (value) => (isBaggageValue(value) ? value : undefined))
  if (extra !== undefined) made.extra = extra
  known.set(made, true)
  return Object.freeze(made)
}

/** A correlation that was made here, with other ids. */
export const withIds = (correlation: Correlation, ids: { readonly [K in IdField]?: string }): Correlation => {
  const made: { -readonly [K in keyof Correlation]: Correlation[K] } = Object.assign({}, correlation)
  for (const field of Object.keys(ids) as ReadonlyArray<IdField>) if (isId(ids[field])) made[field] = ids[field]
  known.set(made, true)
  return Object.freeze(made)
}

/** What was made here is as it should be. */
const known = hiddenField.make<object, true>()

const entryOf = (value: unknown): BaggageEntry | undefined => {
  if (isBaggageValue(value)) return value
  if (!Predicate.isRecord(value) || !isBaggageValue(value.value)) return undefined
  return isProperties(value.properties) ? { value: value.value, properties: value.properties } : value.value
}

/** `undefined` for no member: a name of `__proto__` is a name like any other. */
const membersOf = <A>(
  given: unknown,
  isName: (name: string) => boolean,
  valueOf: (value: unknown) => A | undefined
): { readonly [name: string]: A } | undefined => {
  if (!Predicate.isRecord(given)) return undefined
  const members = new Map<string, A>()
  for (const name of Object.keys(given)) {
    const value = isName(name) ? valueOf(given[name]) : undefined
    if (value === undefined) continue
    members.set(name, value)
    if (members.size === maxMembers) break
  }
  return members.size === 0 ? undefined : Object.fromEntries(members)
}

/** Every id, by its name on the wire. */
export const idsOf = (correlation: Correlation): ReadonlyArray<readonly [name: string, id: string]> => {
  const ids = new Map(Object.entries(correlation.extra ?? {}))
  if (correlation.traceId !== undefined) ids.set(wireNames.traceId, correlation.traceId)
  for (const field of idFieldNames) {
    const id = correlation[field]
    if (id !== undefined) ids.set(idFields[field], id)
  }
  return Array.from(ids)
}

// Declared, as the labels of a story are: `Schema.Record` would lose a name that is `__proto__`.
const members = <A>(identifier: string, isMember: (value: unknown) => value is A) =>
  Schema.declare(
    (value): value is { readonly [name: string]: A } =>
      Predicate.isRecord(value) && Object.values(value).every(isMember),
    { identifier, jsonSchema: { type: "object" } }
  )

const isEntry = (value: unknown): value is BaggageEntry =>
  typeof value === "string" ||
  (Predicate.isRecord(value) && typeof value.value === "string" && typeof value.properties === "string")

const field = <A, I, Wire extends string>(schema: Schema.Schema<A, I>, wire: Wire) =>
  Schema.optional(schema).pipe(Schema.fromKey(wire))

/**
 * The Schema of a {@link Correlation}. On the wire its fields are in snake_case, and only those that are known.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Correlation = /* @__PURE__ */ Schema.Struct({
  traceId: /* @__PURE__ */ field(Schema.String, "trace_id"),
  spanId: /* @__PURE__ */ field(Schema.String, "span_id"),
  parentSpanId: /* @__PURE__ */ field(Schema.String, "parent_span_id"),
  sampled: /* @__PURE__ */ Schema.optional(Schema.Boolean),
  traceState: /* @__PURE__ */ field(Schema.String, "trace_state"),
  correlationId: /* @__PURE__ */ field(Schema.String, idFields.correlationId),
  requestId: /* @__PURE__ */ field(Schema.String, idFields.requestId),
  runId: /* @__PURE__ */ field(Schema.String, idFields.runId),
  sessionId: /* @__PURE__ */ field(Schema.String, idFields.sessionId),
  userId: /* @__PURE__ */ field(Schema.String, idFields.userId),
  orgId: /* @__PURE__ */ field(Schema.String, idFields.orgId),
  tenant: /* @__PURE__ */ Schema.optional(Schema.String),
  baggage: /* @__PURE__ */ Schema.optional(/* @__PURE__ */ members("Baggage", isEntry)),
  extra: /* @__PURE__ */ Schema.optional(/* @__PURE__ */ members("Extra", Predicate.isString))
})

/**
 * That of a story on the wire; `null` where nothing is known, and in lines that were written before there was any.
 */
export const OfStory = /* @__PURE__ */ Schema.optionalWith(/* @__PURE__ */ Schema.NullOr(Correlation), {
  default: () => null
})
