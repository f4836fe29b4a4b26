/**
 * The region of a story: opened and closed as one step each, by an effect that runs inside it or by a scope.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { isInterruption, isUnrouted, leavesOf } from "../cause/causeLeaves.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import type { StoryStatus } from "../event/NarrativeEvent.js"
import { uuid } from "../plain/ids.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import { attempt, propertyOf } from "../plain/untrusted.js"
import * as redaction from "../redaction/redactor.js"
import { type AnyFiber, currentFiber, nanos, now, seconds, withFiber } from "../runtime/fiber.js"
import { enterContext, leaveRefs } from "../runtime/fiberInternals.js"
import { isEnabled } from "../runtime/muting.js"
import * as regionFrames from "../runtime/regionFrames.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { warnOnce } from "../runtime/warnOnce.js"
import { askerIn, type ShownAsker } from "../tracing/currentCorrelation.js"
import * as spans from "../tracing/spans.js"
import { dryResult, dryRun } from "./dryRun.js"
import * as eventFactory from "./eventFactory.js"
import { prepare } from "./failureDescriber.js"
import { IdGenerator } from "./IdGenerator.js"
import { interruptorsNamed } from "./interruptors.js"
import {
  afterLoading,
  contextWith,
  emit,
  emitTo,
  newRegion,
  plainRecord,
  type Region,
  redactorOf,
  regionFor
} from "./region.js"
import { type Stage, Story } from "./Story.js"
import * as storyFailure from "./storyFailure.js"
import { idOf, shownKind, shownName } from "./validatedOptions.js"

export interface StoryInit {
  readonly name: string
  readonly kind: string
  readonly id: string | undefined
  readonly totalStages: number | undefined
  readonly labels: { readonly [key: string]: string }
  readonly attributes: Readonly<Record<string, unknown>> | undefined
  readonly dryRun: boolean
  readonly definedAt: DefinedAt
  /** Logs what is wrong with the options. */
  readonly warn: () => Waiting
  /** Its start is emitted when something happens in it; a story in which nothing did, and which did not fail, is not narrated. */
  readonly isLazy?: boolean
}

/** A story that is running. */
export interface OpenStory {
  readonly region: Region
  readonly init: Pick<StoryInit, "definedAt" | "isLazy">
  startNanos: bigint
}

/** Begun, with what is to be waited for before its work begins. */
export interface BegunStory {
  readonly opened: OpenStory
  readonly waiting: Waiting
}

/**
 * Runs an effect as a story. In a dry run both end as `dryResult` says; with `endOf` the story ends as that says, and the
 * effect as it does.
 */
export const run = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  init: StoryInit,
  endOf?: (exit: Exit.Exit<unknown, unknown>, story: Story) => Exit.Exit<unknown, unknown>
): Effect.Effect<A, E, R> =>
  withFiber((fiber) =>
    isEnabled(fiber)
      ? afterLoading(fiber, (here) => {
          const begun = open(init, here)
          const { story } = begun.opened.region
          return inside(begun, here, self, (exit: Exit.Exit<A, E>, here) => {
            const ended = endOf === undefined && story.dryRun ? dryResult(exit) : exit
            const waiting = close(begun.opened, here, endOf === undefined ? ended : endOf(exit, story))
            return waiting === undefined ? ended : Effect.zipRight(waiting, ended)
          })
        })
      : self
  )

/** Runs work inside a story that this very operation of the fiber began; `leave` gets its exit, when the fiber has left. */
export const inside = <A, E, R>(
  { opened, waiting }: BegunStory,
  fiber: AnyFiber,
  work: Effect.Effect<A, E, R>,
  leave: (exit: Exit.Exit<A, E>, here: AnyFiber) => Effect.Effect<A, E>
): Effect.Effect<A, E, R> => {
  const { region } = opened
  const entered = enterContext(fiber, contextWith(fiber.currentContext, region, region.span))
  const leaving: regionFrames.Leaving<A, E> = {
    leave: (here, exit) => {
      leaveRefs(here, entered)
      return leave(exit, here)
    }
  }
  return regionFrames.insideAfter(waiting, fiber, region, leaving, (here) => {
    opened.startNanos = nanos(here)
    return work
  })
}

