/**
 * Generators that wait for an effect they were given: `const limited = (effect) => Effect.gen(function* () { …; yield* effect })`.
 * Whoever gave it is where one would change something.
 */
import { escaped, masked } from "./maskedCode.js"

/** The lines of a function, counted from 1. */
interface FunctionLines {
  readonly startLine: number
}

/** Whether a line of a generator waits for nothing but a parameter, of its own or of a function around it. */
export const isPassedEffect = (lines: ReadonlyArray<string>, line: number, { startLine }: FunctionLines): boolean => {
  const waits = /\byield\*\s+([A-Za-z_$][\w$]*)\s*\)?\s*[;,]?\s*$/.exec(masked(lines[line - 1] ?? ""))
  if (waits?.[1] === undefined) return false
  const name = escaped(waits[1])
  const inside = masked(lines.slice(startLine - 1, line).join("\n"))
  if (new RegExp(`\\b(?:const|let|var)\\s+(?:${name}\\b|[[{][^=]*\\b${name}\\b)`).test(inside)) return false
  const around = masked(lines.slice(Math.max(0, startLine - 1 - maxAbove), startLine).join("\n"))
  const parameter = new RegExp(`[(,]\\s*${name}\\s*[:,)?]|(?<![\\w$.])${name}\\s*=>`, "g")
  const last = Array.from(around.matchAll(parameter)).at(-1)
  // What calls with it as an argument names it, too.
  return last !== undefined && /^[^;]*?(?:=>|\{)/.test(around.slice(last.index)) && isList(around, last.index)
}

/** How far above a generator the function around it is looked for. */
const maxAbove = 8

/** Whether a bracket opens a list of parameters: what precedes it is no name that is called. */
const isList = (text: string, at: number): boolean => {
  const before = text.slice(0, text.lastIndexOf("(", at) < 0 ? at : text.lastIndexOf("(", at))
  return /(?:[=(,>:]|=>|\bfunction\s*\*?\s*[\w$]*|\breturn|\basync|^)\s*$/.test(before)
}
