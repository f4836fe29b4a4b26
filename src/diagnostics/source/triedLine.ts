/**
 * What `Effect.try` and `Effect.tryPromise` tried. Their `catch` makes an error of what was thrown, a line or two below the call
 * that threw: that call is what one would change.
 */

/** Where the expression of the `try` begins, if a place is in the `catch` beside it; both count from 1. */
export const triedBefore = (
  lines: ReadonlyArray<string>,
  line: number,
  column: number
): { readonly line: number; readonly column: number } | undefined => {
  const first = Math.max(0, line - 1 - maxLines)
  const before = masked(
    [...lines.slice(first, line - 1), (lines[line - 1] ?? "").slice(0, Math.max(0, column - 1))].join("\n")
  )
  const caught = lastOf(before, /\bcatch\s*(?::|(?=\())/g)
  if (caught === undefined || !isOpen(before.slice(caught.index))) return undefined
  const options = before.slice(0, caught.index).trimEnd()
  const tried = lastOf(options, /\btry\s*:\s*(?:async\s*)?(?:\([^()]*\)|[\w$]+)\s*=>\s*/g)
  if (!options.endsWith(",") || tried === undefined) return undefined
  const start = tried.index + tried[0].length
  const expression = options.slice(start, -1)
  // Of several statements, any may have thrown.
  if (expression.startsWith("{") || expression === "" || !isBalanced(expression)) return undefined
  const above = options.slice(0, start).split("\n")
  return { line: first + above.length, column: (above.at(-1) ?? "").length + 1 }
}

/** How far above a `catch` its `try` is looked for. */
const maxLines = 12

const lastOf = (text: string, pattern: RegExp): RegExpExecArray | undefined => Array.from(text.matchAll(pattern)).at(-1)

/** Whether nothing that was opened before a text is closed in it. */
const isOpen = (text: string): boolean => {
  let depth = 0
  for (const char of text) {
    if (char === "(" || char === "[" || char === "{") depth++
    else if (char === ")" || char === "]" || char === "}") depth--
    if (depth < 0) return false
  }
  return true
}

const isBalanced = (text: string): boolean =>
  isOpen(text) &&
  isOpen(
    Array.from(text, (char) => mirrored[char] ?? char)
      .toReversed()
      .join("")
  )

const mirrored: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", ")": "(", "]": "[", "}": "{" }

/** Position by position: what is in quotes and comments closes nothing. */
const masked = (code: string): string =>
  code
    .replace(/(["'`])(?:\\.|(?!\1)[^\\])*\1/g, (text) => text.replace(/[^\n]/g, "~"))
    .replace(/\/\/.*|\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
