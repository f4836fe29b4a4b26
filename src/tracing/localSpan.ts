/**
 * A span that stays in the process, as Effect's own tracer makes one: most spans of a program that exports none are never read. That one
 * puts its ids together from single characters, which takes a tenth of all that a request's story allocates.
 */
import type * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"

/** Random bytes of the next ids: asking the system for those of each takes longer than all else. */
const random = Buffer.alloc(24 * 256)
let used = random.length

const hex = (bytes: number): string => {
  if (used + bytes > random.length) {
    crypto.getRandomValues(random)
    used = 0
  }
  const from = used
  used += bytes
  return random.toString("hex", from, used)
}

/** Twice the most attributes that are not yet a map. */
const maxAdded = 64

export class LocalSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly sampled = true
  readonly traceId: string
  readonly spanId: string
  readonly links: Array<Tracer.SpanLink>
  readonly events: Array<readonly [name: string, startTime: bigint, attributes: Record<string, unknown>]> = []
  status: Tracer.SpanStatus
  /** Names and values by turns, as long as they are few and not read. */
  #added: Array<unknown> = []
  #attributes: Map<string, unknown> | undefined

  constructor(
    readonly name: string,
    readonly parent: Option.Option<Tracer.AnySpan>,
    readonly context: Context.Context<never>,
    links: ReadonlyArray<Tracer.SpanLink>,
    readonly startTime: bigint,
    readonly kind: Tracer.SpanKind
  ) {
    // An array of its own: more may be added.
    this.links = Array.from(links)
    this.status = { _tag: "Started", startTime }
    this.traceId = parent._tag === "Some" ? parent.value.traceId : hex(16)
    this.spanId = hex(8)
  }

  get attributes(): ReadonlyMap<string, unknown> {
    if (this.#attributes !== undefined) return this.#attributes
    const attributes = new Map<string, unknown>()
    for (let i = 0; i < this.#added.length; i += 2) attributes.set(String(this.#added[i]), this.#added[i + 1])
    this.#added = []
    this.#attributes = attributes
    return attributes
  }

  attribute(key: string, value: unknown): void {
    if (this.#attributes !== undefined) this.#attributes.set(key, value)
    // One that is set again and again must not grow.
    else if (this.#added.push(key, value) > maxAdded) void this.attributes
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.status = { _tag: "Ended", endTime, exit, startTime: this.status.startTime }
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
