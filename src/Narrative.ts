/**
 * What users pipe: stories, stages, and what is said inside them.
 *
 * Nothing here asks for a service or changes what an effect does: same value, same error, same interruption. Which
 * renderers hear of it is decided at the edge, by Layers.
 *
 * @since 0.1.0
 */
import type { Teardown } from "@effect/platform/Runtime"
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
import * as rendererSet from "./delivery/rendererSet.js"
import { definedBy, nameOf, titleCase } from "./diagnostics/source/callSite.js"
import type { StoryStatus } from "./event/NarrativeEvent.js"
import { stageInit, storyInit, withSettings } from "./narration/combinators.js"
import { dryRun as currentDryRun, DryRunLog, type DryRunStage } from "./narration/dryRun.js"
import * as eventFactory from "./narration/eventFactory.js"
import * as region from "./narration/region.js"
import { retelling } from "./narration/retries.js"
import * as mainProgram from "./narration/runMain.js"
import type { StageGroupError } from "./narration/StageGroupError.js"
import type { Stage, Story } from "./narration/Story.js"
import * as stageGroup from "./narration/stageGroup.js"
import * as stageRegion from "./narration/stageRegion.js"
import * as storyFailure from "./narration/storyFailure.js"
import * as storyLogger from "./narration/storyLogger.js"
import * as storyRegion from "./narration/storyRegion.js"
import * as validatedOptions from "./narration/validatedOptions.js"
import * as PlainValue from "./plain/PlainValue.js"
import { once } from "./runtime/warnOnce.js"
import * as spans from "./tracing/spans.js"

export {
  /**
   * @since 0.1.0
   * @category errors
   */
  StageGroupError
} from "./narration/StageGroupError.js"
/**
 * What there is to tell of work: tokens, cost, quality, items, agents and calls of providers.
 *
 * @since 0.1.0
 * @category telling
 */
export * as metrics from "./narration/WorkMetrics.js"

/**
 * - `kind`: what this story is, where "story" says too little: `pipeline`, `request`, `agent`, …
 * - `totalStages`: how many stages are expected, 0 or more; makes progress true at every stage's end. Can be set later
 *   with {@link setTotalStages}.
 * - `labels`: few keys with few values each (they become labels of metrics): at most 32, 256 characters each.
 * - `attributes`: anything worth knowing; span attributes, shown in failure reports.
 * - `dryRun`: no body of a stage that has a stand-in is run, and no failure counts. See {@link dryRun}.
 * - `id`: otherwise the `IdGenerator` makes one.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryOptions {
  readonly kind?: string | undefined
  readonly totalStages?: number | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
  readonly dryRun?: boolean | undefined
  readonly id?: string | undefined
}

/**
 * - `kind`: what this stage is, where "stage" says too little: `tool`, `provider`, `query`, …
 * - `attributes`: anything worth knowing; span attributes, shown in failure reports.
 * - `dryRun`: the stand-in value: in a dry run it is the result, and the body is not run.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageOptions<A = never> {
  readonly kind?: string | undefined
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
  readonly dryRun?: LazyArg<A> | undefined
}

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
} = withSettings(storyInit, storyRegion.run)

/**
 * Runs an effect as a stage of the story it finds itself in. Outside any story it is only its span.
 *
 * @since 0.1.0
 * @category stages
 */
