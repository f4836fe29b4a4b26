/**
 * What a renderer is, for everything that makes, combines or calls one.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import type { Waiting } from "../runtime/waiting.js"
import type { Delivery } from "./deliveryCounts.js"

export const TypeId: unique symbol = Symbol.for("effect-narrative/Renderer")

export type TypeId = typeof TypeId

/**
 * @since 0.1.0
 * @category models
 */
export interface Renderer extends Pipeable {
  readonly [TypeId]: TypeId
  /** What `Renderer.stats`, metrics and warnings call it. */
  readonly name: string
  /**
   * Called in the emitting fiber, in order of the events' `sequence`. Return nothing when done; return an Effect only
   * when the caller has to wait for it.
   */
  readonly handle: (event: NarrativeEvent) => void | Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface BufferOptions {
  /** Most events waiting. 1 or more. */
  readonly capacity: number
  /**
   * When the buffer is full: `suspend` makes the emitting fiber wait for room, `dropping` drops the new event, `sliding`
   * the oldest one. With `suspend` nothing is lost, an interrupted wait included, until 16,384 events more than
   * `capacity` are waiting: a destination that hangs must not fill the heap.
   */
  readonly strategy: "suspend" | "dropping" | "sliding"
  /**
   * The share of `capacity` (0–1, default 0.8) at which `onOverflow(-1, size)` is called, once on the way up; it is
   * re-armed when the queue is down to half of that.
   */
  readonly highWaterMark?: number | undefined
  /** Also called with each dropped event. If it throws, the fault is isolated and logged. */
  readonly onOverflow?: ((dropped: number, size: number) => void) | undefined
  /** How long the closing scope waits for the queue to drain (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/** Delivers an event to one renderer, and returns what to wait for. */
export type Deliver = (renderer: Renderer, event: NarrativeEvent) => Waiting

/** How a combinator passes events on to other renderers, which do the counting. */
export interface Route {
  readonly parts: ReadonlyArray<Renderer>
  readonly send: (event: NarrativeEvent, deliver: Deliver) => Waiting
}

class RendererImpl implements Renderer {
  readonly [TypeId]: TypeId = TypeId

  constructor(
    readonly name: string,
    readonly handle: Renderer["handle"],
    readonly route: Route | undefined,
    readonly delivery: Delivery | undefined
  ) {}

  pipe() {
    // biome-ignore lint/complexity/noArguments: as Effect's own `pipe` methods do.
    return pipeArguments(this, arguments)
  }
}

export const isRenderer = (value: unknown): value is Renderer =>
  typeof value === "object" && value !== null && TypeId in value

export const make = (name: string, handle: Renderer["handle"]): Renderer =>
  new RendererImpl(name, handle, undefined, undefined)

/** A renderer that passes events on to others. `handle` is how it acts when another renderer calls it. */
export const makeRouted = (name: string, handle: Renderer["handle"], route: Route): Renderer =>
  new RendererImpl(name, handle, route, undefined)

/** A renderer that counts for itself, because it knows more than its caller: a buffer. */
export const makeCounting = (name: string, handle: Renderer["handle"], delivery: Delivery): Renderer =>
  new RendererImpl(name, handle, undefined, delivery)

export const routeOf = (renderer: Renderer): Route | undefined => (renderer as Partial<RendererImpl>).route

export const ownDeliveryOf = (renderer: Renderer): Delivery | undefined => (renderer as Partial<RendererImpl>).delivery
