/**
 * Functions that only say how something failed: `assertNever`, `invariant`, `notFound(id)`. Their caller decided that it did, and
 * there is the line that one would change.
 */
import { above, below, codeAround, offsetOf } from "./code.js"
import { closingOf, escaped, lastOf, type TextPlace } from "./maskedCode.js"

/**
 * Whether the function that a place is in is such a helper: its type says that it never returns, or that it asserts; or it does
 * no more than to make the error, which is one of these classes.
 */
export const isRaisingHelper = (
  lines: ReadonlyArray<string>,
  name: string,
  place: TextPlace,
  errors: ReadonlySet<string>
): boolean => {
  const declared = declarationIn(lines, name, place)
  if (declared === undefined) return false
  const { body, text } = declared
  const annotation = /^\s*:([^=]*(?:=>[^=]*)*)=(?!>)/.exec(text)
  if (annotation?.[1] !== undefined && endsInNever.test(annotation[1])) return true
  if (body === undefined) return false
  if (returnsNever.test(body)) return true
  // `X.make({ … })` of a schema's class is called behind its dot, and `new X({ … })` at its first word.
  const made = /^([\s\S]*?)\b([\w$]+)\.$/.exec(body)
  return made === null
    ? makesOnly.test(body) && !isStep.test(body) && isMade(errors, lines, place)
    : makesOnly.test(made[1] ?? "") && errors.has(`new ${made[2]}`) && isMakeAlone(lines, place)
}

/**
 * Whether the function that a place is in is one of its module's own, and not written inside another:
 * `const toDomainError = (e: SqlError) => …`.
 */
export const isModuleFunction = (lines: ReadonlyArray<string>, name: string, place: TextPlace): boolean => {
  const declared = declarationIn(lines, name, place)
  return (
    declared?.body !== undefined &&
    declared.isAtMargin &&
    !/=>|\bfunction\b/.test(declared.body.replace(/^[^{]*?=>/, ""))
  )
}

interface Declaration {
  /** What follows the name, up to the place. */
  readonly text: string
  /** What follows the parameters; of a function that gives a function, those of the inner one. */
  readonly body: string | undefined
  readonly isAtMargin: boolean
}

/** Where the function of this name is declared that a place is in. */
const declarationIn = (lines: ReadonlyArray<string>, name: string, place: TextPlace): Declaration | undefined => {
  const own = name.replace(/^.*\./, "")
  if (!/^[A-Za-z_$][\w$]*$/.test(own)) return undefined
  const code = codeAround(lines, place)
  const before = code.masked.slice(above(code, place, maxLines), offsetOf(code, place))
  const declared = lastOf(before, declarationOf(own))
  if (declared === undefined) return undefined
  const text = before.slice(declared.index + declared[0].length)
  const line = before.slice(before.lastIndexOf("\n", declared.index) + 1, declared.index)
  return { text, body: bodyIn(text), isAtMargin: /^(?:export\s+)?(?:default\s+)?(?:async\s+)?$/.test(line) }
}

const bodyIn = (text: string): string | undefined => {
  let rest = text
  let head = /^(?:\s*:[^=]*(?:=>[^=]*)*)?\s*(?:=\s*)?(?:function\s*[\w$]*\s*)?(?:<[^()]*>)?\s*\(/.exec(rest)
  let body: string | undefined
  while (head !== null) {
    const close = closingOf(rest, head[0].length - 1)
    if (close === undefined) return body
    rest = rest.slice(close + 1)
    body = rest
    // A function that gives a function: `(operation) => (cause) => …`.
    head = /^\s*(?::[^={]*)?=>\s*\(/.exec(rest)
  }
  return body
}

/** What is at a place, and below. */
const textFrom = (lines: ReadonlyArray<string>, place: TextPlace): string => {
  const code = codeAround(lines, place)
  return code.masked.slice(offsetOf(code, place), below(code, place, maxLines))
}

/** How far above a place the head of its function is looked for, and below it the end of what is made there. */
const maxLines = 12

const endsInNever = /=>\s*(?:never|asserts\s+[\w$]+(?:\s+is\s[\s\S]+)?)\s*$/
const returnsNever = /^\s*:\s*(?:never|asserts\s+[\w$]+(?:\s+is\s[^={]+)?)\s*(?:=>|\{)/

/** What is between the parameters and the error that is returned: nothing that decides. */
const makesOnly = /^\s*(?::[^={]*)?(?:=>\s*(?:\{\s*return\s+)?|\{\s*return\s+)$/

/** A step of the program that may succeed, by its type: `(item: string): Effect.Effect<void, OutOfStock> => new OutOfStock(…)`. */
const isStep = /^\s*:\s*(?:[\w$]+\.)*Effect<(?!\s*never\b)/

/** Whether one of these is made at a place, and nothing is done with it there: `new NotFound(…)`, and not `new NotFound(…).pipe(…)`. */
const isMade = (errors: ReadonlySet<string>, lines: ReadonlyArray<string>, place: TextPlace): boolean => {
  const text = textFrom(lines, place)
  const made = /^new\s+(?:[\w$]+\.)*([\w$]+)\s*(?:<[^()]*>)?/.exec(text)
  if (made === null || !errors.has(`new ${made[1]}`)) return false
  const close = text.charAt(made[0].length) === "(" ? closingOf(text, made[0].length) : made[0].length - 1
  return close === undefined || !/^\s*\./.test(text.slice(close + 1))
}

/** Whether no more is done at a place than to make: `make({ message })`, and not `make({ message }).pipe(…)`. */
const isMakeAlone = (lines: ReadonlyArray<string>, place: TextPlace): boolean => {
  const text = textFrom(lines, place)
  const close = /^make\s*\(/.test(text) ? closingOf(text, text.indexOf("(")) : undefined
  return close !== undefined && !/^\s*\./.test(text.slice(close + 1))
}

const declarationOf = (name: string): RegExp => {
  const words = "function|const|let|var|static(?:\\s+readonly)?"
  return new RegExp(`\\b(?:${words})\\s+${escaped(name)}(?![\\w$])`, "g")
}