/**
 * What became of a stage that went on after its story: a story of its own, begun and ended here, whose parent is that one.
 */
export const emitLateEnd = (
  stage: Stage,
  parent: Story,
  fiber: AnyFiber,
  exit: Exit.Exit<unknown, unknown>
): Waiting => {
  const { definedAt, kind, name, startNanos } = stage
  const init = { ...lateStory, name, kind, labels: parent.labels, definedAt }
  const { opened, waiting } = open(init, fiber, { parent, startNanos })
  return inOrder(waiting, close(opened, fiber, exit))
}

const lateStory = {
  id: undefined,
  totalStages: undefined,
  attributes: undefined,
  dryRun: false,
  warn: (): Waiting => undefined
}

/** Begins a story in an uninterruptible fiber. */
export const open = (
  init: StoryInit,
  fiber: AnyFiber,
  late?: { readonly parent: Story; readonly startNanos: bigint }
): BegunStory => {
  const around = regionFor(fiber)
  const parent = late?.parent ?? around?.story
  const startNanos = late?.startNanos ?? nanos(fiber)
  const name = shownName(init.name)
  const kind = shownKind(init.kind)
  const span = spans.start(fiber, "story", name, kind, fiber.currentSpan, startNanos)
  const story = new Story({
    id: idOf(init.id) ?? idIn(fiber),
    name,
    kind,
    totalStages: init.totalStages,
    labels: labelsIn(fiber, init.labels),
    attributes: noAttributes,
    parent,
    around: around?.stage,
    fiberId: fiber.id(),
    dryRun: init.dryRun || parent?.dryRun === true || fiber.getFiberRef(dryRun) !== undefined
  })
  story.asker = askerIn(fiber.currentContext)
  story.shownAsker = shownAsker(fiber, story)
  story.attributes = plainRecord(fiber, story, init.attributes)
  if (span !== undefined) {
    if (around?.span !== undefined) spans.link(around.span, span)
    spans.redact(fiber, span, story)
    span.attribute("narrative.story.id", story.id)
    span.attribute("narrative.story.name", story.name)
    const asker = story.shownAsker?.attributes
    for (const key in asker) span.attribute(key, asker[key])
    for (const key in story.labels) span.attribute(key, story.labels[key])
    for (const key in story.attributes) span.attribute(key, story.attributes[key])
  }
  const startedAt = now(fiber)
  const start = (here: AnyFiber): Waiting =>
    inOrder(
      inOrder(init.warn(), prepare(here)),
      emitTo(renderersOf(here), story, () => eventFactory.storyStarted(story, around?.stage, startedAt, span))
    )
  if (init.isLazy === true) {
    story.announce = () => {
      story.announce = undefined
      // Whoever emits next waits for it.
      story.deferred = start(currentFiber(fiber))
    }
  }
  const waiting = init.isLazy === true ? undefined : start(fiber)
  return { opened: { region: newRegion(fiber, story, undefined, span), init, startNanos }, waiting }
}

/** Who asked for a story, as it may be shown. A sub-story mostly has that of its parent. */
export const shownAsker = (fiber: AnyFiber, story: Story): ShownAsker | undefined => {
  const { asker, parent } = story
  if (asker === undefined) return undefined
  if (asker === parent?.asker) return parent.shownAsker
  return asker.shown(redactorOf(fiber), () => story.secrets)
}

/** An id from the generator in force; one that throws, or makes none, costs the program nothing. */
export const idIn = (fiber: AnyFiber): string => {
  const timestamp = now(fiber)
  const given: Context.Tag.Service<typeof IdGenerator> | undefined = fiber.currentContext.unsafeMap.get(IdGenerator.key)
  const id: unknown = given && attempt(() => given.next(timestamp), undefined)
  return typeof id === "string" && id !== "" ? id : uuid(timestamp)
}

/** By the end of a story its redactor has been asked all it was. */
const redactionNotice = (fiber: AnyFiber): Waiting => noticeOf(redaction.problemIn(fiber.currentContext))

const noticeOf = (problem: string | undefined): Waiting => (problem === undefined ? undefined : warnOnce(problem))

const noAttributes: PlainRecord = {}

