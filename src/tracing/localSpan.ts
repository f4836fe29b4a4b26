/**
 * A span that stays in the process, as Effect's own tracer makes one: most spans of a program that exports none are never read. That one
 * puts its ids together from single characters, and has a map and two lists, which are a fifth of all that a stage allocates. Here
 * everything that is not given is made when it is read.
 */
import type * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { hex } from "../plain/ids.js"

/** Twice the most attributes that are not yet a map. */
const maxAdded = 64

type Events = Array<[name: string, startTime: bigint, attributes: Record<string, unknown>]>

export class LocalSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly sampled = true
  declare readonly name: string
  declare readonly parent: Option.Option<Tracer.AnySpan>
  declare readonly context: Context.Context<never>
  declare readonly startTime: bigint
  declare readonly kind: Tracer.SpanKind
  #traceId: string | undefined
  #spanId: string | undefined
  #links: Array<Tracer.SpanLink> | undefined
  #events: Events | undefined
  #endTime = 0n
  #exit: Exit.Exit<unknown, unknown> | undefined
  /** Names and values by turns, as long as they are few and not read. */
  #added: Array<unknown> | undefined
  #attributes: Map<string, unknown> | undefined

  constructor(
    name: string,
    parent: Option.Option<Tracer.AnySpan>,
    context: Context.Context<never>,
    links: ReadonlyArray<Tracer.SpanLink>,
    startTime: bigint,
    kind: Tracer.SpanKind
  ) {
    this.name = name
    this.parent = parent
    this.context = context
    this.startTime = startTime
    this.kind = kind
    // An array of its own: more may be added.
    if (links.length > 0) this.#links = Array.from(links)
  }

  get traceId(): string {
    if (this.parent._tag === "Some") return this.parent.value.traceId
    this.#traceId ??= hex(32)
    return this.#traceId
  }

  get spanId(): string {
    this.#spanId ??= hex(16)
    return this.#spanId
  }

  get links(): Array<Tracer.SpanLink> {
    this.#links ??= []
    return this.#links
  }

  get events(): Events {
    this.#events ??= []
    return this.#events
  }

  get status(): Tracer.SpanStatus {
    const { startTime } = this
    return this.#exit === undefined
      ? { _tag: "Started", startTime }
      : { _tag: "Ended", endTime: this.#endTime, exit: this.#exit, startTime }
  }

  get attributes(): ReadonlyMap<string, unknown> {
    if (this.#attributes !== undefined) return this.#attributes
    const attributes = new Map<string, unknown>()
    const added = this.#added ?? []
    for (let i = 0; i < added.length; i += 2) attributes.set(String(added[i]), added[i + 1])
    this.#added = undefined
    this.#attributes = attributes
    return attributes
  }

  attribute(key: string, value: unknown): void {
    if (this.#attributes !== undefined) this.#attributes.set(key, value)
    else if (this.#added === undefined) this.#added = [key, value]
    // One that is set again and again must not grow.
    else if (this.#added.push(key, value) > maxAdded) void this.attributes
  }

  /** Adds attributes, given as names and values by turns. The list becomes the span's. */
  addAll(list: Array<unknown>): void {
    if (this.#added === undefined && this.#attributes === undefined) this.#added = list
    else for (let i = 0; i < list.length; i += 2) this.attribute(String(list[i]), list[i + 1])
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.#endTime = endTime
    this.#exit = exit
  }

  event(name: string, startTime: bigint, attributes: Record<string, unknown> = {}): void {
    this.events.push([name, startTime, attributes])
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    for (const link of links) this.links.push(link)
  }
}

/** What a tracer does whose spans these are. */
export const localSpan: Tracer.Tracer["span"] = (name, parent, context, links, startTime, kind) =>
  new LocalSpan(name, parent, context, links, startTime, kind)
