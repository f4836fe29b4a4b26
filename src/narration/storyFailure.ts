/**
 * How a story reports why it failed, once, and asks for the analysis of it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import { globalValue } from "effect/GlobalValue"
import type * as Tracer from "effect/Tracer"
import type { Analyses, AnalysisRequest } from "../analysis/requests.js"
import { type CauseLeaf, isInterruption, leavesOf } from "../cause/causeLeaves.js"
import { causeOf, typeOf } from "../cause/thrownValue.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { Describer } from "../diagnostics/describer.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import type { FailureContext, StageOfFailure } from "../diagnostics/undescribed.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { CausedBy } from "../event/NarrativeEvent.js"
import { extended } from "../plain/extended.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, currentFiber, isSynchronous, nanos, now, seconds } from "../runtime/fiber.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import * as spans from "../tracing/spans.js"
import * as eventFactory from "./eventFactory.js"
import { analyzerIn, loadAnalyses } from "./failureAnalyses.js"
import { describerIn, selfDescription, withDescriber } from "./failureDescriber.js"
import { interruptorsNamed } from "./interruptors.js"
import { contextOutside, emitTo, hide, type Region, redactorOf } from "./region.js"
import type { Stage, Story } from "./Story.js"

/** A failure that was reported, or one that the effect `asked` reports, when what it waits for has come. */
interface Reported {
  readonly waiting: Waiting
  readonly asked?: Effect.Effect<void>
}

/** What was reported already: a failure is reported once, in the innermost story it came out of. */
// Another copy of this library in the process, as a dependency may bring, reports no failure again.
const reported = globalValue(
  "effect-narrative/reportedFailures",
  () => new WeakMap<object, { readonly story: Story; readonly causedBy: CausedBy }>()
)

/** Reports what a story ended with, or refers to the story that reported it. */
export const reportFailure = (
  region: Region,
  fiber: AnyFiber,
  cause: Cause.Cause<unknown>,
  definedAt: DefinedAt
): Reported & { readonly causedBy: CausedBy | null } => {
  const { story } = region
  if (isInterruption(cause)) return { waiting: undefined, causedBy: null }
  const leaves = leavesOf(cause)
  const before = leaves.map((leaf) => reportedWithin(leaf, story))
  const causedBy = before.find((report) => report !== undefined) ?? null
  if (leaves.length > 0 && before.every((report) => report !== undefined)) return { waiting: undefined, causedBy }
  for (const [i, leaf] of leaves.entries()) {
    if (before[i] !== undefined) continue
    const stageName = originOf(leaf, story)?.name ?? null
    reported.set(leaf.key, {
      story,
      causedBy: {
        storyId: story.id,
        storyName: story.name,
        stageName,
        errorType: hide(fiber, story, typeOf(leaf.error))
      }
    })
  }
  const around = { stage: story.around, story: story.parent }
  return extended(report(region, fiber, cause, { handled: false, definedAt, around }), { causedBy })
}

/** Reports a failure that was handled, in the stage where that was done or in the one it names. */
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

/** Handled failures whose story ends before their analysis has come are reported without it. */
export const reportUnexplained = (story: Story): Waiting => {
  let waiting: Waiting
  for (const emitReport of story.unexplained ?? []) waiting = inOrder(waiting, emitReport())
  return waiting
}

/** Whether every failure of a cause was reported by some story. */
export const isReported = (cause: Cause.Cause<unknown>): boolean =>
  leavesOf(cause).every((leaf) => identitiesOf(leaf).some((link) => reported.has(link)))

interface Blame {
  readonly definedAt: DefinedAt
  readonly stage?: Stage | undefined
  readonly stageName?: string | undefined
  /** Milliseconds since the epoch (default: now). */
  readonly failedAt?: number
}

interface ReportOptions extends Blame {
  readonly handled: boolean
  /** What the fiber is in while it waits for an analysis. */
  readonly around: Around
}

