/**
 * The steps of an effect as its source has them: `sql`…`.pipe(Effect.mapError(f), Effect.flatMap(g))` is three. Of a failure that
 * has no line of its own, the one of them that fails is what one would change.
 */
import {
  type Code,
  closingOf,
  dividedIn,
  expressionBefore,
  expressionFrom,
  openingOf,
  type Range,
  trimmed
} from "./code.js"

/** What is known of a failure beside its place. */
export interface Evidence {
  /** A text that the program failed with. */
  readonly text: string | undefined
  /** Whether a value was not what its schema says. */
  readonly isOfSchema: boolean
  /** The names of functions that still waited for what failed. */
  readonly waiting: ReadonlySet<string>
  /** How many operations waited; `undefined` where it is not known. */
  readonly operations: number | undefined
}

/** The steps of an expression, in the order in which they are run. */
export const stepsIn = (code: Code, expression: Range): ReadonlyArray<Range> => {
  const range = trimmed(code.masked, expression)
  const { end, start } = range
  if (code.masked.charAt(end - 1) !== ")") return [range]
  const open = openingOf(code, end - 1)
  if (open === undefined || open <= start) return [range]
  const args = dividedIn(code, { start: open + 1, end: end - 1 })
  const called = code.masked.slice(start, open)
  const piped = /\s*\??\.\s*pipe\s*$/.exec(called)
  if (piped !== null) return [...stepsIn(code, { start, end: start + piped.index }), ...args]
  const [first, second] = args
  if (first === undefined) return [range]
  if (isPipe.test(called)) return [...stepsIn(code, first), ...args.slice(1)]
  return second !== undefined && isOperator.test(called) && !isFunction(code, first)
    ? [...stepsIn(code, first), range]
    : [range]
}

const isPipe = /^(?:pipe|flow|_|\$)\s*$/

/** What takes the effect before it as its first argument, or comes behind it in a pipe. */
const isOperator =
  /^(?:[\w$]+\.)?(?:flatMap|map|tap|andThen|zip\w*|as|mapError\w*|mapBoth|tap\w+|catch\w+|orElse\w*|match\w*|filter\w+|ensuring|on(?:Error|Exit)|retry\w*|repeat\w*|timeout\w*|withSpan|provide\w*)\s*(?:<[^()]*>\s*)?$/

/** The steps before an operator that a function is written in; `undefined` where it is written elsewhere. */
export const stepsBefore = (code: Code, begin: number): ReadonlyArray<Range> | undefined => {
  const at = headOf(code, begin)
  const open = callAround(code, at)
  if (open === undefined) return undefined
  const start = expressionBefore(code, open)
  const called = code.masked.slice(start, open)
  const close = closingOf(code, open)
  if (close === undefined) return undefined
  const [first] = dividedIn(code, { start: open + 1, end: close })
  if (first !== undefined && first.end <= at && isOperator.test(called)) return stepsIn(code, first)
  const pipe = openingOf(code, start)
  if (pipe === undefined || code.masked.charAt(pipe) !== "(") return undefined
  const end = closingOf(code, pipe)
  const from = expressionBefore(code, pipe)
  if (end === undefined || !/^(?:[\s\S]*\.\s*)?(?:pipe|flow|_|\$)\s*$/.test(code.masked.slice(from, pipe)))
    return undefined
  return stepsIn(code, { start: from, end: end + 1 }).filter((step) => step.end <= start)
}

