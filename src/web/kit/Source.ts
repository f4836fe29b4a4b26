/**
 * Source code with its tokens in colour: TypeScript and JavaScript, a line at a time, good enough to be read.
 */
import { h } from "./Dom.js"

export interface SourceLine {
  readonly line: number
  readonly text: string
  readonly failing: boolean
}

type Token = "comment" | "string" | "number" | "keyword" | "type" | "call" | "plain"

const keywords = new Set(
  (
    "abstract as async await break case catch class const continue debugger declare default delete do else enum export " +
    "extends finally for from function get if implements import in infer instanceof interface is keyof let module " +
    "namespace new of override private protected public readonly return satisfies set static super switch this throw " +
    "try type typeof using var void while with yield true false null undefined"
  ).split(" ")
)

const tokens =
  /(?<comment>\/\/.*|\/\*.*?(?:\*\/|$))|(?<string>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)|(?<number>\b(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?)n?\b)|(?<word>[A-Za-z_$][\w$]*)/g

export const tokensOf = (text: string): ReadonlyArray<{ readonly kind: Token; readonly text: string }> => {
  const found: Array<{ kind: Token; text: string }> = []
  let end = 0
  for (const match of text.matchAll(tokens)) {
    if (match.index > end) found.push({ kind: "plain", text: text.slice(end, match.index) })
    end = match.index + match[0].length
    found.push({ kind: kindOf(match, text.slice(end)), text: match[0] })
  }
  if (end < text.length) found.push({ kind: "plain", text: text.slice(end) })
  return found
}

const kindOf = (match: RegExpExecArray, rest: string): Token => {
  const { comment, number, string, word } = match.groups ?? {}
  if (comment !== undefined) return "comment"
  if (string !== undefined) return "string"
  if (number !== undefined) return "number"
  if (word === undefined) return "plain"
  if (keywords.has(word)) return "keyword"
  if (/^[A-Z]/.test(word)) return "type"
  return /^\s*[(`]/.test(rest) ? "call" : "plain"
}

export const block = (lines: ReadonlyArray<SourceLine>): HTMLElement =>
  h(
    "div",
    { class: "source", attributes: { role: "figure", "aria-label": "Source", tabindex: 0 } },
    lines.map(({ failing, line, text }) =>
      h(
        "div",
        { class: failing ? "source-line failing" : "source-line", attributes: { "data-line": line } },
        h("span", { class: "source-number" }, line),
        h(
          "code",
          {},
          failing && h("span", { class: "sr-only" }, "failing line: "),
          tokensOf(text).map(({ kind, text }) => (kind === "plain" ? text : h("span", { class: `t-${kind}` }, text)))
        )
      )
    )
  )
