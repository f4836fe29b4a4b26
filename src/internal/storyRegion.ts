/**
 * The region of a story: opened and closed as one step each, by an effect that runs inside it or by a scope.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type CauseLeaf, leavesOf } from "../diagnostics/CauseLeaves.js"
import * as Diagnostics from "../diagnostics/Diagnostics.js"
import type { Surroundings } from "../diagnostics/FailureDescription.js"
import { causeOf, typeOf } from "../diagnostics/ThrownValue.js"
import { attempt } from "../diagnostics/UntrustedValue.js"
import { IdGenerator, uuid } from "../IdGenerator.js"
import type { CausedBy, StoryStatus } from "../NarrativeEvent.js"
import type { PlainRecord } from "../PlainValue.js"
import { type Stage, Story } from "../Story.js"
import { dryResult, dryRun } from "./dryRun.js"
import * as events from "./events.js"
import { interruptorsNamed } from "./interruptors.js"
import { once } from "./notice.js"
import {
  type AnyFiber,
  contextWith,
  currentFiber,
  type DefinedAt,
  enterContext,
  isEnabled,
  leaveContext,
  nanos,
  now,
  plainRecord,
  type Region,
  redactorOf,
  regionIn,
  seconds,
  tell,
  type Waiting,
  withFiber
} from "./region.js"
import { inOrder } from "./renderers.js"
import * as spans from "./spans.js"

export interface StoryInit {
  readonly name: string
  readonly kind: string
  readonly id: string | undefined
  readonly totalStages: number | undefined
  readonly labels: { readonly [key: string]: string }
  readonly attributes: Readonly<Record<string, unknown>> | undefined
  readonly dryRun: boolean
  readonly definedAt: DefinedAt
  /** What there is to say about the settings. */
  readonly notice: () => Waiting
}

/** A story that is running. */
export interface OpenStory {
  readonly region: Region
  readonly init: StoryInit
  startNanos: bigint
}

export const run = <A, E, R>(self: Effect.Effect<A, E, R>, init: StoryInit): Effect.Effect<A, E, R> =>
  withFiber((fiber) =>
    isEnabled(fiber)
      ? Effect.uninterruptibleMask((restore) => {
          const { opened, waiting } = open(init, fiber)
          const entered = enterContext(fiber, contextWith(fiber.currentContext, opened.region, opened.region.span))
          const leave = (exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
            const here = currentFiber(fiber)
            leaveContext(here, entered)
            const told = opened.region.story.dryRun ? dryResult(exit) : exit
            const waiting = close(opened, here, told)
            return waiting === undefined ? told : Effect.zipRight(waiting, told)
          }
          const body = () => {
            opened.startNanos = nanos(currentFiber(fiber))
            return Effect.matchCauseEffect(restore(self), {
              onSuccess: (value) => leave(Exit.succeed(value)),
              onFailure: (cause) => leave(Exit.failCause(cause))
            })
          }
          return waiting === undefined ? body() : Effect.flatMap(waiting, body)
        })
      : self
  )

/** Begins a story in an uninterruptible fiber. */
export const open = (init: StoryInit, fiber: AnyFiber): { readonly opened: OpenStory; readonly waiting: Waiting } => {
  const around = regionIn(fiber.currentContext)
  const parent = around?.story
  const startNanos = nanos(fiber)
  const span = spans.start(fiber, "story", init.name, init.kind, fiber.currentSpan, startNanos)
  const story = new Story({
    ...init,
    labels: labelsIn(fiber, init.labels),
    attributes: noAttributes,
    id: init.id ?? idIn(fiber),
    parent,
    fiberId: fiber.id(),
    dryRun: init.dryRun || parent?.dryRun === true || fiber.getFiberRef(dryRun) !== undefined
  })
  story.attributes = plainRecord(fiber, story, init.attributes)
  if (span !== undefined) {
    if (around?.span !== undefined) spans.link(around.span, span)
    span.attribute("narrative.story.id", story.id)
    span.attribute("narrative.story.name", story.name)
    for (const key in story.labels) span.attribute(key, story.labels[key])
    for (const key in story.attributes) span.attribute(key, story.attributes[key])
  }
  const waiting = inOrder(
    inOrder(init.notice(), settingsNotice(fiber)),
    tell(fiber, story, (timestamp) => events.storyStarted(story, around?.stage, timestamp, span))
  )
  return { opened: { region: { story, stage: undefined, span }, init, startNanos }, waiting }
}

