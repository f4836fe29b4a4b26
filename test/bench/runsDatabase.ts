/**
 * Builds a database of a million runs and measures what asking it costs; writes a part of `docs/history-benchmarks.md`.
 *
 *     npm run bench:runs               a minute, and a GB in the folder for temporary files
 *     npm run bench:runs -- 20000      a smaller one, printed only
 *     npm run bench:runs -- 1000000 x  kept in the folder x, where it is found the next time
 *
 * The rows are inserted by SQL; the schema is the real one.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import * as embedded from "../../src/runs/embedded.js"
import * as Runs from "../../src/runs/Runs.js"
import * as runFilter from "../../src/runs/runFilter.js"
import { isFaulty } from "../../src/runs/runInput.js"
import * as runQuery from "../../src/runs/runQuery.js"
import * as historyPage from "./historyPage.js"
import { openSqlite } from "./sqlite.js"

const million = 1_000_000
const runs = Number(process.argv[2] ?? million)

const kept = process.argv[3]
const folder = kept ?? mkdtempSync(join(tmpdir(), "narrative-bench-"))
if (kept === undefined) process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
const places = embedded.placesIn(folder)
const isThere = existsSync(places.database)

/** In one statement, without the indexes, which are made afterwards. */
const build = (): void => {
  const database = openSqlite(places.database)
  database.pragma("synchronous = OFF")
  const indexes = database.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").all()
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`)
  database.exec(`INSERT INTO agent_runs (event_id, run_id, created_at, updated_at, start_time, end_time, agent_name, job_type, status, product,
      items_discovered, items_succeeded, duration_ms, error_summary, git_repo, git_branch, host, metrics_json, revisions)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${runs}),
      made AS (SELECT i, strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 + i * 2592000.0 / ${runs}, 'unixepoch') AS t, (i * 7919) % 1000 AS r FROM n)
    SELECT printf('e%08x', i), printf('run-%08x', i), t, t, t, CASE WHEN r < 1 THEN NULL ELSE t END, 'agent ' || (i % 24),
      CASE i % 3 WHEN 0 THEN 'nightly' WHEN 1 THEN 'hourly' ELSE 'manual' END,
      CASE WHEN r < 1 THEN 'running' WHEN r < 2 THEN 'timeout' WHEN r < 30 THEN 'failed' WHEN r < 50 THEN 'partial' ELSE 'success' END,
      'docs', 42, 41, r * 10, CASE WHEN r BETWEEN 2 AND 29 THEN 'it did not work' END, 'git@example.org:ada/engine.git', 'main', 'host-' || (i % 8),
      '{"cost_usd":0.25}', '{"of":{"2000000000000a' || printf('%08x', i) || '":["status"]}}'
    FROM made`)
  for (const { sql } of indexes) database.exec(String(sql))
  database.exec("ANALYZE")
  database.pragma("wal_checkpoint(TRUNCATE)")
  database.close()
}

const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString()

const filters: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
  ["runs, the first page", {}],
  ["runs, the page after it", { cursor: runFilter.cursorAt({ value: day(30), id: runs }, false) }],
  ["runs, a page in the middle", { cursor: runFilter.cursorAt({ value: day(15), id: runs / 2 }, false) }],
  ["runs of an agent", { agent_name: "agent 7" }],
  ["runs of an agent that failed or timed out", { agent_name: "agent 7", status: "failed,timeout" }],
  ["runs that failed", { status: "failed" }],
  ["runs that timed out, of which there are few", { status: "timeout" }],
  ["runs that failed, two weeks ago", { status: "failed", created_before: day(15) }],
  ["runs of a job type that run", { job_type: "nightly", status: "running" }],
  ["runs of an agent, within a day", { agent_name: "agent 7", created_after: day(14), created_before: day(15) }]
]

const bar = 20
const times = 15

const measured = (name: string, run: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const taken: Array<number> = []
    for (let i = 0; i < times; i++) {
      const start = performance.now()
      yield* run
      taken.push(performance.now() - start)
    }
    taken.sort((a, b) => a - b)
    const [median = Number.NaN, worst = Number.NaN] = [taken[Math.floor(times / 2)], taken[times - 1]]
    const row = `| ${name} | ${median.toFixed(1)} ms | ${worst.toFixed(1)} ms | < ${bar} ms | ${median <= bar ? "met" : "MISSED"} |`
    process.stdout.write(`${row}\n`)
    return row
  })

const opened = embedded.open({ ...places, defaults: {}, repository: undefined })

const measure = Effect.scoped(
  Effect.gen(function* () {
    const { sink, store } = yield* opened
    const rows: Array<string> = []
    for (const [name, query] of filters) {
      const filter = runFilter.parse(query)
      if (isFaulty(filter)) return yield* Effect.dieMessage(JSON.stringify(filter.faults))
      rows.push(
        yield* measured(
          name,
          store.use((sql) => runQuery.page(sql, filter.value))
        )
      )
    }
    const made = Runs.make(sink)
    // None of them is stale: each is looked at, and left.
    const sweep = made.sweep({ agentName: "agent 7", olderThan: Number.MAX_SAFE_INTEGER })
    rows.push(yield* measured("a sweep of an agent that finds nothing stale", sweep))
    rows.push(yield* measured("a sweep of all", made.sweep({ olderThan: Number.MAX_SAFE_INTEGER })))
    return rows
  })
)

// Makes the tables.
await Effect.runPromise(Effect.scoped(Effect.flatMap(opened, ({ store }) => store.use((sql) => sql`SELECT 1`))))
const start = performance.now()
if (!isThere) build()
process.stdout.write(
  `${runs.toLocaleString("en")} runs, ${isThere ? "found" : "built"} in ${((performance.now() - start) / 1_000).toFixed(0)} s\n`
)
const rows = await Effect.runPromise(measure)
const text = `    npm run bench:runs

${runs.toLocaleString("en")} runs within 30 days, a thousandth of which run; each question ${times} times, with the columns of its runs; load average ${(loadavg()[0] ?? 0).toFixed(0)}.

| | median | worst | bar | |
|---|--:|--:|---|---|
${rows.join("\n")}`
if (runs === million) historyPage.write("Runs in a file", text)
