/**
 * What `Effect.try` and `Effect.tryPromise` tried. Their `catch` makes an error of what was thrown, a line or two below the call
 * that threw: that call is what one would change.
 */
import { onlyCall } from "./awaitedLine.js"
import { above, codeAround, offsetOf, placeAt } from "./code.js"
import { isBalanced, isOpen, lastOf, type TextPlace } from "./maskedCode.js"

/** Where the expression of the `try` begins, if a place is in the `catch` beside it; `callOf` says what is known to have failed. */
export const triedBefore = (
  lines: ReadonlyArray<string>,
  place: TextPlace,
  callOf: () => RegExp | undefined
): TextPlace | undefined => {
  const code = codeAround(lines, place)
  const from = above(code, place, maxLines)
  const before = code.masked.slice(from, offsetOf(code, place))
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
  const failing = called ?? (expression.startsWith("{") ? onlyStatementIn(expression) : 0)
  return failing === undefined ? undefined : placeAt(code, from + start + failing)
}

/** Where the one statement of a block begins. Of several statements, any may have thrown. */
const onlyStatementIn = (block: string): number | undefined => {
  const inside = block.slice(1, -1).trim().replace(/;$/, "")
  let depth = 0
  for (const char of inside) {
    if (char === "(" || char === "[" || char === "{") depth++
    else if (char === ")" || char === "]" || char === "}") depth--
    else if (depth === 0 && (char === ";" || char === "\n")) return undefined
  }
  const begins = block.slice(1).search(/\S/) + 1
  return inside === "" ? undefined : begins + (/^return\s+/.exec(inside)?.[0].length ?? 0)
}

/** How far above a `catch` its `try` is looked for. */
const maxLines = 12
