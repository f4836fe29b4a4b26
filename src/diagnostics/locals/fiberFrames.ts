/**
 * Which generators were suspended when a fiber failed: the call stack an Effect program has in place of JavaScript's.
 *
 * A generator that fails at a `yield*` is neither resumed nor closed, so what is remembered here can be read later, when
 * a report is made. Besides those of `narration` this is the only module that touches Effect's runtime internals.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as FiberId from "effect/FiberId"
import { globalValue } from "effect/GlobalValue"
import { origin } from "../../cause/madeFrom.js"
import { isMadeFrom } from "../../cause/repeatedText.js"
import * as hiddenField from "../../plain/hiddenField.js"
import { isObject } from "../../plain/untrusted.js"
import * as pendingDefects from "./pendingDefects.js"
import * as repeatedTexts from "./repeatedTexts.js"
import { type Continuation, type Suspended, suspendedIn } from "./suspended.js"
import { type CapturedFrame, type WaitingGenerator, waitingIn } from "./waiting.js"
import * as yieldedExits from "./yieldedExits.js"

/**
 * What is kept of each failure: in rich mode, all that its fiber was in. In lean mode, the generators inside the innermost stage or
 * story, of a fiber that is in a span: a program that fails often as a matter of course should not notice.
 */
export type Extent = "lean" | "rich"

/**
 * Starts capturing. Success costs nothing; a failure each time it passes a handler, in lean mode a few tenths of a microsecond, in
 * rich mode some microseconds. Ends when the last of those who installed it has uninstalled.
 */
export const install = (extent: Extent): { readonly uninstall: () => void } => {
  if (store.lean + store.rich === 0) patch()
  store[extent] += 1
  let installed = true
  return {
    uninstall: () => {
      if (!installed) return
      installed = false
      store[extent] -= 1
      if (store.lean + store.rich === 0) unpatch()
    }
  }
}

/**
 * The generators suspended when this failure passed, innermost first, those of the fibers that waited for it after its
 * own. Empty if nothing was captured. `failure` is the error itself, or its node in the cause if it is a primitive.
 */
export const framesOf = (failure: object): ReadonlyArray<CapturedFrame> =>
  waitingOf(failure).flatMap(({ generator, isDropped, left, services }) =>
    generator === undefined ? [] : [{ generator, services, left, isDropped }]
  )

/** The same, with what waited inside each of them, and at the end what waited outside of all. */
export const waitingOf = (failure: object): ReadonlyArray<WaitingGenerator> =>
  waitingIn(store.captures.get(failure)?.fibers ?? [])

/**
 * Forgets a failure that has been reported: an error that is kept would keep its generators, and all their values. The same
 * failure is not captured again on its way out.
 */
export const release = (failure: object): void => {
  const capture = store.captures.get(failure)
  if (capture === undefined) return
  store.captures.set(failure, undefined)
  // A primitive is known by its node, which a program may use for many failures: they cannot be distinguished.
  if (capture.node !== failure) store.released.set(failure, capture.node)
}

/**
 * Defects of fibers that were interrupted because of this failure, as from a finalizer: nothing else reports them. One dropped
 * while its fiber succeeded is reported with the next failure of the fiber that interrupted it.
 */
export const droppedWith = (failure: object): ReadonlyArray<Cause.Die> =>
  store.captures.get(failure)?.dropped ?? pendingDefects.none

/** Most fibers kept of one failure. */
const maxFibers = 4
/** Most nodes of a cause looked at, for the same reason. */
const maxNodes = 64

interface FiberCapture extends Suspended {
  readonly fiberId: number
  /** The span that the failure was in when it passed last. */
  span: object | undefined
  /** By which what belongs to one request, or one story, is known. */
  readonly traceId: string | undefined
  readonly services: ReadonlyMap<string, unknown> | undefined
}

interface Capture {
  /** The failure's node in the cause: it stays the same while the failure travels. */
  readonly node: object
  readonly fibers: ReadonlyArray<FiberCapture>
  readonly dropped: ReadonlyArray<Cause.Die>
}

/** What is used of Effect's fiber, as of 3.22. */
interface FailingFiber {
  readonly id: () => { readonly id: number }
  readonly currentSpan?: { readonly traceId: string } | undefined
  readonly currentContext?: { readonly unsafeMap: ReadonlyMap<string, unknown> } | undefined
  readonly _stack: ReadonlyArray<Continuation>
}

type FailureHandler = (
  this: FailingFiber,
  operation: { readonly effect_instruction_i0: Cause.Cause<unknown> }
) => unknown

interface FiberPrototype {
  Failure: FailureHandler
}