const labelsIn = (fiber: AnyFiber, labels: StoryInit["labels"]): StoryInit["labels"] => {
  const named = Object.entries(labels)
  if (named.length === 0) return labels
  const redactor = redactorOf(fiber)
  return Object.fromEntries(
    named.map(([name, label]) => {
      const shown = redactor.isSecretName(name) ? "<redacted>" : redactor.text(label)
      return [redactor.text(name), shown]
    })
  )
}

/** Ends a story, once, in an uninterruptible fiber. */
export const close = (
  { init, region, startNanos }: OpenStory,
  fiber: AnyFiber,
  ended: Exit.Exit<unknown, unknown>
): Waiting => {
  const { span, story } = region
  // A request that no route is for is an outcome of the story around the router.
  const exit = ended._tag === "Failure" && isUnrouted(ended.cause) ? Exit.void : ended
  if (exit !== ended) story.outcome ??= "404"
  const endNanos = nanos(fiber)
  const durationSeconds = seconds(startNanos + story.idleNanos, endNanos)
  story.counted?.end(fiber, exit)
  const waiting = inOrder(storyFailure.reportUnexplained(story), cancelOrphans(region, fiber, endNanos))
  const isSilent = story.announce !== undefined && init.isLazy === true && !hasFailed(exit)
  const failure =
    exit._tag === "Success" ? undefined : storyFailure.reportFailure(region, fiber, exit.cause, init.definedAt)
  const status = statusOf(story, exit)
  const why = {
    causedBy: failure?.causedBy ?? null,
    interruptors: status === "cancelled" && exit._tag === "Failure" ? interruptorsNamed(exit.cause, story) : []
  }
  const end = (endedAt?: number): Waiting => {
    const waiting = isSilent
      ? undefined
      : emit(fiber, story, (timestamp) =>
          eventFactory.storyCompleted(story, endedAt ?? timestamp, span, status, durationSeconds, why)
        )
    story.status = status
    if (span !== undefined && !region.isOwn) {
      span.attribute("narrative.story.status", status)
      if (story.outcome !== null) span.attribute("narrative.story.outcome", story.outcome)
      const secrets = exit._tag === "Failure" ? story.secrets : undefined
      spans.end(fiber, span, endNanos, exit, { definedAt: init.definedAt, secrets })
    }
    return inOrder(waiting, redactionNotice(fiber))
  }
  if (failure?.asked === undefined) return inOrder(inOrder(waiting, failure?.waiting), end())
  // It is over for whoever is still in it, though its end is emitted only after the failure, and that after its analysis.
  story.status = status
  const endedAt = now(fiber)
  return inOrder(
    waiting,
    Effect.flatMap(failure.asked, () => end(endedAt) ?? Effect.void)
  )
}

const hasFailed = (exit: Exit.Exit<unknown, unknown>): boolean => exit._tag === "Failure" && !isInterruption(exit.cause)

/** Ends the stages that fibers outliving the story left running: the innermost first, as they would have ended. */
const cancelOrphans = ({ story }: Region, fiber: AnyFiber, endNanos: bigint): Waiting => {
  let waiting: Waiting
  for (const stage of story.openStages.toReversed()) {
    const { span } = stage
    story.end(stage, "cancelled", seconds(stage.startNanos, endNanos))
    stage.isOrphan = true
    waiting = inOrder(
      waiting,
      emit(fiber, story, (timestamp) => eventFactory.stageCancelled(story, stage, timestamp, span, true, []))
    )
  }
  return waiting
}

const statusOf = (story: Story, exit: Exit.Exit<unknown, unknown>): StoryStatus => {
  if (exit._tag === "Success") return story.requestedStatus ?? "success"
  const error = leavesOf(exit.cause)[0]?.error
  if (error === undefined && isInterruption(exit.cause)) return "cancelled"
  return story.requestedStatus === "timeout" || isTimeout(error) ? "timeout" : "failed"
}

/** A timeout of Effect's, or one of `AbortSignal.timeout`. */
const isTimeout = (error: unknown): boolean =>
  attempt(() => Cause.isTimeoutException(error), false) || propertyOf(error, "name") === "TimeoutError"
