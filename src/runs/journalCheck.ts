/**
 * The journal against the database: whether each line that was taken in is there.
 */
import { statSync } from "node:fs"
import { join } from "node:path"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as commitRecord from "./commitRecord.js"
import * as intake from "./intake.js"
import * as journalLine from "./journalLine.js"
import * as journalParts from "./journalParts.js"
import * as runCommits from "./runCommits.js"
import type * as runRows from "./runRows.js"
import { decodeStored } from "./runRows.js"
import * as storedRun from "./storedRun.js"

export interface Compared {
  readonly files: number
  /** In bytes. */
  readonly size: number
  readonly lines: number
  /** Lines that were not taken in yet. */
  readonly waiting: number
  /** Parts of lines that say nothing. */
  readonly unread: number
  /** Lines that were taken in, and say what the database does not have. */
  readonly lost: number
  /** Runs of which the journal says nothing. */
  readonly onlyInDatabase: number
}

/** Reads the whole journal. */
export const compare = (sql: SqlClient.SqlClient, folder: string): Effect.Effect<Compared, SqlError> =>
  Effect.gen(function* () {
    const files = journalParts.filesIn(folder)
    const taken = yield* intake.positions(sql, { folder, prefix: "" })
    const read = new Map<string, journalParts.Position>()
    const counts = { lines: 0, waiting: 0, unread: 0, lost: 0 }
    const present = new Set<string>()
    for (let part = journalParts.next(folder, read); part !== undefined; part = journalParts.next(folder, read)) {
      const { end, file, inode } = part
      read.set(file, { file, inode, taken: end })
      const position = taken.get(file)
      const takenTo = position?.inode === inode ? position.taken : 0
      const writes: Array<ReadWrite> = []
      for (const line of journalParts.linesOf(part)) {
        counts.lines += 1
        if (line.start >= takenTo) counts.waiting += 1
        for (const write of journalLine.decode(line.text, line.start)) {
          if (write.record_type === "unread") counts.unread += 1
          else writes.push({ write, isTaken: line.start < takenTo })
        }
      }
      const known = yield* knownOf(sql, writes)
      counts.lost += writes.filter(({ isTaken, write }) => isTaken && !isIn(known, write)).length
      for (const id of known.runs.keys()) present.add(id)
    }
    const [total] = yield* sql<{ readonly n: number }>`SELECT count(*) AS n FROM agent_runs`
    const size = files.reduce(
      (sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0),
      0
    )
    return {
      files: files.length,
      size,
      ...counts,
      onlyInDatabase: Number(total?.n ?? 0) - present.size
    }
  })

interface ReadWrite {
  readonly write: journalLine.Write
  readonly isTaken: boolean
}

/** What the database has of what lines are about. */
interface Known {
  readonly runs: ReadonlyMap<string, storedRun.StoredRun>
  readonly events: ReadonlySet<string>
  readonly commits: ReadonlyMap<string, commitRecord.CommitRecord>
}

const knownOf = (sql: SqlClient.SqlClient, writes: ReadonlyArray<ReadWrite>): Effect.Effect<Known, SqlError> =>
  Effect.gen(function* () {
    const ids = writes.flatMap(({ write }) => (write.record_type === "run" ? [write.event_id] : []))
    const rows = yield* sql<runRows.Found>`SELECT * FROM agent_runs
      WHERE event_id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`
    const keys = writes.flatMap(({ write }) => (write.record_type === "event" ? [write.id] : []))
    const events = yield* sql<{ readonly event_key: string }>`SELECT event_key FROM run_events
      WHERE event_key IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`
    const hashes = writes.flatMap(({ write }) => (write.record_type === "commit" ? [write.commit_hash] : []))
    return {
      commits: yield* runCommits.knownOf(sql, hashes),
      runs: new Map(rows.map((row) => [String(row["event_id"]), decodeStored(row)])),
      events: new Set(events.map(({ event_key }) => event_key))
    }
  })

/** Whether a line says nothing new. */
const isIn = ({ commits, events, runs }: Known, write: journalLine.Write): boolean => {
  if (write.record_type === "commit") return !commitRecord.isNews(commits.get(write.commit_hash), write)
  if (write.record_type === "event") return events.has(write.id)
  const run = runs.get(write.event_id)
  return run !== undefined && storedRun.apply(run, write) === run
}
