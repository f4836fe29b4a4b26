/**
 * What makes stories.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import { definedBy } from "../diagnostics/source/callSite.js"
import { withFiber } from "../runtime/fiber.js"
import { setContext } from "../runtime/fiberInternals.js"
import { storyInit, withSettings } from "./combinators.js"
import { dryRun as currentDryRun, DryRunLog, type DryRunStage } from "./dryRun.js"
import type { StoryOptions } from "./Options.js"
import * as region from "./region.js"
import type { Story } from "./Story.js"
import * as storyRegion from "./storyRegion.js"

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
    withFiber((fiber) =>
      region.afterLoading(fiber, () => {
        const { opened, waiting } = storyRegion.open(init, fiber)
        const close = (exit: Exit.Exit<unknown, unknown>) =>
          withFiber((fiber) => storyRegion.close(opened, fiber, exit) ?? Effect.void)
        return (waiting ?? Effect.void).pipe(Effect.zipRight(Effect.addFinalizer(close)), Effect.as(opened))
      })
    )
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
