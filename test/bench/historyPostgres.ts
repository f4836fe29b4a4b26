/**
 * What a history costs on PostgreSQL: writing, against `COPY` of the same rows and against a file, and asking.
 *
 *     npm run bench:history:postgres                 1,000,000 stories to ask, which takes some minutes and some GB
 *     npm run bench:history:postgres -- 20000        fewer
 *
 * It starts a server of its own, whose commits do not wait for the disk; the file's do not either.
 */

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Duration, Effect } from "effect"
import { makeDurable, openFile, writing } from "../../src/history/database/database.js"
import { migrate } from "../../src/history/database/migrations.js"
import * as partitions from "../../src/history/database/partitions.js"
import { makeSchema, openPg } from "../../src/history/database/postgres.js"
import { History } from "../../src/history/index.js"
import * as historyWriter from "../../src/history/write/historyWriter.js"
import * as settings from "../../src/history/write/settings.js"
import type { NarrativeEvent } from "../../src/index.js"
import { Narrator } from "../fixtures/events.js"
import * as postgres from "../fixtures/postgresServer.js"

const stories = Number(process.argv[2] ?? 1_000_000)
const now = Date.now()

const print = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))

const timed = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.map(Effect.timed(self), ([duration]) => Duration.toMillis(duration))

/** Events of stories of ten stages. */
const written = Array.from({ length: 1_500 }, (_, i) => {
  const narrator = new Narrator("Import", `story ${i}`)
  const at = { timestamp: now }
  const events: Array<NarrativeEvent.NarrativeEvent> = [narrator.start(at)]
  for (let s = 0; s < 10; s++) {
    const stage = narrator.stage(`Stage ${s}`)
    events.push(narrator.stageStarted(stage, at), narrator.completed(stage, at))
  }
  events.push(narrator.end(at))
  return events
}).flat()

const write = (writer: historyWriter.HistoryWriter) =>
  Effect.gen(function* () {
    for (let at = 0; at < written.length; at += 2_048) yield* writer.write(written.slice(at, at + 2_048))
  })

const writingBench = (server: postgres.Postgres, folder: string) =>
  Effect.gen(function* () {
    const decoded = yield* settings.decode({})
    const schema = (name: string) =>
      Effect.gen(function* () {
        const database = yield* openPg({ url: server.url(name) })
        yield* migrate(database, makeSchema(database.sql))
        yield* partitions.makePartitions(database.sql, 7)
        return database.sql
      })
    // Once before, for whatever is compiled when it runs.
    yield* write(yield* historyWriter.make({ sql: yield* schema("before"), ...decoded }))
    const source = yield* schema("written")
    const onServer = yield* timed(write(yield* historyWriter.make({ sql: source, ...decoded })))
    const target = yield* schema("copied")
    yield* target`INSERT INTO copied.writers SELECT * FROM written.writers`
    const tables = ["stories", "events", "stages"]
    for (const table of tables)
      yield* server.rows(`COPY (SELECT * FROM written.${table}) TO '${server.folder}/${table}.copy'`)
    const byCopy = yield* timed(
      writing(
        target,
        Effect.forEach(tables, (table) => target.unsafe(`COPY ${table} FROM '${server.folder}/${table}.copy'`))
      )
    )
    const file = yield* openFile(join(folder, "history.db"))
    yield* migrate(file, makeDurable(file.sql))
    yield* file.sql.unsafe("PRAGMA synchronous = OFF")
    const inFile = yield* timed(write(yield* historyWriter.make({ sql: file.sql, ...decoded })))
    const rate = (millis: number) => Math.round(written.length / (millis / 1_000)).toLocaleString("en")
    yield* print(
      `written to PostgreSQL: ${rate(onServer)} events/s, by COPY ${rate(byCopy)} (${(byCopy / onServer).toFixed(2)}), to a file ${rate(inFile)}`
    )
  })

