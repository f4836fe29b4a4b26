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
import { repeats } from "../../cause/repeatedText.js"
import * as thrownValue from "../../cause/thrownValue.js"
import { isObject } from "../../plain/untrusted.js"
import * as repeatedTexts from "./repeatedTexts.js"
import { type Continuation, copyOf, type Suspended, suspendedIn } from "./suspended.js"
import { type CapturedFrame, type WaitingGenerator, waitingIn } from "./waiting.js"
import * as yieldedExits from "./yieldedExits.js"

/**
 * Starts capturing. Success costs nothing; a failure about a microsecond each time it passes a handler. Ends when the
 * last of those who installed it has uninstalled.
 */
export const install = (): { readonly uninstall: () => void } => {
  if (store.users === 0) patch()
  store.users += 1
  let installed = true
  return {
    uninstall: () => {
      if (!installed) return
      installed = false
      store.users -= 1
      if (store.users === 0) unpatch()
    }
  }
}

/**
 * The generators suspended when this failure passed, innermost first, those of the fibers that waited for it after its
 * own. Empty if nothing was captured. `failure` is the error itself, or its node in the cause if it is a primitive.
 */
export const framesOf = (failure: object): ReadonlyArray<CapturedFrame> =>
  waitingOf(failure).flatMap(({ generator, left, services }) =>
    generator === undefined ? [] : [{ generator, services, left }]
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
  store.captures.delete(failure)
  // A primitive is known by its node, which a program may use for many failures: they cannot be distinguished.
  if (capture.node !== failure) store.released.set(failure, capture.node)
}

/**
 * Defects of fibers that were interrupted because of this failure, as from a finalizer. Effect 3.22 drops them from the cause
 * of `Effect.all`, `raceFirst` and `timeout`: nothing else reports them. One dropped while its fiber succeeded is reported with the
 * next failure of the fiber that interrupted it.
 */
export const droppedWith = (failure: object): ReadonlyArray<Cause.Die> => store.captures.get(failure)?.dropped ?? []

/** Most fibers kept of one failure. */
const maxFibers = 4
/** Most nodes of a cause looked at, for the same reason. */
const maxNodes = 64
/** Most fibers of which dropped defects are held, and most defects of one. */
const maxInterruptors = 64
const maxDropped = 8

type FailureNode = Cause.Fail<unknown> | Cause.Die

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
  users: number
  /** Set while the prototype is patched. */
  patched: { readonly original: FailureHandler; readonly ours: FailureHandler; readonly on: FiberPrototype } | undefined
  /** By the original error, or the node of a primitive. */
  readonly captures: WeakMap<object, Capture>
  /** The node by which a failure was known when it was reported. */
  readonly released: WeakMap<object, object>
  /** The error that a fiber failed with last, by the fiber. */
  readonly handled: WeakMap<object, WeakRef<object>>
  /** By the number of the fiber that interrupted: defects that its own failure may turn out to lack. */
  readonly pendingDefects: Map<number, ReadonlyArray<Cause.Die>>
}

// Two copies of this module must not patch each other's patch.
const store: Store = globalValue("effect-narrative/FiberFrames", () => ({
  users: 0,
  patched: undefined,
  captures: new WeakMap(),
  released: new WeakMap(),
  handled: new WeakMap(),
  pendingDefects: new Map()
}))