/** An id from the generator in force; one that throws, or makes none, costs the program nothing. */
const idIn = (fiber: AnyFiber): string => {
  const timestamp = now(fiber)
  const id: unknown = attempt(() => Context.get(fiber.currentContext, IdGenerator).next(timestamp), undefined)
  return typeof id === "string" && id !== "" ? id : uuid(timestamp)
}

/** A story is the first to need the settings for failures. */
const settingsNotice = (fiber: AnyFiber): Waiting => {
  const problem = Diagnostics.problemIn(fiber.currentContext)
  return problem === undefined ? undefined : once(problem)
}

const noAttributes: PlainRecord = {}

const labelsIn = (fiber: AnyFiber, labels: StoryInit["labels"]): StoryInit["labels"] => {
  const redactor = redactorOf(fiber)
  let hidden: Record<string, string> | undefined
  for (const [name, label] of Object.entries(labels)) {
    const shown = redactor.isSecretName(name) ? "<redacted>" : redactor.text(label)
    if (shown !== label) hidden = { ...labels, ...hidden, [name]: shown }
  }
  return hidden ?? labels
}

/** Ends a story, once, in an uninterruptible fiber. */
export const close = (
  { init, region, startNanos }: OpenStory,
  fiber: AnyFiber,
  exit: Exit.Exit<unknown, unknown>
): Waiting => {
  const { span, story } = region
  const endNanos = nanos(fiber)
  let waiting = cancelOrphans(region, fiber, endNanos)
  const failure = exit._tag === "Success" ? undefined : tellFailure(region, init, fiber, exit.cause)
  waiting = inOrder(waiting, failure?.waiting)
  const status = statusOf(story, exit)
  waiting = inOrder(
    waiting,
    tell(fiber, story, (timestamp) =>
      events.storyCompleted(story, timestamp, span, status, seconds(startNanos, endNanos), failure?.causedBy ?? null)
    )
  )
  story.status = status
  if (span !== undefined) spans.end(fiber, span, endNanos, exit, { definedAt: init.definedAt, secrets: story.secrets })
  return waiting
}

/** Ends the stages that fibers outliving the story left running: the innermost first, as they would have ended. */
const cancelOrphans = ({ story }: Region, fiber: AnyFiber, endNanos: bigint): Waiting => {
  let waiting: Waiting
  for (const stage of story.openStages.toReversed()) {
    story.end(stage, "cancelled", seconds(stage.startNanos, endNanos))
    waiting = inOrder(
      waiting,
      tell(fiber, story, (timestamp) => events.stageCancelled(story, stage, timestamp, stage.span, true, []))
    )
  }
  return waiting
}

const statusOf = (story: Story, exit: Exit.Exit<unknown, unknown>): StoryStatus => {
  if (exit._tag === "Success") return story.requestedStatus ?? "success"
  const error = leavesOf(exit.cause)[0]?.error
  if (error === undefined && Cause.isInterruptedOnly(exit.cause)) return "cancelled"
  return attempt(() => Cause.isTimeoutException(error), false) ? "timeout" : "failed"
}

/** By what was reported already: a failure is told once, in the innermost story it came out of. */
const reported = new WeakMap<object, { readonly story: Story; readonly causedBy: CausedBy }>()

