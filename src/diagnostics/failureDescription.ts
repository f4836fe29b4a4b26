/**
 * From a cause to a failure report: every failure in it, what it says, and the user's line it came from.
 *
 * It runs while the program is failing, so it never throws: where something cannot be read, the report says less.
 */
import type * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import { type CauseLeaf, leavesOf } from "../cause/causeLeaves.js"
import { summarize } from "../cause/errorSummary.js"
import * as thrownValue from "../cause/thrownValue.js"
import type { Failure, FailureReport } from "../event/FailureReport.js"
import * as PlainValue from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { type Redactor, Secrets } from "../redaction/Redaction.js"
import { factsOf } from "./errorFacts.js"
import { explain } from "./exactCause/explanation.js"
import * as framesWithLocals from "./locals/framesWithLocals.js"
import { redacted } from "./redactedFailure.js"
import { type Link, linkOf, placeOf, sourceOf } from "./source/failureLocation.js"
import type * as stackFrames from "./source/stackFrames.js"
import * as timeBudget from "./timeBudget.js"
import { collectSecrets, type FailureContext, type StageOfFailure, undescribed, unplaced } from "./undescribed.js"

/** What a report is made with. */
export interface DescribeOptions {
  readonly mode: FailureReport["diagnosticsMode"]
  readonly read: stackFrames.StackReader
  /** Longest stack text of a failure, in UTF-16 code units. */
  readonly maxStackText: number
  /** The calls a failure came through whose values can be read, innermost first; none where they are not looked for. */
  readonly framesOf: (leaf: CauseLeaf) => ReadonlyArray<framesWithLocals.FrameWithLocals>
  /** Defects that came with a failure and that Effect left out of the cause. */
  readonly droppedWith: (leaf: CauseLeaf) => ReadonlyArray<Cause.Cause<unknown>>
  readonly redactor: Redactor
}

/** The report of a cause. A cause without a failure, as of an interruption, is told as `Interrupted`. Never throws. */
export const describe = (
  cause: Cause.Cause<unknown>,
  context: FailureContext,
  options: DescribeOptions
): FailureReport => {
  const described = attempt(() => failuresOf(cause, context, options), undefined)
  return {
    storyName: context.storyName,
    diagnosticsMode: options.mode,
    diagnosticsTruncated: described?.truncated ?? true,
    redactedValues: described?.hidden ?? 0,
    failures: described?.failures ?? [undescribed],
    interruptors: context.interruptors,
    timeline: context.timeline,
    timelineOmitted: context.timelineOmitted,
    progress: context.progress
  }
}

/** Longest stack texts of a report together: a hundred failures must not make a line of a megabyte. */
const maxStackTexts = 120_000
/** Most frames of a failure's list. */
const maxFrames = 50
/** Most failures described; the last entry counts the rest. */
const maxFailures = 100
/** Most links followed to the innermost one. */
const maxDepth = 100

/** How long describing may take, in milliseconds: a report must not hold up what failed. */
const maxMillis = 250

interface Described {
  readonly failures: FailureReport["failures"]
  readonly truncated: boolean
  readonly hidden: number
}

const failuresOf = (cause: Cause.Cause<unknown>, context: FailureContext, options: DescribeOptions): Described => {
  const secrets = context.secrets ?? new Secrets()
  const hiddenBefore = secrets.hidden
  // Taken from every text once it is known what was hidden anywhere.
  const hide = (failure: Failure) => redacted(failure, options.redactor, secrets)
  const leaves = leavesOf(cause).flatMap((leaf) => [leaf, ...droppedLeaves(leaf, options)])
  const [first, ...rest] = leaves.slice(0, maxFailures)
  if (first === undefined) {
    return { failures: [hide(interrupted(cause, context.stageOf))], truncated: false, hidden: 0 }
  }
  const time = timeBudget.start(maxMillis)
  let truncated = false
  const maxText = Math.min(options.maxStackText, Math.floor(maxStackTexts / (rest.length + 1)))
  const describeLeaf = (leaf: CauseLeaf): Failure => {
    const stage = attempt(() => context.stageOf(leaf), undefined)
    truncated ||= time.isSpent()
    if (truncated) return cut(leaf, stage)
    return (
      attempt(() => failureOf(leaf, stage, options, maxText, secrets), undefined) ??
      unplaced(leaf, stage, options.redactor)
    )
  }
  const omitted = leaves.length - rest.length - 1
  const [primary, ...others] = [describeLeaf(first), ...rest.map(describeLeaf)] as const
  return {
    failures: [hide(primary), ...others.map(hide), ...(omitted > 0 ? [omittedFailures(omitted)] : [])],
    truncated,
    hidden: secrets.hidden - hiddenBefore
  }
}

const droppedLeaves = (leaf: CauseLeaf, { droppedWith }: DescribeOptions): ReadonlyArray<CauseLeaf> =>
  attempt(() => droppedWith(leaf), []).flatMap((cause) =>
    leavesOf(cause).map((dropped) => ({ ...dropped, path: `${leaf.path}→R${dropped.path}` }))
  )

