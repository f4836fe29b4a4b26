/**
 * What a program says and asks of the story and stage it is in.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Record from "effect/Record"
import { renderersOf } from "../delivery/rendererSet.js"
import type { StoryStatus } from "../event/NarrativeEvent.js"
import * as PlainValue from "../plain/PlainValue.js"
import { nanos, now, withFiber } from "../runtime/fiber.js"
import { isEnabled } from "../runtime/muting.js"
import { inOrder } from "../runtime/waiting.js"
import { warnOnce } from "../runtime/warnOnce.js"
import * as spans from "../tracing/spans.js"
import * as eventFactory from "./eventFactory.js"
import * as region from "./region.js"
import type { Stage, Story } from "./Story.js"
import * as storyFailure from "./storyFailure.js"
import * as validatedOptions from "./validatedOptions.js"

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
  region.within((here, fiber) =>
    storyFailure.recordFailure(here, fiber, Cause.isCause(cause) ? cause : Cause.fail(cause), options?.stage)
  )
