/**
 * What is known of the errors of a cause beside themselves: the generators that they came through.
 */
import type * as Cause from "effect/Cause"
import { type CauseLeaf, leavesOf } from "../cause/causeLeaves.js"
import { treeOf } from "../cause/errorTree.js"
import { isObject } from "../plain/untrusted.js"
import * as fiberFrames from "./locals/fiberFrames.js"
import type { CapturedFrame } from "./locals/waiting.js"
import { maxErrors } from "./undescribed.js"

/** What wraps an error came through fewer calls than the error itself: each call once, as the innermost error met it. */
export const suspendedFor = (errors: ReadonlyArray<object>): ReadonlyArray<CapturedFrame> => {
  const frames = new Map<object, CapturedFrame>()
  for (const error of errors) {
    const before = Array.from(frames.values()).at(-1)?.left
    for (const frame of fiberFrames.framesOf(error)) {
      const known = frames.get(frame.generator)
      const left = [known === undefined ? before : known.left, frame.left].flatMap((regions) => regions ?? [])
      frames.set(frame.generator, left.length === 0 ? (known ?? frame) : { ...(known ?? frame), left })
    }
  }
  return Array.from(frames.values())
}

/** The innermost first; what has no identity is known by its place in the cause. */
export const errorsBehind = (leaf: CauseLeaf): ReadonlyArray<object> => [
  ...treeOf(leaf.error, maxErrors)
    .map(({ error }) => error)
    .filter(isObject)
    .toReversed(),
  ...(isObject(leaf.error) ? [] : [leaf.key]),
  ...leaf.holders
]

export const errorsIn = (cause: Cause.Cause<unknown>): ReadonlyArray<object> => leavesOf(cause).flatMap(errorsBehind)

/** Defects that came with a failure and that Effect left out of its cause. */
export const droppedWith = (leaf: CauseLeaf): ReadonlyArray<Cause.Die> => fiberFrames.droppedWith(leaf.key)