/** Where a function begins: of `(row) => …`, V8 and source maps may give the place of its first parameter. */
const headOf = ({ masked }: Code, at: number): number => {
  const before = masked.slice(Math.max(0, at - 40), at)
  const bracket = /\(\s*$/.exec(before)
  if (bracket === null || masked.charAt(at) === "(") return at
  const behind = /^[\w$\s,]*(?:[:=?][^()]*)?\)\s*(?::[^={]*)?=>/.test(masked.slice(at, at + 400))
  return behind ? at - bracket[0].length : at
}

/** The call that a function is an argument of, or a field of its options. */
const callAround = (code: Code, at: number): number | undefined => {
  const { masked } = code
  const before = masked.slice(Math.max(0, at - 200), at)
  let open = openingOf(code, at)
  if (open === undefined || !/[(,{:]\s*(?:async\s+)?$/.test(before)) return undefined
  if (masked.charAt(open) === "{") {
    open = /[(,]\s*$/.test(masked.slice(Math.max(0, open - 200), open)) ? openingOf(code, open) : undefined
  }
  return open !== undefined && masked.charAt(open) === "(" ? open : undefined
}

/** The step that fails, as far as can be known: else the first that can. */
export const failingOf = (code: Code, steps: ReadonlyArray<Range>, evidence: Evidence): Range | undefined => {
  const { isOfSchema, operations, text, waiting } = evidence
  const saying = text === undefined ? [] : steps.filter((step) => saysAt(code, step, text) !== undefined)
  if (saying.length === 1) return saying[0]
  const failing = steps.filter((step, i) => canFail(code, step, i))
  const decoding = isOfSchema ? failing.filter((step) => canDecode(code, step)) : []
  const possible = decoding.length > 0 ? decoding : failing
  const waits = steps.findIndex((step, i) => i > 0 && isMentioned(code, step, waiting))
  if (waits > 0) return possible.findLast((step) => steps.indexOf(step) < waits)
  // Whatever comes behind the step that fails still waits.
  const first = operations === undefined ? 0 : steps.length - 1 - operations
  return possible.find((step) => steps.indexOf(step) >= first) ?? possible.at(-1)
}

/** Where a step fails with this very text. */
export const saysAt = (code: Code, { end, start }: Range, text: string): number | undefined => {
  if (text.length < 3) return undefined
  const found = Array.from(
    code.text.slice(start, end).matchAll(/\bfail(?:Sync)?\(\s*(?:\(\)\s*=>\s*)?(["'`])((?:\\.|(?!\1)[^\\])*)\1/g)
  ).filter(({ 2: written = "" }) => isText(written, text))
  return found.length === 1 ? start + (found[0]?.index ?? 0) : undefined
}

/** Whether a template may have come to a text. */
const isText = (written: string, text: string): boolean => {
  let at = 0
  const parts = written.split(/\$\{[^{}]*\}/)
  if (parts.length === 1) return written === text
  if (parts.join("").trim().length < 3) return false
  for (const [i, part] of parts.entries()) {
    const found = text.indexOf(part, at)
    if (found < 0 || (i === 0 && found > 0)) return false
    at = found + part.length
  }
  return parts.at(-1) === "" || at === text.length
}

/** Whether a step can find that a value is not what its schema says. */
export const canDecode = ({ masked }: Code, { end, start }: Range): boolean => decodes.test(masked.slice(start, end))

const decodes = /\b(?:decode|encode|validate|schema)\w*\b|\bSchema\b/i

const isMentioned = ({ masked }: Code, { end, start }: Range, names: ReadonlySet<string>): boolean =>
  names.size > 0 && Array.from(masked.slice(start, end).matchAll(/[\w$]+/g)).some(([word]) => names.has(word))

export const canFail = ({ masked }: Code, { end, start }: Range, index: number): boolean => {
  const text = masked.slice(start, end)
  return !neverFails.test(text) && !(index === 0 ? isPlain : onlyTranslates).test(text)
}

/** An effect that succeeds whatever happens, and a value that is none. */
const neverFails =
  /^(?:Effect\.(?:succeed|succeedNone|succeedSome|void|unit|never|yieldNow|sleep|log\w*|sync|context\w*|annotate\w*|fiberId\w*|clock\w*)|Ref\.\w+|Metric\.\w+|PubSub\.publish\w*|Queue\.\w+|Clock\.\w+|Random\.\w+|DateTime\.now)\b/
const isPlain = /^(?:[\w$]+|~+|\d[\w.]*|\[[^\]]*\]|\{[^}]*\})$/

/** Operators that make no effect of their own, or only of what has failed before. */
const onlyTranslates =
  /^(?:[\w$]+\.)?(?:map|mapError\w*|mapBoth|as|asVoid|asSome\w*|either|option|exit|orDie\w*|withSpan|withLogSpan|annotate\w*|provide\w*|scoped|sandbox|unsandbox|flip|catch\w+|retry\w*|repeat\w*|ensuring|on[A-Z]\w+|ignore\w*|uninterruptible|interruptible|tapError\w*|withConcurrency|with\w+)\b/

/** Whether a step has a generator of its own, which waits for what fails in it. */
export const isGenerator = ({ masked }: Code, { end, start }: Range): boolean =>
  /^(?:[\w$]+\.)?(?:gen|fn|fnUntraced)\b/.test(masked.slice(start, end))

/** The expression that a generator waits for, where it is suspended: right before it, or anywhere in it. */
export const yieldedAt = (code: Code, offset: number): Range | undefined => {
  const from = Math.max(0, offset - maxBefore)
  const yields = Array.from(code.masked.slice(from, offset + 8).matchAll(/\byield\s*\*?\s*/g))
  for (const { 0: found, index } of yields.toReversed()) {
    const expression = expressionFrom(code, from + index + found.length)
    if (offset <= expression.end) return expression
  }
  return undefined
}

/** How far before the place of a generator its `yield` is looked for. */
const maxBefore = 4_000

/** The expression that a function returns, which begins at a position; `undefined` where any of several may be. */
export const returnedBy = (code: Code, begin: number, evidence: Evidence): Range | undefined => {
  const { masked } = code
  const at = headOf(code, begin)
  if (/(?:\*|\basync)\s*[\w$#]*\s*$/.test(masked.slice(Math.max(0, at - 60), at))) return undefined
  const head = /(?:function\s+)?(?:[\w$#]+\s*)?(?:<[^()]*>\s*)?(?:\(|(?<=[\w$]\s*)(?==>))/y
  head.lastIndex = at
  const found = head.exec(masked)
  if (found === null || /^(?:async|new|return|yield|await)\b/.test(found[0])) return undefined
  const close = found[0].endsWith("(") ? closingOf(code, head.lastIndex - 1) : head.lastIndex - 1
  if (close === undefined) return undefined
  const rest = /\s*(?::[^={]*)?(=>|\{)\s*/y
  rest.lastIndex = close + 1
  const opened = rest.exec(masked)
  if (opened === null) return undefined
  const open = opened[1] === "{" ? masked.indexOf("{", close + 1) : rest.lastIndex
  if (masked.charAt(open) === "{") return returnedIn(code, open, evidence)
  // A function that gives a function: `(id) => (name) => …`.
  return /^(?:\([^()]*\)|[\w$]+)\s*(?::[^={]*)?=>/.test(masked.slice(open, open + 200))
    ? returnedBy(code, open, evidence)
    : expressionFrom(code, open)
}

const returnedIn = (code: Code, open: number, evidence: Evidence): Range | undefined => {
  const close = closingOf(code, open) ?? open
  const returned = Array.from(code.masked.slice(open, close).matchAll(/\breturn\b\s*/g))
    .filter(({ index }) => isOfBlock(code, open, open + index))
    .map(({ 0: { length }, index }) => expressionFrom(code, open + index + length))
  const failing = returned.filter((range) => canFail(code, range, 0))
  const { text } = evidence
  const saying = text === undefined ? [] : failing.filter((range) => saysAt(code, range, text) !== undefined)
  const possible = saying.length === 1 ? saying : failing
  return possible.length === 1 ? possible[0] : undefined
}

/** Whether nothing but branches is between a block and a position in it. */
const isOfBlock = (code: Code, block: number, at: number): boolean => {
  const open = openingOf(code, at)
  if (open === block || open === undefined) return open === block
  return /(?:\)|\belse|\btry)\s*$/.test(code.masked.slice(Math.max(0, open - 20), open)) && isOfBlock(code, block, open)
}

/** What a step calls: `["repository", "insert"]`. */
export const calledIn = (code: Code, { end, start }: Range): ReadonlyArray<string> | undefined => {
  const text = code.masked.slice(start, end)
  const operator = /^(?:[\w$]+\.)?(?:flatMap|andThen|tap|zip\w*|suspend|forEach)\s*(?:<[^()]*>)?\s*\(\s*/.exec(text)
  const from = operator === null ? start : start + operator[0].length
  const chain = /^[A-Za-z_$][\w$]*(?:\s*\??\.\s*[\w$#]+)*/.exec(code.masked.slice(from, end))?.[0]
  return chain?.split(/\s*\??\.\s*/)
}

const isFunction = ({ masked }: Code, { end, start }: Range): boolean =>
  /^(?:async\s+)?(?:function\b|[\w$]+\s*=>|\([^()]*\)\s*(?::[^={]*)?=>)/.test(masked.slice(start, end))

/** The functions that are written as arguments of a step, that of a `try` among its options: where each begins. */
export const functionsIn = (code: Code, { end, start }: Range): ReadonlyArray<number> => {
  if (isFunction(code, { start, end })) return [start]
  const open = code.masked.indexOf("(", start)
  if (open < 0 || open >= end || code.masked.charAt(end - 1) !== ")") return []
  // The function of a handler is not what fails.
  if (handles.test(code.masked.slice(start, open))) return []
  return dividedIn(code, { start: open + 1, end: end - 1 }).flatMap((part) =>
    isFunction(code, part) ? [part.start] : (triedIn(code, part) ?? [])
  )
}

const handles = /^(?:[\w$]+\.)?(?:catch|filter|orElse|on[A-Z]|retry|repeat|timeout|match)\w*\s*$/

const triedIn = (code: Code, options: Range): number | undefined => {
  if (code.masked.charAt(options.start) !== "{") return undefined
  const fields = dividedIn(code, { start: options.start + 1, end: options.end - 1 })
  const [tried] = fields.flatMap(({ end, start }) => {
    const named = /^try\s*:\s*/.exec(code.masked.slice(start, end))
    return named === null ? [] : [start + named[0].length]
  })
  return tried
}
