/**
 * What users pipe: stories, stages, and what is said inside them.
 *
 * Nothing here asks for a service or changes what an effect does: same value, same error, same interruption. Which
 * renderers get it is decided at the edge, by Layers.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import type { MainOptions } from "./narration/Options.js"
import * as mainProgram from "./narration/runMain.js"
import { addLogger } from "./narration/storyLogger.js"
import { mute } from "./runtime/muting.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  DryRunStage
} from "./narration/dryRun.js"
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
export * from "./narration/recording.js"
export {
  /**
   * @since 0.1.0
   * @category errors
   */
  StageGroupError
} from "./narration/StageGroupError.js"
export * from "./narration/stageCombinators.js"
export * from "./narration/storyCombinators.js"

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
 * of the program itself, by the renderers of `layer` (without any, the default one; or, off a terminal, as the console
 * would, to stderr, if the program chose renderers whose layers are closed or could not be built). Exits with code 1 on a failure,
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
