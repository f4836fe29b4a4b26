/**
 * A sink takes everything that is narrated as dotted names with data beside them: `pipeline.started`,
 * `stage.Load Rows.completed`, `tool.failed`, and whatever a program emits itself. It is what a queue, a bus or a table is
 * written to; what shows stories to people is a `Renderer`.
 *
 * A sink is delivered to as a renderer is: it cannot hurt the program, and every event is accounted for
 * (`emitted = delivered + dropped + failed + pending`).
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { EventSink, Narrative } from "effect-narrative"
 *
 * declare const publish: (topic: string, message: unknown) => Effect.Effect<void, Error>
 *
 * const Bus = EventSink.layerScoped(
 *   EventSink.make("bus", publish).pipe(EventSink.buffered({ maxQueueSize: 1_000 }))
 * )
 *
 * export const program = EventSink.emit("custom.processing_started", { input_size: 42 }).pipe(
 *   Narrative.stage("llm"),
 *   Narrative.story("chat_fast"),
 *   Effect.provide(Bus)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Layer from "effect/Layer"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Renderer from "../delivery/Renderer.js"
import { renderersOf } from "../delivery/rendererSet.js"
import { DirectQueue, open, type SinkQueue } from "../delivery/sinkQueue.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import { type AnyFiber, now, withFiber } from "../runtime/fiber.js"
import { isEnabled } from "../runtime/muting.js"
import * as sinks from "./sinks.js"

/**
 * @since 0.1.0
 * @category symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-narrative/EventSink")

/**
 * @since 0.1.0
 * @category symbols
 */
export type TypeId = typeof TypeId

/**
 * What became of a sink's events, at any time: `emitted = delivered + dropped + failed + pending`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkStats {
  readonly emitted: number
  readonly delivered: number
  readonly dropped: number
  /** The dropped ones by reason: `overflow`, `closed`, `shutdown`. */
  readonly droppedBy: { readonly [reason: string]: number }
  readonly failed: number
  readonly pending: number
  /** The share of the emitted ones that were dropped, in percent with two decimals; 0 where none was emitted. */
  readonly dropRate: number
  /** In milliseconds since the epoch; `null` where there was none. */
  readonly lastEmitAt: number | null
  readonly lastDropAt: number | null
}

/**
 * - `emit` hands an event over, and waits until the sink has room for it, or has handled it where it has no queue.
 * - `tryEmit` hands it over only if nothing has to be waited for, and says whether it was taken. It never waits.
 *
 * Neither fails. Data is copied and redacted at once, as that of `Narrative.note`.
 *
 * @since 0.1.0
 * @category models
 */
export interface EventSink extends Pipeable {
  readonly [TypeId]: TypeId
  /** What `Renderer.stats` and warnings call it. */
  readonly name: string
  readonly emit: (type: string, data?: Readonly<Record<string, unknown>>) => Effect.Effect<void>
  readonly tryEmit: (type: string, data?: Readonly<Record<string, unknown>>) => Effect.Effect<boolean>
  readonly stats: Effect.Effect<SinkStats>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface BufferOptions {
  /** Most events waiting (default 1,000). */
  readonly maxQueueSize?: number | undefined
  /**
   * What becomes of an event of a story when the queue is full: `drop` (the default) drops it, so that a slow sink never
   * slows a stage; `wait` makes the stage wait.
   */
  readonly whenFull?: "drop" | "wait" | undefined
  /** Called with each event that is dropped. If it throws, the fault is isolated and logged. */
  readonly onDrop?: ((type: string, data: PlainRecord) => void) | undefined
  /** The share of the queue (0–1, default 0.8) at which `onHighWater` is called, once on the way up; re-armed at half. */
  readonly highWaterMark?: number | undefined
  readonly onHighWater?: ((size: number) => void) | undefined
  /** How long the closing scope waits for the queue to drain (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface LayerOptions {
  /** Whether each stage and each story also gives its wide event: `stage.wide`, `pipeline.wide` (default `false`). */
  readonly wide?: boolean | { readonly stages?: boolean; readonly stories?: boolean } | undefined
}

class SinkImpl implements EventSink {
  readonly [TypeId]: TypeId = TypeId

