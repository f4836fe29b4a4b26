/**
 * The files of a journal, read from where they were left off: a part of whole lines at a time.
 */
import { createHash } from "node:crypto"
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { lineEnd } from "../file/lines.js"
import { attempt } from "../plain/untrusted.js"
import { isFileName } from "./journal.js"

/** How far a file was read. */
export interface Position {
  readonly file: string
  /** Distinguishes the file from another one of that name. */
  readonly inode: string
  readonly taken: number
}

/** Whole lines of a file that were not read yet. */
export interface Part {
  readonly file: string
  readonly inode: string
  readonly start: number
  readonly end: number
  readonly bytes: Buffer
}

/** How much of a file is read at a time, in bytes. */
const chunkBytes = 256 * 1024
/** Longest line. */
const maxLine = 64 * 1024 * 1024
/** How much of a file's beginning distinguishes it from another one: a line of ours has its revision, or its id, in that. */
const headBytes = 64

/** The first part of a journal that was not read yet: its files in the order of their days. */
export const next = (folder: string, known: ReadonlyMap<string, Position>): Part | undefined => {
  for (const file of filesIn(folder)) {
    const part = attempt(() => partOf(folder, file, known.get(file)), undefined)
    if (part !== undefined) return part
  }
  return undefined
}

/** The files of a journal, the oldest first. */
export const filesIn = (folder: string): ReadonlyArray<string> =>
  attempt(() => readdirSync(folder), [])
    .filter(isFileName)
    .sort()

/** Files that had nothing new when they were looked at, as they were then. */
const unchanged = new Map<string, string>()

const partOf = (folder: string, file: string, known: Position | undefined): Part | undefined => {
  const path = join(folder, file)
  const { ctimeMs, ino, size } = statSync(path)
  const state = `${ino} ${size} ${ctimeMs} ${known?.inode} ${known?.taken}`
  if (unchanged.get(path) === state) return undefined
  const fd = openSync(path, "r")
  try {
    const inode = `${ino}-${headOf(fd)}`
    // Another file of that name, or one that was emptied, is read from its start: what is known changes nothing. A file that is
    // made where one was deleted often has its inode.
    const start = known?.inode === inode && known.taken <= size ? known.taken : 0
    for (let length = chunkBytes; start < size; length *= 2) {
      const available = fstatSync(fd).size - start
      const bytes = Buffer.alloc(Math.min(length, available))
      const read = readSync(fd, bytes, 0, bytes.length, start)
      const end = bytes.subarray(0, read).lastIndexOf(lineEnd) + 1
      if (end > 0) return { file, inode, start, end: start + end, bytes: bytes.subarray(0, end) }
      // The last line is not whole yet.
      if (length >= available || length >= maxLine) break
    }
    unchanged.set(path, state)
    return undefined
  } finally {
    closeSync(fd)
  }
}

const headOf = (fd: number): string => {
  const head = Buffer.alloc(headBytes)
  const read = readSync(fd, head, 0, headBytes, 0)
  return createHash("sha256").update(head.subarray(0, read)).digest("hex").slice(0, 16)
}

/** The lines of a part, each with the position at which it begins in its file, and the one behind it. */
export function* linesOf({ bytes, start }: Part): Generator<{
  readonly text: string
  readonly start: number
  readonly end: number
}> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(lineEnd, from)
    yield { text: bytes.toString("utf8", from, end), start: start + from, end: start + end + 1 }
    from = end + 1
  }
}
