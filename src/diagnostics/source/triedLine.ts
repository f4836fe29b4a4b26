/**
 * What `Effect.try` and `Effect.tryPromise` tried. Their `catch` makes an error of what was thrown, a line or two below the call
 * that threw: that call is what one would change.
 */
import { onlyCall } from "./awaitedLine.js"
import { endOf, isBalanced, isOpen, lastOf, masked, type TextPlace, textBefore } from "./maskedCode.js"

/** Where the expression of the `try` begins, if a place is in the `catch` beside it; `callOf` says what is known to have failed. */
export const triedBefore = (
  lines: ReadonlyArray<string>,
  place: TextPlace,
  callOf: () => RegExp | undefined
): TextPlace | undefined => {
  const first = Math.max(1, place.line - maxLines)
  const text = textBefore(lines, place, maxLines)
  if (!text.includes("catch")) return undefined
  const before = masked(text)
  const caught = lastOf(before, /\bcatch\s*(?::|(?=\())/g)
  if (caught === undefined || !isOpen(before.slice(caught.index))) return undefined
  const options = before.slice(0, caught.index).trimEnd()
  const tried = lastOf(options, /\btry\s*:\s*(?:async\s*)?(?:\([^()]*\)|[\w$]+)\s*=>\s*/g)
  if (!options.endsWith(",") || tried === undefined) return undefined
  const start = tried.index + tried[0].length
  const expression = options.slice(start, -1)
  if (expression === "" || !isBalanced(expression)) return undefined
  const call = callOf()
  const called = call === undefined ? undefined : onlyCall(expression, call)
  if (called !== undefined) return endOf(options.slice(0, start + called), first)
  // Of several statements, any may have thrown.
  return expression.startsWith("{") ? undefined : endOf(options.slice(0, start), first)
}

/** How far above a `catch` its `try` is looked for. */
const maxLines = 12
