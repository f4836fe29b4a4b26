/**
 * Who interrupted: fibers, and the stage or story they were in.
 */
import type * as Cause from "effect/Cause"
import * as Equal from "effect/Equal"
import * as FiberId from "effect/FiberId"
import { interruptorsOf } from "../cause/causeLeaves.js"
import type { Interruptor } from "../event/FailureReport.js"
import type { Story } from "./Story.js"

/** Names the interruptors of a cause, as seen from a story: they are known if they are in it or around it. */
export const interruptorsNamed = (cause: Cause.Cause<unknown>, story: Story): ReadonlyArray<Interruptor> =>
  interruptorsOf(cause)
    // A signal, or an abort, is no fiber's.
    .filter((fiberId) => fiberId._tag !== "None")
    .map((fiberId) => ({ fiberId: FiberId.threadName(fiberId), ...placeOf(fiberId, story) }))

const nowhere = { storyName: null, stageName: null }

const placeOf = (fiberId: FiberId.FiberId, story: Story): Omit<Interruptor, "fiberId"> => {
  for (let around: Story | undefined = story; around !== undefined; around = around.parent) {
    const stage = around.openStages.findLast((stage) => Equal.equals(stage.fiberId, fiberId))
    if (stage !== undefined) return { storyName: around.name, stageName: stage.name }
    if (Equal.equals(around.fiberId, fiberId)) return { storyName: around.name, stageName: null }
  }
  return nowhere
}