interface Store {
  lean: number
  rich: number
  /** Set while the prototype is patched. */
  patched: { readonly original: FailureHandler; readonly ours: FailureHandler; readonly on: FiberPrototype } | undefined
  /** By the original error, or the node of a primitive. */
  readonly captures: hiddenField.HiddenField<object, Capture | undefined>
  /** The node by which a failure was known when it was reported. */
  readonly released: WeakMap<object, object>
  /** The error that a fiber failed with last, by the fiber. */
  readonly handled: hiddenField.HiddenField<object, WeakRef<object>>
}

// Two copies of this module must not patch each other's patch.
const store: Store = globalValue("effect-narrative/FiberFrames", () => ({
  lean: 0,
  rich: 0,
  patched: undefined,
  captures: hiddenField.make<object, Capture | undefined>(),
  released: new WeakMap(),
  handled: hiddenField.make<object, WeakRef<object>>()
}))

const patch = (): void => {
  if (store.patched !== undefined) return
  // The prototype is not exported: a fiber that has ended already leads to it.
  const prototype: FiberPrototype = Object.getPrototypeOf(Effect.runFork(Effect.void))
  const original = prototype.Failure
  if (typeof original !== "function") return
  const ours: FailureHandler = function (operation) {
    if (store.rich > 0 || (store.lean > 0 && this.currentSpan !== undefined)) {
      try {
        captureCause(this, operation.effect_instruction_i0)
      } catch {
        // An Effect made differently than expected: the failure goes on, uncaptured.
      }
    }
    return original.call(this, operation)
  }
  prototype.Failure = ours
  yieldedExits.install()
  store.patched = { original, ours, on: prototype }
}

const unpatch = (): void => {
  yieldedExits.uninstall()
  // If other code has patched the prototype since, ours stays below theirs and does nothing.
  if (store.patched === undefined || store.patched.on.Failure !== store.patched.ours) return
  store.patched.on.Failure = store.patched.original
  store.patched = undefined
}

const captureCause = (fiber: FailingFiber, cause: Cause.Cause<unknown>): void => {
  if (cause._tag === "Interrupt" || cause._tag === "Empty") return
  if (cause._tag === "Fail" || cause._tag === "Die") {
    captureFailure(fiber, cause, pendingDefects.take(fiber.id().id, [cause]))
    return
  }
  const failures: Array<pendingDefects.FailureNode> = []
  const interruptors: Array<FiberId.FiberId> = []
  const pending: Array<Cause.Cause<unknown>> = [cause]
  for (let seen = 0; seen < maxNodes; seen++) {
    const node = pending.pop()
    if (node === undefined) break
    if (node._tag === "Sequential" || node._tag === "Parallel") pending.push(node.right, node.left)
    else if (node._tag === "Interrupt") interruptors.push(node.fiberId)
    else if (node._tag !== "Empty") failures.push(node)
  }
  if (failures.length === 0) return
  if (interruptors.length > 0) pendingDefects.add(fiber.id().id, interruptors, failures)
  const dropped = pendingDefects.take(fiber.id().id, failures)
  // Several failures of one cause begin at one place, and go on as each of them is known.
  const suspended = suspendedIn(fiber._stack, store.rich > 0)
  for (const failure of failures) captureFailure(fiber, failure, dropped, suspended)
}

const captureFailure = (
  fiber: FailingFiber,
  node: pendingDefects.FailureNode,
  dropped: ReadonlyArray<Cause.Die>,
  suspended?: Suspended
): void => {
  const isRich = store.rich > 0
  const key = keyOf(node)
  const fiberId = fiber.id().id
  const known = store.captures.get(key)
  const repeated = key === node ? repeatedTexts.note(fiber, node) : undefined
  if (key !== node && isRich && known?.node !== node) noteMade(fiber, key)
  noteSpan(fiber, known?.fibers.at(-1), fiberId)
  // On its way up through one fiber a failure passes here at every handler: the first pass saw the most.
  if (known?.node === node && key !== node && known.fibers.at(-1)?.fiberId === fiberId) {
    if (dropped.length > 0) keep(key, known.node, known.fibers, known.dropped, dropped)
    return
  }
  if (known === undefined && store.released.get(key) === node) return
  const now = capturedOf(fiber, fiberId, isRich, suspended ?? suspendedIn(fiber._stack, isRich))
  const earlier = known ?? captureOf(repeated, now)
  if (earlier === undefined) {
    if (now.top.length + now.generators.length + dropped.length > 0)
      keep(key, node, [now], pendingDefects.none, dropped)
    return
  }
  const travelled = stillTravelling(earlier, node, key, now)
  if (travelled === undefined) keep(key, node, earlier.fibers, earlier.dropped, dropped)
  else if (travelled.length === 0) keep(key, node, [now], pendingDefects.none, dropped)
  else keep(key, node, [...travelled, now].slice(0, maxFibers), earlier.dropped, dropped)
}

