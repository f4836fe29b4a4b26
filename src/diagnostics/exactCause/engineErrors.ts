/**
 * What JavaScript's own errors mean on the line that threw them.
 *
 * V8 says what went wrong, the line says with what: together they name the operand. Messages are V8's, of Node 20 to 24;
 * one that is not known is left as it is.
 */
import { types } from "node:util"
import * as PlainValue from "../../plain/PlainValue.js"
import { attempt, propertyOf, textOf } from "../../plain/untrusted.js"
import {
  argumentsOf,
  empty,
  evidence,
  type FailingLine,
  holdings,
  operandAfter,
  operandBefore,
  receiversOf,
  shown,
  stateOf,
  valueOf
} from "./failingLine.js"

/** The sentence for an error that the engine itself threw; `undefined` for any other. */
export const explainEngineError = (error: unknown, line: FailingLine): string | undefined => {
  const name = textOf(error, "name")
  if (name === undefined || !engineNames.has(name) || !attempt(() => types.isNativeError(error), false))
    return undefined
  const message = PlainValue.clip(textOf(error, "message") ?? "")
  const here = isThrownByLibrary(error) ? empty : line
  for (const [pattern, tell] of rules) {
    const match = pattern.exec(message)
    if (match === null) continue
    return attempt(() => tell({ at: (i) => match[i] ?? "", error, line: here, message }), undefined)
  }
  return undefined
}

const engineNames = new Set(["TypeError", "RangeError", "ReferenceError", "SyntaxError", "URIError"])

// The line told is the app's. When a library below it threw, the operands stand on a line nobody shows.
const isThrownByLibrary = (error: unknown): boolean => {
  const frame = (textOf(error, "stack") ?? "").split("\n", 200).find((text) => /^\s+at .*:\d+:\d+\)?$/.test(text))
  return frame !== undefined && /[\\/]node_modules[\\/]|\bnode:/.test(frame)
}

interface Saying {
  readonly at: (group: number) => string
  readonly error: unknown
  readonly line: FailingLine
  readonly message: string
}

type Rule = readonly [pattern: RegExp, tell: (saying: Saying) => string | undefined]

/** The one that is meant: the only one there is, or the only one known to have no value. */
const meant = (line: FailingLine, expressions: ReadonlyArray<string>): string | undefined => {
  if (expressions.length === 1) return expressions[0]
  const valueless = expressions.filter((expression) => valueOf(line, expression) === null)
  return valueless.length === 1 ? valueless[0] : undefined
}

const only = (expressions: ReadonlyArray<string>): string | undefined =>
  expressions.length === 1 ? expressions[0] : undefined

/** `customer.address is undefined`, `find(id) returned undefined`, or `a value is undefined` where none is named. */
const isNothing = (line: FailingLine, expressions: ReadonlyArray<string>, nothing: string): string => {
  const one = meant(line, expressions)
  if (one !== undefined) return `${shown(one)} ${isCall(one) ? "returned" : "is"} ${nothing}`
  if (expressions.length === 0 || expressions.length > 3) return `a value is ${nothing}`
  return `${expressions.map(shown).join(" or ")} is ${nothing}`
}

const isCall = (expression: string): boolean => /[\w$\])]\([\s\S]*\)$/.test(expression)

const detailsOf = (line: FailingLine, expressions: ReadonlyArray<string>): string => {
  const one = meant(line, expressions)
  return one === undefined ? "" : holdings(line, one)
}

