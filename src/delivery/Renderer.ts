/**
 * What consumes events: the console, a file, a database, a test. A renderer is a name and a function; Layers add
 * renderers for everything they are provided to, in any order and any combination.
 *
 * A renderer cannot hurt the program: one that throws, fails or dies is isolated and counted, and logged through
 * `Effect.logWarning` at its 1st, 2nd, 4th, 8th, … fault. What does slow work should be {@link buffered}.
 *
 * Without a renderer there is no output: stories and stages are then their spans.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { dual } from "effect/Function"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import { useBuiltIn } from "../redaction/builtInRedactor.js"
import { inOrder } from "../runtime/waiting.js"
import * as boundedBuffer from "./boundedBuffer.js"
import { decodeBatch, decodeBuffer } from "./bufferOptions.js"
import * as coalescing from "./coalescing.js"
import { type RendererStats, statsOf } from "./deliveryStats.js"
import { countsBelow } from "./dispatch.js"
import { rendererLayer } from "./rendererLayer.js"
import type { BufferOptions, Renderer } from "./rendererModel.js"
import * as rendererModel from "./rendererModel.js"
import * as rendererSet from "./rendererSet.js"
import { routed } from "./routed.js"

// What a renderer is given is redacted.
useBuiltIn()

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  RendererStats
} from "./deliveryStats.js"
export {
  /**
   * @since 0.1.0
   * @category models
   */
  type ToFileOptions,
  /**
   * @since 0.1.0
   * @category constructors
   */
  toFile,
  /**
   * @since 0.1.0
   * @category constructors
   */
  toStream
} from "./lineSinks.js"
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  BufferOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  Renderer
} from "./rendererModel.js"
export {
  /**
   * @since 0.1.0
   * @category symbols
   */
  TypeId
} from "./rendererModel.js"

/**
 * @since 0.1.0
 * @category guards
 */
export const isRenderer: (value: unknown) => value is Renderer = rendererModel.isRenderer

/**
 * A renderer from its name and what it does with an event.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (name: string, handle: Renderer["handle"]) => Renderer = rendererModel.make

/**
 * A renderer that discards every event.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Renderer = routed("none", [], () => undefined)

/**
 * Adds a renderer for everything the layer is provided to; every other renderer stays.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { ConsoleRenderer, Narrative, Renderer } from "effect-narrative"
 *
 * const failures = Renderer.make("failures", (event) =>
 *   event._tag === "FailureOccurred" ? Effect.logError(event.failures[0].errorMessage) : undefined
 * )
 *
 * const program = Effect.void.pipe(Narrative.story("Nightly ETL"))
 *
 * program.pipe(Effect.provide(Layer.mergeAll(ConsoleRenderer.layer(), Renderer.layer(failures))), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (renderer: Renderer): Layer.Layer<never> => layerScoped(Effect.succeed(renderer))

/**
 * {@link layer}, for an effect that makes a renderer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEffect = <E, R>(renderer: Effect.Effect<Renderer, E, R>): Layer.Layer<never, E, R> =>
  // What is made without a scope needs none.
  layerScoped(renderer) as Layer.Layer<never, E, R>

/**
 * {@link layer}, for a scoped effect that makes a renderer. It is taken out before its scope is closed.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerScoped = <E, R>(
  renderer: Effect.Effect<Renderer, E, R>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> => rendererLayer(renderer, rendererSet.add)

/**
 * Adds a renderer that is not for reading stories, one that makes metrics of them for instance: as {@link layerScoped},
 * but the default renderer of `Narrative.layerDefault` and `Narrative.runMain` stays beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAlongside = <E, R>(
  renderer: Effect.Effect<Renderer, E, R>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> => rendererLayer(renderer, rendererSet.addCompanion)

/**
 * Replaces every renderer by this one.
 *
 * @since 0.1.0
 * @category layers
 */
export const replace = (renderer: Renderer): Layer.Layer<never> => replaceScoped(Effect.succeed(renderer))

/**
 * {@link replace}, for an effect that makes a renderer.
 *
 * @since 0.1.0
 * @category layers
 */
export const replaceEffect = <E, R>(renderer: Effect.Effect<Renderer, E, R>): Layer.Layer<never, E, R> =>
  // What is made without a scope needs none.
  replaceScoped(renderer) as Layer.Layer<never, E, R>

/**
 * {@link replace}, for a scoped effect that makes a renderer.
 *
 * @since 0.1.0
 * @category layers
 */