export const stage: {
  <A2 = never>(
    name: string,
    options?: StageOptions<A2>
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A | A2, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R, A2 = never>(
    self: Effect.Effect<A, E, R>,
    name: string,
    options?: StageOptions<A2>
  ): Effect.Effect<A | A2, E, Exclude<R, Tracer.ParentSpan>>
} = withSettings<StageOptions<unknown>, stageRegion.StageInit<unknown>>(stageInit, stageRegion.run)

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
export const fn = (name?: string, options?: Omit<StageOptions, "dryRun">): Effect.fn.Untraced => {
  type Body = (...args: Array<never>) => Generator<never, unknown, never>
  type Step = (self: Effect.Effect<unknown>, ...args: Array<never>) => unknown
  const make = (body: Body, ...steps: Array<Step>) => {
    const stageName = name ?? titleCase(nameOf(body, definedBy(make)))
    // The steps are applied by hand: `fnUntraced` types at most nine of them.
    const run = Effect.fnUntraced(body)
    const call = function (this: unknown, ...args: Array<never>): Effect.Effect<unknown> {
      const init = stageInit(stageName, options, definedBy(call))
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
export const layer = (name: string, options?: StoryOptions): Layer.Layer<Tracer.ParentSpan> => {
  const init = storyInit(name, options, definedBy(layer))
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
export const scoped = (name: string, options?: StoryOptions): Effect.Effect<Story, never, Scope.Scope> => {
  const init = storyInit(name, options, definedBy(scoped))
  return Effect.uninterruptible(
    region.withFiber((fiber) => {
      const outside = fiber.currentContext
      return Effect.flatMap(openScoped(init), (opened) => {
        region.setContext(fiber, region.contextWith(fiber.currentContext, opened.region, opened.region.span))
        const leave = region.withFiber((fiber) => {
          region.setContext(fiber, region.contextWithout(fiber.currentContext, opened.region, outside))
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
    region.withFiber((fiber) => {
      const { opened, waiting } = storyRegion.open(init, fiber)
      const close = (exit: Exit.Exit<unknown, unknown>) =>
        region.withFiber((fiber) => storyRegion.close(opened, fiber, exit) ?? Effect.void)
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
  options?: { readonly concurrency?: number | "unbounded" | undefined; readonly kind?: string | undefined }
): Effect.Effect<
  { readonly [Name in keyof Stages]: Effect.Effect.Success<Stages[Name]> },
  StageGroupError<Effect.Effect.Error<Stages[keyof Stages]>>,
  Exclude<Effect.Effect.Context<Stages[keyof Stages]>, Tracer.ParentSpan>
> => {
  const definedAt = definedBy(group)
  const told = Record.map(stages, (self, name) =>
    stageRegion.run(self, stageInit(name, { kind: options?.kind }, definedAt))
  )
  return stageGroup.run(told, options?.concurrency ?? "unbounded") as ReturnType<typeof group<Stages>>
}

/**
 * `Effect.retry` that tells each new attempt of the current stage (`StageRetried`): its number, how long it had to wait,
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
} = dual(
  (args) => Effect.isEffect(args[0]),
  <A, E, R>(self: Effect.Effect<A, E, R>, policy: Schedule.Schedule<unknown, E>, options?: RetryOptions<E>) =>
    Effect.suspend(() => Effect.retry(retelling(self, options?.reason), policy))
)

/**
 * - `reason`: what to say of the error that made a retry necessary (default: its type and message).
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions<in E> {
  readonly reason?: ((error: E) => string) | undefined
}

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
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, duration: Duration.DurationInput) =>
  region.withFiber((fiber) => {
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
 * @category telling
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
 * Tells of something that happened, as an `EventRecorded`. `data` is copied at once; see `PlainValue`.
 *
 * @since 0.1.0
 * @category telling
 */
export const note = (name: string, data?: unknown): Effect.Effect<void> =>
  region.within(({ span, stage, story }, fiber) => {
    const checked = validatedOptions.nameOf("note", name)
    const isRead = spans.isRead(fiber, span)
    if (!isRead && region.listenersOf(fiber).length === 0) return checked.notice()
    const shownName = region.hide(fiber, story, checked.value)
    const shown = region.redactorOf(fiber).value(data, story.secrets)
    if (isRead) {
      spans.event(fiber, span, region.nanos(fiber), shownName, Predicate.isRecord(shown) ? shown : { data: shown })
    }
    const told = region.tell(fiber, story, (timestamp) =>
      eventFactory.eventRecorded(story, stage, timestamp, span, shownName, shown)
    )
    return rendererSet.inOrder(checked.notice(), told)
  })

/** Most often a stage tells its progress, in milliseconds. */
const progressInterval = 100

/**
 * Tells how far the current stage has come: `done` of `total`, in whatever unit. At most 10 a second a stage are told.
 *
 * @since 0.1.0
 * @category telling
 */
export const progress = (done: number, total?: number): Effect.Effect<void> =>
  region.within(({ span, stage, story }, fiber) => {
    if (stage === undefined)
      return once(`Narrative.progress says how far a stage has come, and stands outside any here`)
    const checked = validatedOptions.progressOf(done, total)
    // A fiber may outlive the stage it was forked in.
    if (checked.value === undefined || stage.status !== "running") return checked.notice()
    const at = region.now(fiber)
    if (at - stage.progressAt < progressInterval) return checked.notice()
    stage.progressAt = at
    const told = checked.value
    return rendererSet.inOrder(
      checked.notice(),
      region.tell(fiber, story, (timestamp) =>
        eventFactory.stageProgressed(story, stage, timestamp, span, told.done, told.total)
      )
    )
  })

/**
 * Says how many stages the current story is going to have, once that is known. 0 or more.
 *
 * @since 0.1.0
 * @category telling
 */
export const setTotalStages = (total: number): Effect.Effect<void> =>
  region.within(({ story }) => {
    const checked = validatedOptions.totalOf(total)
    if (checked.value !== undefined) story.declaredTotal = checked.value
    return checked.notice()
  })

/**
 * Gives the current story a short result label, told when it ends: `200 OK`, `3 rows skipped`.
 *
 * @since 0.1.0
 * @category telling
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
 * @category telling
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
export const current: Effect.Effect<Option.Option<Story>> = region.withFiber((fiber) =>
  Effect.succeed(Option.fromNullable(region.regionIn(fiber.currentContext)?.story))
)

/**
 * Whether this fiber is in a story that is told.
 *
 * @since 0.1.0
 * @category reading
 */
export const isActive: Effect.Effect<boolean> = region.withFiber((fiber) =>
  Effect.succeed(region.isEnabled(fiber) && region.regionIn(fiber.currentContext) !== undefined)
)

/**
 * Tells a failure that was handled (a saga's compensation, a fallback) without failing: a `FailureOccurred` with
 * `handled: true`. `stage` names where it happened, if it was not in a stage of its own.
 *
 * @since 0.1.0
 * @category telling
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
 * yields it without running its body; any other runs its body, and a failure or defect of it is told as completed and
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
export const logger: Layer.Layer<never> = Layer.scopedDiscard(rendererSet.addLogger(storyLogger.make))

/**
 * A Layer that turns narration off: no eventFactory, no spans of ours.
 *
 * @since 0.1.0
 * @category layers
 */
export const disabled: Layer.Layer<never> = Layer.scopedDiscard(rendererSet.mute)

/**
 * Runs a program as a process, as `NodeRuntime.runMain` does, and tells its failures: one that came out of a story was
 * told there and is not printed again; any other is told the same way, as the story of the program itself, by whichever
 * renderers are in force outermost (with none, the default one). Exits with code 1 on a failure, unless
 * `teardown` says otherwise.
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
} = dual((args) => Effect.isEffect(args[0]), mainProgram.runMain)

/**
 * - `layer`: the rendererSet, diagnostics and redaction for the whole program: those for a failure outside any story, too.
 *   What is provided to the program itself is gone when it has failed.
 * - `disablePrettyLogger`: keeps the default logger instead of the pretty one.
 * - `teardown`: decides the exit code.
 *
 * @since 0.1.0
 * @category models
 */
export interface MainOptions {
  readonly layer?: Layer.Layer<never, unknown> | undefined
  readonly disablePrettyLogger?: boolean | undefined
  readonly teardown?: Teardown | undefined
}
