/**
 * What is said inside a story, as the step of a fiber or of plain code that says it.
 */
import type * as Cause from "effect/Cause"
import * as Predicate from "effect/Predicate"
import { typeOf } from "../cause/thrownValue.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { StoryStatus } from "../event/NarrativeEvent.js"
import * as Instruments from "../metrics/Instruments.js"
import { extended } from "../plain/extended.js"
import * as PlainValue from "../plain/PlainValue.js"
import { type AnyFiber, nanos, now } from "../runtime/fiber.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { warnOnce } from "../runtime/warnOnce.js"
import * as spanEvents from "../tracing/spanEvents.js"
import * as spans from "../tracing/spans.js"
import * as eventFactory from "./eventFactory.js"
import * as region from "./region.js"
import type { Stage, Story } from "./Story.js"
import * as storyFailure from "./storyFailure.js"
import * as validatedOptions from "./validatedOptions.js"
import * as workContext from "./workContext.js"

/** Says something where a fiber is, in an uninterruptible step of it. */
export type Recording = (here: region.Region, fiber: AnyFiber) => Waiting

export const annotation =
  (keyOrValues: string | Readonly<Record<string, unknown>>, value?: unknown): Recording =>
  ({ span, stage, story }, fiber) => {
    const values = typeof keyOrValues === "string" ? { [keyOrValues]: value } : keyOrValues
    const added = region.plainRecord(fiber, story, values)
    const target: Stage | Story = stage ?? story
    target.attributes = extended(target.attributes, added)
    if (span !== undefined) for (const key in added) span.attribute(key, added[key])
    return undefined
  }

export const note =
  (name: string, data: unknown): Recording =>
  ({ span, stage, story }, fiber) => {
    const checked = validatedOptions.nameOf("note", name)
    const isRead = spans.isRead(fiber, span)
    if (!isRead && renderersOf(fiber).length === 0) return checked.warn()
    const shownName = region.hide(fiber, story, checked.value)
    const shown = region.redactorOf(fiber).value(data, story.secrets)
    if (isRead) {
      spanEvents.add(fiber, span, nanos(fiber), shownName, Predicate.isRecord(shown) ? shown : { data: shown })
    }
    const emitted = region.emit(fiber, story, (timestamp) =>
      eventFactory.eventRecorded(story, stage, timestamp, span, shownName, shown)
    )
    return inOrder(checked.warn(), emitted)
  }

/** Shortest time between two progress events of a stage, in milliseconds. */
const progressInterval = 100

export const progress =
  (done: number, total: number | undefined): Recording =>
  ({ span, stage, story }, fiber) => {
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
  }

export const totalStages =
  (total: number): Recording =>
  ({ story }) => {
    const checked = validatedOptions.totalOf(total)
    if (checked.value !== undefined) story.declaredTotal = checked.value
    return checked.warn()
  }

export const outcome =
  (outcome: string): Recording =>
  ({ story }, fiber) => {
    story.outcome = PlainValue.clip(region.hide(fiber, story, PlainValue.text(outcome)), 256)
    return undefined
  }

export const status =
  (status: StoryStatus): Recording =>
  ({ story }) => {
    story.requestedStatus = status
    return undefined
  }

export const failure =
  (cause: Cause.Cause<unknown>, stageName: string | undefined): Recording =>
  (here, fiber) =>
    storyFailure.recordFailure(here, fiber, cause, stageName)

/** Why something is tried again. */
export interface Attempt {
  /** The number of the attempt that begins; the first one is 1. */
  readonly attempt: number
  readonly delaySeconds: number
  /** The error that made it necessary. */
  readonly error: unknown
  /** What to say of it. Asked only if there is a renderer. */
  readonly reason: () => string
}

/** A new attempt at the current stage. */
export const retry =
  ({ attempt, delaySeconds, error, reason }: Attempt): Recording =>
  ({ span, stage, story }, fiber) => {
    if (stage?.status !== "running") return undefined
    stage.retries += 1
    const labels = [workContext.agentIdOf(fiber), region.hide(fiber, story, typeOf(error))]
    workContext.measure(fiber, { story, span }, Instruments.retryAttempts, labels, 1)
    const isRead = spans.isRead(fiber, span)
    if (!isRead && renderersOf(fiber).length === 0) return undefined
    const shown = region.hide(fiber, story, reason())
    if (isRead) {
      const attributes = { attempt, delay_seconds: delaySeconds, reason: shown }
      spanEvents.add(fiber, span, nanos(fiber), "narrative.retry", attributes)
    }
    return region.emit(fiber, story, (timestamp) =>
      eventFactory.stageRetried(story, stage, timestamp, span, attempt, delaySeconds, shown)
    )
  }
