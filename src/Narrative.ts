/**
 * What users pipe: stories, stages, and what is said inside them.
 *
 * Nothing here asks for a service or changes what an effect does: same value, same error, same interruption. Which
 * renderers get it is decided at the edge, by Layers.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { LazyArg } from "effect/Function"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import type { NoExcessProperties } from "effect/Types"
import { renderersOf } from "./delivery/rendererSet.js"
import { definedBy } from "./diagnostics/source/callSite.js"
import { nameOf, titleCase } from "./diagnostics/source/functionName.js"
import type { StoryStatus } from "./event/NarrativeEvent.js"
import { stageInit, storyInit, withSettings } from "./narration/combinators.js"
import { dryRun as currentDryRun, DryRunLog, type DryRunStage, standInFor } from "./narration/dryRun.js"
import * as eventFactory from "./narration/eventFactory.js"
import { instrumented } from "./narration/instrumentedRetry.js"
import type { GroupOptions, MainOptions, RetryOptions, StageOptions, StoryOptions } from "./narration/Options.js"
import * as region from "./narration/region.js"
import * as mainProgram from "./narration/runMain.js"
import type { StageGroupError } from "./narration/StageGroupError.js"
import type { Stage, Story } from "./narration/Story.js"
import * as stageGroup from "./narration/stageGroup.js"
import { placeOf } from "./narration/stagePlaces.js"
import * as stageRegion from "./narration/stageRegion.js"
import * as storyFailure from "./narration/storyFailure.js"
import { addLogger } from "./narration/storyLogger.js"
import * as storyRegion from "./narration/storyRegion.js"
import * as validatedOptions from "./narration/validatedOptions.js"
import * as PlainValue from "./plain/PlainValue.js"
import { nanos, now, withFiber } from "./runtime/fiber.js"
import { setContext } from "./runtime/fiberInternals.js"
import { isEnabled, mute } from "./runtime/muting.js"
import { inOrder } from "./runtime/waiting.js"
import { warnOnce } from "./runtime/warnOnce.js"
import * as spans from "./tracing/spans.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  GroupOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  MainOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  RetryOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  StageOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  StoryOptions
} from "./narration/Options.js"
export {
  /**
   * @since 0.1.0
   * @category errors
   */
  StageGroupError
} from "./narration/StageGroupError.js"

/**
 * Runs an effect as a story. Inside another story it is a sub-story of it.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative } from "effect-narrative"
 *
 * const importCustomers = Effect.gen(function* () {
 *   const rows = yield* Effect.succeed(["ada", "grace"]).pipe(Narrative.stage("Load CSV"))
 *   yield* Effect.log(`${rows.length} rows`).pipe(Narrative.stage("Validate Data"))
 * }).pipe(Narrative.story("Import Customers", { totalStages: 2 }))
 * ```
 *
 * @since 0.1.0
 * @category stories
 */
