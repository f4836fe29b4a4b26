/**
 * Texts that a fiber fails with again once it has handled them: streams make a failure of them anew. A text has no identity, so this
 * is the only way to know it.
 */
import type * as Cause from "effect/Cause"
import { globalValue } from "effect/GlobalValue"
import * as hiddenField from "../../plain/hiddenField.js"

/** The node of the text that a fiber failed with last, by the fiber; held weakly, for a fiber may live long. */
const last: hiddenField.HiddenField<object, WeakRef<Cause.Fail<unknown>>> = globalValue(
  "effect-narrative/RepeatedTexts",
  () => hiddenField.make<object, WeakRef<Cause.Fail<unknown>>>()
)

/** The node of the failure before this one in its fiber, if that was the same text. */
export const note = (fiber: object, node: Cause.Fail<unknown> | Cause.Die): object | undefined => {
  if (node._tag !== "Fail" || typeof node.error !== "string") return undefined
  const before = last.get(fiber)?.deref()
  if (before === node) return undefined
  last.set(fiber, new WeakRef(node))
  return before?.error === node.error ? before : undefined
}
