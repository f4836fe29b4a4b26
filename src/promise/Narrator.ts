/**
 * Stories and stages for code that is not Effect.
 *
 * A function in a story or stage gives what it gives without: a value at once, or its Promise, with the same value or the
 * same error.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Runtime from "effect/Runtime"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import type { StoryStatus } from "../event/NarrativeEvent.js"
import { load } from "../narration/failureDescriber.js"
import * as recordings from "../narration/recordings.js"
import { regionIn } from "../narration/region.js"
import { layerDefault } from "../narration/runMain.js"
import type { Story } from "../narration/Story.js"
import * as PlainValue from "../plain/PlainValue.js"
import { useBuiltIn } from "../redaction/builtInRedactor.js"
import type { Correlation } from "../tracing/Correlation.js"
import * as asyncContextLayer from "./asyncContextLayer.js"
import { Backlog } from "./backlog.js"
import * as effects from "./effects.js"
import { type Opens, openersOf } from "./openers.js"
import { baseOf, contextOf, correlationIn, enter, here, withCorrelation } from "./places.js"
import * as regions from "./regions.js"

// Plain code cannot wait until it is known what is secret.
useBuiltIn()

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Narrated
} from "./follow.js"
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  NarratorStoryOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  OpenStory,
  /**
   * @since 0.1.0
   * @category models
   */
  Run,
  /**
   * @since 0.1.0
   * @category models
   */
  StoryEnd
} from "./models.js"

/**
 * What narrates code that is not Effect. Its functions need no `this`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Narrator<in out R = never> extends Opens {
  /** Records something that happened. `data` is copied at once. */
  readonly note: (name: string, data?: unknown) => void
  /** Adds attributes to the current stage, or to the story where no stage is running. */
  readonly annotate: {
    (key: string, value: unknown): void
    (values: Readonly<Record<string, unknown>>): void
  }
  /** Says how far the current stage has come. At most 10 events a second per stage. */
  readonly progress: (done: number, total?: number) => void
  /** Says that the current stage is tried again. The first attempt is number 1. */
  readonly retried: (
    attempt: number,
    error: unknown,
    options?: { readonly delaySeconds?: number | undefined; readonly reason?: string | undefined }
  ) => void
  /** Says how many stages the current story is going to have. */
  readonly setTotalStages: (total: number) => void
  /** Gives the current story a short result label. */
  readonly setOutcome: (outcome: string) => void
  /** Says how the current story is to be called if it ends without failing. */
  readonly setStatus: (status: StoryStatus) => void
  /** Reports an error that was handled, without failing. */
  readonly recordFailure: (error: unknown, options?: { readonly stage?: string | undefined }) => void
  /** The story the caller is in. */
  readonly current: () => Story | undefined
  /** Who asked for what the caller does. */
  readonly correlation: () => Correlation
  /** Says who asked for what a function does, and all that it starts. */
  readonly withCorrelation: <A>(correlation: Correlation, f: () => A) => A
  /** Runs an effect where the caller is: its stages are stages of the caller's story. */
  readonly runPromise: <A, E>(
    effect: Effect.Effect<A, E, R>,
    options?: { readonly signal?: AbortSignal | undefined }
  ) => Promise<A>
  /** The same, for an `Exit`. */
  readonly runPromiseExit: <A, E>(
    effect: Effect.Effect<A, E, R>,
    options?: { readonly signal?: AbortSignal | undefined }
  ) => Promise<Exit.Exit<A, E>>
  /** The same at once, for an effect that waits for nothing. */
  readonly runSync: <A, E>(effect: Effect.Effect<A, E, R>) => A
  /** The same, for a fiber. */
  readonly runFork: <A, E>(
    effect: Effect.Effect<A, E, R>,
    options?: Runtime.RunForkOptions
  ) => ReturnType<typeof Runtime.runFork<never, A, E>>
  /**
   * An effect that, by whatever runtime it is run, is run where its runner is: `Effect.runPromise(narrator.provide(effect))`
   * in a handler continues the story of the handler. To be piped last: it looks where the runner is when its fiber begins.
   */
  readonly provide: <A, E>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E>
  /** Ends what is open, waits until all was delivered, and closes the layer it was made with. */
  readonly dispose: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * A Layer by which the effects of a runtime are part of the story of the code that runs them, and by which their plain
 * code is part of their stage, also after it has waited. Provide it with the layer that has the tracer, if there is one:
 * `Layer.provideMerge(Narrator.layerAsyncContext, tracing)`. A `ManagedRuntime` runs the first effect while it builds its
 * layers, outside of it all: await its `runtime()` first.
 *
 * A narrator's own effects need none of it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAsyncContext: Layer.Layer<never> = asyncContextLayer.layerAsyncContext

