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
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Runtime from "effect/Runtime"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import { type DefinedAt, definedBy } from "../diagnostics/source/callSite.js"
import type { StoryStatus } from "../event/NarrativeEvent.js"
import { stageInit, storyInit } from "../narration/combinators.js"
import { load } from "../narration/failureDescriber.js"
import type { StageOptions, StoryOptions } from "../narration/Options.js"
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
import { isAbort, type Narrated, run } from "./follow.js"
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

/**
 * Calls a function as a story or stage: `(name, f)`, or `(name, options, f)`.
 *
 * It ends when the function ends: a Promise when it is settled, a generator when it is done, a stream of Node's when it
 * has ended or was closed. A thenable that is no Promise, as a query that has not begun, is begun, and its Promise given.
 *
 * @since 0.1.0
 * @category models
 */
export interface Run<in Options> {
  <A>(name: string, f: () => A): Narrated<A>
  <A>(name: string, options: Options, f: () => A): Narrated<A>
}

/**
 * How a story ends that was begun with `open`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryEnd {
  /** What the story failed with: it is reported, unless the story ends otherwise than failed or timed out. */
  readonly error?: unknown
  /** How it ended (default: `failed` with an error, else `success`). */
  readonly status?: StoryStatus | undefined
  /** A short result label: `200 OK`. */
  readonly outcome?: string | undefined
  /** What is known of the story by now. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
}

/**
 * A story that was begun and does not end with a function: a request that ends when its response was sent, for instance.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenStory {
  /** The story; `undefined` where narration is switched off. */
  readonly story: Story | undefined
  /** Calls a function inside the story, any number of times. */
  readonly run: <A>(f: () => A) => A
  /** Ends the story, the first time; later calls do nothing. */
  readonly end: (end?: StoryEnd) => void
}

/**
 * @since 0.1.0
 * @category models
 */
export interface NarratorStoryOptions extends StoryOptions {
  /** Who asked for it: what the headers of a request said, for instance. Added to what holds where the story begins. */
  readonly correlation?: Correlation | undefined
}

/**
 * What narrates code that is not Effect. Its functions need no `this`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Narrator<in out R = never> {
  /** Calls a function as a story; inside another story, as a sub-story of it. */
  readonly story: Run<NarratorStoryOptions>
  /** Calls a function as a stage of the story it is called in. Outside any story it is only a span. */
  readonly stage: Run<StageOptions>
  /** A function whose every call is a stage. */
  readonly wrap: <This, Args extends Array<unknown>, A>(
    name: string,
    f: (this: This, ...args: Args) => A,
    options?: StageOptions
  ) => (this: This, ...args: Args) => Narrated<A>
  /** Begins a story that ends when it is said to. */
  readonly open: (name: string, options?: NarratorStoryOptions) => OpenStory
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
  readonly retried: (attempt: number, error: unknown, options?: { readonly delaySeconds?: number | undefined }) => void
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
    ...regionsOf(narration),
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
          reason: () => PlainValue.clip(`${typeOf(error)}: ${messageOf(error)}`)
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

/** What begins stories and stages. */
const regionsOf = (narration: regions.Narration): Pick<Narrator, "story" | "stage" | "wrap" | "open"> => {
  const story = <A>(name: string, ...rest: Arguments<NarratorStoryOptions, A>): Narrated<A> => {
    const { f, options } = argumentsOf(rest)
    return run(storyAt(narration, name, options, definedBy(story)), f)
  }
  const stage = <A>(name: string, ...rest: Arguments<StageOptions, A>): Narrated<A> => {
    const { f, options } = argumentsOf(rest)
    return run(regions.openStage(narration, stageInit(name, options, definedBy(stage))), f)
  }
  const wrap = <This, Args extends Array<unknown>, A>(
    name: string,
    f: (this: This, ...args: Args) => A,
    options?: StageOptions
  ) => {
    const definedAt = definedBy(wrap)
    return function (this: This, ...args: Args): Narrated<A> {
      return run(regions.openStage(narration, stageInit(name, options, definedAt)), () => f.apply(this, args))
    }
  }
  const open = (name: string, options?: NarratorStoryOptions): OpenStory =>
    openStory(narration, name, options, definedBy(open))
  return { story, stage, wrap, open }
}

/** What begins a story that no line of the program begins, by what begins one where it is called. */
const unplaced = new WeakMap<Narrator["open"], Narrator["open"]>()

/**
 * Begins a story that no line of the program begins, such as a request's: a failure in it is never placed at the library.
 *
 * @internal
 */
export const openUnplaced = (narrator: Pick<Narrator, "open">): Narrator["open"] =>
  unplaced.get(narrator.open) ?? narrator.open

type Arguments<Options, A> = readonly [f: () => A] | readonly [options: Options, f: () => A]

const argumentsOf = <Options, A>(
  given: Arguments<Options, A>
): { readonly options: Options | undefined; readonly f: () => A } =>
  given.length === 1 ? { options: undefined, f: given[0] } : { options: given[0], f: given[1] }

const storyAt = (
  narration: regions.Narration,
  name: string,
  options: NarratorStoryOptions | undefined,
  definedAt: DefinedAt
): regions.FollowedStory => {
  const place = here(narration.base)
  const correlation = options?.correlation
  const asked = correlation === undefined ? place : withCorrelation(place, correlation)
  return regions.openStory(narration, storyInit(name, options, definedAt), asked)
}

const openStory = (
  narration: regions.Narration,
  name: string,
  options: NarratorStoryOptions | undefined,
  definedAt: DefinedAt
): OpenStory => {
  const followed = storyAt(narration, name, options, definedAt)
  const { inside, record, story } = followed
  return {
    story,
    run: (f) => enter(inside, f),
    end: (end = {}) => {
      if (end.attributes !== undefined) record(recordings.annotation(end.attributes))
      if (end.outcome !== undefined) record(recordings.outcome(end.outcome))
      const { exit, status } = endOf(end)
      if (status !== undefined) record(recordings.status(status))
      followed.end(exit)
    }
  }
}

const endOf = (end: StoryEnd): { readonly exit: Exit.Exit<unknown, unknown>; readonly status?: StoryStatus } => {
  const { error } = end
  const status = end.status ?? (error === undefined ? "success" : isAbort(error) ? "cancelled" : "failed")
  if (status === "cancelled") return { exit: Exit.failCause(Cause.interrupt(FiberId.none)) }
  if (error !== undefined && (status === "failed" || status === "timeout")) return { exit: Exit.fail(error), status }
  return { exit: Exit.void, status }
}