const report = (region: Region, fiber: AnyFiber, cause: Cause.Cause<unknown>, options: ReportOptions): Reported => {
  if (renderersOf(fiber).length === 0 && !isOnSpan(region, fiber, options)) return nothingReported(region.story)
  const services = fiber.currentContext
  const describer = describerIn(services)
  if (describer !== undefined) {
    return uncounted(fiber, options.around, () => reportWith(describer, region, fiber, cause, options))
  }
  if (isSynchronous(fiber)) return reportWith(selfDescription, region, fiber, cause, options)
  const failedAt = now(fiber)
  const asked = withDescriber(services, (describer) => {
    const { asked, waiting } = reportWith(describer, region, fiber, cause, { ...options, failedAt })
    return inOrder(waiting, asked)
  })
  return { waiting: undefined, asked: idle(fiber, options.around, asked) }
}

/** Whether the span of the story says what failed. That of a program's own stays as it is. */
const isOnSpan = (
  region: Region,
  fiber: AnyFiber,
  { handled }: ReportOptions
): region is Region & { readonly span: Tracer.Span } => !handled && !region.isOwn && spans.isRead(fiber, region.span)

/** Without a renderer, what an earlier event left to wait for is still to be waited for. */
const nothingReported = (story: Story): Reported => {
  const waiting = story.deferred
  story.deferred = undefined
  return { waiting }
}

const reportWith = (
  describer: Describer,
  region: Region,
  fiber: AnyFiber,
  cause: Cause.Cause<unknown>,
  options: ReportOptions
): Reported => {
  const { span, story } = region
  const { failedAt = now(fiber), handled } = options
  const context = contextOf(story, cause, { ...options, failedAt })
  const described =
    attempt(() => describer.describeIn(cause, context, redactorOf(fiber)), undefined) ??
    selfDescription.describeIn(cause, context, redactorOf(fiber))
  if (isOnSpan(region, fiber, options)) spans.annotate(region.span, describer.attributesOf(described))
  const renderers = renderersOf(fiber)
  const emitReport = (at: number, analysis: FailureAnalysis | null) =>
    emitTo(renderers, story, () => eventFactory.failureOccurred(story, at, span, described, handled, analysis))
  const found = renderers.length === 0 ? undefined : analyzerIn(fiber, story)
  if (found === undefined) return { waiting: emitReport(failedAt, null) }
  const redactor = redactorOf(fiber)
  const request: AnalysisRequest = {
    analyzer: found.analyzer,
    report: described,
    fiber,
    services: contextOutside(fiber.currentContext),
    hide: (text) => redactor.text(text, story.secrets)
  }
  if (found.analyses?.isInBackground(found.analyzer) === true) {
    return { waiting: inOrder(emitReport(failedAt, null), analyseLater(found.analyses, request, span, story)) }
  }
  return { waiting: undefined, asked: analyse(request, { span, story, options, failedAt, emitReport }) }
}

/** Emits the analysis as an event of its own, when it has come. */
const analyseLater = (
  analyses: Analyses,
  request: AnalysisRequest,
  span: Tracer.Span | undefined,
  story: Story
): Waiting => {
  const { fiber, report } = request
  const askedNanos = nanos(fiber)
  return analyses.answerLater(request, renderersOf(fiber), (renderers, analysis) => {
    const here = currentFiber(fiber)
    const readyNanos = nanos(here)
    analyses.trace(fiber, span, analysis, askedNanos, readyNanos)
    return emitTo(renderers, story, () => {
      const { stageName } = report.failures[0]
      return eventFactory.analysisReady(story, now(here), span, stageName, analysis, seconds(askedNanos, readyNanos))
    })
  })
}

/** A report that waits for its analysis. */
interface AwaitedReport {
  readonly span: Tracer.Span | undefined
  readonly story: Story
  readonly options: ReportOptions
  readonly failedAt: number
  readonly emitReport: (at: number, analysis: FailureAnalysis | null) => Waiting
}

