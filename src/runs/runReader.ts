/**
 * Runs and their events, read back.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { PlainValue } from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { parseJson } from "../plain/wireSchema.js"
import type { RunEvent, RunRecord } from "./RunRecord.js"
import { type Changes, millisOf, statusOf } from "./runColumns.js"
import * as runQuery from "./runQuery.js"
import * as runRows from "./runRows.js"
import type { LifeSigns } from "./sweep.js"

/** Most runs that are read at a time. */
const most = 1_000

export const records = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<RunRecord>, SqlError> =>
  Effect.map(sql<runRows.Found>`SELECT * FROM agent_runs ORDER BY created_at DESC, id DESC LIMIT ${most}`, (rows) =>
    rows.map(recordOf)
  )

/** The runs that have no end, the oldest first: those of them that are wanted. */
export const running = (
  sql: SqlClient.SqlClient,
  agentName: string | undefined,
  isWanted: (run: LifeSigns) => boolean = () => true
): Effect.Effect<ReadonlyArray<RunRecord>, SqlError> =>
  Effect.gen(function* () {
    // Most of those that run are left as they are: no more is read of them than says so.
    const ofAgent = agentName === undefined ? sql`` : sql`AND agent_name = ${agentName}`
    const found = yield* sql<runRows.Found>`SELECT event_id, created_at, updated_at, start_time, process FROM agent_runs
      WHERE status = 'running' ${ofAgent}`
    const wanted = found.flatMap((row) => (isWanted(lifeSignsOf(row)) ? [String(row["event_id"])] : []))
    const rows = yield* Effect.forEach(
      Arr.chunksOf(wanted, runQuery.mostParameters),
      (some) => sql<runRows.Found>`SELECT * FROM agent_runs WHERE status = 'running' AND ${sql.in("event_id", some)}`
    )
    return rows.flat().sort(byCreation).map(recordOf)
  })

const byCreation = (a: runRows.Found, b: runRows.Found): number =>
  (millisOf(a["created_at"]) ?? 0) - (millisOf(b["created_at"]) ?? 0)

/** Of a row, without reading the rest of it; of its times, those that are asked for. */
const lifeSignsOf = (row: runRows.Found): LifeSigns => ({
  get createdAt() {
    return millisOf(row["created_at"]) ?? null
  },
  get updatedAt() {
    return millisOf(row["updated_at"]) ?? null
  },
  get startTime() {
    return millisOf(row["start_time"]) ?? null
  },
  process: typeof row["process"] === "string" ? row["process"] : null
})

export const events = (sql: SqlClient.SqlClient, runId: string): Effect.Effect<ReadonlyArray<RunEvent>, SqlError> =>
  Effect.map(sql<runRows.Found>`SELECT * FROM run_events WHERE run_id = ${runId} ORDER BY timestamp, id`, (rows) =>
    rows.map(eventOf)
  )

/** Runs that have ended and were not posted, behind this one; the oldest first. */
export const unposted = (
  sql: SqlClient.SqlClient,
  after: number,
  limit: number
): Effect.Effect<ReadonlyArray<{ readonly id: number; readonly run: RunRecord }>, SqlError> =>
  Effect.map(
    sql<runRows.Found>`SELECT * FROM agent_runs WHERE api_posted = 0 AND status <> 'running' AND id > ${after}
      ORDER BY id LIMIT ${limit}`,
    (rows) => rows.map((row) => ({ id: Number(row["id"]), run: recordOf(row) }))
  )

/** How many {@link unposted} are. */
export const countUnposted = (sql: SqlClient.SqlClient): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql<{ n: number }>`SELECT count(*) AS n FROM agent_runs WHERE api_posted = 0 AND status <> 'running'`,
    ([row]) => Number(row?.n ?? 0)
  )

/** A run from its row. */
export const recordOf = (row: runRows.Found): RunRecord =>
  fromColumns(String(row["event_id"]), runRows.decodeColumns(row).columns)

/** A run from its columns. */
export const fromColumns = (eventId: string, columns: Changes): RunRecord => ({
  eventId,
  runId: columns.run_id ?? eventId,
  createdAt: time(columns.created_at),
  updatedAt: time(columns.updated_at),
  startTime: time(columns.start_time),
  endTime: time(columns.end_time),
  agentName: columns.agent_name ?? "unknown",
  agentOwner: columns.agent_owner ?? null,
  jobType: columns.job_type ?? "unknown",
  status: statusOf(columns.status) ?? "running",
  product: columns.product ?? null,
  productFamily: columns.product_family ?? null,
  platform: columns.platform ?? null,
  subdomain: columns.subdomain ?? null,
  website: columns.website ?? null,
  websiteSection: columns.website_section ?? null,
  itemName: columns.item_name ?? null,
  itemsDiscovered: columns.items_discovered ?? null,
  itemsSucceeded: columns.items_succeeded ?? null,
  itemsFailed: columns.items_failed ?? null,
  itemsSkipped: columns.items_skipped ?? null,
  durationMs: columns.duration_ms ?? null,
  inputSummary: columns.input_summary ?? null,
  outputSummary: columns.output_summary ?? null,
  sourceRef: columns.source_ref ?? null,
  targetRef: columns.target_ref ?? null,
  errorSummary: columns.error_summary ?? null,
  errorDetails: columns.error_details ?? null,
  gitRepo: columns.git_repo ?? null,
  gitBranch: columns.git_branch ?? null,
  gitCommitHash: columns.git_commit_hash ?? null,
  gitRunTag: columns.git_run_tag ?? null,
  gitCommitSource: columns.git_commit_source ?? null,
  gitCommitAuthor: columns.git_commit_author ?? null,
  gitCommitTimestamp: time(columns.git_commit_timestamp),
  host: columns.host ?? null,
  environment: columns.environment ?? null,
  triggerType: columns.trigger_type ?? null,
  metrics: columns.metrics_json ?? null,
  context: columns.context_json ?? null,
  apiPosted: columns.api_posted ?? false,
  apiPostedAt: time(columns.api_posted_at),
  apiRetryCount: columns.api_retry_count ?? 0,
  insightId: columns.insight_id ?? null,
  parentRunId: columns.parent_run_id ?? null,
  storyId: columns.story_id ?? null,
  process: columns.process ?? null
})

const time = (text: string | null | undefined): number | null => millisOf(text) ?? null

const eventOf = (row: runRows.Found): RunEvent => ({
  id: String(row["event_key"]),
  runId: String(row["run_id"]),
  type: String(row["event_type"]),
  timestamp: millisOf(row["timestamp"]) ?? 0,
  payload: jsonOf(row["payload_json"])
})

/** What is no JSON stays the text that it is. */
export const jsonOf = (cell: unknown): PlainValue =>
  cell === null || cell === undefined
    ? null
    : // What was parsed from JSON is plain.
      attempt(() => parseJson(String(cell)) as PlainValue, String(cell))
