/**
 * Takes what the journal says into the database: each file from where it was left off, in the same transaction in which is
 * noted how far that is. Whoever holds the database's write lock does it, for every process that writes to the journal.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { writing } from "../history/database/database.js"
import * as journalLine from "./journalLine.js"
import * as journalParts from "./journalParts.js"
import { takeIn } from "./runUpsert.js"

/** What came of one step. */
export interface Taken {
  readonly lines: number
  /** Parts of lines that say nothing: they were torn when a process was killed, or are not ours. */
  readonly unread: ReadonlyArray<string>
  /** Whether there is more to take in. */
  readonly isMore: boolean
}

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
    const part = journalParts.next(journal.folder, yield* positions(sql, journal))
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
    journalParts.next(journal.folder, known) === undefined ? Effect.succeed(nothing) : writing(sql, work)
  ).pipe(Effect.withTracerEnabled(false))
}

const nothing: Taken = { lines: 0, unread: [], isMore: false }

/** Of the processes that share a journal, one at a time takes it in: the row of the folder is locked until its transaction ends. */
const lock = (sql: SqlClient.SqlClient, { prefix }: JournalPlace) =>
  sql`INSERT INTO run_journal (file, inode, taken) VALUES (${prefix}, '', 0)
    ON CONFLICT (file) DO UPDATE SET taken = 0`

/** How far each file was taken in. */
export const positions = (
  sql: SqlClient.SqlClient,
  { prefix }: JournalPlace
): Effect.Effect<ReadonlyMap<string, journalParts.Position>, SqlError> =>
  Effect.map(
    sql<journalParts.Position>`SELECT file, inode, taken FROM run_journal
      WHERE file >= ${prefix} AND file < ${`${prefix}\u{10ffff}`}`,
    (rows) =>
      new Map(rows.map(({ file, inode, taken }) => [file.slice(prefix.length), { file, inode, taken: Number(taken) }]))
  )

const readLines = (part: journalParts.Part) => {
  const writes: Array<journalLine.Write> = []
  const unread: Array<string> = []
  for (const { start, text } of journalParts.linesOf(part)) {
    for (const write of journalLine.decode(text, start)) {
      if (write.record_type === "unread") unread.push(write.text)
      else writes.push(write)
    }
  }
  return { writes, unread }
}
