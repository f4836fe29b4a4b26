/**
 * The tables of runs, beside those of a history: what other programs query, and what keeps them in step with the journal.
 */
import type * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Database } from "../history/database/database.js"
import { plan as history } from "../history/database/migrations.js"
import * as migrator from "../history/database/migrator.js"
import type { HistoryError } from "../history/HistoryError.js"

const statements: ReadonlyArray<string> = [
  `CREATE TABLE agent_runs (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    schema_version INTEGER NOT NULL DEFAULT 6,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    start_time TEXT NOT NULL,
    end_time TEXT,
    agent_name TEXT NOT NULL,
    agent_owner TEXT,
    job_type TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'success', 'failed', 'partial', 'timeout', 'cancelled')),
    product TEXT,
    product_family TEXT,
    platform TEXT,
    subdomain TEXT,
    website TEXT,
    website_section TEXT,
    item_name TEXT,
    items_discovered INTEGER CHECK (items_discovered >= 0),
    items_succeeded INTEGER CHECK (items_succeeded >= 0),
    items_failed INTEGER CHECK (items_failed >= 0),
    items_skipped INTEGER CHECK (items_skipped >= 0),
    duration_ms INTEGER CHECK (duration_ms >= 0),
    input_summary TEXT,
    output_summary TEXT,
    source_ref TEXT,
    target_ref TEXT,
    error_summary TEXT,
    error_details TEXT,
    git_repo TEXT,
    git_branch TEXT,
    git_commit_hash TEXT,
    git_run_tag TEXT,
    git_commit_source TEXT,
    git_commit_author TEXT,
    git_commit_timestamp TEXT,
    host TEXT,
    environment TEXT,
    trigger_type TEXT,
    metrics_json TEXT,
    context_json TEXT,
    api_posted INTEGER NOT NULL DEFAULT 0,
    api_posted_at TEXT,
    api_retry_count INTEGER NOT NULL DEFAULT 0 CHECK (api_retry_count >= 0),
    insight_id TEXT,
    parent_run_id TEXT,
    story_id TEXT,
    process TEXT,
    last_seen_at TEXT,
    revisions TEXT NOT NULL DEFAULT '{}'
  )`,
  "CREATE INDEX agent_runs_by_status ON agent_runs (agent_name, status, created_at DESC)",
  "CREATE INDEX agent_runs_by_agent ON agent_runs (agent_name, created_at DESC)",
  "CREATE INDEX agent_runs_by_time ON agent_runs (created_at DESC)",
  "CREATE INDEX agent_runs_by_start ON agent_runs (start_time DESC)",
  "CREATE INDEX agent_runs_by_run ON agent_runs (run_id)",
  "CREATE INDEX agent_runs_by_job ON agent_runs (job_type, created_at DESC)",
  "CREATE INDEX agent_runs_by_parent ON agent_runs (parent_run_id) WHERE parent_run_id IS NOT NULL",
  "CREATE INDEX agent_runs_by_commit ON agent_runs (git_commit_hash) WHERE git_commit_hash IS NOT NULL",
  "CREATE INDEX agent_runs_running ON agent_runs (created_at) WHERE status = 'running'",
  "CREATE INDEX agent_runs_unposted ON agent_runs (created_at) WHERE api_posted = 0",
  `CREATE TABLE run_events (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    payload_json TEXT,
    event_key TEXT NOT NULL UNIQUE
  )`,
  "CREATE INDEX run_events_by_run ON run_events (run_id, timestamp)",
  `CREATE TABLE commits (
    commit_hash TEXT PRIMARY KEY,
    run_id TEXT,
    agent_name TEXT,
    repo TEXT,
    branch TEXT,
    commit_date TEXT,
    author TEXT,
    message TEXT,
    files_changed INTEGER,
    insertions INTEGER,
    deletions INTEGER
  )`,
  "CREATE INDEX commits_by_run ON commits (run_id)",
  // Up to where each file of the journal was taken in.
  `CREATE TABLE run_journal (
    file TEXT PRIMARY KEY,
    inode TEXT NOT NULL,
    taken INTEGER NOT NULL
  )`
]

const create = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const statement of statements) yield* sql.unsafe(statement)
})

const migrations: ReadonlyArray<Migrator.ResolvedMigration> = [[1, "effect_narrative_runs", Effect.succeed(create)]]

const plan: migrator.Plan = {
  what: "Run.layer",
  table: "run_migrations",
  migrations,
  tables: ["agent_runs", "run_events", "commits", "run_journal"],
  neighbours: [history.table, ...history.tables]
}

/**
 * Makes the tables, or brings them to this version.
 *
 * @internal
 */
export const migrate = (
  database: Database,
  prepare: Effect.Effect<void, SqlError>
): Effect.Effect<void, HistoryError> => migrator.migrate(database, prepare, plan)

/** Fails unless the runs can be read as they are. */
export const checkReadable = (database: Database): Effect.Effect<void, HistoryError> =>
  migrator.checkReadable(database, plan)
