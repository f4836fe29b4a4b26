/**
 * What JavaScript's own errors mean on the line that threw them.
 *
 * V8 says what went wrong, the line says with what: together they name the operand. Messages are V8's, of Node 20 to 24;
 * one that is not known is left as it is.
 */
import { types } from "node:util"
import * as PlainValue from "../../plain/PlainValue.js"
import { attempt, stackOf, textOf } from "../../plain/untrusted.js"
import { asWritten, detailsOf, type EngineMessage, isNothing, only, propertyName } from "./engineMessage.js"
import { argumentsOf, empty, evidence, type FailingLine, holdings, receiversOf, shown } from "./failingLine.js"
import { circle, json } from "./jsonErrors.js"
import { arrayLength, bigIntOf, mixedBigInt, outOfRange, timeValue } from "./numberErrors.js"
import {
  constant,
  destructured,
  inOperator,
  instance,
  malformedUri,
  notCallable,
  notIterable,
  ownerOf,
  readOrSet
} from "./valueErrors.js"

/** The sentence for an error that the engine itself threw; `undefined` for any other. */
export const explainEngineError = (error: unknown, line: FailingLine): string | undefined => {
  const name = textOf(error, "name")
  if (name === undefined || !engineNames.has(name) || !attempt(() => types.isNativeError(error), false))
    return undefined
  const message = PlainValue.clip(textOf(error, "message") ?? "")
  const here = isThrownByLibrary(error) ? empty : line
  for (const [pattern, say] of rules) {
    const match = pattern.exec(message)
    if (match === null) continue
    return attempt(() => say({ at: (i) => match[i] ?? "", error, line: here, message }), undefined)
  }
  return undefined
}

const engineNames = new Set(["TypeError", "RangeError", "ReferenceError", "SyntaxError", "URIError"])

// The line shown is the app's. When a library below it threw, the operands are on a line that is not shown.
const isThrownByLibrary = (error: unknown): boolean => {
  const frame = (stackOf(error) ?? "").split("\n", 200).find((text) => /^\s+at .*:\d+:\d+\)?$/.test(text))
  return frame !== undefined && /[\\/]node_modules[\\/]|\bnode:/.test(frame)
}

type Rule = readonly [pattern: RegExp, say: (message: EngineMessage) => string | undefined]

const stackOverflow = ({ error }: EngineMessage): string => {
  // A native function on top, as `Map.get`, is only what the last call happened to be at.
  const frames = (stackOf(error) ?? "")
    .split("\n", 14)
    .slice(1)
    .filter((frame) => !/\((?:<anonymous>|native)\)$/.test(frame))
  const names = new Set(frames.map((frame) => /^\s+at (?:async )?([\w$.<>#]+) \(/.exec(frame)?.[1] ?? ""))
  const named = Array.from(names).filter((name) => name !== "" && name !== "<anonymous>")
  if (frames.length < 5 || named.length === 0 || named.length > 3 || named.length < names.size)
    return "the call stack is full"
  return named.length === 1
    ? `the call stack is full: ${named[0]} was still calling itself`
    : `the call stack is full: ${named.join(", ")} were still calling each other`
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
    ({ at, line }) => {
      const given = only(argumentsOf(line, /\bBigInt\s*\(/g))
      const what = given === undefined || given === at(1) ? at(1) : `${shown(given)} is ${at(1)}, which`
      return `${what} is not a whole number, so it cannot be made a BigInt`
    }
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
  [/^URI malformed$/, malformedUri],
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