export const story: {
  (
    name: string,
    options?: StoryOptions
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    name: string,
    options?: StoryOptions
  ): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = /* @__PURE__ */ withSettings(storyInit, storyRegion.run)

/**
 * Runs an effect as a stage of the story it finds itself in. Outside any story it is only its span.
 *
 * @since 0.1.0
 * @category stages
 */
export const stage: {
  (
    name: string,
    options?: StageOptions
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    name: string,
    options?: StageOptions
  ): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = /* @__PURE__ */ withSettings<StageOptions, stageRegion.StageInit<unknown>>(stageInit, stageRegion.run, placeOf)

/**
 * In a dry run, yields the stand-in instead of running the effect. Pipe it inside the stage whose work it replaces.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative } from "effect-narrative"
 *
 * declare const charge: Effect.Effect<{ readonly receipt: string }, Error>
 *
 * const charged = charge.pipe(
 *   Narrative.whenDryRun(() => ({ receipt: "dry run" })),
 *   Narrative.stage("Charge")
 * )
 * ```
 *
 * @since 0.1.0
 * @category stages
 */
export const whenDryRun: {
  <B>(standIn: LazyArg<B>): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A | B, E, R>
  <A, E, R, B>(self: Effect.Effect<A, E, R>, standIn: LazyArg<B>): Effect.Effect<A | B, E, R>
} = /* @__PURE__ */ dual(2, standInFor)

/**
 * A function whose every call is a stage, as `Effect.fn` makes a function whose every call is a span. Without a name the
 * stage is named after the generator function, title-cased: `validateOrder` is "Validate Order".
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative } from "effect-narrative"
 *
 * const validateOrder = Narrative.fn()(function* validateOrder(id: number) {
 *   yield* Effect.annotateCurrentSpan("order", id)
 *   return id > 0
 * })
 *
 * const program = validateOrder(42).pipe(Narrative.story("Process Order"))
 * ```
 *
 * @since 0.1.0
 * @category stages
 */
export const fn = (name?: string, options?: StageOptions): Effect.fn.Untraced => {
  type Body = (...args: Array<never>) => Generator<never, unknown, never>
  type Step = (self: Effect.Effect<unknown>, ...args: Array<never>) => unknown
  const make = (body: Body, ...steps: Array<Step>) => {
    const stageName = name ?? titleCase(nameOf(body, definedBy(make)))
    // The steps are applied by hand: `fnUntraced` types at most nine of them.
    const run = Effect.fnUntraced(body)
    const call = function (this: unknown, ...args: Array<never>): Effect.Effect<unknown> {
      const init = stageInit(stageName, options, placeOf(call, stageName))
      return stageRegion.run(
        Effect.suspend(() =>
          steps.reduce((self, step) => step(self, ...args) as Effect.Effect<unknown>, run.apply(this, args))
        ),
        init
      )
    }
    return Object.defineProperty(call, "length", { value: body.length, configurable: true })
  }
  // The overloads of `Effect.fnUntraced` say what this loop does; TypeScript cannot follow it.
  return make as unknown as Effect.fn.Untraced
}

/**
 * A story as a Layer: it begins when the layer is built and ends with the layer's scope, as that scope ended. Everything
 * the layer is provided to happens in it.
 *
 * @since 0.1.0
 * @category stories
 */
export const layerStory = (name: string, options?: StoryOptions): Layer.Layer<Tracer.ParentSpan> => {
  const init = storyInit(name, options, definedBy(layerStory))
  return Layer.scopedContext(
    Effect.map(
      openScoped(init),
      (opened) =>
        // The region goes along unnamed, since no type asks for it; so does the span where tracing is off and there is none.
        region.contextWith(Context.empty(), opened.region, opened.region.span) as Context.Context<Tracer.ParentSpan>
    )
  )
}

/**
 * A story as a scoped resource: it begins here, holds for what follows in this fiber, and ends with the scope.
 *
 * @since 0.1.0
 * @category stories
 */
export const storyScoped = (name: string, options?: StoryOptions): Effect.Effect<Story, never, Scope.Scope> => {
  const init = storyInit(name, options, definedBy(storyScoped))
  return Effect.uninterruptible(
    withFiber((fiber) => {
      const outside = fiber.currentContext
      return Effect.flatMap(openScoped(init), (opened) => {
        setContext(fiber, region.contextWith(fiber.currentContext, opened.region, opened.region.span))
        const leave = withFiber((fiber) => {
          setContext(fiber, region.contextWithout(fiber.currentContext, opened.region, outside))
          return Effect.void
        })
        return Effect.as(
          Effect.addFinalizer(() => leave),
          opened.region.story
        )
      })
    })
  )
}

const openScoped = (init: storyRegion.StoryInit): Effect.Effect<storyRegion.OpenStory, never, Scope.Scope> =>
  Effect.uninterruptible(
    withFiber((fiber) => {
      const { opened, waiting } = storyRegion.open(init, fiber)
      const close = (exit: Exit.Exit<unknown, unknown>) =>
        withFiber((fiber) => storyRegion.close(opened, fiber, exit) ?? Effect.void)
      return (waiting ?? Effect.void).pipe(Effect.zipRight(Effect.addFinalizer(close)), Effect.as(opened))
    })
  )

/**
 * A task group: each entry a stage of that name, run concurrently, and all of them awaited. Gives a struct of the
 * results, or fails with a {@link StageGroupError} that holds every failure under its stage's name.
 *
 * `concurrency` bounds how many run at once (default: all).
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative } from "effect-narrative"
 *
 * const loadAll = Narrative.group({
 *   "Load Data": Effect.succeed([1, 2, 3]),
 *   "Load Config": Effect.succeed({ strict: true })
 * }).pipe(Narrative.story("Parallel Pipeline"))
 * ```
 *
 * @since 0.1.0
 * @category stages
 */
export const group = <const Stages extends Readonly<Record<string, Effect.Effect<unknown, unknown, unknown>>>>(
  stages: Stages,
  options?: GroupOptions
): Effect.Effect<
  { readonly [Name in keyof Stages]: Effect.Effect.Success<Stages[Name]> },
  StageGroupError<Effect.Effect.Error<Stages[keyof Stages]>>,
  Exclude<Effect.Effect.Context<Stages[keyof Stages]>, Tracer.ParentSpan>
> => {
  const definedAt = definedBy(group)
  const staged = Record.map(stages, (self, name) =>
    stageRegion.run(self, stageInit(name, { kind: options?.kind }, definedAt))
  )
  return stageGroup.run(staged, options?.concurrency ?? "unbounded") as ReturnType<typeof group<Stages>>
}

/**
 * `Effect.retry` that emits each new attempt of the current stage (`StageRetried`): its number, how long it had to wait,
 * and the error that made it necessary. Takes whatever `Effect.retry` takes.
 *
 * @example
 * ```ts
 * import { Effect, Schedule } from "effect"
 * import { Narrative } from "effect-narrative"
 *
 * declare const charge: Effect.Effect<string, Error>
 *
 * const charged = charge.pipe(
 *   Narrative.retry(Schedule.exponential("100 millis").pipe(Schedule.intersect(Schedule.recurs(3)))),
 *   Narrative.stage("Charge")
 * )
 * ```
 *
 * @since 0.1.0
 * @category stages
 */
export const retry: {
  <E, O extends NoExcessProperties<Effect.Retry.Options<E>, O>>(
    policy: O,
    options?: RetryOptions<E>
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Retry.Return<R, E, A, O>
  <B, E, R1>(
    policy: Schedule.Schedule<B, NoInfer<E>, R1>,
    options?: RetryOptions<E>
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R1 | R>
  <A, E, R, O extends NoExcessProperties<Effect.Retry.Options<E>, O>>(
    self: Effect.Effect<A, E, R>,
    policy: O,
    options?: RetryOptions<E>
  ): Effect.Retry.Return<R, E, A, O>
  <A, E, R, B, R1>(
    self: Effect.Effect<A, E, R>,
    policy: Schedule.Schedule<B, NoInfer<E>, R1>,
    options?: RetryOptions<E>
  ): Effect.Effect<A, E, R1 | R>
} = /* @__PURE__ */ dual(
  (args) => Effect.isEffect(args[0]),
  <A, E, R>(self: Effect.Effect<A, E, R>, policy: Schedule.Schedule<unknown, E>, options?: RetryOptions<E>) =>
    Effect.suspend(() => Effect.retry(instrumented(self, options?.reason), policy))
)

/**
 * `Effect.timeout` whose failure names the stage that took too long. A story that fails with it ends with the status
 * `timeout`.
 *
 * @since 0.1.0
 * @category stages
 */
export const timeout: {
  (
    duration: Duration.DurationInput
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Cause.TimeoutException, R>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    duration: Duration.DurationInput
  ): Effect.Effect<A, E | Cause.TimeoutException, R>
} = /* @__PURE__ */ dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, duration: Duration.DurationInput) =>
  withFiber((fiber) => {
    const here = region.regionIn(fiber.currentContext)
    const what =
      here === undefined
        ? "Operation"
        : here.stage === undefined
          ? `Story "${here.story.name}"`
          : `Stage "${here.stage.name}"`
    return Effect.timeoutFail(self, {
      duration,
      onTimeout: () => new Cause.TimeoutException(`${what} timed out after ${Duration.format(duration)}`)
    })
  })
)

/**
 * Adds attributes to the current stage, or to the story where no stage is running: span attributes, carried by the
 * events of its end, and shown in failure reports. Values are copied at once; see `PlainValue`.
 *
 * @since 0.1.0
 * @category recording
 */
export const annotate: {
  (key: string, value: unknown): Effect.Effect<void>
  (values: Readonly<Record<string, unknown>>): Effect.Effect<void>
} = (keyOrValues: string | Readonly<Record<string, unknown>>, value?: unknown) =>
  region.within(({ span, stage, story }, fiber) => {
    const values = typeof keyOrValues === "string" ? { [keyOrValues]: value } : keyOrValues
    const added = region.plainRecord(fiber, story, values)
    const target: Stage | Story = stage ?? story
    target.attributes = { ...target.attributes, ...added }
    if (span !== undefined) for (const key in added) span.attribute(key, added[key])
    return undefined
  })

/**
 * Records something that happened, as an `EventRecorded`. `data` is copied at once; see `PlainValue`.
 *
 * @since 0.1.0
 * @category recording
 */
export const note = (name: string, data?: unknown): Effect.Effect<void> =>
  region.within(({ span, stage, story }, fiber) => {
    const checked = validatedOptions.nameOf("note", name)
    const isRead = spans.isRead(fiber, span)
    if (!isRead && renderersOf(fiber).length === 0) return checked.warn()
    const shownName = region.hide(fiber, story, checked.value)
    const shown = region.redactorOf(fiber).value(data, story.secrets)
    if (isRead) {
      spans.event(fiber, span, nanos(fiber), shownName, Predicate.isRecord(shown) ? shown : { data: shown })
    }
    const emitted = region.emit(fiber, story, (timestamp) =>
      eventFactory.eventRecorded(story, stage, timestamp, span, shownName, shown)
    )
    return inOrder(checked.warn(), emitted)
  })

/** Shortest time between two progress events of a stage, in milliseconds. */
const progressInterval = 100

/**
 * Says how far the current stage has come: `done` of `total`, in whatever unit. At most 10 events a second per stage.
 *
 * @since 0.1.0
 * @category recording
 */
export const progress = (done: number, total?: number): Effect.Effect<void> =>
  region.within(({ span, stage, story }, fiber) => {
    if (stage === undefined)
      return warnOnce(`Narrative.progress says how far a stage has come; here it is outside any stage`)
    const checked = validatedOptions.progressOf(done, total)
    // A fiber may outlive the stage it was forked in.
    if (checked.value === undefined || stage.status !== "running") return checked.warn()
    const at = now(fiber)
    if (at - stage.progressAt < progressInterval) return checked.warn()
    stage.progressAt = at
    const progress = checked.value
    return inOrder(
      checked.warn(),
      region.emit(fiber, story, (timestamp) =>
        eventFactory.stageProgressed(story, stage, timestamp, span, progress.done, progress.total)
      )
    )
  })

/**
 * Says how many stages the current story is going to have, once that is known. 0 or more.
 *
 * @since 0.1.0
 * @category recording
 */
export const setTotalStages = (total: number): Effect.Effect<void> =>
  region.within(({ story }) => {
    const checked = validatedOptions.totalOf(total)
    if (checked.value !== undefined) story.declaredTotal = checked.value
    return checked.warn()
  })

/**
 * Gives the current story a short result label, emitted when it ends: `200 OK`, `3 rows skipped`.
 *
 * @since 0.1.0
 * @category recording
 */
export const setOutcome = (outcome: string): Effect.Effect<void> =>
  region.within(({ story }, fiber) => {
    story.outcome = PlainValue.clip(region.hide(fiber, story, PlainValue.text(outcome)), 256)
    return undefined
  })

/**
 * Says how the current story is to be called if it ends without failing: `partial` when some of its work was left
 * undone, for instance. A story that fails, times out or is interrupted says so itself.
 *
 * @since 0.1.0
 * @category recording
 */
export const setStatus = (status: StoryStatus): Effect.Effect<void> =>
  region.within(({ story }) => {
    story.requestedStatus = status
    return undefined
  })

/**
 * The story this fiber is in.
 *
 * @since 0.1.0
 * @category reading
 */
export const current: Effect.Effect<Option.Option<Story>> = /* @__PURE__ */ withFiber((fiber) =>
  Effect.succeed(Option.fromNullable(region.regionIn(fiber.currentContext)?.story))
)

/**
 * Whether this fiber is in a story that is narrated.
 *
 * @since 0.1.0
 * @category reading
 */
export const isActive: Effect.Effect<boolean> = /* @__PURE__ */ withFiber((fiber) =>
  Effect.succeed(isEnabled(fiber) && region.regionIn(fiber.currentContext) !== undefined)
)

/**
 * Reports a failure that was handled (a saga's compensation, a fallback) without failing: a `FailureOccurred` with
 * `handled: true`. `stage` names where it happened, if it was not in a stage of its own.
 *
 * @since 0.1.0
 * @category recording
 */
export const recordFailure = <E>(
  cause: Cause.Cause<E>,
  options?: { readonly stage?: string | undefined }
): Effect.Effect<void> =>
  region.within((here, fiber) =>
    storyFailure.recordFailure(here, fiber, Cause.isCause(cause) ? cause : Cause.fail(cause), options?.stage)
  )

/**
 * What a dry run would have done. `omitted` counts the stages beyond the first 10,000.
 *
 * @since 0.1.0
 * @category models
 */
export interface DryRunReport {
  readonly stages: ReadonlyArray<DryRunStage>
  readonly omitted: number
}

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  DryRunStage
} from "./narration/dryRun.js"

/**
 * Runs the stories inside an effect dry, and gives the stages they visited, in order of ending. A stage with a stand-in
 * yields it without running its body; any other runs its body, and a failure or defect of it is recorded as completed and
 * yields `undefined`. An interruption still is one.
 *
 * @since 0.1.0
 * @category stories
 */
export const dryRun = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<DryRunReport, E, R> =>
  Effect.suspend(() => {
    const log = new DryRunLog()
    return self.pipe(
      Effect.locally(currentDryRun, log),
      Effect.map(() => ({ stages: log.stages, omitted: log.omitted }))
    )
  })

/**
 * A Layer by which `Effect.log*` inside a story also becomes a `LogRecorded` event. The loggers in use stay.
 *
 * @since 0.1.0
 * @category layers
 */
export const logger: Layer.Layer<never> = /* @__PURE__ */ Layer.scopedDiscard(addLogger)

/**
 * A Layer that turns narration off: no events, no spans of ours.
 *
 * @since 0.1.0
 * @category layers
 */
export const disabled: Layer.Layer<never> = /* @__PURE__ */ Layer.scopedDiscard(mute)

/**
 * The default renderer, for applications: the console on a terminal, lines of JSON otherwise. It gives way to any
 * renderer that is provided further inside.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDefault: Layer.Layer<never> = mainProgram.layerDefault

/**
 * Runs a program as a process, as `NodeRuntime.runMain` does, with {@link layerDefault}, and reports its failures: one
 * that came out of a story was reported there and is not printed again; any other is reported the same way, as the story
 * of the program itself, by the renderers of `layer` (without any, the default one). Exits with code 1 on a failure,
 * unless `teardown` says otherwise.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative } from "effect-narrative"
 *
 * Effect.log("importing").pipe(Narrative.story("Import Customers"), Narrative.runMain)
 * ```
 *
 * @since 0.1.0
 * @category running
 */
export const runMain: {
  (options?: MainOptions): <A, E>(self: Effect.Effect<A, E>) => void
  <A, E>(self: Effect.Effect<A, E>, options?: MainOptions): void
} = /* @__PURE__ */ dual((args) => Effect.isEffect(args[0]), mainProgram.runMain)
