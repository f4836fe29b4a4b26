/**
 * TypeScript and JavaScript cut into tokens, a line at a time, good enough to be read in colour.
 */

export interface Token {
  readonly kind: "comment" | "string" | "number" | "keyword" | "type" | "call" | "plain"
  readonly text: string
}

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

export const tokensOf = (text: string): ReadonlyArray<Token> => {
  const found: Array<Token> = []
  let end = 0
  for (const match of text.matchAll(tokens)) {
    if (match.index > end) found.push({ kind: "plain", text: text.slice(end, match.index) })
    end = match.index + match[0].length
    found.push({ kind: kindOf(match, text.slice(end)), text: match[0] })
  }
  if (end < text.length) found.push({ kind: "plain", text: text.slice(end) })
  return found
}

const kindOf = (match: RegExpExecArray, rest: string): Token["kind"] => {
  const { comment, number, string, word } = match.groups ?? {}
  if (comment !== undefined) return "comment"
  if (string !== undefined) return "string"
  if (number !== undefined) return "number"
  if (word === undefined) return "plain"
  if (keywords.has(word)) return "keyword"
  if (/^[A-Z]/.test(word)) return "type"
  return /^\s*[(`]/.test(rest) ? "call" : "plain"
}
