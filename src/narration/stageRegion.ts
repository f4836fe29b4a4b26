/**
 * The region of a stage: from its start to its one end.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import { isInterruption, leavesOf } from "../cause/causeLeaves.js"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { Describer } from "../diagnostics/describer.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, isSynchronous, nanos, now, seconds, withFiber } from "../runtime/fiber.js"
import { type Entered, enterContext, leaveRefs } from "../runtime/fiberInternals.js"
import { isEnabled } from "../runtime/muting.js"
import * as regionFrames from "../runtime/regionFrames.js"
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
  emitOfStage,
  hide,
  isToLoad,
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
  withFiber((fiber) => {
    if (!isEnabled(fiber)) return self
    return isToLoad(fiber) ? afterLoading(fiber, (here) => enter(self, init, here)) : enter(self, init, fiber)
  })

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

const enter = <A, E, R>(self: Effect.Effect<A, E, R>, init: StageInit<A>, fiber: AnyFiber): Effect.Effect<A, E, R> => {
  const opened = open(init, fiber)
  const entered = enterContext(fiber, contextWith(fiber.currentContext, opened.region, opened.span))
  const leaving = new EnteredStage<A, E>(opened, entered)
  const { intercepting, region, waiting } = opened
  if (waiting !== undefined) return regionFrames.insideAfter(waiting, fiber, region, leaving, timed(opened, self))
  if (renderersOf(fiber).length > 0) time(opened, fiber)
  return regionFrames.inside(fiber, region, leaving, intercepting?.rejected ?? self)
}

/** A duration covers the effect only, not what its renderers did before. */
const time = ({ stage }: Pick<OpenStage<never>, "stage">, here: AnyFiber): void => {
  if (stage !== undefined) stage.startNanos = nanos(here)
}

const timed =
  <A, E, R>(opened: OpenStage<A>, self: Effect.Effect<A, E, R>) =>
  (here: AnyFiber): Effect.Effect<A, E, R> => {
    time(opened, here)
    // What interceptors wait for is over: it is known whether the work is let run.
    return opened.intercepting?.rejected ?? self
  }

/** A stage that a fiber has entered. */
class EnteredStage<A, E> implements regionFrames.Leaving<A, E> {
  constructor(
    readonly opened: OpenStage<A>,
    readonly entered: Entered
  ) {}

  leave(here: AnyFiber, exit: Exit.Exit<A, E>): Effect.Effect<A, E> {
    const endNanos = nanos(here)
    leaveRefs(here, this.entered)
    const ended = close<A, E>(this.opened, here, exit, endNanos)
    return ended.waiting === undefined ? ended.exit : Effect.zipRight(ended.waiting, ended.exit)
  }
}

/** Begins a stage in an uninterruptible fiber. */
export const open = <A>(init: StageInit<A>, fiber: AnyFiber): OpenStage<A> => {
  const outer = regionFor(fiber)
  const story = outer?.story
  const startNanos = nanos(fiber)
  const name = shownName(init.name)
  const kind = shownKind(init.kind)
  const span = spans.start(fiber, "stage", name, kind, fiber.currentSpan, startNanos)
  const attributes = plainRecord(fiber, story, init.attributes)
  if (span !== undefined) {
    spans.redact(fiber, span, story)
    for (const key in attributes) span.attribute(key, attributes[key])
  }
  let stage: Stage | undefined
  let region: Region | undefined
  let waiting: Waiting
  if (story !== undefined) {
    stage = story.begin(name, kind, outer?.stage, fiber.id(), attributes, init.definedAt)
    stage.startNanos = startNanos
    stage.span = span
    if (span !== undefined) spans.putAll(span, identityOf(story, stage))
    region = newRegion(fiber, story, stage, span)
    waiting = inOrder(init.warn(), emitOfStage(fiber, eventFactory.stageStarted, story, stage, span))
  }
  const begun = init.began?.(fiber, { story, stage, span })
  const intercepting = interceptorsOf(fiber)?.begin(name, kind, { story, stage, span })
  return {
    init,
    region,
    span,
    story,
    stage,
    startNanos,
    waiting: inOrder(inOrder(waiting, begun), intercepting?.waiting),
    intercepting
  }
}

