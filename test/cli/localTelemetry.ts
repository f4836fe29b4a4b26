/**
 * Databases as `local-telemetry` makes them: schema 6, and an earlier one.
 */
import { openSqlite } from "../bench/sqlite.js"

const tables6 = `
  CREATE TABLE agent_runs (
    run_id TEXT PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, schema_version INTEGER DEFAULT 6, agent_name TEXT NOT NULL,
    agent_owner TEXT, job_type TEXT, trigger_type TEXT CHECK (trigger_type IN ('cli', 'web', 'scheduler', 'mcp', 'manual')),
    start_time TEXT NOT NULL, end_time TEXT,
    status TEXT CHECK (status IN ('running', 'success', 'failure', 'partial', 'timeout', 'cancelled')),
    items_discovered INTEGER DEFAULT 0, items_succeeded INTEGER DEFAULT 0, items_failed INTEGER DEFAULT 0,
    duration_ms INTEGER, input_summary TEXT, output_summary TEXT, error_summary TEXT, metrics_json TEXT, insight_id TEXT,
    product TEXT, platform TEXT, product_family TEXT, subdomain TEXT, website TEXT, website_section TEXT, item_name TEXT,
    git_repo TEXT, git_branch TEXT, git_run_tag TEXT, git_commit_hash TEXT, git_commit_source TEXT, git_commit_author TEXT,
    git_commit_timestamp TEXT, host TEXT, api_posted INTEGER DEFAULT 0, api_posted_at TEXT, api_retry_count INTEGER DEFAULT 0,
    created_at TEXT DEFAULT (datetime('now')), updated_at TEXT DEFAULT (datetime('now')));
  CREATE TABLE run_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL REFERENCES agent_runs (run_id), event_type TEXT NOT NULL,
    timestamp TEXT NOT NULL, payload_json TEXT);
  CREATE TABLE commits (
    commit_hash TEXT PRIMARY KEY, run_id TEXT REFERENCES agent_runs (run_id), agent_name TEXT, repo TEXT, branch TEXT,
    commit_date TEXT, author TEXT, message TEXT, files_changed INTEGER, insertions INTEGER, deletions INTEGER,
    created_at TEXT DEFAULT (datetime('now')));
  CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT DEFAULT (datetime('now')), description TEXT);
  INSERT INTO schema_migrations (version, description) VALUES (6, 'event_id');`

/** Four runs: one that succeeded, one that failed, one that runs, and one whose cells are not what they should be. */
export const makeSchema6 = (path: string): void => {
  const database = openSqlite(path)
  database.exec(`${tables6}
    INSERT INTO agent_runs (run_id, event_id, agent_name, job_type, trigger_type, start_time, end_time, status, items_discovered,
        items_succeeded, duration_ms, metrics_json, git_commit_hash, git_commit_source, created_at, updated_at, api_posted)
      VALUES ('20251215T080000Z-agent-1', 'e1', 'agent', 'job', 'cli', '2025-12-15T08:00:00.123456+00:00', '2025-12-15T08:02:00+00:00',
        'success', 10, 9, 120000, '{"cost": 1.5}', 'a1b2c3d4', 'llm', '2025-12-15 08:00:00', '2025-12-15 08:02:00', 1);
    INSERT INTO agent_runs (run_id, event_id, agent_name, job_type, start_time, end_time, status, error_summary, created_at, updated_at)
      VALUES ('20251215T090000Z-agent-2', 'e2', 'agent', 'job', '2025-12-15T09:00:00Z', '2025-12-15T09:01:00Z', 'failure', 'out of paper',
        '2025-12-15 09:00:00', '2025-12-15 09:01:00');
    INSERT INTO agent_runs (run_id, event_id, agent_name, job_type, start_time, status, created_at, updated_at)
      VALUES ('20251215T100000Z-agent-3', 'e3', 'agent', NULL, '2025-12-15T10:00:00Z', 'running', '2025-12-15 10:00:00', '2025-12-15 10:00:00');
    INSERT INTO agent_runs (run_id, event_id, agent_name, job_type, start_time, end_time, status, items_failed, metrics_json, created_at, updated_at)
      VALUES ('20251215T110000Z-agent-4', 'e4', 'agent', 'job', 'yesterday', '2025-12-15T11:00:00Z', 'partial', -3, 'no JSON', '2025-12-15 11:00:00', NULL);
    INSERT INTO run_events (run_id, event_type, timestamp, payload_json)
      VALUES ('20251215T080000Z-agent-1', 'checkpoint', '2025-12-15T08:01:00+00:00', '{"step": 1}');
    INSERT INTO commits (commit_hash, run_id, agent_name, message, files_changed)
      VALUES ('a1b2c3d4', '20251215T080000Z-agent-1', 'agent', 'Fix it', 3);`)
  database.close()
}

/** Schema 3: without event ids, websites and commits of runs. */
export const makeSchema3 = (path: string): void => {
  const database = openSqlite(path)
  database.exec(`
    CREATE TABLE agent_runs (
      run_id TEXT PRIMARY KEY, schema_version INTEGER DEFAULT 3, agent_name TEXT NOT NULL, agent_owner TEXT, job_type TEXT,
      trigger_type TEXT, start_time TEXT NOT NULL, end_time TEXT, status TEXT, items_discovered INTEGER DEFAULT 0,
      items_succeeded INTEGER DEFAULT 0, items_failed INTEGER DEFAULT 0, duration_ms INTEGER, input_summary TEXT, output_summary TEXT,
      error_summary TEXT, metrics_json TEXT, insight_id TEXT, product TEXT, platform TEXT, product_family TEXT, subdomain TEXT,
      git_repo TEXT, git_branch TEXT, git_run_tag TEXT, host TEXT, api_posted INTEGER DEFAULT 0, api_posted_at TEXT,
      api_retry_count INTEGER DEFAULT 0, created_at TEXT, updated_at TEXT);
    INSERT INTO agent_runs (run_id, agent_name, job_type, start_time, end_time, status, product, created_at, updated_at)
      VALUES ('old', 'agent', 'job', '2025-06-01T08:00:00Z', '2025-06-01T08:05:00Z', 'success', 'docs', '2025-06-01 08:00:00', '2025-06-01 08:05:00');`)
  database.close()
}
