/**
 * A cause as it may leave the process: what its errors say, without secrets.
 *
 * Tracers read the cause of a span that failed, and write its messages and stacks where others can read them.
 */
import * as Cause from "effect/Cause"
import * as PlainValue from "../plain/PlainValue.js"
import { attempt, isErrorLike, isObject, textOf } from "../plain/untrusted.js"
import * as thrownValue from "./thrownValue.js"

/** How the texts and values of an error are shown. */
export interface Showing {
  readonly text: (text: string) => string
  readonly value: (value: unknown) => PlainValue.PlainValue
}

/** The cause with each error replaced that says something it must not. The same cause, if there is none. Never throws. */
export const shown = <E>(cause: Cause.Cause<E>, showing: Showing): Cause.Cause<unknown> => {
  const replaced = new Map<unknown, unknown>()
  let changed = false
  const show = (failed: unknown): unknown => {
    // What was failed with in a span is known through a proxy, which does not say that it is a Map or a URL.
    const error = attempt(() => Cause.originalError(failed), failed)
    if (!replaced.has(error))
      replaced.set(
        error,
        attempt(() => shownError(error, showing, 0), unshown)
      )
    const safe = replaced.get(error)
    if (safe === error) return failed
    changed = true
    return safe
  }
  const safe = attempt(
    () =>
      Cause.match(cause, {
        onEmpty: Cause.empty as Cause.Cause<unknown>,
        onFail: (error) => Cause.fail(show(error)),
        onDie: (defect) => Cause.die(show(defect)),
        onInterrupt: (fiberId) => Cause.interrupt(fiberId),
        onSequential: (left, right) => Cause.sequential(left, right),
        onParallel: (left, right) => Cause.parallel(left, right)
      }),
    Cause.die(unshown)
  )
  return changed ? safe : cause
}

const unshown = "The failure could not be described."

/** Deepest chain of causes that is shown. */
const maxDepth = 10

const shownError = (error: unknown, showing: Showing, depth: number): unknown => {
  if (typeof error === "string") return showing.text(error)
  if (!isObject(error)) return error
  if (!isErrorLike(error)) {
    const plain = JSON.stringify(PlainValue.from(error))
    const safe = showing.value(error)
    return plain === showing.text(plain) && plain === JSON.stringify(safe) ? error : safe
  }
  const message = thrownValue.messageOf(error)
  const stack = textOf(error, "stack") ?? ""
  const inner = thrownValue.causeOf(error)
  const safe = {
    message: showing.text(message),
    stack: showing.text(stack),
    cause: inner === undefined || depth >= maxDepth ? inner : shownError(inner, showing, depth + 1)
  }
  if (safe.message === message && safe.stack === stack && safe.cause === inner) return error
  const copy = new Error(safe.message, inner === undefined ? {} : { cause: safe.cause })
  return Object.assign(copy, { name: showing.text(thrownValue.typeOf(error)), stack: safe.stack })
}
