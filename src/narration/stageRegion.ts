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
import { enterContext, leaveRef } from "../runtime/fiberInternals.js"
import { isEnabled } from "../runtime/muting.js"
import { markRegion } from "../runtime/regionMark.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import * as spans from "../tracing/spans.js"
import { dryResult, dryRun } from "./dryRun.js"
import * as eventFactory from "./eventFactory.js"
import { describerIn, selfDescription, withDescriber } from "./failureDescriber.js"
import { type Intercepting, interceptorsOf } from "./interceptors.js"
import { interruptorsNamed } from "./interruptors.js"
import {
  afterLoading,
  contextWith,
  emit,
  hide,
  newRegion,
  plainRecord,
  type Region,
  redactorOf,
  regionFor
} from "./region.js"
import type { Stage, Story } from "./Story.js"
import { idle, originOf, stageOfFailure, uncounted } from "./storyFailure.js"
import { emitLateEnd } from "./storyRegion.js"
import { shownKind, shownName } from "./validatedOptions.js"
import type { Place } from "./workContext.js"

export interface StageInit<A> {
  readonly name: string
  readonly kind: string
  readonly attributes: Readonly<Record<string, unknown>> | undefined
  readonly definedAt: DefinedAt
  /** Logs what is wrong with the options. */
  readonly warn: () => Waiting
  /** Called when it has begun. Its work waits for what is given back, which never fails. */
  readonly began?: (fiber: AnyFiber, place: Place) => Waiting
  /** Called with the one end, before it is emitted. It never throws. */
  readonly ended?: (fiber: AnyFiber, place: Place, exit: Exit.Exit<A, unknown>, durationSeconds: number) => Waiting
}

/** Runs an effect as a stage of the story it finds itself in; outside any story, in a span. */
export const run = <A, E, R>(self: Effect.Effect<A, E, R>, init: StageInit<A>): Effect.Effect<A, E, R> =>
  withFiber((fiber) =>
    isEnabled(fiber)
      ? afterLoading(fiber, () => Effect.uninterruptibleMask((restore) => enter(self, init, fiber, restore)))
      : self
  )

/** Makes an effect as interruptible as it was outside. */
type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** A stage that is running; outside any story, only its span. */
export interface OpenStage<A> {
  readonly init: StageInit<A>
  /** Where its work is; `undefined` outside any story. */
  readonly region: Region | undefined
  readonly span: Tracer.Span | undefined
  readonly story: Story | undefined
  readonly stage: Stage | undefined
  readonly startNanos: bigint
  /** To be waited for before its work begins. */
  readonly waiting: Waiting
  readonly intercepting: Intercepting | undefined
}

const enter = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  init: StageInit<A>,
  fiber: AnyFiber,
  restore: Restore
): Effect.Effect<A, E, R> => {
  const outside = fiber.currentContext
  const opened = open(init, fiber)
  const entered = enterContext(fiber, contextWith(outside, opened.region, opened.span))
  const leave = (exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
    const here = currentFiber(fiber)
    const endNanos = nanos(here)
    leaveRef(here, entered)
    const ended = close<A, E>(opened, here, exit, endNanos)
    return ended.waiting === undefined ? ended.exit : Effect.zipRight(ended.waiting, ended.exit)
  }
  const { intercepting } = opened
  // Where nothing is waited for, it is known by now whether the work is let run.
  const work =
    intercepting?.waiting === undefined
      ? (intercepting?.rejected ?? self)
      : Effect.suspend(() => intercepting.rejected ?? self)
  const body = (): Effect.Effect<A, E, R> =>
    markRegion(
      Effect.matchCauseEffect(restore(work), {
        onSuccess: (value) => leave(Exit.succeed(value)),
        onFailure: (cause) => leave(Exit.failCause(cause))
      }),
      opened.region
    )
  const { stage, waiting } = opened
  if (stage === undefined) return waiting === undefined ? body() : Effect.flatMap(waiting, body)
  if (waiting === undefined && renderersOf(fiber).length === 0) return body()
  // A duration covers the effect only, not what its renderers did before.
  const timed = () => {
    stage.startNanos = nanos(currentFiber(fiber))
    return body()
  }
  return waiting === undefined ? timed() : Effect.flatMap(waiting, timed)
}

/** Begins a stage in an uninterruptible fiber. */
export const open = <A>(init: StageInit<A>, fiber: AnyFiber): OpenStage<A> => {
  const outer = regionFor(fiber)
  const startNanos = nanos(fiber)
  const name = shownName(init.name)
  const kind = shownKind(init.kind)
  const span = spans.start(fiber, "stage", name, kind, fiber.currentSpan, startNanos)
  const attributes = plainRecord(fiber, outer?.story, init.attributes)
  if (span !== undefined) {
    spans.redact(fiber, span, () => outer?.story.secrets)
    for (const key in attributes) span.attribute(key, attributes[key])
  }
  if (outer === undefined) {
    const place = { story: undefined, stage: undefined, span }
    const intercepting = interceptorsOf(fiber)?.begin(name, kind, place)
    const waiting = inOrder(init.began?.(fiber, place), intercepting?.waiting)
    return { init, region: undefined, ...place, startNanos, waiting, intercepting }
  }
  const story = outer.story
  const stage = story.begin(name, kind, outer.stage, fiber.id(), attributes, init.definedAt)
  stage.startNanos = startNanos
  stage.span = span
  if (span !== undefined) {
    span.attribute("narrative.story.id", story.id)
    span.attribute("narrative.story.name", story.name)
    span.attribute("narrative.stage.name", stage.name)
    span.attribute("narrative.stage.index", stage.index)
  }
  const region = newRegion(fiber, story, stage, span)
  const waiting = inOrder(
    inOrder(
      init.warn(),
      emit(fiber, story, (timestamp) => eventFactory.stageStarted(story, stage, timestamp, span))
    ),
    init.began?.(fiber, { story, stage, span })
  )
  const intercepting = interceptorsOf(fiber)?.begin(name, kind, { story, stage, span })
  return {
    init,
    region,
    span,
    story,
    stage,
    startNanos,
    waiting: inOrder(waiting, intercepting?.waiting),
    intercepting
  }
}

