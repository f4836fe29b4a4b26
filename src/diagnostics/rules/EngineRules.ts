/**
 * What JavaScript's own errors mean. Messages are V8's, of Node 20 to 24.
 */
import type { Clues, Rule } from "./Rule.js"

/** A rule about the innermost error of a type that says something of that form. */
const engine = (
  id: string,
  type: string | ReadonlyArray<string>,
  form: RegExp,
  when: string,
  hint: string,
  more: Pick<Rule, "detail" | "exactCause"> = {}
): Rule => {
  const types = typeof type === "string" ? [type] : type
  return { id, when, match: { types }, fits: ({ said }) => said(form, ...types) !== undefined, hint, ...more }
}

const lookup = ({ failure }: Clues): string | undefined => {
  const called = /\.(find|findLast|get|at|match|exec|pop|shift)\(/.exec(failure.location?.sourceLine ?? "")?.[1]
  return called === undefined ? undefined : `\`${called}\` has no value to give where there is nothing to find.`
}

export const engineRules: ReadonlyArray<Rule> = [
  engine(
    "property-of-nothing",
    "TypeError",
    /^Cannot (?:read|set) properties of (?:undefined|null)|^Cannot destructure .* as it is (?:undefined|null)|^Cannot convert undefined or null to object$/,
    "A property was read or set where there is no value.",
    "Find out why it has no value: check it where it comes from, and decode what enters the program with a Schema. Use `?.` only where having none is right.",
    { detail: lookup }
  ),
  engine(
    "not-a-function",
    "TypeError",
    /is not a function(?: or its return value is not (?:async )?iterable)?$/,
    "Something was called that is no function.",
    "Check the name and what the value really is: a default import in place of a named one, a method that is missing in this version, or a value that was overwritten."
  ),
  engine(
    "not-a-constructor",
    "TypeError",
    /is not a constructor$/,
    "`new` was used with something that is no class.",
    "Check what the name refers to: a default import in place of a named one, or modules that import each other in a circle."
  ),
  engine(
    "not-iterable",
    "TypeError",
    /is not (?:async )?iterable|^Spread syntax requires/,
    "Something was iterated that cannot be.",
    "Check what it really is: an object is iterated by `Object.entries`, a missing list replaced by `[]` where that is right."
  ),
  engine(
    "commonjs-in-esm",
    "ReferenceError",
    /^(?:require|module|exports|__dirname|__filename) is not defined/,
    "A name of CommonJS was used in an ES module.",
    "Use `import`, `export`, `import.meta.dirname` and `import.meta.filename`; `createRequire(import.meta.url)` gives a `require`.",
    {
      exactCause: ({ said }) =>
        said(/^(\w+) is not defined/)?.[1]?.concat(" is a name of CommonJS, and this is an ES module")
    }
  ),
  engine(
    "not-defined",
    "ReferenceError",
    / is not defined$/,
    "A name is used that nothing of this scope has.",
    "Import or declare it, or correct its spelling. A type-only import is gone when the program runs."
  ),
  engine(
    "used-before-declared",
    "ReferenceError",
    /^Cannot access '[^']*' before initialization$/,
    "A variable is used before the line that declares it has run.",
    "Move the declaration up, or the use into a function that is called later. Between modules, a circle of imports does this."
  ),
  engine(
    "const-assigned",
    "TypeError",
    /^Assignment to constant variable\.$/,
    "A `const` was assigned again.",
    "Declare it with `let`, or give the new value a name of its own."
  ),
  engine(
    "frozen-object",
    "TypeError",
    /^Cannot assign to read only property|^Cannot add property .* object is not extensible$|^Cannot delete property/,
    "An object was changed that is frozen.",
    "Make a changed copy: `{ ...value, field }`. Effect's `Data` and decoded values may be frozen."
  ),
  engine(
    "reduce-of-empty",
    "TypeError",
    /^Reduce of empty array with no initial value$/,
    "An empty list was reduced without a value to start with.",
    "Give `reduce` its initial value."
  ),
  engine(
    "json-circular",
    "TypeError",
    /^Converting circular structure to JSON/,
    "A value that refers to itself was to become JSON.",
    "Pick the fields that are meant, or encode the value with its Schema. Requests, sockets and database handles hold such circles."
  ),
  engine(
    "bigint-json",
    "TypeError",
    /^Do not know how to serialize a BigInt/,
    "A BigInt was to become JSON.",
    "Turn it into text first: `Schema.BigInt` encodes it so, or `String(value)` in a replacer."
  ),
  engine(
    "bigint-mixed",
    "TypeError",
    /^Cannot mix BigInt and other types|^Cannot convert a BigInt value to a number$/,
    "A BigInt and a number were used together.",
    "Convert one of the two: `BigInt(whole)` where both are whole, `Number(big)` where it is small enough."
  ),
  engine(
    "bigint-conversion",
    ["TypeError", "SyntaxError", "RangeError"],
    /to a BigInt$|cannot be converted to a BigInt/,
    "A value was to become a BigInt that is no whole number.",
    "Check that it is there and whole first."
  ),
  engine(
    "instanceof-of-nothing",
    "TypeError",
    /^Right-hand side of 'instanceof' is not|instanceof check$/,
    "`instanceof` was asked about something that is no class.",
    "Check what the name refers to: a circle of imports leaves it `undefined`."
  ),
  engine(
    "in-of-primitive",
    "TypeError",
    /^Cannot use 'in' operator/,
    "`in` was asked about something that is no object.",
    "Check first that it is an object; text that holds JSON has to be parsed."
  ),
  engine(
    "stack-overflow",
    "RangeError",
    /^Maximum call stack size exceeded$/,
    "The call stack is full.",
    "Give the recursion an end, or make it a loop or an `Effect.suspend`, which needs no stack. Spreading a very long list into a call does this, too."
  ),
  engine(
    "invalid-date",
    "RangeError",
    /^Invalid time value$/,
    "A date that is none was to be shown.",
    "Check the date where it is made: `Schema.Date` fails there, and says with what."
  ),
  engine(
    "array-length",
    "RangeError",
    /^Invalid array length$/,
    "An array was to have a length it cannot have.",
    "Check how the length was computed: it is negative, no whole number, or too large."
  ),
  engine(
    "memory-request",
    "RangeError",
    /^Invalid string length$|^Invalid array buffer length$|^Array buffer allocation failed$|^Invalid typed array length/,
    "A text or a buffer was to become larger than it may be.",
    "Work on it in pieces: stream it in place of joining it.",
    {
      exactCause: ({ said }) =>
        said(/^Invalid string length$/) ? "a text was to become longer than a text can be" : undefined
    }
  ),
  engine(
    "digits-out-of-range",
    "RangeError",
    /^\w+\(\) (?:\w+ )*argument must be between/,
    "A number was asked to show itself with an impossible number of digits.",
    "Keep the argument within the range named."
  ),
  engine(
    "repeat-count",
    "RangeError",
    /^Invalid count value: /,
    "A text was to be repeated an impossible number of times.",
    "Keep the count at 0 or above: `Math.max(0, count)`."
  ),
  engine(
    "json-invalid",
    "SyntaxError",
    /in JSON at position \d|is not valid JSON$|after JSON at position|^Unexpected end of JSON input$|^Unterminated .* in JSON/,
    "A text is not JSON.",
    "Check where the text comes from: an empty body, an error page or a file cut off are common. `Schema.parseJson` makes it a typed failure.",
    {
      detail: ({ said }) =>
        said(/<!DOCTYPE|'<'|token '?</i)
          ? "It begins like HTML: the server sent a page, not data."
          : said(/^Unexpected end of JSON input$/)
            ? "It ends too early: it is empty, or was cut off."
            : said(/"undefined" is not valid JSON/)
              ? "It is the text `undefined`: a missing value was turned into text."
              : undefined
    }
  ),
  engine(
    "invalid-regexp",
    "SyntaxError",
    /^Invalid regular expression/,
    "A text is not a regular expression.",
    "Escape text that is meant literally: `RegExp` reads `( [ { * + ? . \\ | ^ $` as signs."
  ),
  engine(
    "invalid-uri",
    "URIError",
    /^URI malformed$/,
    "A text is not an encoded URI.",
    "Decode only what was encoded: a lone `%` is none. Encode with `encodeURIComponent`."
  ),
  {
    id: "clone-failed",
    when: "A value was sent or cloned that cannot be: a function, a symbol, a promise.",
    match: { types: ["DataCloneError"] },
    hint: "Send plain data: encode the value with its Schema first, and leave functions out.",
    exactCause: ({ said }) =>
      said(/^([\s\S]*) could not be cloned\.$/)?.[1]
        ?.slice(0, 100)
        .concat(" cannot be cloned or sent to another thread")
  },
  {
    id: "argument-type",
    when: "A function of Node's was given an argument of another type.",
    match: { codes: ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE"] },
    hint: "Check the value before the call.",
    detail: ({ said }) =>
      said(/Received undefined$/) ? "It is undefined: a setting or field that is missing, most often." : undefined,
    evidence: ["code"]
  },
  {
    id: "argument-range",
    when: "A function of Node's was given a number out of its range.",
    match: { codes: ["ERR_OUT_OF_RANGE", "ERR_SOCKET_BAD_PORT", "ERR_BUFFER_OUT_OF_BOUNDS"] },
    hint: "Check how the number was computed; the message names the range.",
    evidence: ["code"]
  }
]
