/**
 * What consumes events: the console, a file, a database, a test. A renderer is a name and a function; Layers add
 * renderers for everything they are provided to, in any order and any combination.
 *
 * A renderer cannot hurt the program: one that throws, fails or dies is isolated and counted, and told of through
 * `Effect.logWarning` at its 1st, 2nd, 4th, 8th, … fault. What does slow work should be {@link buffered}.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { constTrue, dual } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import * as appendedFile from "../file/appendedFile.js"
import * as streamWriter from "../file/streamWriter.js"
import * as boundedBuffer from "./boundedBuffer.js"
import * as coalescing from "./coalescing.js"
import { statsOf } from "./deliveryCounts.js"
import * as pendingWork from "./pendingWork.js"
import * as rendererSet from "./rendererSet.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Renderer {
  readonly name: string
  /**
   * Called in the emitting fiber, in order of the events' `sequence`. Return nothing when done; return an Effect only
   * when the caller has to wait for it.
   */
  readonly handle: (event: NarrativeEvent) => void | Effect.Effect<void>
}

/**
 * What became of the events a renderer was given: `emitted = delivered + dropped + failed + pending`, at any time.
 *
 * @since 0.1.0
 * @category models
 */
export interface RendererStats {
  readonly name: string
  readonly emitted: number
  readonly delivered: number
  /** By reason: `overflow`, `shutdown`, `closed`, or what a renderer names itself. */
  readonly dropped: { readonly [reason: string]: number }
  readonly failed: number
  readonly pending: number
}

/**
 * - `capacity`: most events waiting. 1 or more.
 * - `strategy`, when full: `suspend` makes the emitting fiber wait for room, `dropping` drops the new event, `sliding`
 *   the oldest one. With `suspend` nothing is lost, an interrupted wait included, until 16,384 events more than
 *   `capacity` are there: a destination that hangs must not fill the heap.
 * - `highWaterMark`: the share of `capacity` (0–1, default 0.8) at which `onOverflow(-1, size)` is called, once on the
 *   way up; it is re-armed when the queue is down to half of that.
 * - `onOverflow(dropped, size)`: also called with each dropped event. It may throw: that is isolated.
 * - `shutdownTimeout`: how long the closing scope waits for the queue to drain (default 5 seconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface BufferOptions {
  readonly capacity: number
  readonly strategy: "suspend" | "dropping" | "sliding"
  readonly highWaterMark?: number | undefined
  readonly onOverflow?: ((dropped: number, size: number) => void) | undefined
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (name: string, handle: Renderer["handle"]): Renderer => ({ name, handle })

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
export const layer = <E = never, R = never>(
  renderer: Renderer | Effect.Effect<Renderer, E, R>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> => change(renderer, rendererSet.add)

/**
 * Adds a renderer that is no place to read stories in, one that makes metrics of them say: as {@link layer}, but where
 * nobody chose another renderer the default one stays as well.
 *
 * @since 0.1.0
 * @category layers
 */