const tellFailure = (
  region: Region,
  init: StoryInit,
  fiber: AnyFiber,
  cause: Cause.Cause<unknown>
): { readonly waiting: Waiting; readonly causedBy: CausedBy | null } => {
  const { story } = region
  if (Cause.isInterruptedOnly(cause)) return { waiting: undefined, causedBy: null }
  const leaves = leavesOf(cause)
  const before = leaves.map((leaf) => reportedWithin(leaf, story))
  const causedBy = before.find((report) => report !== undefined) ?? null
  if (leaves.length > 0 && before.every((report) => report !== undefined)) return { waiting: undefined, causedBy }
  for (const [i, leaf] of leaves.entries()) {
    if (before[i] !== undefined) continue
    const stageName = originOf(leaf, story)?.name ?? null
    reported.set(leaf.key, {
      story,
      causedBy: { storyId: story.id, storyName: story.name, stageName, errorType: typeOf(leaf.error) }
    })
  }
  return { waiting: report(region, fiber, cause, { handled: false, definedAt: init.definedAt }), causedBy }
}

/** Tells the report of a failure. */
export const report = (
  { span, story }: Region,
  fiber: AnyFiber,
  cause: Cause.Cause<unknown>,
  options: {
    readonly handled: boolean
    readonly definedAt: DefinedAt
    readonly stage?: Stage | undefined
    readonly stageName?: string | undefined
  }
): Waiting =>
  tell(fiber, story, (timestamp) => {
    const surroundings = surroundingsOf(story, cause, options)
    const described = Diagnostics.of(fiber.currentContext).describeIn(cause, surroundings, redactorOf(fiber))
    return events.failureOccurred(story, timestamp, span, described, options.handled, null)
  })

interface Blame {
  readonly definedAt: DefinedAt
  readonly stage?: Stage | undefined
  readonly stageName?: string | undefined
}

const surroundingsOf = (story: Story, cause: Cause.Cause<unknown>, options: Blame): Surroundings => ({
  storyName: story.name,
  stageOf: (leaf) => {
    const stage = originOf(leaf, story) ?? options.stage
    return {
      path: options.stageName === undefined ? (stage?.path ?? []) : [options.stageName],
      definedAt: (stage ?? options).definedAt?.stack,
      attributes: (stage ?? story).attributes
    }
  },
  timeline: story.stages.map(({ depth, durationSeconds, index, name, status }) => ({
    name,
    index,
    depth,
    status,
    durationSeconds
  })),
  timelineOmitted: story.omittedStages,
  progress: story.progress,
  interruptors: interruptorsNamed(cause, story),
  secrets: story.secrets
})

/** Furthest a chain of causes is followed. */
const maxCauses = 32

/** Without the proxy that Effect puts around an error that fails inside a span. */
const originalOf = (error: object): object => attempt(() => Cause.originalError(error), error)

/** A failure and what caused it: a wrapped error is the same failure. */
const linksOf = (leaf: CauseLeaf): ReadonlyArray<object> => {
  const links = [leaf.key]
  let error = causeOf(leaf.error)
  while (links.length < maxCauses && typeof error === "object" && error !== null) {
    links.push(originalOf(error))
    error = causeOf(error)
  }
  return links
}

/** The innermost stage that failed with it. */
const originOf = (leaf: CauseLeaf, story: Story): Stage | undefined =>
  linksOf(leaf).reduce<Stage | undefined>((innermost, link) => {
    const stage = story.originOf(link)
    return stage !== undefined && (innermost === undefined || stage.isWithin(innermost)) ? stage : innermost
  }, undefined)

/** Whether every failure of a cause was told by some story. */
export const isReported = (cause: Cause.Cause<unknown>): boolean =>
  leavesOf(cause).every((leaf) => linksOf(leaf).some((link) => reported.has(link)))

const reportedWithin = (leaf: CauseLeaf, story: Story): CausedBy | undefined => {
  for (const link of linksOf(leaf)) {
    const known = reported.get(link)
    if (known !== undefined && known.story !== story && known.story.isWithin(story)) return known.causedBy
  }
  return undefined
}
