/**
 * What brings runs back: `narrative runs import`, `check`, `recover`, `backup` and `restore`. All of it is about the files of a folder:
 * a journal, and the database that is put together from it. A server has its own ways for that.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Narrative } from "../../src/index.js"
import { Run } from "../../src/runs.js"
import { openSqlite } from "../bench/sqlite.js"
import { folder, rowsOf } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import { narrative, plain } from "./library.js"
import { makeSchema3, makeSchema6 } from "./localTelemetry.js"

const layerIn = (baseDir: string) => Run.layer({ baseDir, git: false })

const tracked = (runId: string) =>
  Run.event("checkpoint", { step: 1 }).pipe(Narrative.stage("Work"), Run.track("agent", "job", { runId }))

/** A folder with three runs, each with an event and a story. */
const runs = Effect.gen(function* () {
  const baseDir = yield* folder
  yield* Effect.forEach(["a", "b", "c"], tracked).pipe(Effect.provide(layerIn(baseDir)))
  const database = join(baseDir, "db/telemetry.sqlite")
  const on = (args: ReadonlyArray<string>, columns?: number) =>
    narrative(["runs", ...args, "--base-dir", baseDir], columns)
  return { baseDir, database, on, before: yield* rowsOf(database, allRuns) }
})

const allRuns = "SELECT event_id, run_id, status, start_time, end_time, revisions FROM agent_runs ORDER BY event_id"

const assertWhole = ({ before, database }: Effect.Effect.Success<typeof runs>) =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* rowsOf(database, "PRAGMA integrity_check"), [{ integrity_check: "ok" }])
    assert.deepStrictEqual(yield* rowsOf(database, allRuns), before)
    assert.deepStrictEqual(yield* rowsOf(database, "SELECT count(*) AS n FROM run_events"), [{ n: 3 }])
  })

const journalOf = (baseDir: string) => {
  const [name = ""] = readdirSync(join(baseDir, "raw"))
  return join(baseDir, "raw", name)
}

const json = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

