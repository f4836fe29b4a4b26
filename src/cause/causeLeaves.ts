/**
 * The failures of a cause, one by one: every error once, in the cause's order, with the way to it.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type * as FiberId from "effect/FiberId"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as hiddenField from "../plain/hiddenField.js"
import { attempt, isErrorLike, isObject, propertyOf } from "../plain/untrusted.js"

/** One failure of a cause. */
export interface CauseLeaf {
  /** The way to it: `∥L` `∥R` `→L` `→R`, "" for a cause that is a single failure. */
  readonly path: string
  readonly kind: "fail" | "die"
  /** The error as the program made it, without the proxy Effect wraps it in. */
  readonly error: unknown
  /** Its identity: the error itself if it can be a WeakMap's key, else its node in the cause. */
  readonly key: object
  /** What held it: the error of a group of stages, a list of errors, a cause that was failed with. The innermost first. */
  readonly holders: ReadonlyArray<object>
  /** The span Effect captured with it. */
  readonly span: Option.Option<Tracer.Span>
}

/**
 * The failures in the cause's order, each original error once. A group of stages and a list of errors count as parallel
 * causes; a cause that was failed with as if it were an error counts as itself. They are remembered: every stage that a
 * failure leaves asks for the same cause, and so do the story and its report.
 */
export const leavesOf: (cause: Cause.Cause<unknown>) => ReadonlyArray<CauseLeaf> =
  /* @__PURE__ */ hiddenField.remembering((cause) => {
    const leaves = new Map<object, CauseLeaf>()
    const responses: Array<CauseLeaf> = []
    let isInterrupted = false
    for (const { holders, node, path } of nodesOf(cause)) {
      const leaf = leafOf(node, path, holders)
      if (leaf === undefined) isInterrupted ||= node._tag === "Interrupt"
      else if (isResponse(leaf)) responses.push(leaf)
      else if (!leaves.has(leaf.key) && !isRepeated(leaf, leaves)) leaves.set(leaf.key, leaf)
    }
    // What a server answered is no failure of its own beside the one it answered for, nor beside a client that went away.
    if (responses.length > 0 && leaves.size === 0 && !isInterrupted) return responses.slice(0, 1)
    return Array.from(leaves.values())
  })

/** Whether nothing failed and a fiber was interrupted: a cause may then still hold what a server answered. */
export const isInterruption = (cause: Cause.Cause<unknown>): boolean =>
  attempt(() => Cause.isInterruptedOnly(cause), false) || (leavesOf(cause).length === 0 && !Cause.isEmpty(cause))

/** Whether no more happened than that a router had no route for a request: a server answers it with 404. */
export const isUnrouted = (cause: Cause.Cause<unknown>): boolean => {
  const [leaf, second] = leavesOf(cause)
  const of = (key: PropertyKey) => propertyOf(leaf?.error, key)
  return !second && of("_tag") === "RouteNotFound" && !!of(Symbol.for("@effect/platform/HttpServerError"))
}

const responseTypeId = Symbol.for("@effect/platform/HttpServerResponse")

const isResponse = ({ error, kind }: CauseLeaf): boolean =>
  kind === "die" && propertyOf(error, responseTypeId) !== undefined

// One socket error fails both halves of a request: two errors that say the same, and came from the same one.
const isRepeated = ({ error }: CauseLeaf, leaves: ReadonlyMap<object, CauseLeaf>): boolean => {
  const cause = leaves.size === 0 ? undefined : propertyOf(error, "cause")
  if (!isObject(cause) || leaves.size > maxCompared) return false
  const same = (key: PropertyKey, other: unknown) => propertyOf(error, key) === propertyOf(other, key)
  for (const { error: other } of leaves.values()) {
    if (propertyOf(other, "cause") === cause && ["_tag", "name", "message"].every((key) => same(key, other)))
      return true
  }
  return false
}

/** Most failures that another one is compared with. */
const maxCompared = 20

