/**
 * From a cause to a failure report: every failure in it, what it says, and the user's line it came from.
 *
 * It runs while the program is failing, so it never throws: where something cannot be read, the report says less.
 */
import type * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import { type CauseLeaf, leavesOf } from "../cause/causeLeaves.js"
import type { Failure, FailureReport } from "../event/FailureReport.js"
import { extended } from "../plain/extended.js"
import { attempt } from "../plain/untrusted.js"
import { Secrets } from "../redaction/secrets.js"
import { describeFailure } from "./describedFailure.js"
import type { DescribeOptions } from "./describeOptions.js"
import { fingerprint } from "./fingerprint.js"
import { redacted } from "./redactedFailure.js"
import * as RuleBook from "./rules/RuleBook.js"
import * as timeBudget from "./timeBudget.js"
import { type FailureContext, type StageOfFailure, undescribed, unplaced } from "./undescribed.js"

/** The report of a cause. A cause without a failure, as of an interruption, is reported as `Interrupted`. Never throws. */
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
/** Most failures described; the last entry counts the rest. */
const maxFailures = 100
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
  const hide = (failure: Failure) => explained(redacted(failure, options.redactor, secrets), options.fileKey)
  const { droppedWith } = options
  const leaves = leavesOf(cause).flatMap((leaf) => [leaf, ...droppedLeaves(leaf, droppedWith)])
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
      attempt(() => describeFailure(leaf, stage, options, maxText, secrets), undefined) ??
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

/** With what the rule book says of it: by what may be shown, since a rule repeats what it reads. */
const explained = (failure: Failure, fileKey: DescribeOptions["fileKey"]): Failure => {
  const found = RuleBook.builtIn.consult(failure)
  return extended(failure, {
    fingerprint: fingerprint(failure, fileKey),
    exactCause: found?.exactCause ?? failure.exactCause,
    hint: failure.details?.help ?? found?.hint ?? null,
    rule: found?.rule.id ?? null
  })
}

const droppedLeaves = (leaf: CauseLeaf, droppedWith: DescribeOptions["droppedWith"]): ReadonlyArray<CauseLeaf> =>
  attempt(() => droppedWith(leaf), []).flatMap((cause) =>
    leavesOf(cause).map((dropped) => ({ ...dropped, path: `${leaf.path}→R${dropped.path}` }))
  )

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
    failedAt: stage?.endedAt ?? null,
    exactCause: message,
    stageAttributes: stage?.attributes ?? {}
  }
}

// The stage of an interruption is asked for by the cause itself: there is no error to know it by.
const interrupted = (cause: Cause.Cause<unknown>, stageOf: FailureContext["stageOf"]): Failure => {
  const leaf: CauseLeaf = { path: "", kind: "fail", error: undefined, key: cause, holders: [], span: Option.none() }
  const stage = attempt(() => stageOf(leaf), undefined)
  const message = cause._tag === "Empty" ? "Ended without an error." : "Interrupted without an error."
  return {
    ...undescribed,
    kind: "fail",
    errorType: "Interrupted",
    errorMessage: message,
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    failedAt: stage?.endedAt ?? null,
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