describe("narrative runs recover", () => {
  const damages: ReadonlyArray<readonly [what: string, damage: (database: string) => void]> = [
    [
      "deleted",
      (database) => {
        for (const end of ["", "-wal", "-shm"]) rmSync(`${database}${end}`, { force: true })
      }
    ],
    ["truncated", (database) => truncateSync(database, 10_000)],
    ["emptied", (database) => truncateSync(database)],
    ["overwritten with noise", (database) => writeFileSync(database, Buffer.alloc(60_000, "noise!"))],
    [
      "overwritten with noise in its middle",
      (database) => {
        const fd = openSync(database, "r+")
        for (let at = 4_096; at < statSync(database).size; at += 8_192)
          writeSync(fd, Buffer.alloc(2_000, 0xa5), 0, 2_000, at)
      }
    ],
    [
      "left by a migration that broke off",
      (database) => {
        const opened = openSqlite(database)
        opened.exec("DROP TABLE run_journal; ALTER TABLE agent_runs DROP COLUMN context_json; DROP TABLE commits")
        opened.close()
      }
    ],
    [
      "left with tables and no note of their version",
      (database) => {
        const opened = openSqlite(database)
        opened.exec("DROP TABLE run_migrations; DELETE FROM agent_runs")
        opened.close()
      }
    ]
  ]
  for (const [what, damage] of damages) {
    it.scopedLive(`puts a database together from the journal that was ${what}`, () =>
      Effect.gen(function* () {
        const all = yield* runs
        damage(all.database)
        const { code, stderr, stdout } = yield* withWarnings(() => all.on(["recover"]))
        assert.strictEqual(code, 0, stderr)
        assert.include(stdout, what === "emptied" ? "The database is sound. It has 3 runs" : "Put 3 runs together")
        yield* assertWhole(all)
        assert.strictEqual((yield* all.on(["check"])).code, 0)
        const again = yield* all.on(["recover"])
        assert.include(again.stdout, "The database is sound. It has 3 runs")
        // A program goes on with it.
        yield* Effect.provide(tracked("d"), layerIn(all.baseDir))
        assert.deepStrictEqual(yield* rowsOf(all.database, "SELECT count(*) AS n FROM agent_runs"), [{ n: 4 }])
      })
    )
  }

  it.scopedLive(
    "puts the commits together from the journal: all that a run stated, under the name that it has by now",
    () =>
      Effect.gen(function* () {
        const { baseDir, database, on } = yield* runs
        const [row] = yield* rowsOf(database, "SELECT event_id FROM agent_runs WHERE run_id = 'a'")
        const run = { eventId: String(row?.["event_id"]), runId: "a" }
        // Each by a process of its own, so that the database takes in one after the other.
        for (const change of [
          Run.associateCommit(run, { hash: "a1b2c3d4", source: "ci", author: "Ada <ada@example.org>" }),
          Run.associateCommit(run, { hash: "b1b2c3d4", source: "ci", timestamp: Date.UTC(2026, 0, 31, 12) }),
          Run.patch(run, { gitBranch: "release" })
        ])
          yield* Effect.provide(change, layerIn(baseDir))
        const commits = yield* rowsOf(database, "SELECT * FROM commits ORDER BY commit_hash")
        const ofRun = { run_id: "a", agent_name: "agent", branch: "release" }
        assert.strictEqual(commits.length, 2)
        assert.deepInclude(commits[0], { ...ofRun, commit_hash: "a1b2c3d4", author: "Ada <ada@example.org>" })
        assert.deepInclude(commits[1], { ...ofRun, commit_hash: "b1b2c3d4", commit_date: "2026-01-31T12:00:00.000Z" })
        rmSync(join(baseDir, "db"), { recursive: true })
        yield* on(["recover"])
        assert.deepStrictEqual(yield* rowsOf(database, "SELECT * FROM commits ORDER BY commit_hash"), commits)
      })
  )

  it.scopedLive("takes over from the broken database what the journal does not have, and its stories", () =>
    Effect.gen(function* () {
      const all = yield* runs
      rmSync(join(all.baseDir, "raw"), { recursive: true })
      const opened = openSqlite(all.database)
      opened.exec("DROP TABLE run_journal")
      opened.close()
      const [said] = json((yield* all.on(["recover", "--json"])).stdout)
      assert.deepInclude(said, { was: "broken", reason: "has no table run_journal", runs: 3, salvaged: 3, stories: 3 })
      assert.match(said.moved, /telemetry\.sqlite\.broken-\d{8}T\d{6}Z$/)
      assert.isTrue(existsSync(said.moved))
      yield* assertWhole(all)
      assert.deepStrictEqual(yield* rowsOf(all.database, "SELECT count(*) AS n FROM stages"), [{ n: 3 }])
    })
  )

  it.scopedLive("leaves a database alone that is another application's", () =>
    Effect.gen(function* () {
      const { database, on } = yield* runs
      rmSync(database)
      for (const end of ["-wal", "-shm"]) rmSync(`${database}${end}`, { force: true })
      const theirs = openSqlite(database)
      theirs.exec("CREATE TABLE customers (id)")
      theirs.close()
      const { code, stderr } = yield* on(["recover"])
      assert.strictEqual(code, 1)
      assert.include(stderr, "holds tables of another application (customers)")
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT name FROM sqlite_master"), [{ name: "customers" }])
    })
  )

  it.scopedLive("works while a program writes, which goes on with the new database", () =>
    Effect.gen(function* () {
      const { baseDir, database, on } = yield* runs
      yield* withWarnings(() =>
        Effect.gen(function* () {
          yield* tracked("before")
          yield* Run.records
          writeFileSync(database, Buffer.alloc(60_000, "noise!"))
          yield* on(["recover"])
          yield* tracked("after")
          assert.lengthOf(yield* Run.records, 5)
        }).pipe(Effect.provide(Run.layer({ baseDir, git: false, history: false })))
      )
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT count(*) AS n FROM agent_runs"), [{ n: 5 }])
    })
  )
})