const propertyName = (key: string): string =>
  /^[A-Za-z_$#][\w$]*$/.test(key) ? `.${key}` : `[${PlainValue.clip(key, 60)}]`

const readOrSet =
  (verb: string) =>
  ({ at, line }: Saying) => {
    const receivers = receiversOf(line, at(2))
    return `${isNothing(line, receivers, at(1))}, so ${propertyName(at(2))} cannot be ${verb}${detailsOf(line, receivers)}`
  }

/**
 * V8 renders an expression from the compiled code, where names may differ from the source. The source's own wording is
 * preferred, if its last name stands on the line once.
 */
const asWritten = (line: FailingLine, rendered: string): string => {
  const text = rendered.replace(/^\(0 ?, ?(.*)\)$/, "$1")
  if (line.text.includes(text)) return text
  const member = /\.([\w$#]+)$/.exec(text)?.[1]
  const receiver = member === undefined ? undefined : only(receiversOf(line, member))
  return receiver === undefined ? text : `${receiver}.${member}`
}

const notCallable =
  (what: string) =>
  ({ at, line }: Saying) => {
    const callee = asWritten(line, at(1))
    const owner = /^(.*)\??\.[\w$#]+$/.exec(callee)?.[1]
    const value = owner === undefined ? undefined : valueOf(line, owner)
    const detail =
      value === undefined || value === null ? evidence(line, callee) : ` (${shown(owner ?? "")} ${stateOf(value)})`
    return `${shown(callee)} is not ${what}${detail}`
  }

const iterated = (line: FailingLine): ReadonlyArray<string> => [
  ...new Set([
    ...operandsAfter(line, /\.\.\.|\byield\s*\*|\bof\b/g),
    ...operandsAfter(line, /\]\s*=(?![=>])/g),
    ...argumentsOf(line, /\b(?:Array\.from|Promise\.\w+|Object\.fromEntries|new\s+(?:Weak)?(?:Map|Set))\s*\(/g)
  ])
]

const operandsAfter = (line: FailingLine, sign: RegExp): ReadonlyArray<string> =>
  Array.from(line.code.matchAll(sign), (match) => operandAfter(line, match.index + match[0].length)).filter(
    (operand) => operand !== undefined
  )

const notIterable = (line: FailingLine, value: string | undefined): string => {
  const one = meant(line, iterated(line))
  if (one === undefined) return `${value ?? "a value"} cannot be iterated`
  if (value === undefined) return `${shown(one)} cannot be iterated${evidence(line, one)}`
  return value === "undefined" || value === "null"
    ? `${isNothing(line, [one], value)}, so it cannot be iterated${holdings(line, one)}`
    : `${shown(one)} cannot be iterated: it is ${value}`
}

const binary =
  /(?<=[\w$)\]"'`!]\s*)(?:\*\*|<<|>>>?|(?<!\+)\+(?!\+)|(?<!-)-(?!-)|[*/%^]|(?<!&)&(?!&)|(?<!\|)\|(?!\|))=?(?!>)/g

const mixedBigInt = ({ line }: Saying): string => {
  const mixed = "a BigInt and a value of another type cannot be mixed"
  const found = Array.from(line.code.matchAll(binary), (match) => {
    const left = operandBefore(line, match.index)
    const right = operandAfter(line, match.index + match[0].length)
    return left === undefined || right === undefined ? undefined : { left, sign: match[0], right }
  }).filter((pair) => pair !== undefined)
  const known = found.filter(({ left, right }) => line.bigints.includes(left) !== line.bigints.includes(right))
  const [pair] = known.length > 0 ? known : found
  if (pair === undefined || (known.length === 0 && found.length > 1)) {
    const [one] = line.bigints.filter((name) => line.text.includes(name))
    return one === undefined ? mixed : `${mixed}: ${shown(one)} is a BigInt`
  }
  // One of the two is a BigInt: a known number settles which.
  const isNumber = (operand: string) => typeof valueOf(line, operand) === "number"
  const told = `${mixed} in ${shown(pair.left)} ${pair.sign} ${shown(pair.right)}`
  if (known.length > 0) {
    return `${told}: ${shown(line.bigints.includes(pair.left) ? pair.left : pair.right)} is the BigInt`
  }
  if (isNumber(pair.right) && !isNumber(pair.left)) return `${told}: ${shown(pair.left)} is the BigInt`
  if (isNumber(pair.left) && !isNumber(pair.right)) return `${told}: ${shown(pair.right)} is the BigInt`
  return told
}

const bigIntOf = ({ at, line }: Saying): string => {
  const given = only(argumentsOf(line, /\bBigInt\s*\(/g))
  if (given === undefined) return `${shown(at(1))} cannot be made a BigInt`
  return `${shown(given)} is ${shown(at(1))}, so BigInt(${shown(given)}) cannot convert it${holdings(line, given)}`
}

const outOfRange = ({ at, line }: Saying): string => {
  const given = only(argumentsOf(line, new RegExp(`\\.${at(1)}\\s*\\(`, "g")))
  const call = `${at(1)}(${given === undefined ? "" : shown(given)})`
  return `${call} takes a number from ${at(2)} to ${at(3)}${given === undefined ? "" : evidence(line, given)}`
}

const arrayLength = ({ line }: Saying): string => {
  const given = only([...argumentsOf(line, /\bArray\s*\(/g), ...operandsAfter(line, /\.length\s*=(?![=>])/g)])
  const rule = "an array's length is a whole number from 0 to 4294967295"
  return given === undefined
    ? `${rule}, and another was given`
    : `${shown(given)} is not one: ${rule}${evidence(line, given)}`
}

const timeValue = ({ line }: Saying): string => {
  const date =
    only(["toISOString", "toJSON"].flatMap((method) => receiversOf(line, method))) ??
    only(argumentsOf(line, /\.format\w*\s*\(/g))
  if (date === undefined) return "an invalid date has no time value to show"
  const made = /^\(?\s*new Date\(([\s\S]*)\)\s*\)?$/.exec(date)?.[1]
  return `${shown(date)} is not a valid date${made === undefined ? "" : evidence(line, made.trim())}`
}

const json = ({ line, message }: Saying): string => {
  const given = only(argumentsOf(line, /\bJSON\.parse\s*\(/g))
  const what = given === undefined ? "the text" : shown(given)
  const text = given === undefined ? undefined : valueOf(line, given)
  const place = typeof text === "string" ? excerptOf(text, message) : ""
  const said = message.replace(/ in JSON at position (\d+)(?: \(line \d+ column \d+\))?$/, " at position $1")
  return `${what} is not valid JSON: ${said}${place}`
}

// The text is only shown if it fails in the very same way: locals may have changed since.
const excerptOf = (text: string, message: string): string => {
  const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? Number.NaN)
  if (Number.isNaN(position) || messageOfParsing(text) !== message) return ""
  const start = Math.max(0, position - 20)
  const end = Math.min(text.length, position + 20)
  const before = text.slice(0, position).split("\n")
  const where = before.length > 1 ? `, line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}` : ""
  const excerpt = `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`
  return `${where}, near ${JSON.stringify(excerpt)}`
}

const messageOfParsing = (text: string): unknown => {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return propertyOf(error, "message")
  }
}

const circle = ({ at, message }: Saying): string => {
  const start = at(1)
  const steps = Array.from(message.matchAll(/(?:property '([^']*)'|index (\d+)|\|\s+\.\.\.)/g), (match) =>
    match[1] !== undefined ? propertyName(match[1]) : match[2] !== undefined ? `[${match[2]}]` : "…"
  )
  return steps.length === 0
    ? `JSON cannot hold a circle, and an ${start} is part of one`
    : `JSON cannot hold a circle: ${start}${steps.join("")} is that ${start} again`
}

const stackOverflow = ({ error }: Saying): string => {
  // A native function on top, as `Map.get`, is only what the last call happened to be at.
  const frames = (textOf(error, "stack") ?? "")
    .split("\n", 14)
    .slice(1)
    .filter((frame) => !/\((?:<anonymous>|native)\)$/.test(frame))
  const names = new Set(frames.map((frame) => /^\s+at (?:async )?([\w$.<>#]+) \(/.exec(frame)?.[1] ?? ""))
  const told = Array.from(names).filter((name) => name !== "" && name !== "<anonymous>")
  if (frames.length < 5 || told.length === 0 || told.length > 3 || told.length < names.size)
    return "the call stack is full"
  return told.length === 1
    ? `the call stack is full: ${told[0]} was still calling itself`
    : `the call stack is full: ${told.join(", ")} were still calling each other`
}

const constant = ({ line }: Saying): string => {
  const assigned =
    /(?<![\w$.\]]|\b(?:const|let|var)\s+)([A-Za-z_$][\w$]*)\s*(?:(?:\*\*|<<|>>>?|&&|\|\||\?\?|[-+*/%&|^])?=(?![=>])|\+\+|--)|(?:\+\+|--)\s*([A-Za-z_$][\w$]*)(?![\w$.[])/g
  const name = only([...new Set(Array.from(line.code.matchAll(assigned), (match) => match[1] ?? match[2] ?? ""))])
  return name === undefined ? "a const cannot be assigned again" : `${name} is a const and cannot be assigned again`
}

const instance = ({ line }: Saying): string => {
  const sides = Array.from(line.code.matchAll(/\binstanceof\b/g), (match) => operandAfter(line, match.index + 10))
  const right = sides.length === 1 ? sides[0] : undefined
  return right === undefined
    ? "the right side of instanceof is not a class"
    : `${shown(right)} is not a class, so instanceof cannot ask it${evidence(line, right)}`
}

const inOperator = ({ at, line }: Saying): string => {
  const right = only(operandsAfter(line, /\bin\b/g)) ?? "the right side of in"
  return `${shown(right)} is ${shown(at(2))}, which is no object that ${JSON.stringify(shown(at(1)))} could be in`
}

const ownerOf = (line: FailingLine, property: string): string => {
  const owner = only(receiversOf(line, property))
  return owner === undefined ? "the object" : shown(owner)
}

const destructured = ({ at, line }: Saying): string => {
  const named = /^(?:undefined|null|\(intermediate value\).*|object null)$/.test(at(2))
    ? undefined
    : asWritten(line, at(2))
  const what = named === undefined ? "a value" : shown(named)
  const part = at(1) === "" ? "it cannot be destructured" : `${propertyName(at(1))} cannot be taken from it`
  return `${what} is ${at(3)}, so ${part}${named === undefined ? "" : holdings(line, named)}`
}

const rules: ReadonlyArray<Rule> = [
  [/^Cannot read properties of (undefined|null)(?: \(reading '([\s\S]*)'\))$/, readOrSet("read")],
  [/^Cannot set properties of (undefined|null)(?: \(setting '([\s\S]*)'\))$/, readOrSet("set")],
  [/^Cannot destructure (?:property '([^']*)' of )?'([\s\S]*)' as it is (undefined|null)\.$/, destructured],
  [/^([\s\S]*?) is not a function(?: or its return value is not (?:async )?iterable)?$/, notCallable("a function")],
  [/^([\s\S]*) is not a constructor$/, notCallable("a constructor")],
  [/^Spread syntax requires \.\.\.iterable/, ({ line }) => notIterable(line, undefined)],
  [
    /^(undefined|null|object null|object|\w+ [\s\S]*?) is not (?:async )?iterable \(cannot read property/,
    ({ at, line }) =>
      notIterable(
        line,
        at(1)
          .replace(/^object null$/, "null")
          .replace(/^object$/, "an object")
      )
  ],
  [
    /^([\s\S]*?) is not (?:async )?iterable/,
    ({ at, line }) => {
      const what = asWritten(line, at(1))
      return `${shown(what)} cannot be iterated${evidence(line, what) || holdings(line, what)}`
    }
  ],
  [/^Cannot mix BigInt and other types/, mixedBigInt],
  [/^Cannot convert ([\s\S]*) to a BigInt$/, bigIntOf],
  [
    /^The number (\S+) cannot be converted to a BigInt because it is not an integer$/,
    ({ at }) => `${at(1)} is not a whole number, so it cannot be made a BigInt`
  ],
  [/^Do not know how to serialize a BigInt/, () => "JSON cannot hold a BigInt, and JSON.stringify met one"],
  [/^Cannot convert a BigInt value to a number$/, () => "a BigInt was used where only a number will do"],
  [
    /^Cannot convert undefined or null to object$/,
    ({ line }) => {
      const given = argumentsOf(line, /\bObject\.\w+\s*\(/g)
      return `${isNothing(line, given, "undefined or null")}, so it has no properties${detailsOf(line, given)}`
    }
  ],
  [/^(\w+)\(\) (?:\w+ )*argument must be between (-?\d+) and (\d+)$/, outOfRange],
  [/^Invalid array length$/, arrayLength],
  [/^Invalid time value$/, timeValue],
  [/^Invalid count value: ([\s\S]*)$/, ({ at }) => `a text cannot be repeated ${shown(at(1))} times`],
  [
    /(?: in JSON at position \d+| is not valid JSON$| after JSON at position \d+|^Unexpected end of JSON input$|^Unterminated .* in JSON)/,
    json
  ],
  [/^Converting circular structure to JSON[\s\S]*?constructor '([^']*)'/, circle],
  [/^Maximum call stack size exceeded$/, stackOverflow],
  [/^Assignment to constant variable\.$/, constant],
  [/^([\s\S]+) is not defined$/, ({ at }) => `${shown(at(1))} is not defined: nothing of that name is in scope`],
  [
    /^Cannot access '([^']*)' before initialization$/,
    ({ at }) => `${at(1)} is used before the line that declares it has run`
  ],
  [
    /^Invalid regular expression: ([\s\S]*): ([^:]*)$/,
    ({ at }) => `${shown(at(1))} is not a regular expression: ${at(2)}`
  ],
  [/^Right-hand side of 'instanceof' is not|instanceof check$/, instance],
  [/^Cannot use 'in' operator to search for '([^']*)' in ([\s\S]*)$/, inOperator],
  [
    /^Cannot assign to read only property '([^']*)' of /,
    ({ at, line }) => `${propertyName(at(1))} of ${ownerOf(line, at(1))} is read-only and cannot be set`
  ],
  [
    /^Cannot add property ([^,]*), object is not extensible$/,
    ({ at, line }) => `${ownerOf(line, at(1))} takes no new properties, so ${propertyName(at(1))} cannot be added`
  ],
  [
    /^Reduce of empty array with no initial value$/,
    ({ line }) => {
      const list = only([...receiversOf(line, "reduce"), ...receiversOf(line, "reduceRight")])
      return `${list === undefined ? "the array" : shown(list)} is empty, and reduce was given no value to start with`
    }
  ]
]