/** Ends a stage, once, in an uninterruptible fiber that has left it. */
export const close = <A, E>(
  opened: OpenStage<A>,
  fiber: AnyFiber,
  exit: Exit.Exit<A, E>,
  endNanos: bigint
): Ended<A, E> => {
  const { init, span, stage, story } = opened
  const intercepted = opened.intercepting?.end(exit)
  const waiting = stage?.stoodIn
    ? undefined
    : init.ended?.(fiber, opened, exit, seconds(stage?.startNanos ?? opened.startNanos, endNanos))
  const ended = story === undefined || stage === undefined ? { exit } : end(story, stage, span, fiber, endNanos, exit)
  if (span !== undefined) {
    const secrets = ended.exit._tag === "Failure" ? story?.secrets : undefined
    spans.end(fiber, span, endNanos, ended.exit, { definedAt: init.definedAt, secrets })
  }
  return { exit: ended.exit, waiting: inOrder(intercepted, inOrder(waiting, ended.waiting)) }
}

/** How a stage ended for what runs it: in a dry run, otherwise than its work did. */
export interface Ended<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly waiting?: Waiting
}

/** Ends a stage of whatever span, once. */
export const end = <A, E>(
  story: Story,
  stage: Stage,
  span: Tracer.Span | undefined,
  fiber: AnyFiber,
  endNanos: bigint,
  given: Exit.Exit<A, E>
): Ended<A, E> => {
  const exit = story.dryRun ? dryResult(given) : given
  if (!stage.parent) story.lastFailure = undefined
  stage.counted?.end(fiber, exit)
  const durationSeconds = seconds(stage.startNanos, endNanos)
  if (story.dryRun) fiber.getFiberRef(dryRun)?.visit(story, stage, stage.stoodIn, given)
  if (exit._tag === "Success") {
    if (!story.end(stage, "completed", durationSeconds)) return lateEnd(story, stage, fiber, exit)
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
  if (!stage.parent) story.lastFailure = cause
  const leaves = leavesOf(cause)
  for (const leaf of leaves) story.blame(leaf.key, stage)
  const [first] = leaves
  const services = fiber.currentContext
  const describer = describerIn(services)
  const isEmitted = renderersOf(fiber).length > 0
  const around = { stage: stage.parent, story }
  const origin = (first && originOf(first, story)) ?? stage
  let known = first && story.knownFailure(first.key, origin)
  // Its span says what the error says, as the event does. The stages around it have nothing to find out.
  if (first !== undefined && known === undefined && (spans.isRead(fiber, span) || isEmitted)) {
    const { collectSecrets } = describer ?? selfDescription
    known = story.remember(first.key, origin)
    uncounted(fiber, around, () => attempt(() => collectSecrets(first, redactorOf(fiber), story.secrets), undefined))
  }
  if (!story.end(stage, "failed", durationSeconds)) return lateEnd(story, stage, fiber, exit)
  const endedAt = now(fiber)
  stage.failedAt = endedAt
  const emitFailed = ({ summarize }: Describer): Waiting =>
    emit(fiber, story, () => {
      const error = first?.error
      const summary =
        known?.summary ??
        summarize({
          leaf: first,
          stage: stageOfFailure(origin, story),
          redactor: redactorOf(fiber),
          secrets: story.secrets
        })
      if (known !== undefined) known.summary = summary
      return eventFactory.stageFailed(story, stage, endedAt, span, {
        errorType: hide(fiber, story, typeOf(error)),
        errorMessage: hide(fiber, story, messageOf(error)),
        ...summary
      })
    })
  if (describer !== undefined || !isEmitted || isSynchronous(fiber)) {
    return { exit, waiting: uncounted(fiber, around, () => emitFailed(describer ?? selfDescription)) }
  }
  return { exit, waiting: idle(fiber, around, withDescriber(services, emitFailed)) }
}

/** Whoever waits for what its story left running gets to know how that ended; not each of the stages inside it. */
const lateEnd = <A, E>(story: Story, stage: Stage, fiber: AnyFiber, exit: Exit.Exit<A, E>): Ended<A, E> => {
  for (let outer = stage.parent; outer !== undefined; outer = outer.parent) if (outer.isOrphan) return { exit }
  return story.dryRun ? { exit } : { exit, waiting: emitLateEnd(stage, story, fiber, exit) }
}
