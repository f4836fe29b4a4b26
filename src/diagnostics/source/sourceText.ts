/**
 * What a source file says at a place: the line, the lines around it, and the declaration around it.
 *
 * Read when a failure is described, synchronously and cached. Never throws: a file that cannot be read says nothing.
 */
import { readFileSync, statSync } from "node:fs"
import type { SnippetLine } from "../../event/FailureReport.js"
import { remembering } from "../../plain/lruCache.js"
import * as PlainValue from "../../plain/PlainValue.js"

/** The lines of a file; `embedded` is the text its source map carries, which is what was compiled. */
export const linesOf = (path: string, embedded?: string | undefined): ReadonlyArray<string> =>
  embedded === undefined ? linesOnDisk(path) : linesOfText(embedded)

/** One line, counted from 1. Of one so long that its column is not shown, nothing: its beginning has nothing to do with it. */
export const lineOf = (lines: ReadonlyArray<string>, line: number, column = 0): string | null => {
  const text = lines[line - 1]
  return text === undefined || column > maxLine ? null : PlainValue.clip(text, maxLine)
}

/** The line and up to two on either side. */
export const snippetOf = (lines: ReadonlyArray<string>, line: number, column = 0): ReadonlyArray<SnippetLine> => {
  if (lineOf(lines, line, column) === null) return []
  const first = Math.max(1, line - around)
  return lines.slice(first - 1, line + around).map((text, i) => ({
    line: first + i,
    text: PlainValue.clip(text, maxLine),
    failing: first + i === line
  }))
}

/**
 * The name of the declaration around a place. Bodies of `Effect.gen` and `Effect.fn` are anonymous to V8, so this goes
 * by indentation, outwards: good for code that a formatter has seen, silent otherwise.
 */
export const enclosingNameOf = (lines: ReadonlyArray<string>, line: number, column: number): string | undefined => {
  const own = lines[line - 1]
  if (own === undefined || own.length > maxLine) return undefined
  const before = own.slice(0, Math.max(0, column - 1))
  const name = opensBody.test(before) ? declaredIn(before) : undefined
  if (name !== undefined) return name
  let depth = indentOf(own)
  for (let at = line - 2; at >= 0 && at > line - maxWayUp && depth > 0; at--) {
    const text = lines[at]
    if (text === undefined || text.length > maxLine || text.trim() === "" || indentOf(text) >= depth) continue
    depth = indentOf(text)
    // What begins at the margin encloses the place however it goes on; deeper, only what opens a function does.
    const name = depth === 0 || opensBody.test(text) ? declaredIn(text) : undefined
    if (name !== undefined) return name
  }
  return undefined
}

/** Lines shown before and after the failing one. */
const around = 2
/** Longest line shown, in UTF-16 code units. */
const maxLine = 300
/** Largest file read, in bytes. */
const maxFile = 20_000_000
/** Most lines looked at for an enclosing declaration. */
const maxWayUp = 500

// A stack is text that anyone may have written, a remote peer too: it must not make us show `.env` or read a device.
const sourceFile = /\.(?:[cm]?[jt]sx?|vue|svelte|astro)$/i

const linesOnDisk = remembering(64, (path): ReadonlyArray<string> => {
  if (!sourceFile.test(path)) return []
  try {
    const stat = statSync(path)
    return stat.isFile() && stat.size <= maxFile ? split(readFileSync(path, "utf8")) : []
  } catch {
    return []
  }
})

const linesOfText = remembering(16, (text) => (text.length > maxFile ? [] : split(text)))

const split = (text: string): ReadonlyArray<string> => text.replace(/^\ufeff/, "").split(/\r?\n/)

const indentOf = (line: string): number => line.length - line.trimStart().length

// By any name of the module: an import may have another, and a bundle numbers them.
const opensBody = /=>|\bfunction\b|\b[A-Z]\w*\.(?:gen|fn|fnUntraced)\b|\bclass\b|[)\w>\]]\s*\{\s*$/

const declaration =
  /\bfunction\s*\*?\s*([\w$]+)|\bclass\s+([\w$]+)|\b(?:const|let|var)\s+([\w$]+)\b[^=]*=(?!\s*(?:yield|await)\b)|^\s*(?:(?:public|private|protected|static|readonly|override|async|get|set)\s+)*\*?\s*([\w$]+)\s*(?:\([^"'`]*\)\s*(?::[^="'`]*)?\{\s*$|[:=][^=].*(?:=>|\bfunction\b|\bEffect\d*\.))/

const notNames = new Set([
  "if",
  "for",
  "while",
  "switch",
  "try",
  "catch",
  "with",
  "return",
  "function",
  "else",
  "do",
  "super"
])

const declaredIn = (line: string): string | undefined => {
  const found = declaration.exec(line)
  const name = found?.[1] ?? found?.[2] ?? found?.[3] ?? found?.[4]
  return name === undefined || notNames.has(name) ? undefined : name
}
