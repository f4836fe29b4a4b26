/**
 * What makes stages, and what is done to one.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LazyArg } from "effect/Function"
import { dual } from "effect/Function"
import * as Record from "effect/Record"
import type * as Schedule from "effect/Schedule"
import type * as Tracer from "effect/Tracer"
import type { NoExcessProperties } from "effect/Types"
import { isGeneratorFunction } from "effect/Utils"
import { definedBy } from "../diagnostics/source/callSite.js"
import { nameOf } from "../diagnostics/source/functionName.js"
import { titleCase } from "../plain/titleCase.js"
import { withFiber } from "../runtime/fiber.js"
import { stageInit, withSettings } from "./combinators.js"
import { standInFor } from "./dryRun.js"
import { instrumented } from "./instrumentedRetry.js"
import type { GroupOptions, RetryOptions, StageOptions } from "./Options.js"
import * as region from "./region.js"
import type { StageGroupError } from "./StageGroupError.js"
import * as stageGroup from "./stageGroup.js"
import { placeOf } from "./stagePlaces.js"
import * as stageRegion from "./stageRegion.js"

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
 * A function whose every call is a stage, as `Effect.fn` makes a function whose every call is a span. It takes what that
 * takes: a generator function, or any that gives an effect, and what its result is piped through; or, first, a name and
 * options. Without a name the stage is named after the function, title-cased: `validateOrder` is "Validate Order". A failure
 * of the stage that has no line of its own is placed where the function is defined.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative } from "effect-narrative"
 *
 * const validateOrder = Narrative.fn(function* validateOrder(id: number) {
 *   yield* Effect.annotateCurrentSpan("order", id)
 *   return id > 0
 * })
 *
 * const charge = Narrative.fn("Charge Card", { kind: "payment" })(function* (cents: number) {
 *   return yield* Effect.succeed(`charged ${cents}`)
 * })
 *
 * const program = Effect.zip(validateOrder(42), charge(100)).pipe(Narrative.story("Process Order"))
 * ```
 *
 * @since 0.1.0
 * @category stages
 */
export const fn: Effect.fn.Gen &
  Effect.fn.NonGen &
  ((name?: string, options?: StageOptions) => Effect.fn.Gen & Effect.fn.NonGen) =
  // The overloads of `Effect.fn` say what this does; TypeScript cannot follow it.
  ((nameOrBody?: string | Body, ...rest: Array<never>) => {
    if (typeof nameOrBody === "function") return stageFunction(nameOrBody, rest, definedBy(fn))
    const make = (body: Body, ...steps: Array<Step>) => stageFunction(body, steps, definedBy(make), nameOrBody, rest[0])
    return make
  }) as unknown as typeof fn

type Generating = (...args: Array<never>) => Generator<never, unknown, never>
type Body = Generating | ((...args: Array<never>) => Effect.Effect<unknown>)
type Step = (self: Effect.Effect<unknown>, ...args: Array<never>) => unknown

const isGenerating = (body: Body): body is Generating => isGeneratorFunction(body)

/** There is one place for every call: where the function is defined is where its stage fails. */
const stageFunction = (
  body: Body,
  steps: ReadonlyArray<Step>,
  definedAt: ReturnType<typeof definedBy>,
  name = titleCase(nameOf(body, definedAt)),
  options?: StageOptions
) => {
  // The steps are applied by hand: `fnUntraced` types at most nine of them.
  const run = isGenerating(body) ? Effect.fnUntraced(body) : body
  const call = function (this: unknown, ...args: Array<never>): Effect.Effect<unknown> {
    const init = stageInit(name, options, definedAt)
    return stageRegion.run(
      Effect.suspend(() =>
        steps.reduce((self, step) => step(self, ...args) as Effect.Effect<unknown>, run.apply(this, args))
      ),
      init
    )
  }
  return Object.defineProperty(call, "length", { value: body.length, configurable: true })
}

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
    const here = region.regionFor(fiber)
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
