/**
 * What becomes of a span by its name and kind: a story, a stage, a count on the stage it is in, or nothing; and how that is
 * called.
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Tracer from "effect/Tracer"
import * as options from "../plain/options.js"
import { attempt } from "../plain/untrusted.js"

/**
 * What is known of a span when it starts.
 *
 * @since 0.1.0
 * @category models
 */
export interface SpanStart {
  readonly name: string
  readonly kind: Tracer.SpanKind
  /** Those it is made with; what is annotated later is not known yet. */
  readonly attributes: Readonly<Record<string, unknown>>
}

/**
 * Chooses spans: by name, in which `*` matches any text; by a regular expression for the name; by any of several of
 * those; or by a predicate.
 *
 * @since 0.1.0
 * @category models
 */
export type SpanMatch = string | RegExp | ReadonlyArray<string | RegExp> | ((span: SpanStart) => boolean)

/**
 * @since 0.1.0
 * @category models
 */
export interface SpansOptions {
  /** Spans that begin a story wherever they are. By default: those without a parent in this process, and served requests. */
  readonly stories?: SpanMatch | undefined
  /** Spans that are stages whatever the other rules and bounds say. */
  readonly include?: SpanMatch | undefined
  /** Spans that are left out; what is inside them belongs to the span around them. */
  readonly exclude?: SpanMatch | undefined
  /** Spans that are counted on their stage. By default: calls to others (`http.client`, `sql.execute`, `RpcClient.*`). */
  readonly details?: SpanMatch | undefined
  /** From this duration on, a counted span is a stage after all (default: a second). */
  readonly detailsOver?: Duration.DurationInput | undefined
  /** What spans are called: by their names, or by a function. */
  readonly names?: Readonly<Record<string, string>> | ((span: SpanStart) => string | undefined) | undefined
}

/** What becomes of a span. */
export interface Rule {
  readonly role: "excluded" | "counted" | "stage" | "story"
  /** It is a stage however many there are, and however deep. */
  readonly isIncluded: boolean
  /** Decided by the user, or by what made the span. */
  readonly name: string
  /** The kind of its story, where it begins one. */
  readonly storyKind: string
}

export interface Rules {
  readonly of: (name: string, kind: Tracer.SpanKind, given: Tracer.SpanOptions | undefined) => Rule
  readonly detailsOverNanos: bigint
}

const isMatch = (value: unknown): value is SpanMatch =>
  typeof value === "string" ||
  value instanceof RegExp ||
  Predicate.isFunction(value) ||
  (Array.isArray(value) && value.every((one) => typeof one === "string" || one instanceof RegExp))

const Match = Schema.optional(options.like(isMatch, "a name, a regular expression, a list of those, or a function"))

const isNames = (value: unknown): value is NonNullable<SpansOptions["names"]> =>
  Predicate.isFunction(value) || Predicate.isRecord(value)

const Options = Schema.Struct({
  stories: Match,
  include: Match,
  exclude: Match,
  details: Match,
  detailsOver: options.withDefault(options.duration, Duration.seconds(1)),
  names: Schema.optional(options.like(isNames, "an object of names, or a function"))
})

const decode = options.decodeOrThrow("NarrativeSpans", Options)

/** Most names of a kind whose rule is remembered: some programs put ids into names. */
const maxKnown = 1_000

/** @throws InvalidOption */
export const make = (given: SpansOptions): Rules => {
  const { detailsOver, names, ...matches } = decode(given)
  const is = {
    stories: matcher(matches.stories),
    include: matcher(matches.include),
    exclude: matcher(matches.exclude),
    details: matcher(matches.details)
  }
  const decide = (start: SpanStart): Rule => {
    const { kind, name } = start
    const rule = (role: Rule["role"], isIncluded = false): Rule => ({
      role,
      isIncluded,
      name: nameOf(start, names),
      storyKind: storyKindOf(name, kind)
    })
    if (is.exclude(start)) return rule("excluded")
    if (is.stories(start)) return rule("story", true)
    if (is.include(start)) return rule("stage", true)
    if (is.details(start)) return rule("counted")
    if (isNoise(name)) return rule("excluded")
    return rule(isOutbound(kind) ? "counted" : "stage")
  }
  const asksForAttributes = [...Object.values(matches), names].some(Predicate.isFunction)
  // By kind, then by name: a text of both would be made, and hashed, for every span.
  const known = new Map<Tracer.SpanKind, Map<string, Rule>>()
  return {
    detailsOverNanos: Duration.isFinite(detailsOver) ? Duration.unsafeToNanos(detailsOver) : infiniteNanos,
    of: (name, kind, given) => {
      if (asksForAttributes) return decide({ name, kind, attributes: given?.attributes ?? {} })
      const ofKind = known.get(kind) ?? new Map<string, Rule>()
      const before = ofKind.get(name)
      if (before !== undefined) return before
      const rule = decide({ name, kind, attributes: {} })
      if (ofKind.size < maxKnown) known.set(kind, ofKind.set(name, rule))
      return rule
    }
  }
}

