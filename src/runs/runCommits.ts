/**
 * The table of commits. A row follows from what was stated of the commit and from the row of the run that stated it.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { insertInto, pgText, run } from "../history/database/bulkInsert.js"
import type { Cell } from "../history/database/columns.js"
import { isPg } from "../history/database/connections.js"
import * as commitRecord from "./commitRecord.js"
import type { Changes } from "./runColumns.js"
import { mostParameters } from "./runQuery.js"
import type { Found, WrittenRow } from "./runRows.js"

/** What takes commits in. */
export interface Statements {
  readonly claim: ReturnType<typeof insertInto<"commit_hash">>
  readonly write: ReturnType<typeof insertInto<(typeof written)[number]>>
}

const written = ["commit_hash", ...commitRecord.columns, "stated"] as const

export const statementsFor = (sql: SqlClient.SqlClient): Statements => ({
  // On PostgreSQL, that locks the row until the transaction ends: two servers state a commit one after the other.
  claim: insertInto(
    sql,
    "commits",
    ["commit_hash"],
    ` ON CONFLICT (commit_hash) DO ${isPg(sql) ? "UPDATE SET commit_hash = excluded.commit_hash" : "NOTHING"}`
  ),
  write: insertInto(
    sql,
    "commits",
    written,
    ` ON CONFLICT (commit_hash) DO UPDATE SET ${written
      .slice(1)
      .map((column) => `${column} = excluded.${column}`)
      .join(", ")}`
  )
})

/** What a commit's row has of its run. */
const ofRun = [
  "run_id",
  "agent_name",
  "git_repo",
  "git_branch",
  "git_commit_hash",
  "git_commit_author",
  "git_commit_timestamp"
] as const

/** The id that a run's commits have, if a change of the run changes them. */
export const runIdOf = (before: Changes, after: WrittenRow): string | undefined =>
  typeof before.run_id === "string" && ofRun.some((column) => (before[column] ?? null) !== after[column])
    ? before.run_id
    : undefined

/**
 * Takes in what was stated, and gives the commits of runs that changed their rows again.
 *
 * @internal
 */
export const takeIn = (
  sql: SqlClient.SqlClient,
  connection: Connection,
  statements: Statements,
  stated: ReadonlyMap<string, commitRecord.CommitRecord>,
  runIds: ReadonlyArray<string>
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const text = isPg(sql) ? pgText : (text: string) => text
    const asStored = new Map(Array.from(stated, ([hash, record]) => [text(hash), record] as const))
    const ofRuns = yield* inChunks(
      runIds,
      (some) => sql<Found>`SELECT commit_hash FROM commits WHERE ${sql.in("run_id", some)}`
    )
    const hashes = Array.from(new Set([...asStored.keys(), ...ofRuns.map((row) => String(row["commit_hash"]))])).sort()
    if (hashes.length === 0) return
    yield* run(
      connection,
      statements.claim,
      hashes.map((hash) => ({ commit_hash: hash }))
    )
    const known = yield* knownOf(sql, hashes)
    const records = hashes.map((hash) => {
      const before = known.get(hash) ?? commitRecord.empty
      const now = asStored.get(hash)
      return { hash, record: now === undefined ? before : commitRecord.merge(before, now) }
    })
    const runs = yield* inChunks(
      records.flatMap(({ record }) => (record.run === undefined ? [] : [text(record.run.event_id)])),
      (some) => sql<Found>`SELECT event_id, run_id, agent_name, git_repo, git_branch, git_commit_hash,
        git_commit_author, git_commit_timestamp FROM agent_runs WHERE ${sql.in("event_id", some)}`
    )
    const byEventId = new Map(runs.map((row) => [String(row["event_id"]), row]))
    yield* run(
      connection,
      statements.write,
      records.map(({ hash, record }) => rowOf(hash, record, byEventId.get(text(record.run?.event_id ?? ""))))
    )
  })

/** What was stated of commits before. */
export const knownOf = (
  sql: SqlClient.SqlClient,
  hashes: ReadonlyArray<string>
): Effect.Effect<ReadonlyMap<string, commitRecord.CommitRecord>, SqlError> =>
  Effect.map(
    inChunks(
      hashes,
      (some) => sql<Found>`SELECT commit_hash, stated FROM commits WHERE ${sql.in("commit_hash", some)}`
    ),
    (rows) => new Map(rows.map((row) => [String(row["commit_hash"]), commitRecord.decode(String(row["stated"]))]))
  )

const inChunks = <A>(
  values: ReadonlyArray<string>,
  query: (some: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<A>, SqlError>
): Effect.Effect<ReadonlyArray<A>, SqlError> =>
  values.length === 0
    ? Effect.succeed([])
    : Effect.map(Effect.forEach(Arr.chunksOf(Arr.dedupe(values), mostParameters), query), Arr.flatten)

/** As the run has it now; what it does not say, as it was looked up. */
const rowOf = (hash: string, record: commitRecord.CommitRecord, run: Found | undefined) => {
  // A run that has another commit by now says nothing more of this one.
  const isCurrent = run?.["git_commit_hash"] === hash
  const said: { readonly [C in commitRecord.CommitColumn]?: unknown } =
    run === undefined
      ? {}
      : {
          run_id: run["run_id"],
          agent_name: run["agent_name"],
          repo: run["git_repo"],
          branch: run["git_branch"],
          commit_date: (isCurrent ? run["git_commit_timestamp"] : undefined) ?? record.run?.commit_date,
          author: (isCurrent ? run["git_commit_author"] : undefined) ?? record.run?.author
        }
  const cells: { [column: string]: Cell } = { commit_hash: hash, stated: commitRecord.encode(record) }
  for (const column of commitRecord.columns) {
    const value = said[column] ?? record.facts[column] ?? null
    cells[column] = typeof value === "number" || value === null ? value : String(value)
  }
  // Each of the columns was put in.
  return cells as { readonly [C in (typeof written)[number]]: Cell }
}
