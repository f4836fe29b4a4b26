/**
 * The failures of a cause, one by one: every error once, in the cause's order, with the way to it.
 */
import * as Cause from "effect/Cause"
import type * as FiberId from "effect/FiberId"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { attempt, isObject, propertyOf } from "../plain/untrusted.js"

/** One failure of a cause. */
export interface CauseLeaf {
  /** The way to it: `∥L` `∥R` `→L` `→R`, "" for a cause that is a single failure. */
  readonly path: string
  readonly kind: "fail" | "die"
  /** The error as the program made it, without the proxy Effect wraps it in. */
  readonly error: unknown
  /** Its identity: the error itself if it can be a WeakMap's key, else its node in the cause. */
  readonly key: object
  /** The span Effect captured with it. */
  readonly span: Option.Option<Tracer.Span>
}

/** The failures in the cause's order, each original error once. A group of stages counts as a parallel cause. */
export const leavesOf = (cause: Cause.Cause<unknown>): ReadonlyArray<CauseLeaf> => {
  const leaves = new Map<object, CauseLeaf>()
  for (const { node, path } of nodesOf(cause)) {
    const leaf = leafOf(node, path)
    if (leaf !== undefined && !leaves.has(leaf.key)) leaves.set(leaf.key, leaf)
  }
  return Array.from(leaves.values())
}

/** Who interrupted, each fiber once. */
export const interruptorsOf = (cause: Cause.Cause<unknown>): ReadonlyArray<FiberId.FiberId> => {
  let fibers = HashSet.empty<FiberId.FiberId>()
  for (const { node } of nodesOf(cause)) {
    if (node._tag === "Interrupt") fibers = HashSet.add(fibers, node.fiberId)
  }
  return HashSet.toValues(fibers)
}

/** Longest way told, in steps. Causes can be 100,000 deep, and every leaf has its own path. */
const maxSteps = 64

interface Place {
  readonly node: Cause.Cause<unknown>
  readonly path: string
  readonly steps: number
}

// An explicit stack: a cause can be deeper than JavaScript's own stack.
function* nodesOf(cause: Cause.Cause<unknown>): Iterable<Place> {
  const groups = new Set<unknown>()
  const pending: Array<Place> = [{ node: cause, path: "", steps: 0 }]
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { node } = place
    switch (node._tag) {
      case "Sequential":
        pending.push(step(place, node.right, "→R"), step(place, node.left, "→L"))
        break
      case "Parallel":
        pending.push(step(place, node.right, "∥R"), step(place, node.left, "∥L"))
        break
      case "Fail":
      case "Die": {
        const error = originalOf(node)
        const sides = sidesOfGroup(error)
        if (sides.length === 0) yield place
        else if (!groups.has(error)) {
          groups.add(error)
          pending.push({ ...place, node: sides.reduce((left, right) => Cause.parallel(left, right)) })
        }
        break
      }
      default:
        yield place
    }
  }
}

const step = (from: Place, node: Cause.Cause<unknown>, side: string): Place => ({
  node,
  path: from.steps < maxSteps ? from.path + side : from.steps === maxSteps ? `${from.path}…` : from.path,
  steps: from.steps + 1
})

// By tag, so that diagnostics need not know the module that makes these errors.
const sidesOfGroup = (error: unknown): ReadonlyArray<Cause.Cause<unknown>> => {
  if (propertyOf(error, "_tag") !== "StageGroupError") return []
  const failures = propertyOf(error, "failures")
  if (!isObject(failures)) return []
  const sides = attempt(() => Object.values(failures).filter(Cause.isCause), [])
  // A group whose stages were only interrupted has nothing to show but itself.
  return sides.every(Cause.isInterruptedOnly) ? [] : sides
}

const leafOf = (node: Cause.Cause<unknown>, path: string): CauseLeaf | undefined => {
  if (node._tag !== "Fail" && node._tag !== "Die") return undefined
  const error = originalOf(node)
  return {
    path,
    kind: node._tag === "Fail" ? "fail" : "die",
    error,
    key: isObject(error) ? error : node,
    span: spanOf(thrownIn(node))
  }
}

const thrownIn = (node: Cause.Fail<unknown> | Cause.Die): unknown => (node._tag === "Fail" ? node.error : node.defect)

const originalOf = (node: Cause.Fail<unknown> | Cause.Die): unknown => {
  const thrown = thrownIn(node)
  return attempt(() => Cause.originalError(thrown), thrown)
}

const spanSymbol = Symbol.for("effect/SpanAnnotation")

const spanOf = (thrown: unknown): Option.Option<Tracer.Span> => {
  const span = propertyOf(thrown, spanSymbol)
  return propertyOf(span, "_tag") === "Span" ? Option.some(span as Tracer.Span) : Option.none()
}
