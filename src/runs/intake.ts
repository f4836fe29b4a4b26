/**
 * Takes what the journal says into the database: each file from where it was left off, in the same transaction in which is
 * noted how far that is. Whoever holds the database's write lock does it, for every process that writes to the journal.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { lineEnd } from "../file/lines.js"
import { writing } from "../history/database/database.js"
import { attempt } from "../plain/untrusted.js"
import { isFileName } from "./journal.js"
import * as journalLine from "./journalLine.js"
import { takeIn } from "./runUpsert.js"

/** What came of one step. */
export interface Taken {
  readonly lines: number
  /** Parts of lines that say nothing: they were torn when a process was killed, or are not ours. */
  readonly unread: ReadonlyArray<string>
  /** Whether there is more to take in. */
  readonly isMore: boolean
}

/** How much of a file is taken in by one transaction, in bytes. The thread does nothing else meanwhile. */
const chunkBytes = 256 * 1024
/** Longest line. */
const maxLine = 64 * 1024 * 1024

/** A journal, as the database knows it. */
export interface JournalPlace {
  readonly folder: string
  /** What its files are named by besides: a server has the journals of many machines. Empty for the only one of a file. */
  readonly prefix: string
}

/**
 * Takes one part of one file in. `isMore` until nothing is left.
 *
 * @internal
 */
export const step = (sql: SqlClient.SqlClient, journal: JournalPlace): Effect.Effect<Taken, SqlError> => {
  const work = Effect.gen(function* () {
    if (journal.prefix !== "") yield* lock(sql, journal)
    const part = nextPart(journal.folder, yield* positions(sql, journal))
    if (part === undefined) return nothing
    const { unread, writes } = readLines(part)
    yield* takeIn(sql, writes)
    yield* sql`INSERT INTO run_journal (file, inode, taken)
      VALUES (${`${journal.prefix}${part.file}`}, ${part.inode}, ${part.end})
      ON CONFLICT (file) DO UPDATE SET inode = excluded.inode, taken = excluded.taken`
    return { lines: writes.length, unread, isMore: true }
  })
  // Nothing is locked to find that nothing is new.
  return Effect.flatMap(positions(sql, journal), (known) =>
    nextPart(journal.folder, known) === undefined ? Effect.succeed(nothing) : writing(sql, work)
  ).pipe(Effect.withTracerEnabled(false))
}

const nothing: Taken = { lines: 0, unread: [], isMore: false }

interface Position {
  readonly file: string
  readonly inode: string
  readonly taken: number
}

/** Of the processes that share a journal, one at a time takes it in: the row of the folder is locked until its transaction ends. */
const lock = (sql: SqlClient.SqlClient, { prefix }: JournalPlace) =>
  sql`INSERT INTO run_journal (file, inode, taken) VALUES (${prefix}, '', 0)
    ON CONFLICT (file) DO UPDATE SET taken = 0`

const positions = (
  sql: SqlClient.SqlClient,
  { prefix }: JournalPlace
): Effect.Effect<ReadonlyMap<string, Position>, SqlError> =>
  Effect.map(
    sql<Position>`SELECT file, inode, taken FROM run_journal
      WHERE file >= ${prefix} AND file < ${`${prefix}\u{10ffff}`}`,
    (rows) =>
      new Map(rows.map(({ file, inode, taken }) => [file.slice(prefix.length), { file, inode, taken: Number(taken) }]))
  )

/** Whole lines of a file that are not in the database yet. */
interface Part {
  readonly file: string
  readonly inode: string
  readonly start: number
  readonly end: number
  readonly bytes: Buffer
}

const nextPart = (folder: string, known: ReadonlyMap<string, Position>): Part | undefined => {
  const files = attempt(() => readdirSync(folder), [])
    .filter(isFileName)
    .sort()
  for (const file of files) {
    const part = attempt(() => partOf(folder, file, known.get(file)), undefined)
    if (part !== undefined) return part
  }
  return undefined
}

const partOf = (folder: string, file: string, known: Position | undefined): Part | undefined => {
  const path = join(folder, file)
  const { ino, size } = statSync(path)
  const inode = String(ino)
  // Another file of that name, or one that was emptied, is taken in from its start: what is known changes nothing.
  const start = known?.inode === inode && known.taken <= size ? known.taken : 0
  if (start === size) return undefined
  const fd = openSync(path, "r")
  try {
    for (let length = chunkBytes; ; length *= 2) {
      const available = fstatSync(fd).size - start
      const bytes = Buffer.alloc(Math.min(length, available))
      const read = readSync(fd, bytes, 0, bytes.length, start)
      const end = bytes.subarray(0, read).lastIndexOf(lineEnd) + 1
      if (end > 0) return { file, inode, start, end: start + end, bytes: bytes.subarray(0, end) }
      // The last line is not whole yet.
      if (length >= available || length >= maxLine) return undefined
    }
  } finally {
    closeSync(fd)
  }
}

const readLines = ({ bytes, start }: Part) => {
  const writes: Array<journalLine.Write> = []
  const unread: Array<string> = []
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(lineEnd, from)
    for (const write of journalLine.decode(bytes.toString("utf8", from, end), start + from)) {
      if (write.record_type === "unread") unread.push(write.text)
      else writes.push(write)
    }
    from = end + 1
  }
  return { writes, unread }
}
