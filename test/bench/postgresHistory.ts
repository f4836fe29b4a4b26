/**
 * A large history on PostgreSQL, made by hand in its real schema.
 */
import { Effect } from "effect"
import { migrate } from "../../src/history/database/migrations.js"
import * as partitions from "../../src/history/database/partitions.js"
import { makeSchema, openPg } from "../../src/history/database/postgres.js"

/** In one statement a table: one cannot wait for so many to be narrated. */
export const build = (url: string, stories: number) =>
  Effect.gen(function* () {
    const now = Date.now()
    const { sql } = yield* openPg({ url, statementTimeout: "1 hour" })
    yield* migrate({ sql, filename: null }, makeSchema(sql))
    const first = Math.floor(now / 86_400_000) - 30
    yield* partitions.makePartitions(sql, 7, first)
    const statements = [
      "INSERT INTO writers (host, pid, process_identity, heartbeat_seconds, started_at, last_seen_at, ended_at) VALUES ('bench', 1, '', 15, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')",
      `INSERT INTO stories (key, id, name, kind, root_story_id, status, started_at, ended_at, duration_seconds, percent, completed_stages,
          total_stages, failed_stages, cancelled_stages, dry_run, labels, writer_id)
        SELECT (floor(extract(epoch FROM t) / 86400)::bigint << 37) + nextval('story_ordinals'), id, 'Import ' || chr(65 + floor(24 * r ^ 3)::int),
          'import', id, CASE WHEN f < 0.945 THEN 'success' WHEN f < 0.975 THEN 'failed' WHEN f < 0.98 THEN 'timeout' ELSE 'cancelled' END,
          to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), random() * 10, 100, 5, 5, 0, 0, 0, NULL, 1
        FROM (SELECT gen_random_uuid()::text AS id, random() AS r, random() AS f,
            to_timestamp(${now / 1_000} - 2592000 * (1 - i / ${stories}.0)) AT TIME ZONE 'UTC' AS t
          FROM generate_series(1, ${stories}) AS i) AS made`,
      `INSERT INTO story_labels SELECT 'region', (ARRAY['north', 'south', 'east', 'west'])[1 + floor(4 * (key % 997 / 997.0) ^ 3)::int], started_at, key
        FROM stories`,
      `INSERT INTO stages (story_key, stage_index, story_name, name, kind, status, started_at, ended_at, duration_seconds, retries, orphaned)
        SELECT key, i, name, (ARRAY['Load', 'Validate', 'Enrich', 'Match', 'Insert'])[i + 1], 'stage', CASE WHEN status = 'failed' AND i = 4 THEN 'failed' ELSE 'completed' END, started_at,
          ended_at, random(), 0, 0 FROM stories, generate_series(0, 4) AS i`,
      `INSERT INTO events (id, story_key, sequence, recorded_at, event, stage_index)
        SELECT 4096 + row_number() OVER (), key, i, started_at, CASE i WHEN 0 THEN 'StoryStarted' WHEN 11 THEN 'StoryCompleted' ELSE
          CASE i % 2 WHEN 1 THEN 'StageStarted' ELSE 'StageCompleted' END END, CASE WHEN i IN (0, 11) THEN NULL ELSE (i - 1) / 2 END
        FROM stories, generate_series(0, 11) AS i`,
      `INSERT INTO failures (story_key, story_id, sequence, occurred_at, story_name, stage_name, error_type, error_code, error_message,
          retryable, handled, location, fingerprint, exact_cause, report)
        SELECT key, id, 12, started_at, name, 'Insert', CASE WHEN key % 3 = 0 THEN 'ParseError' ELSE 'SqlError' END, 'UNKNOWN', 'it did not work', 0, 0, 'src/import.ts:7', md5(name), '', '{}'
        FROM stories WHERE status IN ('failed', 'timeout')`,
      "UPDATE event_origin SET xact = xact - 100000000",
      "ANALYZE"
    ]
    for (const statement of statements) yield* sql.unsafe(statement)
  })
