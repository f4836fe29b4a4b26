/**
 * The tokens of a JavaScript or TypeScript text, as far as one must know them to tell names from what only looks like
 * names: strings, templates, comments and regular expressions are recognised, grammar is not.
 */

export interface Token {
  readonly kind: "name" | "value" | "punctuator"
  readonly text: string
  /** Offset of its first character. */
  readonly start: number
  readonly end: number
  /** Whether it is the first on its line. */
  readonly startsLine: boolean
  /** The index of the bracket that belongs to this one; -1 for anything else. */
  partner: number
}

/** The tokens of a text. Never throws: what is not understood is a punctuator of one character. */
export const tokensOf = (text: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  const open: Array<number> = []
  let at = 0
  let startsLine = true
  const push = (kind: Token["kind"], end: number): Token => {
    const token = { kind, text: text.slice(at, end), start: at, end, startsLine, partner: -1 }
    tokens.push(token)
    startsLine = false
    at = end
    return token
  }
  // What follows a "`" or the "}" of a "${…}": text up to the end of the template, or up to its next "${".
  const template = (from: number): void => {
    const end = endOf(templateText, text, from) ?? text.length
    const opens = text.endsWith("${", end)
    push("value", opens ? end - 2 : end)
    if (!opens) return
    open.push(tokens.length)
    push("punctuator", end)
  }
  while (at < text.length) {
    const blank = endOf(blanks, text, at)
    if (blank !== undefined) {
      startsLine ||= /[\n\r\u2028\u2029]/.test(text.slice(at, blank))
      at = blank
      continue
    }
    const first = text[at]
    if (first === "`") {
      template(at + 1)
      continue
    }
    const name = endOf(names, text, at)
    if (name !== undefined) {
      push("name", name)
      continue
    }
    const value =
      endOf(values, text, at) ??
      (first === "/" && mayStartValue(tokens.at(-1)) ? endOf(regularExpressions, text, at) : undefined)
    if (value !== undefined) {
      push("value", value)
      continue
    }
    if (first === "}" || first === ")" || first === "]") {
      const partner = open.pop()
      const opener = partner === undefined ? undefined : tokens[partner]
      if (partner !== undefined && opener !== undefined) opener.partner = tokens.length
      push("punctuator", at + 1).partner = partner ?? -1
      if (opener?.text === "${") template(at)
      continue
    }
    if (first === "{" || first === "(" || first === "[") open.push(tokens.length)
    push("punctuator", endOf(punctuators, text, at) ?? at + 1)
  }
  return tokens
}

const blanks = /(?:[\s\ufeff]+|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)+/y
const names = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy
const values = /\.?\d[\w.]*|'(?:[^'\\\n\r]|\\[\s\S])*'|"(?:[^"\\\n\r]|\\[\s\S])*"/y
const templateText = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y
const regularExpressions = /\/(?![*/])(?:[^\\/[\n\r]|\\.|\[(?:[^\]\\\n\r]|\\.)*\])+\/[a-z]*/y
const punctuators = /=>|\.\.\.|[=!]==?|\*\*=?|&&=?|\|\|=?|\?\?=?|\?\.(?!\d)|<<=?|>>>?=?|\+\+|--|[-+*/%&|^<>]=?|[\s\S]/y

const endOf = (pattern: RegExp, text: string, from: number): number | undefined => {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : undefined
}

const operatorNames = new Set(
  "await case delete do else extends in instanceof new of return throw typeof void yield".split(" ")
)

/** Whether a token stands for an operator: what follows it goes on with the same expression. */
export const isOperatorName = (token: Token): boolean => token.kind === "name" && operatorNames.has(token.text)

// After a value "/" divides; after anything else it begins a regular expression.
const mayStartValue = (before: Token | undefined): boolean => {
  if (before === undefined) return true
  if (before.kind === "punctuator") return before.text !== ")" && before.text !== "]" && before.text !== "}"
  return isOperatorName(before)
}