/** Waits for the analysis, and then emits the report with it: once, whatever else ends meanwhile. */
const analyse = (request: AnalysisRequest, awaited: AwaitedReport): Effect.Effect<void> => {
  const { emitReport, failedAt, options, span, story } = awaited
  const { fiber } = request
  let emitted = false
  const emitOnce = (analysis: FailureAnalysis | null): Waiting => {
    if (emitted) return undefined
    emitted = true
    story.unexplained?.delete(emitUnexplained)
    // A story whose failure was handled has gone on, and emitted more since.
    return emitReport(options.handled ? now(currentFiber(fiber)) : failedAt, analysis)
  }
  const emitUnexplained = () => emitOnce(null)
  if (options.handled) {
    story.unexplained ??= new Set()
    story.unexplained.add(emitUnexplained)
  }
  return Effect.suspend(() => {
    const askedNanos = nanos(fiber)
    const answer = Effect.flatMap(loadAnalyses, (analyses) =>
      analyses === undefined
        ? Effect.succeed(null)
        : Effect.map(
            analyses.answer(request, () => !emitted),
            (analysis) => {
              if (analysis !== null) analyses.trace(fiber, span, analysis, askedNanos, nanos(currentFiber(fiber)))
              return analysis
            }
          )
    )
    return Effect.flatMap(idle(fiber, options.around, answer), (analysis) => emitOnce(analysis) ?? Effect.void)
  })
}

/** Runs what a fiber only waits for: no part of the duration of whatever that fiber is in. */
export const idle = <A>(fiber: AnyFiber, around: Around, self: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const end = beginIdleTime(fiber, around)
    return Effect.map(self, (value) => {
      end()
      return value
    })
  })

/** Does what narration does for itself at once, such as describing a failure: no part of those durations either. */
export const uncounted = <A>(fiber: AnyFiber, around: Around, work: () => A): A => {
  const end = beginIdleTime(fiber, around)
  const value = work()
  end()
  return value
}

interface Around {
  readonly stage: Stage | undefined
  readonly story: Story | undefined
}

/** Time that is no part of the duration of whatever a fiber is in. */
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

const contextOf = (story: Story, cause: Cause.Cause<unknown>, blame: Blame): FailureContext => ({
  storyName: story.name,
  stageOf: (leaf) => stageOfFailure(originOf(leaf, story) ?? blame.stage, story, blame),
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

export const stageOfFailure = (stage: Stage | undefined, story: Story, blame?: Blame): StageOfFailure => ({
  path: blame?.stageName === undefined ? (stage?.path ?? []) : [blame.stageName],
  endedAt: stage?.failedAt ?? blame?.failedAt,
  // Read only where no other place is known: V8 writes a stack as text when it is asked for.
  get definedAt() {
    return (stage ?? blame)?.definedAt?.stack
  },
  hasLeft: (regions) =>
    // Only regions are marked, and by this library.
    (regions as ReadonlyArray<Region>).some((region) => region.story === story && region.stage === stage),
  attributes: (stage ?? story).attributes
})

/** Furthest a chain of causes is followed. */
const maxCauses = 32

/** Without the proxy that Effect puts around an error that fails inside a span. */
const originalOf = (error: object): object => attempt(() => Cause.originalError(error), error)

/** A failure and what caused it: a wrapped error is the same failure. */
const identitiesOf = (leaf: CauseLeaf): ReadonlyArray<object> => {
  const links = [leaf.key]
  let error = causeOf(leaf.error)
  while (links.length < maxCauses && typeof error === "object" && error !== null) {
    links.push(originalOf(error))
    error = causeOf(error)
  }
  return links
}

/** The innermost stage that failed with it. */
export const originOf = (leaf: CauseLeaf, story: Story): Stage | undefined =>
  identitiesOf(leaf).reduce<Stage | undefined>((innermost, link) => {
    const stage = story.originOf(link)
    return stage !== undefined && (innermost === undefined || stage.isWithin(innermost)) ? stage : innermost
  }, undefined)

const reportedWithin = (leaf: CauseLeaf, story: Story): CausedBy | undefined => {
  for (const link of identitiesOf(leaf)) {
    const known = reported.get(link)
    if (!known || known.story === story) continue
    // A story around it may have ended before, as that of a server's span before the response is sent.
    if (known.story.isWithin(story) || story.isWithin(known.story)) return known.causedBy
  }
  return undefined
}
