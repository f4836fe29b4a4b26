/**
 * What lean mode reads beside a failure itself: the lines of the calls that waited for it.
 */
import type * as Cause from "effect/Cause"
import { errorsIn, suspendedFor } from "./capturedCalls.js"
import type { DescribeOptions } from "./describeOptions.js"
import * as fiberFrames from "./locals/fiberFrames.js"
import * as waitingLines from "./locals/waitingLines.js"

export interface Lean {
  readonly linesOf: NonNullable<DescribeOptions["linesOf"]>
  /** An error that is kept would keep its generators, and all they hold. */
  readonly release: (cause: Cause.Cause<unknown>) => void
  readonly close: () => void
}

export const openLean = (): Lean => {
  const capture = fiberFrames.install("lean")
  return {
    linesOf: (errors) => {
      // One that may go on is asked nothing.
      const dropped = suspendedFor(errors).filter(({ isDropped }) => isDropped)
      if (dropped.length === 0) return []
      const lines = waitingLines.linesOf(dropped.map(({ generator }) => generator))
      return dropped.flatMap(({ generator, left }, i) => (lines[i] ?? []).map((at) => ({ at, generator, left })))
    },
    release: (cause) => {
      for (const error of errorsIn(cause)) fiberFrames.release(error)
    },
    close: capture.uninstall
  }
}