/** In one statement a table: nobody could wait for so many to be narrated. */
const build = (server: postgres.Postgres) =>
  Effect.gen(function* () {
    const { sql } = yield* openPg({ url: server.url("asked"), statementTimeout: "1 hour" })
    yield* migrate({ sql, filename: null }, makeSchema(sql))
    const first = Math.floor(now / 86_400_000) - 30
    yield* partitions.makePartitions(sql, 7, first)
    const statements = [
      "INSERT INTO writers (host, pid, incarnation, heartbeat_seconds, started_at, last_seen_at, ended_at) VALUES ('bench', 1, '', 15, '', '', '')",
      `INSERT INTO stories (key, id, name, kind, root_story_id, status, started_at, ended_at, duration_seconds, percent, completed_stages,
          total_stages, failed_stages, cancelled_stages, dry_run, labels, writer_id)
        SELECT (floor(extract(epoch FROM t) / 86400)::bigint << 37) + nextval('story_ordinals'), id, 'Import ' || chr(65 + (24 * r ^ 3)::int),
          'import', id, CASE WHEN f < 0.945 THEN 'success' WHEN f < 0.975 THEN 'failed' WHEN f < 0.98 THEN 'timeout' ELSE 'cancelled' END,
          to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), random() * 10, 100, 5, 5, 0, 0, 0, NULL, 1
        FROM (SELECT gen_random_uuid()::text AS id, random() AS r, random() AS f,
            to_timestamp(${now / 1_000} - 2592000 * (1 - i / ${stories}.0)) AT TIME ZONE 'UTC' AS t
          FROM generate_series(1, ${stories}) AS i) AS made`,
      `INSERT INTO story_labels SELECT 'region', (ARRAY['north', 'south', 'east', 'west'])[1 + (key % 4)], started_at, key FROM stories`,
      `INSERT INTO stages (story_key, stage_index, story_name, name, kind, status, started_at, ended_at, duration_seconds, retries, orphaned)
        SELECT key, i, name, 'Stage ' || i, 'stage', CASE WHEN status = 'failed' AND i = 4 THEN 'failed' ELSE 'completed' END, started_at,
          ended_at, random(), 0, 0 FROM stories, generate_series(0, 4) AS i`,
      `INSERT INTO events (id, story_key, sequence, recorded_at, event, stage_index)
        SELECT 4096 + row_number() OVER (), key, i, started_at, CASE i WHEN 0 THEN 'StoryStarted' WHEN 11 THEN 'StoryCompleted' ELSE
          CASE i % 2 WHEN 1 THEN 'StageStarted' ELSE 'StageCompleted' END END, CASE WHEN i IN (0, 11) THEN NULL ELSE (i - 1) / 2 END
        FROM stories, generate_series(0, 11) AS i`,
      `INSERT INTO failures (story_key, story_id, sequence, occurred_at, story_name, stage_name, error_type, error_code, error_message,
          retryable, handled, location, fingerprint, exact_cause, report)
        SELECT key, id, 12, started_at, name, 'Stage 4', 'SqlError', 'UNKNOWN', 'it did not work', 0, 0, 'src/import.ts:7', md5(name), '', '{}'
        FROM stories WHERE status IN ('failed', 'timeout')`,
      "UPDATE event_origin SET xact = xact - 100000000",
      "ANALYZE"
    ]
    for (const statement of statements) yield* sql.unsafe(statement)
  })

const day = (n: number) => new Date(now - (30 - n) * 86_400_000).toISOString()

const queries = (id: string): Readonly<Record<string, Effect.Effect<unknown, unknown, History.History>>> => ({
  "failures, the last 100": History.failures({ last: 100 }),
  "failures of a story and a stage": History.failures({ story: "Import B", stage: "Stage 4" }),
  "failures of a story that has none": History.failures({ story: "Unknown" }),
  "failures three weeks ago": History.failures({ since: day(7), until: day(9) }),
  "stories, the first page": History.stories(),
  "stories, a page three weeks ago": History.stories({ until: day(9) }),
  "stories that failed": History.stories({ status: "failed" }),
  "stories of a rare name that failed": History.stories({ name: "Import X", status: "failed" }),
  "stories with a label": History.stories({ labels: { region: "west" } }),
  "stories with a label, that timed out": History.stories({ labels: { region: "west" }, status: "timeout" }),
  "story, whose beginning is ambiguous": Effect.flip(History.story(id.slice(0, 2))),
  "changes of a story's end of id": Effect.exit(History.story(id.slice(-8))),
  "short ids of a page": History.shortIds([id]),
  "stats of a day": History.stats({ since: day(15), until: day(16) }),
  "500 events, followed from the end": Effect.flatMap(History.cursorBefore(500), (cursor) => History.changes(cursor))
})

const asking = Effect.gen(function* () {
  const page = yield* History.stories({ limit: 1, until: day(20) })
  for (const [name, query] of Object.entries(queries(page.stories[0]?.id ?? ""))) {
    const taken: Array<number> = []
    for (let i = 0; i < 7; i++) taken.push(yield* timed(query))
    taken.sort((a, b) => a - b)
    yield* print(`${name}: ${taken[3]?.toFixed(1)} ms (best ${taken[0]?.toFixed(1)}, worst ${taken[6]?.toFixed(1)})`)
  }
})

await Effect.runPromise(
  Effect.gen(function* () {
    const server = yield* postgres.start
    const folder = mkdtempSync(join(tmpdir(), "narrative-bench-"))
    yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
    yield* writingBench(server, folder)
    const built = yield* timed(build(server))
    yield* print(`${stories.toLocaleString("en")} stories, built in ${(built / 1_000).toFixed(0)} s`)
    yield* Effect.provide(asking, History.layerPg({ url: server.url("asked") }))
  }).pipe(Effect.scoped)
)