  constructor(
    readonly name: string,
    readonly queue: SinkQueue
  ) {}

  emit(type: string, data?: Readonly<Record<string, unknown>>): Effect.Effect<void> {
    return emitting(
      (fiber) => this.queue.offer(sinks.eventOf(fiber, type, data), now(fiber)) ?? Effect.void,
      Effect.void
    )
  }

  tryEmit(type: string, data?: Readonly<Record<string, unknown>>): Effect.Effect<boolean> {
    return emitting((fiber) => {
      const { taken, waiting } = this.queue.tryOffer(sinks.eventOf(fiber, type, data), now(fiber))
      return waiting === undefined ? Effect.succeed(taken) : Effect.as(waiting, taken)
    }, Effect.succeed(false))
  }

  get stats(): Effect.Effect<SinkStats> {
    return Effect.sync(() => statsOf(this.queue))
  }

  pipe() {
    // biome-ignore lint/complexity/noArguments: as Effect's own `pipe` methods do.
    return pipeArguments(this, arguments)
  }
}

/** An uninterruptible step of a fiber that narrates. */
const emitting = <A>(f: (fiber: AnyFiber) => Effect.Effect<A>, otherwise: Effect.Effect<A>): Effect.Effect<A> =>
  withFiber((fiber) => (isEnabled(fiber) ? Effect.uninterruptible(Effect.suspend(() => f(fiber))) : otherwise))

const statsOf = ({ delivery, lastDropAt, lastEmitAt }: SinkQueue): SinkStats => {
  const dropped = delivery.droppedTotal
  return {
    emitted: delivery.emitted,
    delivered: delivery.delivered,
    dropped,
    droppedBy: Object.fromEntries(delivery.dropped),
    failed: delivery.failed,
    pending: delivery.pending,
    dropRate: delivery.emitted === 0 ? 0 : Math.round((dropped / delivery.emitted) * 10_000) / 100,
    lastEmitAt,
    lastDropAt
  }
}

const queueOf = (sink: EventSink): SinkQueue => (sink as SinkImpl).queue

/**
 * @since 0.1.0
 * @category guards
 */
export const isEventSink = (value: unknown): value is EventSink =>
  typeof value === "object" && value !== null && TypeId in value

/**
 * A sink from its name and what it does with an event. Return nothing when done, or an Effect: `emit` and stages wait for it,
 * unless the sink is {@link buffered}. What it throws or fails with is isolated, counted, and logged at its 1st, 2nd, 4th,
 * 8th, … time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  name: string,
  handle: (type: string, data: PlainRecord) => void | Effect.Effect<void, unknown>
): EventSink => new SinkImpl(name, new DirectQueue(name, handle))

/**
 * A sink that discards every event.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: EventSink = make("none", () => undefined)

/**
 * A sink that logs each event: its type as the message, its data as annotations.
 *
 * @since 0.1.0
 * @category constructors
 */
export const logging: EventSink = make("logging", (type, data) => Effect.annotateLogs(Effect.logInfo(type), data))

/**
 * A sink that hands each event to a renderer, as an `EventRecorded`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromRenderer = (renderer: Renderer.Renderer): EventSink => {
  let sequence = 0
  const textAt = (data: PlainRecord, name: string): string | null => {
    const value = data[name]
    return typeof value === "string" ? value : null
  }
  const handle = (type: string, data: PlainRecord, timestamp: number) => {
    const storyId = textAt(data, "pipeline_run_id") ?? renderer.name
    return renderer.handle({
      _tag: "EventRecorded",
      storyId,
      storyName: textAt(data, "pipeline_name") ?? renderer.name,
      rootStoryId: storyId,
      parentStoryId: textAt(data, "parent_run_id"),
      timestamp,
      sequence: sequence++,
      stageName: textAt(data, "stage"),
      stageIndex: null,
      depth: 0,
      traceId: textAt(data, "trace_id"),
      spanId: null,
      name: type,
      data
    })
  }
  return make(renderer.name, (type, data) =>
    Effect.flatMap(Clock.currentTimeMillis, (timestamp) => handle(type, data, timestamp) ?? Effect.void)
  )
}

/**
 * Puts a bounded queue with one draining fiber in front of a sink, so that a slow one never slows a stage. Closing the scope
 * drains the queue within `shutdownTimeout`, and counts what is left as dropped.
 *
 * @since 0.1.0
 * @category combinators
 */
export const buffered: {
  (options?: BufferOptions): (self: EventSink) => Effect.Effect<EventSink, InvalidOption, Scope.Scope>
  (self: EventSink, options?: BufferOptions): Effect.Effect<EventSink, InvalidOption, Scope.Scope>
} = dual(
  (args) => isEventSink(args[0]),
  (self: EventSink, given: BufferOptions = {}): Effect.Effect<EventSink, InvalidOption, Scope.Scope> =>
    Effect.flatMap(decodeBuffer(given), (settings) =>
      Effect.map(open(self.name, queueOf(self).handle, settings), (queue) => new SinkImpl(self.name, queue))
    )
)

const decodeBuffer = options.decode(
  "EventSink",
  Schema.Struct({
    maxQueueSize: options.withDefault(options.wholeNumber(1), 1_000),
    whenFull: options.withDefault(options.oneOf("drop", "wait"), "drop"),
    onDrop: Schema.optional(options.functionOf<NonNullable<BufferOptions["onDrop"]>>()),
    highWaterMark: options.withDefault(options.share, 0.8),
    onHighWater: Schema.optional(options.functionOf<NonNullable<BufferOptions["onHighWater"]>>()),
    shutdownTimeout: options.withDefault(options.duration, Duration.seconds(5))
  })
)

/**
 * Gives a sink everything that is narrated where the layer is provided; renderers and other sinks stay.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (sink: EventSink, options?: LayerOptions): Layer.Layer<never> =>
  layerScoped(Effect.succeed(sink), options)

/**
 * {@link layer}, for a scoped effect that makes a sink, such as {@link buffered}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerScoped = <E, R>(
  sink: Effect.Effect<EventSink, E, R>,
  { wide = false }: LayerOptions = {}
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> =>
  Renderer.layerAlongside(
    Effect.flatMap(sink, (sink) =>
      sinks.rendererOf(sink.name, queueOf(sink), {
        stages: typeof wide === "boolean" ? wide : (wide.stages ?? false),
        stories: typeof wide === "boolean" ? wide : (wide.stories ?? false)
      })
    )
  )

/**
 * Emits an event to every sink in use here, and waits until each has room for it. Inside a story the event has the ids of its
 * run beside it. Renderers do not get it: what they are to show is a `Narrative.note`, which sinks get too.
 *
 * @since 0.1.0
 * @category emitting
 */
export const emit = (type: string, data?: Readonly<Record<string, unknown>>): Effect.Effect<void> =>
  emitting((fiber) => sinks.emit(fiber, type, data) ?? Effect.void, Effect.void)

/**
 * {@link emit} without waiting: whether every sink took it; `false` where there is none.
 *
 * @since 0.1.0
 * @category emitting
 */
export const tryEmit = (type: string, data?: Readonly<Record<string, unknown>>): Effect.Effect<boolean> =>
  emitting((fiber) => {
    const { taken, waiting } = sinks.tryEmit(fiber, type, data)
    return waiting === undefined ? Effect.succeed(taken) : Effect.as(waiting, taken)
  }, Effect.succeed(false))

/**
 * How many sinks are in use here.
 *
 * @since 0.1.0
 * @category emitting
 */
export const count: Effect.Effect<number> = /* @__PURE__ */ withFiber((fiber) =>
  Effect.succeed(sinks.sinksOf(renderersOf(fiber)).length)
)
