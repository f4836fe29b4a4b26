/**
 * Tools of agents, as users pipe them.
 */
import type * as Effect from "effect/Effect"
import type * as Tracer from "effect/Tracer"
import { present } from "../tracing/spanAttributes.js"
import { withSettings } from "./combinators.js"
import * as recordings from "./recordings.js"
import * as region from "./region.js"
import * as toolStage from "./toolStage.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Tool<in A = unknown> extends toolStage.ToolOptions<A> {}

/**
 * Runs a tool that an agent uses as a stage of the kind `tool`. An `EventSink` gets `tool.invoked`, `tool.started`, and
 * `tool.completed`, `tool.failed` or `tool.cancelled` of it.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Work } from "effect-narrative"
 *
 * declare const find: (city: string) => Effect.Effect<ReadonlyArray<string>>
 *
 * export const hotels = (city: string) =>
 *   find(city).pipe(Work.tool("find_hotels", { arguments: { city }, output: (found) => `${found.length} hotels` }))
 * ```
 *
 * @since 0.1.0
 * @category stages
 */
export const tool: {
  <A>(
    name: string,
    options?: Tool<NoInfer<A>>
  ): <E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    name: string,
    options?: Tool<A>
  ): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = withSettings(
  (name: string, options: Tool<unknown> | undefined, definedAt) => ({ name, options, definedAt }),
  (self, { definedAt, name, options }) => toolStage.run(self, name, options ?? {}, definedAt)
)

/**
 * Which tool, and which call of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolRef {
  readonly name: string
  readonly callId?: string | undefined
}

/**
 * Records that a tool was not run: `tool.denied`. `reason`: `behavior_not_allowed`, `approval_timeout`, …
 *
 * @since 0.1.0
 * @category recording
 */
export const toolDenied = (
  tool: ToolRef & {
    readonly reason: string
    readonly behavior?: string | undefined
    readonly allowedBehaviors?: ReadonlyArray<string> | undefined
  }
): Effect.Effect<void> =>
  region.within((here, fiber) =>
    recordings.note("tool.denied", {
      ...toolStage.ofTool(fiber, tool),
      reason: tool.reason,
      ...present({ behavior: tool.behavior, allowed_behaviors: tool.allowedBehaviors })
    })(here, fiber)
  )

/**
 * Records that what a tool did was undone, by other means than {@link undo}: `tool.undone`. `performedAt`: when it was done.
 *
 * @since 0.1.0
 * @category recording
 */
export const toolUndone = (
  tool: ToolRef & { readonly performedAt?: Date | number | undefined; readonly durationMs?: number | undefined }
): Effect.Effect<void> =>
  region.within((here, fiber) =>
    recordings.note("tool.undone", {
      ...toolStage.ofTool(fiber, tool),
      ...present({ duration_ms: tool.durationMs }),
      ...toolStage.originalTime(tool.performedAt)
    })(here, fiber)
  )

/**
 * Runs what undoes a tool's work as a stage of the kind `undo`, which records at its end `tool.undone`, or `tool.undo_failed` and
 * why. `reason`: why it is undone.
 *
 * @since 0.1.0
 * @category stages
 */
export const undo: {
  (
    tool: ToolRef & { readonly performedAt?: Date | number | undefined; readonly reason?: string | undefined }
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    tool: ToolRef & { readonly performedAt?: Date | number | undefined; readonly reason?: string | undefined }
  ): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = withSettings(
  (tool: toolStage.UndoOptions, _: undefined, definedAt) => ({ tool, definedAt }),
  (self, { definedAt, tool }) => toolStage.undo(self, tool, definedAt)
)