/** What the span of a stage says of it: names and values by turns. */
const identityOf = (story: Story, stage: Stage): Array<unknown> => [
  "narrative.story.id",
  story.id,
  "narrative.story.name",
  story.name,
  "narrative.stage.name",
  stage.name,
  "narrative.stage.index",
  stage.index
]

/** Ends a stage, once, in an uninterruptible fiber that has left it. */
export const close = <A, E>(
  opened: OpenStage<A>,
  fiber: AnyFiber,
  given: Exit.Exit<A, E>,
  endNanos: bigint
): Ended<A, E> => {
  const { init, intercepting, span, stage, story } = opened
  const exit = story?.dryRun === true ? dryResult(given) : given
  const intercepted = intercepting?.end(given)
  const startNanos = stage?.startNanos ?? opened.startNanos
  const recorded = stage?.stoodIn ? undefined : init.ended?.(fiber, opened, given, seconds(startNanos, endNanos))
  const ended = story && stage && end(story, stage, span, fiber, endNanos, given)
  if (span !== undefined) {
    const secrets = exit._tag === "Failure" ? story?.secrets : undefined
    spans.end(fiber, span, endNanos, exit, { definedAt: init.definedAt, secrets })
  }
  return { exit, waiting: inOrder(intercepted, inOrder(recorded, ended)) }
}

/** How a stage ended for what runs it: in a dry run, otherwise than its work did. */
export interface Ended<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly waiting: Waiting
}

/** Ends a stage of whatever span, once. */
export const end = (
  story: Story,
  stage: Stage,
  span: Tracer.Span | undefined,
  fiber: AnyFiber,
  endNanos: bigint,
  given: Exit.Exit<unknown, unknown>
): Waiting => {
  const exit = story.dryRun ? dryResult(given) : given
  if (!stage.parent) story.lastFailure = undefined
  stage.counted?.end(fiber, exit)
  const durationSeconds = seconds(stage.startNanos, endNanos)
  if (story.dryRun) fiber.getFiberRef(dryRun)?.visit(story, stage, stage.stoodIn, given)
  if (exit._tag === "Failure") return fail(story, stage, span, fiber, durationSeconds, exit)
  return story.end(stage, "completed", durationSeconds)
    ? emitOfStage(fiber, eventFactory.stageCompleted, story, stage, span)
    : lateEnd(story, stage, fiber, exit)
}

const fail = (
  story: Story,
  stage: Stage,
  span: Tracer.Span | undefined,
  fiber: AnyFiber,
  durationSeconds: number,
  exit: Exit.Failure<unknown, unknown>
): Waiting => {
  const cause = exit.cause
  if (isInterruption(cause)) {
    if (!story.end(stage, "cancelled", durationSeconds)) return undefined
    const interruptors = interruptorsNamed(cause, story)
    return emit(fiber, story, (timestamp) =>
      eventFactory.stageCancelled(story, stage, timestamp, span, false, interruptors)
    )
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
    return uncounted(fiber, around, () => emitFailed(describer ?? selfDescription))
  }
  return idle(fiber, around, withDescriber(services, emitFailed))
}

/** Whoever waits for what its story left running gets to know how that ended; not each of the stages inside it. */
const lateEnd = (story: Story, stage: Stage, fiber: AnyFiber, exit: Exit.Exit<unknown, unknown>): Waiting => {
  for (let outer = stage.parent; outer !== undefined; outer = outer.parent) if (outer.isOrphan) return undefined
  return story.dryRun ? undefined : emitLateEnd(stage, story, fiber, exit)
}
