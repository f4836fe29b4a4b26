/**
 * What lean mode reads beside a failure itself: the lines of the calls that waited for it.
 */
import type * as Cause from "effect/Cause"
import { errorsIn, suspendedFor } from "./capturedCalls.js"
import type { DescribeOptions } from "./describeOptions.js"
import * as fiberFrames from "./locals/fiberFrames.js"
import * as waitingLines from "./locals/waitingLines.js"
import * as calledEffect from "./source/calledEffect.js"
import { callAt } from "./source/calledMethod.js"

export interface Lean {
  readonly linesOf: NonNullable<DescribeOptions["linesOf"]>
  readonly effectOf: NonNullable<DescribeOptions["effectOf"]>
  /** An error that is kept would keep its generators, and all they hold. */
  readonly release: (cause: Cause.Cause<unknown>) => void
  readonly close: () => void
}

export const openLean = (): Lean => {
  const capture = fiberFrames.install("lean")
  return {
    linesOf: waitingFramesFor,
    effectOf: (_errors, { evidence, generator, modules }) =>
      generator && calledEffect.calledFrom(generator, callAt(generator, modules), evidence),
    release: (cause) => {
      for (const error of errorsIn(cause)) fiberFrames.release(error)
    },
    close: capture.uninstall
  }
}

/** The lines of the generators that waited for errors, those of libraries too; one that may go on is asked nothing. */
export const waitingFramesFor: Lean["linesOf"] = (errors) => {
  const dropped = suspendedFor(errors).filter(({ isDropped }) => isDropped)
  if (dropped.length === 0) return []
  const lines = waitingLines.linesOf(dropped.map(({ generator }) => generator))
  return dropped.flatMap(({ generator, left }, i) => (lines[i] ?? []).map((at) => ({ at, generator, left })))
}
