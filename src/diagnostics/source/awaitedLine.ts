/**
 * Calls that fail with a stack in which their caller is not: `fetch`, and what reads the body of its answer, from Node 24 on.
 */
import { below, codeAround, offsetOf, placeAt } from "./code.js"
import { closingOf, type TextPlace } from "./maskedCode.js"

/** An error, as far as it is looked at here. */
interface Failed {
  readonly message: string
  /** The names of the functions in its stack. */
  readonly functions: ReadonlyArray<string>
}

/** What was called, by what failed inside of it; `undefined` where it is not known. */
export const failedCall = ({ functions, message }: Failed): RegExp | undefined =>
  functions.includes("parseJSONFromBytes")
    ? /\.\s*json\s*\(\s*\)/g
    : message === "fetch failed"
      ? /(?<![\w$.])fetch\s*\(/g
      : undefined

/** Where such a call is in a text of masked code: where it is there once, for any of several may have failed. */
export const onlyCall = (code: string, call: RegExp): number | undefined => {
  const found = Array.from(code.matchAll(call))
  return found.length === 1 ? found[0]?.index : undefined
}

/** Where it is, in the call that begins at a place and waits for it. */
export const awaitedIn = (lines: ReadonlyArray<string>, place: TextPlace, call: RegExp): TextPlace | undefined => {
  const code = codeAround(lines, place)
  const from = offsetOf(code, place)
  const text = code.masked.slice(from, below(code, place, maxLines))
  const open = text.indexOf("(")
  const close = open < 0 ? undefined : closingOf(text, open)
  const at = close === undefined ? undefined : onlyCall(text.slice(0, close), call)
  return at === undefined ? undefined : placeAt(code, from + at)
}

/** Longest call that is read, in lines. */
const maxLines = 40
