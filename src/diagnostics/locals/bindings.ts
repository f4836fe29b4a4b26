/**
 * What a function's text declares: each variable with the block it lives in and the place from which it has a value.
 *
 * A generator keeps the values of an earlier round of a loop until new ones are assigned. Only its text tells which.
 */
import { isOperatorName, type Token, tokensOf } from "./scriptTokens.js"

/** A variable declared in a text. All places are offsets in it. */
export interface Binding {
  readonly name: string
  readonly nameStart: number
  /** The block it lives in. */
  readonly from: number
  readonly to: number
  /** Before this place it has no value yet, or one of an earlier round. */
  readonly assignedAt: number
  /** From this place on nobody can tell whether it was assigned: the next `case` of its `switch`. */
  readonly doubtfulAt: number
  /** Whether what it will hold is written as a function or a class. */
  readonly callable: boolean
}

export interface ScannedFunction {
  /** Where the list of parameters opens: what V8 takes for the beginning of a function. */
  readonly parametersAt: number
  /** The name it has in the text, and where that stands. */
  readonly name: Occurrence | undefined
  /** The variables seen from a place, by name, the innermost first. */
  readonly bindingsAt: (offset: number, name: string) => ReadonlyArray<Binding>
  /** The first place where a variable of this name is mentioned. */
  readonly mentionOf: (name: string) => number | undefined
  /** The offsets at which tokens begin. */
  readonly starts: ReadonlyArray<number>
}

export interface Occurrence {
  readonly text: string
  readonly start: number
}

/** Reads a function's text, from its first word to its last bracket. */
export const scanFunction = (text: string): ScannedFunction => {
  const tokens = tokensOf(text)
  const surroundings = enclosings(tokens)
  const bindings = declarationsOf(tokens, surroundings, text.length)
  const mentions = mentionsOf(tokens)
  const parameters = tokens.findIndex((token, i) => token.text === "(" && surroundings[i] === undefined)
  const before = tokens[parameters - 1]
  return {
    parametersAt: tokens[parameters]?.start ?? 0,
    name:
      before?.kind === "name" && before.text !== "function" ? { text: before.text, start: before.start } : undefined,
    bindingsAt: (offset, name) =>
      (bindings.get(name) ?? [])
        .filter(({ from, to }) => from <= offset && offset < to)
        // Blocks nest: of those around a place, the one that begins last is the innermost.
        .sort((a, b) => b.from - a.from),
    mentionOf: (name) => mentions.get(name),
    starts: tokens.map(({ start }) => start)
  }
}

/** The names a file declares or imports at its top level. */
export const topLevelNamesOf = (text: string): ReadonlySet<string> => {
  const tokens = tokensOf(text)
  const found = new Set<string>()
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    if (token === undefined) break
    if (token.kind === "name" && declaring.has(token.text)) {
      for (const name of namesIn(tokens, i + 1, token.text === "import")) found.add(name.text)
    }
    if (token.partner > i) i = token.partner
  }
  return found
}

const declaring = new Set(["const", "let", "var", "function", "class", "enum", "namespace", "import"])

const declarationsOf = (
  tokens: ReadonlyArray<Token>,
  surroundings: Surroundings,
  length: number
): ReadonlyMap<string, ReadonlyArray<Binding>> => {
  const bindings = new Map<string, Array<Binding>>()
  const add = (binding: Binding) => {
    const same = bindings.get(binding.name)
    if (same === undefined) bindings.set(binding.name, [binding])
    else same.push(binding)
  }
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== "name" || isProperty(tokens, i)) continue
    const around = surroundings[i]
    if (token.text === "catch" && tokens[i + 1]?.text === "(") {
      const body = tokens[(tokens[i + 1]?.partner ?? -1) + 1]
      const to = tokens[body?.partner ?? -1]?.end ?? length
      for (const name of namesIn(tokens, i + 2, false)) {
        add({
          ...inBlock(name, token.start, to, name.start),
          name: name.text
        })
      }
      continue
    }
    if (token.text === "class" && tokens[i + 1]?.kind === "name" && startsStatement(tokens, i)) {
      const name = tokens[i + 1]
      const [from, to] = blockOf(tokens, around, length)
      if (name !== undefined) {
        add({ ...inBlock(name, from, to, endOfStatement(tokens, i, length)), name: name.text, callable: true })
      }
      continue
    }
    if (token.text !== "const" && token.text !== "let" && token.text !== "var") continue
    const [from, to] = token.text === "var" ? [0, length] : blockOf(tokens, around, length)
    if (token.text === "var" && inNestedFunction(tokens, surroundings, i)) continue
    for (const { callable, end, names } of declaratorsFrom(tokens, i + 1, length)) {
      const doubtfulAt = nextCase(tokens, surroundings, around, i)
      for (const name of names)
        add({ name: name.text, nameStart: name.start, from, to, assignedAt: end, callable, doubtfulAt })
    }
  }
  return bindings
}

