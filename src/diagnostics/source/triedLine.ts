/**
 * What `Effect.try` and `Effect.tryPromise` tried. Their `catch` makes an error of what was thrown, a line or two below the call
 * that threw: that call is what one would change.
 */
import { onlyCall } from "./awaitedLine.js"
import { endOf, escaped, isBalanced, isOpen, lastOf, masked, type TextPlace, textBefore, usesOf } from "./maskedCode.js"

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
  if (!expression.startsWith("{")) return endOf(options.slice(0, start), first)
  const only = onlyStatementIn(expression)
  return only === undefined ? undefined : endOf(options.slice(0, start + only), first)
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

/**
 * Where a function of a module is a `catch`, behind the colon: `Effect.tryPromise({ try: () => send(mail), catch: toMailError })`.
 * `undefined` where it is used anywhere else, or other modules may use it.
 */
export const catchUseOf = (lines: ReadonlyArray<string>, name: string): TextPlace | undefined => {
  if (lines.length > maxModule || !/^[A-Za-z_$][\w$]*$/.test(name)) return undefined
  const text = masked(lines.join("\n"))
  if (new RegExp(`\\bexport\\b[^;\\n]*[\\s{,]${escaped(name)}(?![\\w$])`).test(text)) return undefined
  const [only, other] = usesOf(name, text).filter(
    (index) => !/\b(?:function|const|let|var)\s+$/.test(before(text, index))
  )
  if (only === undefined || other !== undefined) return undefined
  return /\bcatch\s*:\s*$/.test(before(text, only)) ? endOf(text.slice(0, only), 1) : undefined
}

/** As much of what is before a position as says what the word there is. */
const before = (text: string, at: number): string => text.slice(Math.max(0, at - maxWord), at)
const maxWord = 200

/** Longest module that is looked through, in lines. */
const maxModule = 3_000

/** How far above a `catch` its `try` is looked for. */
const maxLines = 12
