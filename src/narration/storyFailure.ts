/**
 * How a story tells why it failed, once, and asks for the analysis of it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import { traitsOf } from "../analysis/deriveAnalyzer.js"
import { type CauseLeaf, leavesOf } from "../cause/causeLeaves.js"
import { causeOf, typeOf } from "../cause/thrownValue.js"
import { renderersOf } from "../delivery/rendererSet.js"
import * as Diagnostics from "../diagnostics/Diagnostics.js"
import type { Surroundings } from "../diagnostics/failureDescription.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { CausedBy } from "../event/NarrativeEvent.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, currentFiber, nanos, now } from "../runtime/fiber.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import * as spans from "../tracing/spans.js"
import * as eventFactory from "./eventFactory.js"
import * as failureAnalysisRequest from "./failureAnalysisRequest.js"
import { interruptorsNamed } from "./interruptors.js"
import { emit, emitTo, type Region, redactorOf } from "./region.js"
import type { Stage, Story } from "./Story.js"

/** A failure that was told, or one that is told by the effect `asked`, when its analysis is there. */
interface Told {
  readonly waiting: Waiting
  readonly asked?: Effect.Effect<void>
}

/** By what was reported already: a failure is told once, in the innermost story it came out of. */
const reported = new WeakMap<object, { readonly story: Story; readonly causedBy: CausedBy }>()

/** Tells what a story ended with, or refers to the story that told it. */
export const tellFailure = (
  region: Region,
  fiber: AnyFiber,
  cause: Cause.Cause<unknown>,
  definedAt: DefinedAt
): Told & { readonly causedBy: CausedBy | null } => {
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
  const around = { stage: story.around, story: story.parent }
  return { ...report(region, fiber, cause, { handled: false, definedAt, around }), causedBy }
}

/** Tells a failure that was handled, in the stage where that was done or in the one it names. */
export const recordFailure = (
  region: Region,
  fiber: AnyFiber,
  cause: Cause.Cause<unknown>,
  stageName: string | undefined
): Waiting => {
  const { stage } = region
  const options = { handled: true, definedAt: undefined, stage, stageName, around: region }
  const { asked, waiting } = report(region, fiber, cause, options)
  return inOrder(waiting, asked)
}

/** Handled failures whose story ends before their analysis is there are told without it. */
export const tellUnexplained = (story: Story): Waiting => {
  let waiting: Waiting
  for (const tellIt of story.unexplained ?? []) waiting = inOrder(waiting, tellIt())
  return waiting
}

/** Whether every failure of a cause was told by some story. */
export const isReported = (cause: Cause.Cause<unknown>): boolean =>
  leavesOf(cause).every((leaf) => linksOf(leaf).some((link) => reported.has(link)))

interface Blame {
  readonly definedAt: DefinedAt
  readonly stage?: Stage | undefined
  readonly stageName?: string | undefined
}

interface ReportOptions extends Blame {
  readonly handled: boolean
  /** What the fiber is in while it waits for an analysis. */
  readonly around: Around
}

const report = (
  { span, story }: Region,
  fiber: AnyFiber,
  cause: Cause.Cause<unknown>,
  options: ReportOptions
): Told => {
  const { handled } = options
  const describe = () =>
    Diagnostics.of(fiber.currentContext).describeIn(cause, surroundingsOf(story, cause, options), redactorOf(fiber))
  const listeners = renderersOf(fiber)
  const analyzer = listeners.length === 0 ? undefined : failureAnalysisRequest.analyzerOf(fiber, story)
  const isRead = spans.isRead(fiber, span) && !handled
  const described = analyzer === undefined && !isRead ? undefined : attempt(describe, undefined)
  if (isRead && described !== undefined) spans.describe(span, described)
  if (analyzer === undefined || described === undefined) {
    // Where it could not be described, this says so.
    const report = () => described ?? describe()
    return {
      waiting: emit(fiber, story, (at) => eventFactory.failureOccurred(story, at, span, report(), handled, null))
    }
  }
  const question = { analyzer, report: described, story, span, fiber, listeners }
  const failedAt = now(fiber)
  const tellIt = (at: number, analysis: FailureAnalysis | null) =>
    emitTo(listeners, story, () => eventFactory.failureOccurred(story, at, span, described, handled, analysis))
  const background = traitsOf(analyzer).background
  if (background !== undefined) {
    return { waiting: inOrder(tellIt(failedAt, null), failureAnalysisRequest.answerLater(question, background)) }
  }
  let told = false
  const tellOnce = (analysis: FailureAnalysis | null): Waiting => {
    if (told) return undefined
    told = true
    story.unexplained?.delete(tellAsItIs)
    // A story whose failure was handled has gone on, and told of it.
    return tellIt(handled ? now(currentFiber(fiber)) : failedAt, analysis)
  }
  const tellAsItIs = () => tellOnce(null)
  if (handled) {
    story.unexplained ??= new Set()
    story.unexplained.add(tellAsItIs)
  }
  const asked = Effect.suspend(() => {
    const askedNanos = nanos(fiber)
    const endIdleTime = beginIdleTime(fiber, options.around)
    return Effect.flatMap(
      failureAnalysisRequest.answer(question, () => !told),
      (analysis) => {
        endIdleTime()
        if (analysis !== null) spans.explain(fiber, span, analysis, askedNanos, nanos(currentFiber(fiber)))
        return tellOnce(analysis) ?? Effect.void
      }
    )
  })
  return { waiting: undefined, asked }
}

interface Around {
  readonly stage: Stage | undefined
  readonly story: Story | undefined
}

/** Time in which a fiber only waits for an analysis: no part of the duration of whatever that fiber is in. */
const beginIdleTime = (fiber: AnyFiber, around: Around): (() => void) => {
  const since = nanos(fiber)
  return () => {
    const here = currentFiber(fiber)
    const took = nanos(here) - since
    const isIts = (part: Stage | Story) => Equal.equals(part.fiberId, here.id())
    let { stage, story } = around
    while (story !== undefined) {
      for (; stage !== undefined; stage = stage.parent) {
        if (!isIts(stage)) return
        stage.startNanos += took
      }
      if (!isIts(story)) return
      story.idleNanos += took
      stage = story.around
      story = story.parent
    }
  }
}

const surroundingsOf = (story: Story, cause: Cause.Cause<unknown>, blame: Blame): Surroundings => ({
  storyName: story.name,
  stageOf: (leaf) => {
    const stage = originOf(leaf, story) ?? blame.stage
    return {
      path: blame.stageName === undefined ? (stage?.path ?? []) : [blame.stageName],
      definedAt: (stage ?? blame).definedAt?.stack,
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

const reportedWithin = (leaf: CauseLeaf, story: Story): CausedBy | undefined => {
  for (const link of linksOf(leaf)) {
    const known = reported.get(link)
    if (known !== undefined && known.story !== story && known.story.isWithin(story)) return known.causedBy
  }
  return undefined
}