const capturedOf = (
  { currentContext, currentSpan }: FailingFiber,
  fiberId: number,
  isRich: boolean,
  { depths, generators, regions, stack, top, topFrom }: Suspended
): FiberCapture => {
  return {
    fiberId,
    depths,
    generators,
    regions: regions.slice(),
    stack,
    top,
    topFrom,
    span: currentSpan,
    traceId: currentSpan?.traceId,
    services: isRich ? currentContext?.unsafeMap : undefined
  }
}

/** A handler that fails with the words of what it handled, or with the cause of that, has made its error from it. */
const noteMade = (fiber: FailingFiber, key: object): void => {
  const handled = store.handled.get(fiber)?.deref()
  if (handled === key) return
  // Held weakly: a fiber that lives long would keep what it handled last, and all that waited for that.
  store.handled.set(fiber, new WeakRef(key))
  if (handled !== undefined && isMadeFrom(key, handled)) origin.set(key, handled)
}

/** Of a text that its fiber handled before. Another failure of the same text, as of a retry, has generators of its own. */
const captureOf = (handled: object | undefined, now: FiberCapture): Capture | undefined => {
  const known = handled === undefined ? undefined : store.captures.get(handled)
  const own = known?.fibers.find(({ fiberId }) => fiberId === now.fiberId)
  return own !== undefined && hasNoOther(now, own) ? known : undefined
}

const hasNoOther = (now: Suspended, before: Suspended): boolean =>
  now.generators.every((generator) => before.generators.includes(generator))

/** A span is left where it is no longer the fiber's: what is still on the stack then is outside of it. */
const noteSpan = (fiber: FailingFiber, known: FiberCapture | undefined, fiberId: number): void => {
  if (known === undefined || known.fiberId !== fiberId || known.span === fiber.currentSpan) return
  const behind = known.depths.filter((depth) => depth >= fiber._stack.length).length
  if (known.span !== undefined) known.regions.push({ region: known.span, behind, depth: fiber._stack.length })
  known.span = fiber.currentSpan
}

// Looking for Effect's proxy may run a trap of the program's own.
const keyOf = (node: pendingDefects.FailureNode): object => {
  const thrown = node._tag === "Fail" ? node.error : node.defect
  if (!isObject(thrown)) return node
  try {
    const original: unknown = Cause.originalError(thrown)
    return isObject(original) ? original : node
  } catch {
    return thrown
  }
}

const keep = (
  key: object,
  node: object,
  fibers: ReadonlyArray<FiberCapture>,
  before: ReadonlyArray<Cause.Die>,
  dropped: ReadonlyArray<Cause.Die>
): void => {
  const all = dropped.length === 0 ? before : [...before, ...dropped].slice(0, pendingDefects.maxDropped)
  store.captures.set(key, { node, fibers, dropped: all })
}

/**
 * What to keep of an earlier capture of the same error: `undefined` to keep it as it is, empty to replace it. One error may
 * fail many requests, and none may be reported with the values of another.
 */
const stillTravelling = (
  known: Capture,
  node: object,
  key: object,
  now: FiberCapture
): ReadonlyArray<FiberCapture> | undefined => {
  const own = known.fibers.find(({ fiberId }) => fiberId === now.fiberId)
  if (own !== undefined) {
    // Raised again by a handler, only generators that were suspended before can still be.
    return hasNoOther(now, own) ? undefined : []
  }
  // A fiber is made after the one that waits for it. What came between is a fiber that waited for the same result.
  const waitedFor = known.fibers.filter(({ fiberId }) => fiberId > now.fiberId)
  // A sibling that was handed the error, as by a queue, knows nothing of it. Of another trace it would be another failure.
  const isHanded = known.node !== node || (key === node && waitedFor.length === 0)
  if (isHanded && now.generators.length === 0 && isOfTrace(known, now.traceId)) return undefined
  if (known.node !== node || key === node) return known.node === node ? waitedFor : []
  const origin = known.fibers[0]
  return origin === undefined || waitedFor.includes(origin) ? waitedFor : [origin, ...waitedFor]
}

const isOfTrace = ({ fibers }: Capture, traceId: string | undefined): boolean =>
  traceId !== undefined && fibers[0]?.traceId === traceId