export const replaceScoped = <E, R>(
  renderer: Effect.Effect<Renderer, E, R>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> => rendererLayer(renderer, (_, renderer) => [renderer])

/**
 * Silence: replaces every renderer by {@link none}. Stories and stages are still spans.
 *
 * @since 0.1.0
 * @category layers
 */
// One a layer, so that it is known when it is gone.
export const layerNone: Layer.Layer<never> = replaceEffect(Effect.sync(() => routed("none", [], () => undefined)))

/**
 * Passes on only the events for which `predicate` holds.
 *
 * @since 0.1.0
 * @category combinators
 */
export const filter: {
  (predicate: (event: NarrativeEvent) => boolean): (self: Renderer) => Renderer
  (self: Renderer, predicate: (event: NarrativeEvent) => boolean): Renderer
} = dual(
  2,
  (self: Renderer, predicate: (event: NarrativeEvent) => boolean): Renderer =>
    routed(self.name, [self], (event, deliver) => (predicate(event) ? deliver(self, event) : undefined))
)

/**
 * Changes each event before it is passed on.
 *
 * @since 0.1.0
 * @category combinators
 */
export const mapEvents: {
  (f: (event: NarrativeEvent) => NarrativeEvent): (self: Renderer) => Renderer
  (self: Renderer, f: (event: NarrativeEvent) => NarrativeEvent): Renderer
} = dual(
  2,
  (self: Renderer, f: (event: NarrativeEvent) => NarrativeEvent): Renderer =>
    routed(self.name, [self], (event, deliver) => deliver(self, f(event)))
)

/**
 * Both renderers, as one.
 *
 * @since 0.1.0
 * @category combinators
 */
export const merge: {
  (that: Renderer): (self: Renderer) => Renderer
  (self: Renderer, that: Renderer): Renderer
} = dual(
  2,
  (self: Renderer, that: Renderer): Renderer =>
    routed(`${self.name}+${that.name}`, [self, that], (event, deliver) =>
      inOrder(deliver(self, event), deliver(that, event))
    )
)

/**
 * Collapses runs of equal stages. After `threshold` (1 or more) consecutive completions of stages of one name in one
 * place, further ones are held back and emitted as one `EventRecorded` named `stages.coalesced` with
 * `{ stage_name, count, duration_seconds }` when the run ends: at the next different event of the story. Anything that
 * fails, is cancelled, or is inside such a stage is always emitted.
 *
 * @since 0.1.0
 * @category combinators
 */
export const coalesce: {
  (options: { readonly threshold: number }): (self: Renderer) => Renderer
  (self: Renderer, options: { readonly threshold: number }): Renderer
} = dual(2, coalescing.make)

/**
 * Puts a bounded queue with one draining fiber in front of a renderer, so that a slow one never slows a stage. The
 * fiber belongs to the scope: closing it drains the queue within `shutdownTimeout` and counts what is left as dropped.
 * Dies with an `InvalidOption` for a value that cannot be used, such as a capacity below 1.
 *
 * @example
 * ```ts
 * import { Effect, pipe } from "effect"
 * import { Renderer } from "effect-narrative"
 *
 * const slow = Renderer.make("audit", (event) => Effect.sleep("1 second").pipe(Effect.zipRight(Effect.log(event._tag))))
 *
 * export const AuditLayer = Renderer.layerScoped(pipe(slow, Renderer.buffered({ capacity: 1_000, strategy: "sliding" })))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const buffered: {
  (options: BufferOptions): (self: Renderer) => Effect.Effect<Renderer, never, Scope.Scope>
  (self: Renderer, options: BufferOptions): Effect.Effect<Renderer, never, Scope.Scope>
} = dual(2, (self: Renderer, given: BufferOptions) =>
  Effect.suspend(() =>
    boundedBuffer.make({
      ...decodeBuffer(given),
      name: self.name,
      size: 1,
      within: 0,
      handle: ([event]) => Effect.suspend(() => self.handle(event) ?? Effect.void)
    })
  )
)

/**
 * A renderer that handles many events at once: whenever `size` events are there, or `within` has passed since the first
 * of them. An error of `handle` counts the whole batch as failed; the next one is tried afresh. Dies with an `InvalidOption`
 * for a value that cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const batched = <E, R>(
  name: string,
  options: Partial<BufferOptions> & {
    readonly size: number
    readonly within: Duration.DurationInput
    readonly handle: (events: readonly [NarrativeEvent, ...Array<NarrativeEvent>]) => Effect.Effect<void, E, R>
  }
): Effect.Effect<Renderer, never, R | Scope.Scope> =>
  Effect.suspend(() => {
    const { capacity, size, ...batches } = decodeBatch(options)
    const { handle } = options
    return boundedBuffer.make({ ...batches, capacity: capacity ?? Math.max(8_192, size * 2), size, name, handle })
  })

/**
 * The counts of each renderer in use here, in their order. A combinator counts nothing itself; the renderers it hands
 * events to do.
 *
 * @since 0.1.0
 * @category stats
 */
export const stats: Effect.Effect<ReadonlyArray<RendererStats>> = Effect.map(
  FiberRef.get(rendererSet.current),
  (current) => countsBelow(current).map(statsOf)
)