const infiniteNanos = 2n ** 63n

/** A call to another program, or a message for one. */
export const isOutbound = (kind: Tracer.SpanKind): boolean => kind === "client" || kind === "producer"

/** Work that came in from another program. */
export const isInbound = (kind: Tracer.SpanKind): boolean => kind === "server" || kind === "consumer"

/** A function of the user's that throws chooses nothing. */
const matcher = (match: SpanMatch | undefined): ((span: SpanStart) => boolean) => {
  if (match === undefined) return () => false
  if (typeof match === "function") return (span) => attempt(() => match(span), false)
  const patterns = (typeof match === "string" || match instanceof RegExp ? [match] : match).map(patternOf)
  return ({ name }) => patterns.some((pattern) => pattern.test(name))
}

// Without the flags by which a regular expression remembers where it was.
const patternOf = (match: string | RegExp): RegExp =>
  typeof match === "string"
    ? new RegExp(`^${match.split("*").map(escapeText).join(".*")}$`, "s")
    : new RegExp(match.source, match.flags.replace(/[gy]/g, ""))

const escapeText = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

/** Spans that say nothing about what a program does. */
const isNoise = (name: string): boolean => name.startsWith("McpServer/Notifications.")

const nameOf = (start: SpanStart, names: SpansOptions["names"]): string => {
  const given =
    typeof names === "function"
      ? attempt(() => names(start), undefined)
      : names !== undefined && Object.hasOwn(names, start.name)
        ? names[start.name]
        : undefined
  if (typeof given === "string" && given !== "") return given
  const { kind, name } = start
  if (name.startsWith("RpcServer.")) return name.slice("RpcServer.".length)
  return isInbound(kind) ? name.replace(entity, "$1.$2") : name
}

/** A call of a cluster's entity, `Counter(id).Increment`: the id is not part of what it is called. */
const entity = /^([^()]+)\(.*\)\.([^().]+)$/s

const storyKindOf = (name: string, kind: Tracer.SpanKind): string => {
  if (name.startsWith("RpcServer.")) return "rpc"
  if (name.startsWith("McpServer.")) return "tool"
  if (kind === "consumer" || (kind === "server" && entity.test(name))) return "message"
  return kind === "server" ? "request" : "story"
}

/** Whether a span is that of an HTTP server, which knows its route only later. */
export const isHttpServer = (name: string): boolean => name.startsWith("http.server ")

/** Whether a span is that of a call of an MCP server, which knows its tool only later. */
export const isToolCall = (name: string): boolean => name === "McpServer.tools/call"

/** `GET /orders/:id`, or the path where there is no route. */
export const requestName = (name: string, attributes: ReadonlyMap<string, unknown>): string => {
  const place = attributes.get("http.route") ?? attributes.get("url.path")
  const method = attributes.get("http.request.method") ?? name.slice("http.server ".length)
  return place === undefined ? String(method) : `${method} ${place}`
}

/** How a counted span is listed: `GET api.example.com`. */
export const labelOf = (name: string, attributes: ReadonlyMap<string, unknown>): string => {
  if (!name.startsWith("http.client ")) return name
  const host = attributes.get("server.address")
  return host === undefined ? name : `${attributes.get("http.request.method") ?? name.slice(12)} ${host}`
}

/** What the makers of spans say of them all, and what would bury the rest. */
const ownAttributes = /^(?:http\.(?:request|response)\.header\.|url\.(?:full|query|scheme)$|user_agent\.|code\.)/

/** Those of counted spans by their makers. */
const conventional = /^(?:http|url|user_agent|server|client|network|db|rpc|messaging|code|otel|gen_ai|error)\./

/** The attributes of a span that its stage or story shows. */
export const shownAttributes = (attributes: ReadonlyMap<string, unknown>): Record<string, unknown> =>
  chosen(attributes, (key) => !ownAttributes.test(key))

/** Those that the program itself put on a span which is counted. */
export const liftedAttributes = (attributes: ReadonlyMap<string, unknown>): Record<string, unknown> | undefined => {
  const lifted = chosen(attributes, (key) => !conventional.test(key))
  return Object.keys(lifted).length === 0 ? undefined : lifted
}

const chosen = (
  attributes: ReadonlyMap<string, unknown>,
  isWanted: (key: string) => boolean
): Record<string, unknown> => {
  const record: Record<string, unknown> = {}
  for (const [key, value] of attributes) if (isWanted(key)) record[key] = value
  return record
}
