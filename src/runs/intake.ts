/**
 * Takes what the journal says into the database: each file from where it was left off, in the same transaction in which is
 * noted how far that is. Whoever holds the database's write lock does it, for every process that writes to the journal.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { lineEnd } from "../file/lines.js"
import { insertInto, run } from "../history/database/bulkInsert.js"
import type { Cell } from "../history/database/columns.js"
import { writing } from "../history/database/database.js"
import { attempt } from "../plain/untrusted.js"
import { isFileName } from "./journal.js"
import * as journalLine from "./journalLine.js"
import * as revision from "./revision.js"
import { columnNames } from "./runColumns.js"
import * as runRows from "./runRows.js"
import * as storedRun from "./storedRun.js"

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

/**
 * Takes one part of one file in. `isMore` until nothing is left.
 *
 * @internal
 */
export const step = (sql: SqlClient.SqlClient, folder: string): Effect.Effect<Taken, SqlError> => {
  const work = Effect.gen(function* () {
    const part = nextPart(folder, yield* positions(sql))
    if (part === undefined) return nothing
    const { unread, writes } = readLines(part)
    yield* takeIn(sql, writes)
    yield* sql`INSERT INTO run_journal (file, inode, taken) VALUES (${part.file}, ${part.inode}, ${part.end})
      ON CONFLICT (file) DO UPDATE SET inode = excluded.inode, taken = excluded.taken`
    return { lines: writes.length, unread, isMore: true }
  })
  // Nothing is locked to find that nothing is new.
  return Effect.flatMap(positions(sql), (known) =>
    nextPart(folder, known) === undefined ? Effect.succeed(nothing) : writing(sql, work)
  ).pipe(Effect.withTracerEnabled(false))
}

const nothing: Taken = { lines: 0, unread: [], isMore: false }

interface Position {
  readonly file: string
  readonly inode: string
  readonly taken: number
}

const positions = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyMap<string, Position>, SqlError> =>
  Effect.map(
    sql<Position>`SELECT file, inode, taken FROM run_journal`,
    (rows) => new Map(rows.map((row) => [row.file, row]))
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

/** Writes what lines say. */
const takeIn = (sql: SqlClient.SqlClient, writes: ReadonlyArray<journalLine.Write>) =>
  Effect.gen(function* () {
    const [connection] = yield* SqlClient.TransactionConnection
    const ofRuns = writes.filter((write) => write.record_type === "run")
    const runs = yield* storedRuns(sql, new Set(ofRuns.map(({ event_id }) => event_id)))
    const changed = new Map<string, storedRun.StoredRun>()
    for (const write of ofRuns) {
      revision.observe(write.revision)
      const before = changed.get(write.event_id) ?? runs.get(write.event_id) ?? storedRun.empty(write.event_id)
      const after = storedRun.apply(before, write)
      if (after !== before) changed.set(write.event_id, after)
    }
    const rows = Array.from(changed.values(), runRows.encode)
    const { commit, event, upsert } = statementsFor(sql)
    yield* run(connection, upsert, rows)
    yield* run(connection, commit, rows.flatMap(commitOf))
    yield* run(
      connection,
      event,
      writes.flatMap((write) => (write.record_type === "event" ? [eventRow(write)] : []))
    )
  })

/** The runs that are in the database already. */
export const storedRuns = (
  sql: SqlClient.SqlClient,
  eventIds: ReadonlySet<string>
): Effect.Effect<ReadonlyMap<string, storedRun.StoredRun>, SqlError> =>
  Effect.map(
    sql<runRows.Found>`SELECT * FROM agent_runs
      WHERE event_id IN (SELECT value FROM json_each(${JSON.stringify(Array.from(eventIds))}))`,
    (rows) => new Map(rows.map((row) => [String(row["event_id"]), runRows.decodeStored(row)]))
  )

const eventRow = ({ event_type, id, payload_json, run_id, timestamp }: journalLine.EventWrite) => ({
  run_id,
  event_type,
  timestamp,
  payload_json,
  event_key: id
})

/** Only of a commit that came of the run: one that it began at is none of its own. */
const commitOf = (row: runRows.WrittenRow) =>
  row.git_commit_hash === null || row.git_commit_source === null
    ? []
    : [
        {
          commit_hash: row.git_commit_hash,
          run_id: row.run_id,
          agent_name: row.agent_name,
          repo: row.git_repo,
          branch: row.git_branch,
          commit_date: row.git_commit_timestamp,
          author: row.git_commit_author
        } satisfies { readonly [column: string]: Cell }
      ]

const overwrite = (columns: ReadonlyArray<string>, key: string): string =>
  columns
    .filter((column) => column !== key)
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")

const commitColumns = ["commit_hash", "run_id", "agent_name", "repo", "branch", "commit_date", "author"] as const

const statementsFor = (sql: SqlClient.SqlClient) => ({
  upsert: insertInto(
    sql,
    "agent_runs",
    runRows.writtenColumns,
    ` ON CONFLICT (event_id) DO UPDATE SET ${overwrite([...columnNames, "revisions"], "event_id")}`
  ),
  commit: insertInto(
    sql,
    "commits",
    commitColumns,
    ` ON CONFLICT (commit_hash) DO UPDATE SET ${overwrite(commitColumns, "commit_hash")}`
  ),
  event: insertInto(
    sql,
    "run_events",
    ["run_id", "event_type", "timestamp", "payload_json", "event_key"] as const,
    " ON CONFLICT (event_key) DO NOTHING"
  )
})
