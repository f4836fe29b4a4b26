/**
 * What a program says and asks of the story and stage it is in.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Record from "effect/Record"
import type { StoryStatus } from "../event/NarrativeEvent.js"
import { withFiber } from "../runtime/fiber.js"
import { isEnabled } from "../runtime/muting.js"
import * as recordings from "./recordings.js"
import * as region from "./region.js"
import type { Story } from "./Story.js"

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
  region.within(recordings.annotation(keyOrValues, value))

/**
 * Records something that happened, as an `EventRecorded`. `data` is copied at once; see `PlainValue`.
 *
 * @since 0.1.0
 * @category recording
 */
export const note = (name: string, data?: unknown): Effect.Effect<void> => region.within(recordings.note(name, data))

/**
 * Says how far the current stage has come: `done` of `total`, in whatever unit. At most 10 events a second per stage.
 *
 * @since 0.1.0
 * @category recording
 */
export const progress = (done: number, total?: number): Effect.Effect<void> =>
  region.within(recordings.progress(done, total))

/**
 * Says how many stages the current story is going to have, once that is known. 0 or more.
 *
 * @since 0.1.0
 * @category recording
 */
export const setTotalStages = (total: number): Effect.Effect<void> => region.within(recordings.totalStages(total))

/**
 * Gives the current story a short result label, emitted when it ends: `200 OK`, `3 rows skipped`.
 *
 * @since 0.1.0
 * @category recording
 */
export const setOutcome = (outcome: string): Effect.Effect<void> => region.within(recordings.outcome(outcome))

/**
 * Says how the current story is to be called if it ends without failing: `partial` when some of its work was left
 * undone, for instance. A story that fails, times out or is interrupted says so itself.
 *
 * @since 0.1.0
 * @category recording
 */
export const setStatus = (status: StoryStatus): Effect.Effect<void> => region.within(recordings.status(status))

/**
 * The story this fiber is in.
 *
 * @since 0.1.0
 * @category reading
 */
export const current: Effect.Effect<Option.Option<Story>> = /* @__PURE__ */ withFiber((fiber) =>
  Effect.succeed(Option.fromNullable(region.regionFor(fiber)?.story))
)

/**
 * Whether this fiber is in a story that is narrated.
 *
 * @since 0.1.0
 * @category reading
 */
export const isActive: Effect.Effect<boolean> = /* @__PURE__ */ withFiber((fiber) =>
  Effect.succeed(isEnabled(fiber) && region.regionFor(fiber) !== undefined)
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
  region.within(recordings.failure(Cause.isCause(cause) ? cause : Cause.fail(cause), options?.stage))
