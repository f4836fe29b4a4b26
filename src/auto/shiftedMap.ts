/**
 * A source map that comes with a source, after something was put into the source: what follows on the same line has moved. Where a
 * module is one long line, as tsx and minifiers write it, every place behind would be that of something else.
 */
import type { Moved } from "../diagnostics/source/movedColumns.js"
import { attempt } from "../plain/untrusted.js"
import { linked } from "./linkedMap.js"

/** A text without a line break, and where in the source it is put. */
export interface Insertion {
  readonly at: number
  readonly text: string
}

const inlineMark = "sourceMappingURL=data:"

const inline = /^(\/\/[#@] sourceMappingURL=data:application\/json;(?:charset=[\w-]+;)?base64,)([\w+/=]+)[ \t]*$/gm

/** The source with its map moved along, where it has one in itself. `insertions` are in order, and not yet made. */
export const withShiftedMap = (source: string, insertions: ReadonlyArray<Insertion>): string => {
  // Most modules have none, and all of them are looked at while the program starts.
  const found = source.includes(inlineMark) ? Array.from(source.matchAll(inline)).at(-1) : undefined
  if (found === undefined || insertions.length === 0) return source
  const [whole, comment = "", encoded = ""] = found
  const shifted = attempt(() => {
    const map: { mappings: string } = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"))
    map.mappings = shiftedMappings(map.mappings, source, insertions)
    return Buffer.from(JSON.stringify(map)).toString("base64")
  }, encoded)
  return `${source.slice(0, found.index)}${comment}${shifted}${source.slice(found.index + whole.length)}`
}

/** So much behind an insertion, and the line is no line of a source. */
const longLine = 200

/** Whether there is much behind an insertion on its line. */
export const movesFar = (source: string, insertions: ReadonlyArray<Insertion>): boolean =>
  insertions.some(({ at }) => {
    const end = source.indexOf("\n", at)
    return (end < 0 ? source.length : end) - at > longLine
  })

/** What moves far enough to matter, where a map beside the file is to be read: line, column and length of each insertion. */
export const movedBy = (source: string, insertions: ReadonlyArray<Insertion>): ReadonlyArray<Moved> | undefined => {
  if (!movesFar(source, insertions) || source.search(linked) < 0) return undefined
  return insertions.map(({ at, text }) => {
    const before = source.slice(0, at)
    return [before.split("\n").length - 1, at - before.lastIndexOf("\n") - 1, text.length]
  })
}

const shiftedMappings = (mappings: string, source: string, insertions: ReadonlyArray<Insertion>): string => {
  const lines = mappings.split(";")
  let line = 0
  let start = 0
  for (let i = 0; i < insertions.length; ) {
    const at = insertions[i]?.at ?? 0
    for (let end = source.indexOf("\n", start); end >= 0 && end < at; end = source.indexOf("\n", start)) {
      line += 1
      start = end + 1
    }
    const end = source.indexOf("\n", start)
    const here: Array<Insertion> = []
    for (let next = insertions[i]; next !== undefined && (end < 0 || next.at <= end); next = insertions[++i]) {
      here.push({ at: next.at - start, text: next.text })
    }
    lines[line] = shiftedLine(lines[line] ?? "", here)
  }
  return lines.join(";")
}

/** A column is written as its distance from the one before: only the first behind each insertion changes. */
const shiftedLine = (line: string, insertions: ReadonlyArray<Insertion>): string => {
  let column = 0
  let next = 0
  return line
    .split(",")
    .map((segment) => {
      if (segment === "") return segment
      const [distance, rest] = firstOf(segment)
      column += distance
      let added = 0
      for (; (insertions[next]?.at ?? Number.POSITIVE_INFINITY) <= column; next++) {
        added += insertions[next]?.text.length ?? 0
      }
      return added === 0 ? segment : `${encoded(distance + added)}${segment.slice(rest)}`
    })
    .join(",")
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** The first number of a segment, in base 64 with five bits a digit (the "VLQ" of ECMA-426), and where the next one begins. */
const firstOf = (segment: string): readonly [value: number, end: number] => {
  let value = 0
  let end = 0
  for (let shift = 0; ; shift += 5) {
    const digit = digits.indexOf(segment[end++] ?? "")
    if (digit < 0) throw new SyntaxError("no digit of a source map")
    value += (digit & 31) << shift
    if ((digit & 32) === 0) return [value & 1 ? -(value >> 1) : value >> 1, end]
  }
}

const encoded = (value: number): string => {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1
  let text = ""
  do {
    const digit = rest & 31
    rest >>>= 5
    text += digits[rest > 0 ? digit | 32 : digit]
  } while (rest > 0)
  return text
}