const patch = (): void => {
  if (store.patched !== undefined) return
  // The prototype is not exported: a fiber that has ended already leads to it.
  const prototype: FiberPrototype = Object.getPrototypeOf(Effect.runFork(Effect.void))
  const original = prototype.Failure
  if (typeof original !== "function") return
  const ours: FailureHandler = function (operation) {
    if (store.users > 0) {
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
    captureFailure(fiber, cause, undefined, takePending(fiber, [cause]))
    return
  }
  const failures: Array<FailureNode> = []
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
  if (interruptors.length > 0) addPending(fiber, interruptors, failures)
  const dropped = takePending(fiber, failures)
  const suspended = suspendedIn(fiber)
  for (const failure of failures) captureFailure(fiber, failure, suspended, dropped)
}

const captureFailure = (
  fiber: FailingFiber,
  node: FailureNode,
  suspended: Suspended | undefined,
  dropped: ReadonlyArray<Cause.Die>
): void => {
  const key = keyOf(node)
  const fiberId = fiber.id().id
  const known = store.captures.get(key)
  const repeated = key === node ? repeatedTexts.note(fiber, node) : undefined
  if (key !== node && known?.node !== node) noteMade(fiber, key)
  noteSpan(fiber, known?.fibers.at(-1), fiberId)
  // On its way up through one fiber a failure passes here at every handler: the first pass saw the most.
  if (known?.node === node && key !== node && known.fibers.at(-1)?.fiberId === fiberId) {
    if (dropped.length > 0) keep(key, known.node, known.fibers, known.dropped, dropped)
    return
  }
  if (known === undefined && store.released.get(key) === node) return
  const now: FiberCapture = {
    fiberId,
    ...copyOf(suspended ?? suspendedIn(fiber)),
    span: fiber.currentSpan,
    traceId: fiber.currentSpan?.traceId,
    services: fiber.currentContext?.unsafeMap
  }
  const earlier = known ?? captureOf(repeated, now)
  if (earlier === undefined) {
    if (now.top.length + dropped.length > 0) keep(key, node, [now], none, dropped)
    return
  }
  const travelled = stillTravelling(earlier, node, key, now)
  if (travelled === undefined) keep(key, node, earlier.fibers, earlier.dropped, dropped)
  else if (travelled.length === 0) keep(key, node, [now], none, dropped)
  else keep(key, node, [...travelled, now].slice(0, maxFibers), earlier.dropped, dropped)
}

/** A handler that fails with the words of what it handled has made its error from that. */
const noteMade = (fiber: FailingFiber, key: object): void => {
  const handled = store.handled.get(fiber)?.deref()
  if (handled === key) return
  // Held weakly: a fiber that lives long would keep what it handled last, and all that waited for that.
  store.handled.set(fiber, new WeakRef(key))
  if (handled !== undefined && thrownValue.causeOf(key) === undefined && repeats(key, handled)) origin.set(key, handled)
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
const keyOf = (node: FailureNode): object => {
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
  const all = dropped.length === 0 ? before : [...before, ...dropped].slice(0, maxDropped)
  store.captures.set(key, { node, fibers, dropped: all })
}

const addPending = (
  fiber: FailingFiber,
  interruptors: ReadonlyArray<FiberId.FiberId>,
  failures: ReadonlyArray<FailureNode>
): void => {
  const defects = failures.filter((node) => node._tag === "Die")
  if (defects.length === 0) return
  for (const interruptor of interruptors) {
    if (interruptor._tag !== "Runtime" || interruptor.id === fiber.id().id) continue
    const known = store.pendingDefects.get(interruptor.id) ?? []
    // A Map keeps the order of insertion: the one that was added to last is dropped last.
    store.pendingDefects.delete(interruptor.id)
    store.pendingDefects.set(interruptor.id, [...new Set([...known, ...defects])].slice(0, maxDropped))
  }
  for (const oldest of store.pendingDefects.keys()) {
    if (store.pendingDefects.size <= maxInterruptors) break
    store.pendingDefects.delete(oldest)
  }
}

const none: ReadonlyArray<Cause.Die> = []

const takePending = (fiber: FailingFiber, reported: ReadonlyArray<FailureNode>): ReadonlyArray<Cause.Die> => {
  if (store.pendingDefects.size === 0) return none
  const { id } = fiber.id()
  const pending = store.pendingDefects.get(id)
  if (pending === undefined) return none
  store.pendingDefects.delete(id)
  return pending.filter(
    (defect) => !reported.some((node) => node === defect || (node._tag === "Die" && node.defect === defect.defect))
  )
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
