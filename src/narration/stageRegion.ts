/**
 * The region of a stage: from its start to its one end.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import { isInterruption, leavesOf } from "../cause/causeLeaves.js"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { Describer } from "../diagnostics/describer.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, currentFiber, isSynchronous, nanos, now, seconds, withFiber } from "../runtime/fiber.js"
import { type Entered, enterContext, leaveContext } from "../runtime/fiberInternals.js"
import { isEnabled } from "../runtime/muting.js"
import { markRegion } from "../runtime/regionMark.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import * as spans from "../tracing/spans.js"
import { dryResult, dryRun } from "./dryRun.js"
import * as eventFactory from "./eventFactory.js"
import { describerIn, selfDescription, withDescriber } from "./failureDescriber.js"
import { interruptorsNamed } from "./interruptors.js"
import { contextWith, emit, hide, plainRecord, type Region, redactorOf, regionFor } from "./region.js"
import type { Stage, Story } from "./Story.js"
import { idle } from "./storyFailure.js"
import type { Place } from "./workContext.js"

export interface StageInit<A> {
  readonly name: string
  readonly kind: string
  readonly attributes: Readonly<Record<string, unknown>> | undefined
  readonly definedAt: DefinedAt
  /** Logs what is wrong with the options. */
  readonly warn: () => Waiting
  /** Called with the one end, before it is emitted. It never throws. */
  readonly ended?: (fiber: AnyFiber, place: Place, exit: Exit.Exit<A, unknown>, durationSeconds: number) => Waiting
}

/** Runs an effect as a stage of the story it finds itself in; outside any story, in a span. */
export const run = <A, E, R>(self: Effect.Effect<A, E, R>, init: StageInit<A>): Effect.Effect<A, E, R> =>
  withFiber((fiber) =>
    isEnabled(fiber) ? Effect.uninterruptibleMask((restore) => enter(self, init, fiber, restore)) : self
  )

/** Makes an effect as interruptible as it was outside. */
type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

interface StageRun<A> {
  readonly init: StageInit<A>
  readonly fiber: AnyFiber
  readonly restore: Restore
  readonly entered: Entered
  readonly span: Tracer.Span | undefined
  readonly story: Story | undefined
  readonly stage: Stage | undefined
  readonly region: Region | undefined
  readonly startNanos: bigint
}

const enter = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  init: StageInit<A>,
  fiber: AnyFiber,
  restore: Restore
): Effect.Effect<A, E, R> => {
  const outside = fiber.currentContext
  const outer = regionFor(fiber)
  const startNanos = nanos(fiber)
  const span = spans.start(fiber, "stage", init.name, init.kind, fiber.currentSpan, startNanos)
  const attributes = plainRecord(fiber, outer?.story, init.attributes)
  if (span !== undefined) {
    spans.redact(fiber, span, () => outer?.story.secrets)
    for (const key in attributes) span.attribute(key, attributes[key])
  }
  if (outer === undefined) {
    const entered = enterContext(fiber, contextWith(outside, undefined, span))
    const none = { story: undefined, stage: undefined, region: undefined }
    return body(self, { init, fiber, restore, entered, span, ...none, startNanos })
  }
  const story = outer.story
  const stage = story.begin(init.name, init.kind, outer.stage, fiber.id(), attributes, init.definedAt)
  stage.startNanos = startNanos
  stage.span = span
  if (span !== undefined) {
    span.attribute("narrative.story.id", story.id)
    span.attribute("narrative.story.name", story.name)
    span.attribute("narrative.stage.name", stage.name)
    span.attribute("narrative.stage.index", stage.index)
  }
  const region = { story, stage, span }
  const entered = enterContext(fiber, contextWith(outside, region, span))
  const waiting = inOrder(
    init.warn(),
    emit(fiber, story, (timestamp) => eventFactory.stageStarted(story, stage, timestamp, span))
  )
  const run = { init, fiber, restore, entered, span, story, stage, region, startNanos }
  if (waiting === undefined && renderersOf(fiber).length === 0) return body(self, run)
  // A duration covers the effect only, not what its renderers did before.
  const timed = () => {
    stage.startNanos = nanos(currentFiber(fiber))
    return body(self, run)
  }
  return waiting === undefined ? timed() : Effect.flatMap(waiting, timed)
}