const inBlock = (name: Token, from: number, to: number, assignedAt: number): Omit<Binding, "name"> => ({
  nameStart: name.start,
  from,
  to,
  assignedAt,
  callable: false,
  doubtfulAt: Number.POSITIVE_INFINITY
})

interface Declarator {
  readonly names: ReadonlyArray<Token>
  /** Where its value has been assigned. */
  readonly end: number
  readonly callable: boolean
}

const declaratorsFrom = (tokens: ReadonlyArray<Token>, first: number, length: number): ReadonlyArray<Declarator> => {
  const declarators: Array<Declarator> = []
  let i = first
  while (true) {
    const pattern = tokens[i]
    if (pattern === undefined || (pattern.kind !== "name" && pattern.partner < 0)) return declarators
    const names = pattern.kind === "name" ? [pattern] : namesOfPattern(tokens, i)
    const next = (pattern.kind === "name" ? i : pattern.partner) + 1
    const operator = tokens[next]
    // A type annotation stands in plain TypeScript only, which Node runs by blanking it out.
    const assigns = operator?.text === "="
    const iterates = operator?.text === "of" || operator?.text === "in"
    const stop = assigns || iterates ? endOfExpression(tokens, next + 1, iterates) : next
    const last = tokens[stop - 1]
    declarators.push({
      names,
      end: assigns || iterates ? (last?.end ?? length) : pattern.end,
      callable: assigns && isCallable(tokens, next + 1)
    })
    if (tokens[stop]?.text !== ",") return declarators
    i = stop + 1
  }
}

/** The index of the token after an expression. */
const endOfExpression = (tokens: ReadonlyArray<Token>, first: number, allowsComma: boolean): number => {
  let i = first
  while (i < tokens.length) {
    const token = tokens[i]
    if (token === undefined || token.text === ";" || (token.text === "," && !allowsComma)) return i
    if (token.partner >= 0 && token.partner < i) return i
    if (i > first && token.startsLine && endsStatement(tokens[i - 1], token)) return i
    i = token.partner > i ? token.partner + 1 : i + 1
  }
  return i
}

const goesOn = new Set(["in", "instanceof", "of", "as", "satisfies"])

// Where code is written without semicolons, a line ends a statement if the next cannot go on with it.
const endsStatement = (before: Token | undefined, next: Token): boolean => {
  if (before === undefined || isOperatorName(before)) return false
  if (before.kind === "punctuator" && !/^[)\]}]$/.test(before.text)) return false
  return next.kind === "name"
    ? !goesOn.has(next.text)
    : next.kind === "value"
      ? !next.text.startsWith("`")
      : next.text === "{"
}

const endOfStatement = (tokens: ReadonlyArray<Token>, at: number, length: number): number => {
  for (let i = at; i < tokens.length; i++) {
    const token = tokens[i]
    if (token?.text === "{") return tokens[token.partner]?.end ?? length
    if (token !== undefined && token.partner > i) i = token.partner
  }
  return length
}

const isCallable = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const token = tokens[at]
  if (token === undefined) return false
  if (/^(?:function|class|async|__name)$/.test(token.text)) return true
  return tokens[Math.max(token.partner, at) + 1]?.text === "=>"
}