/**
 * Makes a narrator from a layer: its renderers, diagnostics, redaction and tracer, and the services of the effects it is
 * to run. Without one it narrates to the console on a terminal, in lines of JSON otherwise. It has to be disposed of.
 *
 * Rejects if the layer cannot be built.
 *
 * @example
 * ```ts
 * import { ConsoleRenderer } from "effect-narrative"
 * import { Narrator } from "effect-narrative/promise"
 *
 * const narrator = await Narrator.make(ConsoleRenderer.layer())
 *
 * const importCustomers = () =>
 *   narrator.story("Import Customers", async () => {
 *     const rows = await narrator.stage("Load CSV", async () => ["ada", "grace"])
 *     narrator.note("loaded", { rows: rows.length })
 *     return narrator.stage("Validate Data", () => rows.filter((row) => row !== ""))
 *   })
 *
 * await importCustomers()
 * await narrator.dispose()
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: {
  (): Promise<Narrator>
  <R, E>(layer: Layer.Layer<R, E>): Promise<Narrator<R>>
} = <R, E>(layer?: Layer.Layer<R, E>): Promise<Narrator<R>> & Promise<Narrator> =>
  // The second is what no layer gives; `layerDefault` has no services.
  made(layer ?? layerDefault) as Promise<Narrator<R>> & Promise<Narrator>

const made = async <R, E>(layer: Layer.Layer<R, E>): Promise<Narrator<R>> => {
  const managed = ManagedRuntime.make(layer)
  try {
    const runtime = await managed.runtime()
    await managed.runPromise(load)
    return narratorOf(runtime, () => managed.dispose())
  } catch (error) {
    await managed.dispose()
    throw error
  }
}

/**
 * Makes a narrator of a runtime that belongs to someone else: disposing of it leaves the runtime open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromRuntime = <R>(runtime: Runtime.Runtime<R>): Narrator<R> => narratorOf(runtime, () => Promise.resolve())

const narratorOf = <R>(runtime: Runtime.Runtime<R>, close: () => Promise<void>): Narrator<R> => {
  const base = baseOf(runtime)
  // Before anything fails, as far as that can be.
  Runtime.runFork(runtime, load)
  const narration: regions.Narration = { base, backlog: new Backlog(runtime), unended: new Set() }
  const dispose = async (): Promise<void> => {
    for (const end of Array.from(narration.unended).toReversed()) end()
    await narration.backlog.empty
    await close()
  }
  const record = (recording: recordings.Recording): void => regions.record(narration, recording)
  return {
    ...openersOf(narration),
    note: (name, data) => record(recordings.note(name, data)),
    annotate: (keyOrValues: string | Readonly<Record<string, unknown>>, value?: unknown) =>
      record(recordings.annotation(keyOrValues, value)),
    progress: (done, total) => record(recordings.progress(done, total)),
    retried: (attempt, error, options) =>
      record(
        recordings.retry({
          attempt,
          delaySeconds: options?.delaySeconds ?? 0,
          error,
          reason: () => PlainValue.clip(options?.reason ?? `${typeOf(error)}: ${messageOf(error)}`)
        })
      ),
    setTotalStages: (total) => record(recordings.totalStages(total)),
    setOutcome: (outcome) => record(recordings.outcome(outcome)),
    setStatus: (status) => record(recordings.status(status)),
    recordFailure: (error, options) =>
      record(recordings.failure(Cause.isCause(error) ? error : Cause.fail(error), options?.stage)),
    current: () => regionIn(contextOf(here(base)))?.story,
    correlation: () => correlationIn(here(base)),
    withCorrelation: (correlation, f) => enter(withCorrelation(here(base), correlation), f),
    runPromise: (effect, options) => effects.runPromise(base, effect, options),
    runPromiseExit: (effect, options) => effects.runPromiseExit(base, effect, options),
    runSync: (effect) => effects.runSync(base, effect),
    runFork: (effect, options) => effects.runFork(base, effect, options),
    provide: (effect) => effects.provide(base, effect),
    dispose,
    [Symbol.asyncDispose]: dispose
  }
}