const body = <A, E, R>(self: Effect.Effect<A, E, R>, run: StageRun<A>): Effect.Effect<A, E, R> =>
  markRegion(
    Effect.matchCauseEffect(run.restore(self), {
      onSuccess: (value) => leave<A, E>(run, Exit.succeed(value)),
      onFailure: (cause) => leave<A, E>(run, Exit.failCause(cause))
    }),
    run.region
  )

const leave = <A, E>(run: StageRun<A>, exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
  const { entered, init, span, stage, story } = run
  const fiber = currentFiber(run.fiber)
  const endNanos = nanos(fiber)
  leaveContext(fiber, entered)
  const waiting = stage?.stoodIn
    ? undefined
    : init.ended?.(fiber, run, exit, seconds(stage?.startNanos ?? run.startNanos, endNanos))
  const ended =
    story === undefined || stage === undefined ? { exit } : emitEnd(run, story, stage, fiber, endNanos, exit)
  if (span !== undefined) {
    const secrets = ended.exit._tag === "Failure" ? story?.secrets : undefined
    spans.end(fiber, span, endNanos, ended.exit, { definedAt: init.definedAt, secrets })
  }
  const all = inOrder(waiting, ended.waiting)
  return all === undefined ? ended.exit : Effect.zipRight(all, ended.exit)
}

interface Ended<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly waiting?: Waiting
}

const emitEnd = <A, E>(
  run: StageRun<A>,
  story: Story,
  stage: Stage,
  fiber: AnyFiber,
  endNanos: bigint,
  given: Exit.Exit<A, E>
): Ended<A, E> => {
  const exit = story.dryRun ? dryResult(given) : given
  const { span } = run
  const durationSeconds = seconds(stage.startNanos, endNanos)
  if (story.dryRun) fiber.getFiberRef(dryRun)?.visit(story, stage, stage.stoodIn, given)
  if (exit._tag === "Success") {
    if (!story.end(stage, "completed", durationSeconds)) return { exit }
    return {
      exit,
      waiting: emit(fiber, story, (timestamp) => eventFactory.stageCompleted(story, stage, timestamp, span))
    }
  }
  const cause = exit.cause
  if (isInterruption(cause)) {
    if (!story.end(stage, "cancelled", durationSeconds)) return { exit }
    const interruptors = interruptorsNamed(cause, story)
    return {
      exit,
      waiting: emit(fiber, story, (timestamp) =>
        eventFactory.stageCancelled(story, stage, timestamp, span, false, interruptors)
      )
    }
  }
  const leaves = leavesOf(cause)
  for (const leaf of leaves) story.blame(leaf.key, stage)
  const [first] = leaves
  const services = fiber.currentContext
  const describer = describerIn(services)
  const isEmitted = renderersOf(fiber).length > 0
  // Its span says what the error says, as the event does.
  if (first !== undefined && (spans.isRead(fiber, span) || isEmitted)) {
    const { collectSecrets } = describer ?? selfDescription
    attempt(() => collectSecrets(first, redactorOf(fiber), story.secrets), undefined)
  }
  if (!story.end(stage, "failed", durationSeconds)) return { exit }
  const endedAt = now(fiber)
  const emitFailed = ({ summarize }: Describer): Waiting =>
    emit(fiber, story, () => {
      const error = first?.error
      return eventFactory.stageFailed(story, stage, endedAt, span, {
        errorType: typeOf(error),
        errorMessage: hide(fiber, story, messageOf(error)),
        ...summarize(error)
      })
    })
  if (describer !== undefined || !isEmitted || isSynchronous(fiber)) {
    return { exit, waiting: emitFailed(describer ?? selfDescription) }
  }
  return { exit, waiting: idle(fiber, { stage: stage.parent, story }, withDescriber(services, emitFailed)) }
}