describe("narrative runs check", () => {
  it.scopedLive("says of a sound folder what it looked at, and that all is well", () =>
    Effect.gen(function* () {
      const { on } = yield* runs
      const { code, stdout } = yield* on(["check", "--json"])
      assert.strictEqual(code, 0)
      const findings = json(stdout)
      const of = (check: string) => findings.filter((one) => one.check === check)
      assert.deepInclude(of("database")[0], { state: "ok", found: "sound: integrity_check says ok" })
      assert.deepInclude(of("runs")[0], { state: "ok", found: "3, 0 of them running" })
      assert.deepInclude(of("PRAGMAs of runs")[0], {
        state: "ok",
        found: "journal_mode=wal synchronous=1 foreign_keys=1 busy_timeout=0"
      })
      assert.deepInclude(of("PRAGMAs of history")[0], { state: "ok" })
      assert.deepInclude(of("journal against database")[0], { state: "ok", found: "the database has every line" })
      assert.match(of("journal")[0]?.found, /^9 lines in 1 file, \S+ kB$/)
      for (const check of [
        "effect-narrative",
        "Node",
        "SQLite",
        "journal folder",
        "file system of the database",
        "free space"
      ]) {
        assert.lengthOf(of(check), 1, check)
      }
      for (const columns of [80, 120]) {
        const lines = plain((yield* on(["check"], columns)).stdout)
          .trimEnd()
          .split("\n")
        assert.match(lines[0] ?? "", /^State +Check +Found/)
        for (const line of lines) assert.isAtMost(line.length, columns)
      }
    })
  )

  it.scopedLive("finds lines that the database lost, lines that cannot be read, and runs without a journal", () =>
    Effect.gen(function* () {
      const { baseDir, database, on } = yield* runs
      const opened = openSqlite(database)
      opened.exec(
        "DELETE FROM run_events WHERE id = 1; UPDATE agent_runs SET revisions = '{}', status = 'running' WHERE id = 2"
      )
      opened.close()
      appendFileSync(journalOf(baseDir), "torn {\n")
      const lost = yield* on(["check", "--json"])
      assert.strictEqual(lost.code, 1)
      const found = json(lost.stdout).map((one) => one.found)
      assert.include(found, "3 lines missing in the database")
      assert.include(found, "1 line not in the database yet; the next program takes them in")
      assert.isTrue(found.some((text) => text.startsWith("1 line without a meaning")))
      rmSync(join(baseDir, "raw"), { recursive: true })
      const only = json((yield* on(["check", "--json"])).stdout).map((one) => one.found)
      assert.include(only, "3 runs in the database only: the journal was deleted")
    })
  )

  it.scopedLive("finds what the database lost of a commit, also where it has the commit", () =>
    Effect.gen(function* () {
      const baseDir = join(yield* folder, "new")
      const file = join(yield* folder, "telemetry.sqlite")
      makeSchema6(file)
      const on = (args: ReadonlyArray<string>) => narrative(["runs", ...args, "--base-dir", baseDir])
      yield* on(["import", file])
      const missing = Effect.map(on(["check", "--json"]), ({ stdout }) =>
        json(stdout).flatMap(({ found }) => (/missing in the database/.test(found) ? [found] : []))
      )
      assert.deepStrictEqual(yield* missing, [])
      const opened = openSqlite(join(baseDir, "db/telemetry.sqlite"))
      opened.exec("UPDATE commits SET stated = '{}'")
      opened.close()
      assert.deepStrictEqual(yield* missing, ["1 line missing in the database"])
    })
  )

  it.scopedLive("says what is broken, and what to do about it", () =>
    Effect.gen(function* () {
      const { database, on } = yield* runs
      for (const end of ["-wal", "-shm"]) rmSync(`${database}${end}`, { force: true })
      writeFileSync(database, Buffer.alloc(60_000, "noise!"))
      const { code, stderr, stdout } = yield* on(["check"], 120)
      assert.strictEqual(code, 1)
      assert.match(plain(stdout), /fault +database +cannot be read: file is not a database/)
      assert.include(stderr, "database: narrative runs recover puts it together from the journal")
      assert.include(stderr, "narrative: one thing is wrong")
    })
  )

  it.scopedLive("says which runs are of processes that are gone, and how much waits for a server", () =>
    Effect.gen(function* () {
      const { baseDir, database, on } = yield* runs
      const gone = JSON.stringify({ pid: 999_999_999, host: "", boot: "", namespace: "", started_at: "" })
      const [row] = yield* rowsOf(database, "SELECT process FROM agent_runs LIMIT 1")
      const own = JSON.parse(String(row?.["process"]))
      const opened = openSqlite(database)
      opened.exec(
        `UPDATE agent_runs SET status = 'running', process = '${JSON.stringify({ ...JSON.parse(gone), ...own, pid: 999_999_999 })}'`
      )
      opened.close()
      mkdirSync(join(baseDir, "outbox"))
      writeFileSync(join(baseDir, "outbox/events_20260131.ndjson"), "x".repeat(1_500))
      const found = json((yield* on(["check", "--json"])).stdout).map((one) => `${one.state} ${one.found}`)
      assert.include(found, "warning 3 runs of processes that are gone")
      assert.include(found, "warning 1.5 kB wait for the server")
    })
  )
})