/**
 * The cause as far as its first `max` failures, and how many there are in all. The same cause, where there are no more: a
 * program may fail 20,000 times at once, and what prints a cause prints all of it.
 */
export const firstOf = (
  cause: Cause.Cause<unknown>,
  max: number
): { readonly cause: Cause.Cause<unknown>; readonly count: number } => {
  const leaves = leavesOf(cause)
  if (leaves.length <= max) return { cause, count: leaves.length }
  const first = leaves.slice(0, max).map(({ error, kind }) => (kind === "fail" ? Cause.fail(error) : Cause.die(error)))
  return { cause: first.reduce<Cause.Cause<unknown>>(Cause.parallel, Cause.empty), count: leaves.length }
}

/**
 * Who interrupted, each fiber once. Where something failed, only those whose interruption came before a failure, as that of a
 * finalizer: what was interrupted beside one, as by `Effect.all`, was interrupted because of it.
 */
export const interruptorsOf = (cause: Cause.Cause<unknown>): ReadonlyArray<FiberId.FiberId> => {
  let fibers = HashSet.empty<FiberId.FiberId>()
  const add = (node: Cause.Cause<unknown>) => {
    if (node._tag === "Interrupt") fibers = HashSet.add(fibers, node.fiberId)
  }
  if (leavesOf(cause).length > 0) for (const node of beforeFailures(cause)) add(node)
  else for (const { node } of nodesOf(cause)) add(node)
  return HashSet.toValues(fibers)
}

interface Branch {
  readonly node: Cause.Cause<unknown>
  readonly around: Branch | undefined
  /** What comes after it in the sequence around it. */
  readonly next: Branch | undefined
  hasFailed: boolean
  isBefore: boolean
}

/** The nodes of a cause that a failure came after. */
const beforeFailures = (cause: Cause.Cause<unknown>): ReadonlyArray<Cause.Cause<unknown>> => {
  const branchOf = (node: Cause.Cause<unknown>, around?: Branch, next?: Branch): Branch => ({
    node,
    around,
    next,
    hasFailed: node._tag === "Fail" || node._tag === "Die",
    isBefore: false
  })
  // A branch comes after the one around it. A list, as a cause can be deeper than JavaScript's own stack.
  const branches = [branchOf(cause)]
  for (let i = 0; i < branches.length; i++) {
    const branch = branches[i]
    if (branch?.node._tag !== "Sequential" && branch?.node._tag !== "Parallel") continue
    const right = branchOf(branch.node.right, branch)
    branches.push(right, branchOf(branch.node.left, branch, branch.node._tag === "Sequential" ? right : undefined))
  }
  for (const { around, hasFailed } of branches.toReversed()) if (around !== undefined) around.hasFailed ||= hasFailed
  for (const branch of branches) branch.isBefore = branch.around?.isBefore === true || branch.next?.hasFailed === true
  return branches.filter(({ isBefore }) => isBefore).map(({ node }) => node)
}

/** Longest way shown, in steps. Causes can be 100,000 deep, and every leaf has its own path. */
const maxSteps = 64

interface Place {
  readonly node: Cause.Cause<unknown>
  readonly path: string
  readonly steps: number
  readonly holders: ReadonlyArray<object>
}

// An explicit stack: a cause can be deeper than JavaScript's own stack.
function* nodesOf(cause: Cause.Cause<unknown>): Iterable<Place> {
  const opened = new Set<unknown>()
  const pending: Array<Place> = [{ node: cause, path: "", steps: 0, holders: [] }]
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
        const inner = causeWithin(error)
        const listed = inner === undefined ? errorsOfList(error) : []
        if (inner === undefined && listed.length === 0) yield place
        else if (!opened.has(error)) {
          opened.add(error)
          const within = isObject(error) ? { ...place, holders: [error, ...place.holders] } : place
          if (inner !== undefined) pending.push({ ...within, node: inner })
          const make = node._tag === "Fail" ? Cause.fail<unknown> : Cause.die
          for (let i = listed.length - 1; i >= 0; i--) pending.push(step(within, make(listed[i]), `[${i}]`))
        }
        break
      }
      default:
        yield place
    }
  }
}

