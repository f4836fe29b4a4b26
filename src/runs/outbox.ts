/**
 * What a server has not taken yet: a journal whose lines are sent in order, by one process at a time.
 *
 * A line may be sent twice, when a process is killed between the server's answer and the note of it: lines have revisions and
 * ids, so that the server takes each once.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { attempt } from "../plain/untrusted.js"
import * as journal from "./journal.js"
import * as journalLine from "./journalLine.js"
import * as journalParts from "./journalParts.js"
import * as runProcess from "./runProcess.js"

/** Lines that are sent together. */
export interface Batch {
  readonly writes: ReadonlyArray<journalLine.Write>
  /** Parts of lines that say nothing. */
  readonly unread: ReadonlyArray<string>
  /** Notes that the server has them. */
  readonly taken: () => void
}

/** Most lines and bytes of one request; one line alone may be longer. */
const mostLines = 500
const mostBytes = 1 << 20

/** The next lines to send. Those before them must have been taken. */
export const next = (folder: string): Batch | undefined => {
  const known = positions(folder)
  const part = journalParts.next(folder, known)
  if (part === undefined) return undefined
  const writes: Array<journalLine.Write> = []
  const unread: Array<string> = []
  let taken = part.start
  for (const { end, start, text } of journalParts.linesOf(part)) {
    if (taken > part.start && (writes.length >= mostLines || end - part.start > mostBytes)) break
    for (const write of journalLine.decode(text, start)) {
      if (write.record_type === "unread") unread.push(write.text)
      else writes.push(write)
    }
    taken = end
  }
  const { file, inode } = part
  return { writes, unread, taken: () => note(folder, new Map([...known, [file, { file, inode, taken }]])) }
}

const positionsFile = "sent.json"

// What is in it was written here; what is not a position at worst has lines sent again.
const positions = (folder: string): ReadonlyMap<string, journalParts.Position> =>
  attempt(() => new Map(JSON.parse(readFileSync(join(folder, positionsFile), "utf8"))), new Map())

/** How long a file is kept in which nothing is left to send, in milliseconds: writers may still have it open. */
const keptFor = 2 * 24 * 60 * 60 * 1_000

const note = (folder: string, known: ReadonlyMap<string, journalParts.Position>): void => {
  const left = Array.from(known).filter(([file, { taken }]) => {
    const found = statSync(join(folder, file), { throwIfNoEntry: false })
    if (found === undefined || !journal.isFileName(file)) return false
    const isDone = taken >= found.size && Date.now() - found.mtimeMs > keptFor
    if (isDone) attempt(() => rmSync(join(folder, file)), undefined)
    return !isDone
  })
  replace(join(folder, positionsFile), JSON.stringify(left))
}

/** How much of an outbox was not sent yet; `undefined` where there is none. */
export const bytesWaiting = (folder: string): number | undefined => {
  const files = journalParts.filesIn(folder)
  if (files.length === 0) return undefined
  const known = positions(folder)
  return files.reduce((sum, file) => {
    const size = statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0
    return sum + Math.max(0, size - (known.get(file)?.taken ?? 0))
  }, 0)
}

const senderFile = "sender.json"

/**
 * Whether this process is the one that sends; it becomes so where none is that lives. Two that believe so at a time send lines
 * twice, which changes nothing.
 */
export const isSender = (folder: string): boolean => {
  const path = join(folder, senderFile)
  const own = runProcess.own()
  const holder = attempt(() => readFileSync(path, "utf8"), undefined)
  if (holder === own) return true
  if (holder !== undefined && runProcess.lifeOf(holder) === "alive") return false
  return attempt(() => {
    replace(path, own)
    return true
  }, false)
}

/** Lets another process send. */
export const leave = (folder: string): void => {
  const path = join(folder, senderFile)
  if (attempt(() => readFileSync(path, "utf8"), undefined) === runProcess.own()) attempt(() => rmSync(path), undefined)
}

const replace = (path: string, text: string): void => {
  const beside = `${path}.${process.pid}.tmp`
  writeFileSync(beside, text)
  renameSync(beside, path)
}