describe("narrative runs backup and restore", () => {
  it.scopedLive("copy the database while a program writes, and put it back with all that was written since", () =>
    Effect.gen(function* () {
      const all = yield* runs
      const { baseDir, database, on } = all
      const [made] = json((yield* on(["backup", "--json"])).stdout)
      assert.match(made.file, /backups\/telemetry_\d{8}T\d{6}Z\.sqlite$/)
      assert.deepInclude(made, { runs: 3, removed: [] })
      assert.isAbove(made.bytes, 10_000)
      assert.deepStrictEqual(yield* rowsOf(made.file, "PRAGMA journal_mode"), [{ journal_mode: "delete" }])
      yield* withWarnings(() =>
        Effect.gen(function* () {
          yield* tracked("d")
          yield* Run.records
          const restored = yield* on(["restore", made.file])
          assert.strictEqual(restored.stdout, "Restored. The database has 4 runs, with all that the journal says\n")
          assert.match(restored.stderr, /What was there before is in .*before-restore_/)
          yield* tracked("e")
          assert.lengthOf(yield* Run.records, 5)
        }).pipe(Effect.provide(Run.layer({ baseDir, git: false, history: false })))
      )
      assert.deepStrictEqual(yield* rowsOf(database, "PRAGMA integrity_check"), [{ integrity_check: "ok" }])
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT count(*) AS n FROM run_events"), [{ n: 5 }])
      assert.strictEqual((yield* on(["check"])).code, 0)
    })
  )

  it.scopedLive("put a backup in the place of a broken database, or of none", () =>
    Effect.gen(function* () {
      const all = yield* runs
      const { baseDir, database, on } = all
      const file = join(baseDir, "kept.sqlite")
      assert.strictEqual((yield* on(["backup", "-o", file])).code, 0)
      for (const end of ["-wal", "-shm"]) rmSync(`${database}${end}`, { force: true })
      writeFileSync(database, "noise")
      assert.match((yield* on(["restore", file])).stderr, /telemetry\.sqlite\.broken-/)
      yield* assertWhole(all)
      rmSync(join(baseDir, "db"), { recursive: true })
      rmSync(join(baseDir, "raw"), { recursive: true })
      assert.strictEqual((yield* on(["restore", file])).code, 0)
      yield* assertWhole(all)
    })
  )

  it.scoped("keep the newest so many", () =>
    Effect.gen(function* () {
      const { baseDir, on } = yield* runs
      const names: Array<string> = []
      for (let day = 0; day < 4; day++) {
        yield* TestClock.setTime(Date.UTC(2026, 0, 10 + day))
        const [made] = json((yield* on(["backup", "--keep", "2", "--json"])).stdout)
        names.push(made.file.slice(-"telemetry_20260110T000000Z.sqlite".length))
      }
      assert.deepStrictEqual(readdirSync(join(baseDir, "backups")).sort(), names.slice(2))
    })
  )

  it.scopedLive("refuse what is no backup, and leave everything as it was", () =>
    Effect.gen(function* () {
      const all = yield* runs
      const { baseDir, database, on } = all
      const noise = join(baseDir, "noise")
      writeFileSync(noise, Buffer.alloc(60_000, "noise!"))
      const theirs = join(baseDir, "theirs")
      const opened = openSqlite(theirs)
      opened.exec("CREATE TABLE customers (id)")
      opened.close()
      const before = readFileSync(database)
      for (const [file, message] of [
        [noise, "cannot be read: file is not a database"],
        [theirs, "holds tables of another application (customers)"],
        [join(baseDir, "none"), "does not exist"]
      ] as const) {
        const { code, stderr } = yield* on(["restore", file])
        assert.strictEqual(code, 1)
        assert.include(stderr, message)
      }
      assert.isTrue(before.equals(readFileSync(database)))
      const nowhere = yield* on(["backup", "-o", join(noise, "backup.sqlite")])
      assert.strictEqual(nowhere.code, 1)
      assert.include(nowhere.stderr, "could not be written")
      assert.include((yield* on(["backup", "--keep", "0"])).stderr, "--keep takes a whole number of 1 or more")
    })
  )
})