/** The names a pattern binds: `{ a, b: c = 1, ...rest }`. */
const namesOfPattern = (tokens: ReadonlyArray<Token>, open: number): ReadonlyArray<Token> => {
  const names: Array<Token> = []
  const close = tokens[open]?.partner ?? open
  for (let i = open + 1; i < close; i++) {
    const token = tokens[i]
    if (token === undefined) break
    if (token.text === "{" || token.text === "[") {
      // `{ [key]: value }` computes a key, which binds nothing.
      if (tokens[token.partner + 1]?.text !== ":") names.push(...namesOfPattern(tokens, i))
      i = token.partner
    } else if (token.text === "=") i = endOfExpression(tokens, i + 1, false) - 1
    else if (token.kind === "name" && tokens[i + 1]?.text !== ":") names.push(token)
  }
  return names
}

const namesIn = (tokens: ReadonlyArray<Token>, first: number, imports: boolean): ReadonlyArray<Token> => {
  const names: Array<Token> = []
  if (!imports) {
    const start = tokens[first]?.text === "*" ? first + 1 : first
    for (const declarator of declaratorsFrom(tokens, start, 0)) names.push(...declarator.names)
    return names
  }
  for (let i = first; i < tokens.length; i++) {
    const token = tokens[i]
    if (token === undefined || token.kind === "value" || token.text === "from" || token.text === ";") break
    if (token.kind === "name") names.push(token)
  }
  return names
}

const isProperty = (tokens: ReadonlyArray<Token>, i: number): boolean => /^\??\.$/.test(tokens[i - 1]?.text ?? "")

const startsStatement = (tokens: ReadonlyArray<Token>, i: number): boolean =>
  i === 0 || /^[;{})]$/.test(tokens[i - 1]?.text ?? "") || tokens[i]?.startsLine === true

/** For each token the index of the bracket it stands in. */
type Surroundings = ReadonlyArray<number | undefined>

const enclosings = (tokens: ReadonlyArray<Token>): Surroundings => {
  const open: Array<number> = []
  return tokens.map((token, i) => {
    if (token.partner >= 0 && token.partner < i) open.pop()
    const around = open.at(-1)
    if (token.partner > i) open.push(i)
    return around
  })
}

const blockOf = (
  tokens: ReadonlyArray<Token>,
  around: number | undefined,
  length: number
): readonly [number, number] => {
  const open = around === undefined ? undefined : tokens[around]
  if (open === undefined || open.partner < 0) return [0, length]
  if (open.text !== "(") return [open.start, tokens[open.partner]?.end ?? length]
  // The head of a loop: its variables live in the body too.
  const body = tokens[open.partner + 1]
  const end =
    body?.text === "{" ? tokens[body.partner]?.end : tokens[endOfExpression(tokens, open.partner + 1, true)]?.end
  return [open.start, end ?? length]
}

const blockHeads = new Set(["if", "for", "while", "switch", "catch", "with", "await"])

/** Whether a `{` opens the body of a function. */
const opensFunction = (tokens: ReadonlyArray<Token>, i: number): boolean => {
  const before = tokens[i - 1]
  if (tokens[i]?.text !== "{" || before === undefined) return false
  if (before.text === "=>") return true
  return before.text === ")" && before.partner >= 0 && !blockHeads.has(tokens[before.partner - 1]?.text ?? "")
}

const inNestedFunction = (tokens: ReadonlyArray<Token>, surroundings: Surroundings, at: number): boolean => {
  let functions = 0
  for (let around = surroundings[at]; around !== undefined; around = surroundings[around]) {
    if (opensFunction(tokens, around)) functions += 1
  }
  return functions > 1
}

const nextCase = (
  tokens: ReadonlyArray<Token>,
  surroundings: Surroundings,
  around: number | undefined,
  at: number
): number => {
  const head = around === undefined ? undefined : tokens[around - 1]
  const isSwitch = head?.text === ")" && tokens[head.partner - 1]?.text === "switch"
  if (!isSwitch) return Number.POSITIVE_INFINITY
  const next = tokens.find(
    (token, i) => i > at && surroundings[i] === around && (token.text === "case" || token.text === "default")
  )
  return next?.start ?? Number.POSITIVE_INFINITY
}

const mentionsOf = (tokens: ReadonlyArray<Token>): ReadonlyMap<string, number> => {
  const mentions = new Map<string, number>()
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== "name" || mentions.has(token.text) || isProperty(tokens, i)) continue
    const isKey = tokens[i + 1]?.text === ":" && /^[{,]$/.test(tokens[i - 1]?.text ?? "")
    if (!isKey) mentions.set(token.text, token.start)
  }
  return mentions
}
