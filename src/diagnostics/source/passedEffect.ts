/**
 * Effects that the function around them is given: `(effect) => effect.pipe(Effect.retry(often))`, or a generator that waits for one,
 * `const limited = (effect) => Effect.gen(function* () { …; yield* effect })`. Whoever gave it is where one would change something.
 */
import { above, type Code, codeAround, offsetOf, openingOf, placeAt, type Range } from "./code.js"
import { escaped, isOpen } from "./maskedCode.js"

/** The lines of a function, counted from 1. */
interface FunctionLines {
  readonly startLine: number
}

/** Whether a line of a generator waits for nothing but a parameter, of its own or of a function around it. */
export const isPassedEffect = (lines: ReadonlyArray<string>, line: number, { startLine }: FunctionLines): boolean => {
  const code = codeAround(lines, { line, column: 1 })
  const start = offsetOf(code, { line, column: 1 })
  const text = code.masked.slice(start, start + (lines[line - 1] ?? "").length)
  const waits = /\byield\*\s+([A-Za-z_$][\w$]*)\s*\)?\s*[;,]?\s*$/.exec(text)
  const from = offsetOf(code, { line: startLine, column: 1 })
  return waits?.[1] !== undefined && isParameter(code, waits[1], { start: from, end: start + waits.index })
}

/** Whether the first step is an effect that the function around it is given. */
export const isGiven = (code: Code, [first]: ReadonlyArray<Range>): boolean => {
  if (first === undefined || !/^\s*\??\.\s*pipe\b/.test(code.masked.slice(first.end, first.end + 100))) return false
  const name = code.masked.slice(first.start, first.end)
  return /^[A-Za-z_$][\w$]*$/.test(name) && isParameter(code, name, { start: first.start, end: first.start })
}

/** Whether a name is a parameter at the end of a part of a function; the function is one of those that begin above that part. */
const isParameter = (code: Code, name: string, { end, start }: Range): boolean => {
  const from = above(code, placeAt(code, start), maxAbove)
  const text = code.masked.slice(from, end)
  const lineBreak = text.indexOf("\n", start - from)
  const head = lineBreak < 0 ? text : text.slice(0, lineBreak)
  const named = escaped(name)
  const parameter = new RegExp(`[({,]\\s*${named}\\s*[:,)}?=]|(?<![\\w$.])${named}\\s*=>`, "g")
  const last = Array.from(head.matchAll(parameter)).findLast(
    // What calls with it as an argument names it, too.
    ({ 0: found, index }) => {
      const around = found.endsWith("=>")
        ? ""
        : code.masked.charAt(openingOf(code, from + index + 1) ?? 0) === "{"
          ? "({"
          : "("
      return (
        /^[^;]*?(?:=>|\{)/.test(head.slice(index)) &&
        isList(head, index) &&
        isOpen(`${around}${text.slice(index + found.length - 1)}`)
      )
    }
  )
  const declared = new RegExp(`\\b(?:const|let|var)\\s+(?:${named}\\b|[[{][^=]*\\b${named}\\b)`)
  return last !== undefined && !declared.test(text.slice(last.index))
}

/** How far above a function the one around it is looked for, in lines. */
const maxAbove = 8

/** Whether a bracket opens a list of parameters: what precedes it is no name that is called. */
const isList = (text: string, at: number): boolean => {
  const open = text.lastIndexOf("(", at)
  const before = text.slice(0, open < 0 ? at : open)
  return /(?:[=(,>:]|=>|\bfunction\s*\*?\s*[\w$]*|\breturn|\basync|^)\s*$/.test(before)
}