/** The cause that an error is no more than a wrapping of. */
const causeWithin = (error: unknown): Cause.Cause<unknown> | undefined => {
  const sides = sidesOfGroup(error)
  if (sides.length > 0) return sides.reduce((left, right) => Cause.parallel(left, right))
  if (!isObject(error)) return undefined
  const isCause = (value: unknown): value is Cause.Cause<unknown> => attempt(() => Cause.isCause(value), false)
  if (isCause(error)) return isEmptyOfFailures(error) ? undefined : error
  // What a promise of Effect's rejects with, or an `Exit` that was failed with.
  const inner = propertyOf(error, fiberFailureCause) ?? (isFailedExit(error) ? propertyOf(error, "cause") : undefined)
  return isCause(inner) && !isEmptyOfFailures(inner) ? inner : undefined
}

const fiberFailureCause = Symbol.for("effect/Runtime/FiberFailure/Cause")

const isFailedExit = (value: object): boolean => attempt(() => Exit.isExit(value) && Exit.isFailure(value), false)

const isEmptyOfFailures = (cause: Cause.Cause<unknown>): boolean =>
  attempt(() => Cause.isEmpty(cause) || Cause.isInterruptedOnly(cause), true)

/** Most errors of one list that are looked at. */
const maxListed = 1_000

/**
 * The errors of a list that an effect failed with, as `Effect.validateAll` does, or those among the options of `Effect.all` in
 * its mode `validate`. Any other list is a value.
 */
const errorsOfList = (error: unknown): ReadonlyArray<unknown> =>
  attempt((): ReadonlyArray<unknown> => {
    const isList = Array.isArray(error)
    const list: ReadonlyArray<unknown> = (isList ? error : isPlainRecord(error) ? Object.values(error) : []).slice(
      0,
      maxListed
    )
    if (list.every(Option.isOption)) return list.flatMap((one) => Option.toArray(one))
    return isList && list.every((one) => isErrorLike(one) || isTagged(one)) ? list : []
  }, [])

const isPlainRecord = (value: unknown): value is object =>
  isObject(value) && Object.getPrototypeOf(value) === Object.prototype

const isTagged = (value: unknown): boolean => typeof propertyOf(value, "_tag") === "string"

const step = (from: Place, node: Cause.Cause<unknown>, side: string): Place => ({
  node,
  path: from.steps < maxSteps ? from.path + side : from.steps === maxSteps ? `${from.path}…` : from.path,
  steps: from.steps + 1,
  holders: from.holders
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

const leafOf = (node: Cause.Cause<unknown>, path: string, holders: ReadonlyArray<object>): CauseLeaf | undefined => {
  if (node._tag !== "Fail" && node._tag !== "Die") return undefined
  const error = originalOf(node)
  return {
    path,
    kind: node._tag === "Fail" ? "fail" : "die",
    error,
    key: isObject(error) ? error : node,
    holders,
    span: spanOf(thrownIn(node))
  }
}

const thrownIn = (node: Cause.Fail<unknown> | Cause.Die): unknown => (node._tag === "Fail" ? node.error : node.defect)

const originalOf = (node: Cause.Fail<unknown> | Cause.Die): unknown => {
  const thrown = thrownIn(node)
  return attempt(() => Cause.originalError(thrown), thrown)
}

const spanSymbol = Symbol.for("effect/SpanAnnotation")

/** The span that Effect captured with an error when it failed. */
export const spanOf = (thrown: unknown): Option.Option<Tracer.Span> => {
  const span = propertyOf(thrown, spanSymbol)
  return propertyOf(span, "_tag") === "Span" ? Option.some(span as Tracer.Span) : Option.none()
}