const failureOf = (
  leaf: CauseLeaf,
  stage: StageOfFailure | undefined,
  options: DescribeOptions,
  maxText: number,
  secrets: Secrets
): Failure => {
  const errors = thrownValue.linksOf(leaf.error, maxDepth)
  collectSecrets(leaf.error, options.redactor, secrets)
  const links = errors.slice(0, thrownValue.maxChain).map((error) => linkOf(error, options.read, options.redactor))
  const known = attempt(() => options.framesOf(leaf), []).flatMap(
    (frame) => framesWithLocals.told(frame, options.read, options.redactor, secrets) ?? []
  )
  const place = placeOf(links, leaf.span, stage?.definedAt, options.read, known)
  const frames = framesWithLocals.merged(place.frames, known)
  const appFrames = frames.filter(({ told }) => told.origin === "app").length
  const others = frames.length - appFrames
  const stack = stackTextOf(links, maxText)
  const source = sourceOf(place.frame)
  const summary = summarize(leaf.error)
  return {
    path: leaf.path,
    kind: leaf.kind,
    errorType: links[0]?.type ?? undescribed.errorType,
    errorMessage: links[0]?.message ?? undescribed.errorMessage,
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    ...source,
    locationReason: place.reason,
    stackFrames: frames.slice(0, maxFrames).map(({ told }) => told),
    stackSummary: `${appFrames} app frame(s), ${others} other/hidden in full stack (${frames.length} total)`,
    hiddenFrameCount: others,
    stackText: stack.text,
    stackTruncated: stack.truncated,
    exceptionChain: thrownValue.formatChain(links),
    exactCause: explain(leaf.error, {
      sourceLine: source.location?.sourceLine ?? null,
      locals: known.flatMap(({ told }) => entriesOf(told.locals))
    }),
    errorCode: summary.code,
    retryable: summary.retryable,
    facts: factsIn(errors, options.redactor),
    hint: null,
    rule: null,
    fingerprint: "",
    stageAttributes: stage?.attributes ?? {}
  }
}

// What is hidden in them was counted, and learned, from the errors themselves.
const factsIn = (errors: ReadonlyArray<unknown>, redactor: Redactor): PlainValue.PlainRecord => {
  const facts = factsOf(errors)
  return Object.keys(facts).length === 0 ? {} : redactor.record(facts)
}

const entriesOf = (locals: PlainValue.PlainRecord | null) =>
  Object.entries(locals ?? {}).map(([name, value]) => ({ name, value }))

/** What was not looked at any more: not even its message, which may be what takes so long. */
const cut = (leaf: CauseLeaf, stage: StageOfFailure | undefined): Failure => {
  const message = "Not described: describing the failures of this cause took too long."
  return {
    ...undescribed,
    path: leaf.path,
    kind: leaf.kind,
    errorMessage: message,
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    exactCause: message,
    stageAttributes: stage?.attributes ?? {}
  }
}

// The stage of an interruption is asked for by the cause itself: there is no error to know it by.
const interrupted = (cause: Cause.Cause<unknown>, stageOf: FailureContext["stageOf"]): Failure => {
  const leaf: CauseLeaf = { path: "", kind: "fail", error: undefined, key: cause, span: Option.none() }
  const stage = attempt(() => stageOf(leaf), undefined)
  const message = cause._tag === "Empty" ? "Ended without an error." : "Interrupted without an error."
  return {
    ...undescribed,
    kind: "fail",
    errorType: "Interrupted",
    errorMessage: message,
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    errorCode: "CANCELLED",
    stackText: `Interrupted: ${message}`,
    exceptionChain: `Interrupted: ${message}`,
    exactCause: message
  }
}

const omittedFailures = (count: number): Failure => {
  const message = `${count} more failure(s) of the same cause are not described.`
  return { ...undescribed, kind: "fail", errorType: "FailuresOmitted", errorMessage: message, exactCause: message }
}

/** Every stack of the chain, each with a fair part of the room: its message, and its newest frames as far as they go. */
const stackTextOf = (
  links: ReadonlyArray<Link>,
  maxText: number
): { readonly text: string; readonly truncated: boolean } => {
  let text = ""
  let truncated = false
  for (const [i, link] of links.entries()) {
    const room = Math.floor((maxText - text.length) / (links.length - i)) - omission.length
    const full = `${i === 0 ? "" : "\nCaused by: "}${thrownValue.format(link)}`
    let part = PlainValue.clip(full, Math.floor(room / 2))
    truncated ||= part.length < full.length
    for (const frame of link.frames) {
      if (part.length + frame.text.length + 1 > room) {
        part += omission
        truncated = true
        break
      }
      part += `\n${frame.text}`
    }
    text += part
  }
  return { text, truncated }
}

const omission = "\n    …"