describe("narrative runs show", () => {
  it.scopedLive("has no story where that was in a database that is gone, and the run from the journal", () =>
    Effect.gen(function* () {
      const { baseDir, on } = yield* runs
      rmSync(join(baseDir, "db"), { recursive: true })
      const [object] = json((yield* on(["show", "b", "--json"])).stdout)
      assert.deepInclude(object, { run_id: "b", status: "success", story: null })
    })
  )
})

describe("narrative runs import", () => {
  it.scopedLive("takes over a database of local-telemetry, twice as once, and keeps what was changed since", () =>
    Effect.gen(function* () {
      const baseDir = join(yield* folder, "new")
      const file = join(yield* folder, "telemetry.sqlite")
      makeSchema6(file)
      const on = (args: ReadonlyArray<string>) => narrative(["runs", ...args, "--base-dir", baseDir])
      const first = yield* on(["import", file])
      assert.strictEqual(first.stdout, "Imported 4 runs, 1 event and 1 commit\n")
      const database = join(baseDir, "db/telemetry.sqlite")
      const columns = "event_id, status, start_time, items_discovered, items_failed, job_type, metrics_json, api_posted"
      const rows = yield* rowsOf(database, `SELECT ${columns} FROM agent_runs ORDER BY event_id`)
      assert.deepStrictEqual(rows, [
        {
          event_id: "e1",
          status: "success",
          start_time: "2025-12-15T08:00:00.123Z",
          items_discovered: 10,
          items_failed: 0,
          job_type: "job",
          metrics_json: '{"cost":1.5}',
          api_posted: 1
        },
        { ...rows[1], event_id: "e2", status: "failed" },
        { ...rows[2], event_id: "e3", status: "running", job_type: "unknown" },
        { ...rows[3], event_id: "e4", status: "partial", items_failed: null, metrics_json: null }
      ])
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT message, files_changed FROM commits"), [
        { message: "Fix it", files_changed: 3 }
      ])
      yield* on(["edit", "e2", "--set", "error_summary=no ink"])
      const [again] = json((yield* on(["import", file, "--json"])).stdout)
      assert.deepStrictEqual(again, { runs: 0, unchanged: 4, events: 0, commits: 0, unread: 0 })
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT error_summary FROM agent_runs WHERE event_id = 'e2'"), [
        { error_summary: "no ink" }
      ])
      // The journal has them.
      const commits = yield* rowsOf(database, "SELECT * FROM commits")
      rmSync(join(baseDir, "db"), { recursive: true })
      yield* on(["recover"])
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT count(*) AS n FROM agent_runs"), [{ n: 4 }])
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT * FROM commits"), commits)
    })
  )

  it.scopedLive("takes over one of an earlier schema, and one of ours", () =>
    Effect.gen(function* () {
      const all = yield* runs
      const file = join(all.baseDir, "old.sqlite")
      makeSchema3(file)
      const other = yield* folder
      const on = (args: ReadonlyArray<string>) => narrative(["runs", ...args, "--base-dir", other])
      assert.include((yield* on(["import", file])).stdout, "Imported 1 run, 0 events and 0 commits")
      assert.include((yield* on(["import", all.database])).stdout, "Imported 3 runs, 3 events")
      const database = join(other, "db/telemetry.sqlite")
      const rows = yield* rowsOf(database, "SELECT event_id, product FROM agent_runs WHERE run_id = 'old'")
      assert.deepStrictEqual(rows, [{ event_id: "old", product: "docs" }])
      assert.deepStrictEqual(
        yield* rowsOf(database, allRuns.replace(" ORDER", " WHERE run_id <> 'old' ORDER")),
        all.before
      )
    })
  )

  it.scopedLive("refuses what holds no runs", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      const theirs = join(baseDir, "theirs.sqlite")
      const opened = openSqlite(theirs)
      opened.exec("CREATE TABLE customers (id)")
      opened.close()
      writeFileSync(join(baseDir, "noise"), "noise that is no database, at some length, so that it is one page")
      for (const [file, message] of [
        ["theirs.sqlite", "holds no runs: it has no table agent_runs"],
        ["noise", "cannot be read: file is not a database"],
        ["none", "does not exist"]
      ] as const) {
        const { code, stderr } = yield* narrative(["runs", "import", join(baseDir, file), "--base-dir", baseDir])
        assert.strictEqual(code, 1)
        assert.include(stderr, message)
      }
    })
  )
})