export const accompanying = <E = never, R = never>(
  renderer: Renderer | Effect.Effect<Renderer, E, R>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> => change(renderer, rendererSet.accompany)

/**
 * Narrates to this renderer only.
 *
 * @since 0.1.0
 * @category layers
 */
export const replace = <E = never, R = never>(
  renderer: Renderer | Effect.Effect<Renderer, E, R>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> => change(renderer, (_, renderer) => [renderer])

const change = <E, R>(
  renderer: Renderer | Effect.Effect<Renderer, E, R>,
  update: (renderers: ReadonlyArray<Renderer>, renderer: Renderer) => ReadonlyArray<Renderer>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> =>
  Layer.scopedDiscard(
    Effect.zipRight(
      rendererSet.owned,
      Effect.flatMap(Effect.isEffect(renderer) ? renderer : Effect.succeed(renderer), (renderer) =>
        rendererSet.changeRenderers((current) => update(current, renderer), pendingWork.awaitAll(renderer), renderer)
      )
    )
  )

/**
 * Narrates to nobody. Stories and stages are still spans.
 *
 * @since 0.1.0
 * @category layers
 */
export const none: Layer.Layer<never> = replace(Effect.sync(rendererSet.none))

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
    rendererSet.routed(self.name, [self], (event, tell) => (predicate(event) ? tell(self, event) : undefined))
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
    rendererSet.routed(self.name, [self], (event, tell) => tell(self, f(event)))
)

/**
 * Both rendererSet, as one.
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
    rendererSet.routed(`${self.name}+${that.name}`, [self, that], (event, tell) =>
      rendererSet.inOrder(tell(self, event), tell(that, event))
    )
)

/**
 * Collapses runs of equal stages. After `threshold` (1 or more) consecutive completions of stages of one name in one
 * place, further ones are held back and told as one `EventRecorded` named `stages.coalesced` with
 * `{ stage_name, count, duration_seconds }` when the run ends: at the next different event of the story. Anything that
 * fails, is cancelled, or stands inside such a stage is always told.
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
 *
 * @example
 * ```ts
 * import { Effect, pipe } from "effect"
 * import { Renderer } from "effect-narrative"
 *
 * const slow = Renderer.make("audit", (event) => Effect.sleep("1 second").pipe(Effect.zipRight(Effect.log(event._tag))))
 *
 * export const AuditLayer = Renderer.layer(pipe(slow, Renderer.buffered({ capacity: 1_000, strategy: "sliding" })))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const buffered: {
  (options: BufferOptions): (self: Renderer) => Effect.Effect<Renderer, never, Scope.Scope>
  (self: Renderer, options: BufferOptions): Effect.Effect<Renderer, never, Scope.Scope>
} = dual(2, (self: Renderer, options: BufferOptions) =>
  boundedBuffer.make({
    ...options,
    name: self.name,
    size: 1,
    within: 0,
    handle: ([event]) => Effect.suspend(() => self.handle(event) ?? Effect.void)
  })
)

/**
 * A renderer that handles many events at once: whenever `size` events are there, or `within` has passed since the first
 * of them. An error of `handle` counts the whole batch as failed; the next one is tried afresh.
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
  boundedBuffer.make({ capacity: Math.max(8_192, options.size * 2), strategy: "suspend", ...options, name })

/**
 * A renderer that writes each event to a stream as a line of text, in the emitting fiber. `format` returns the line
 * without its line break.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toStream = (
  name: string,
  format: (event: NarrativeEvent) => string,
  stream: NodeJS.WritableStream
): Renderer => {
  const writer = streamWriter.make(stream)
  return make(name, (event) => writer.write(`${format(event)}\n`))
}

/**
 * - `flushInterval`: how long events may be gathered before they are written (default: no longer than the write before
 *   takes).
 * - `capacity`: most events waiting (default 8,192); beyond it, emitting fibers wait.
 * - `shutdownTimeout`: how long the closing scope waits for the last events to be written (default 5 seconds).
 * - `isWhole`: tells whether a last line found without its line break is complete. If not, it is cut off. By default
 *   every line is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToFileOptions {
  readonly flushInterval?: Duration.DurationInput | undefined
  readonly capacity?: number | undefined
  readonly shutdownTimeout?: Duration.DurationInput | undefined
  readonly isWhole?: ((line: string) => boolean) | undefined
}

/**
 * A renderer that appends each event to a file as a line of text, through a boundedBuffer. Whatever is written at once is
 * whole lines. `format` returns the line without its line break; should it throw, the events written together with
 * that one count as failed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toFile = (
  name: string,
  path: string,
  format: (event: NarrativeEvent) => string,
  options: ToFileOptions = {}
): Effect.Effect<Renderer, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = yield* appendedFile.make(path, { isWhole: options.isWhole ?? constTrue, shared: false })
    // What is wrong with the path is told before anything runs.
    yield* file.stand(fs)
    return yield* toLines(name, format, options, (lines) =>
      Effect.flatMap(file.stand(fs), (standing) => file.append(lines, standing))
    )
  })

/**
 * A renderer that hands lines of text to `append`, through a boundedBuffer.
 *
 * @internal
 */
export const toLines = <E>(
  name: string,
  format: (event: NarrativeEvent) => string,
  options: Omit<ToFileOptions, "isWhole">,
  append: (lines: Uint8Array) => Effect.Effect<void, E | appendedFile.BrokenOff>
): Effect.Effect<Renderer, never, Scope.Scope> => {
  const capacity = options.capacity ?? 8_192
  const encoder = new TextEncoder()
  return boundedBuffer.make({
    name,
    capacity,
    strategy: "suspend",
    shutdownTimeout: options.shutdownTimeout,
    size: Math.min(capacity, 1_024),
    within: options.flushInterval ?? 0,
    handle: (events) =>
      Effect.suspend(() => {
        const texts = events.map(format)
        return Effect.catchIf(
          append(encoder.encode(`${texts.join("\n")}\n`)),
          (error) => error instanceof appendedFile.BrokenOff,
          ({ reason, written }) =>
            Effect.succeed(new boundedBuffer.Refused(events.length - textsWithin(texts, written), Cause.fail(reason)))
        )
      })
  })
}

/** How many of the texts, from the first on, are within so many lines. What is told as several lines is whole or lost. */
const textsWithin = (texts: ReadonlyArray<string>, lines: number): number => {
  let left = lines
  const broken = texts.findIndex((text) => {
    left -= text.split("\n").length
    return left < 0
  })
  return broken < 0 ? texts.length : broken
}

/**
 * The counts of each renderer in use here, in their order. A combinator counts nothing itself; the renderers it hands
 * events to do.
 *
 * @since 0.1.0
 * @category stats
 */
export const stats: Effect.Effect<ReadonlyArray<RendererStats>> = Effect.map(
  FiberRef.get(rendererSet.current),
  (current) => rendererSet.leaves(current).map(statsOf)
)
