// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Data, Deferred, Effect, Fiber } from "effect"
import { run } from "../../src/cli/narrativeCommand.js"
import * as Output from "../../src/cli/output.js"
import { Narrative } from "../../src/index.js"
import { Run } from "../../src/runs.js"
import * as postgres from "../fixtures/postgres.js"
import { folder } from "../history/histories.js"
import * as runPlaces from "../runs/runPlaces.js"
import { hostile, narrative, plain, withoutPassword } from "./library.js"

const server = postgres.ofFile()

class OutOfPaper extends Data.TaggedError("OutOfPaper") {}

/** Three runs: one that succeeded, one that failed, and one of another machine that runs; and the options that name their place. */
const runsAt = ({ place }: runPlaces.RunDatabase) =>
  Effect.gen(function* () {
    const { baseDir, database, layer, rowsOf } = yield* place
    yield* Effect.gen(function* () {
      yield* Effect.void.pipe(
        Effect.zipRight(Run.event("checkpoint", { step: 1 })),
        Effect.zipRight(Run.metrics({ itemsDiscovered: 10, itemsSucceeded: 9 })),
        Run.track("importer", "nightly", { runId: "run-good" })
      )
      yield* Effect.exit(Run.track(Effect.fail(new Error(hostile)), "importer", "nightly", { runId: "run-bad" }))
      yield* Run.start("far", "hourly", { runId: "run-far" })
    }).pipe(Effect.provide(layer({ history: false, git: false })))
    yield* rowsOf(
      `UPDATE agent_runs SET process = NULL, start_time = '2026-01-01T00:00:00.000Z', created_at = '2026-01-01T00:00:00.000Z',
        updated_at = '2026-01-01T00:00:00.000Z' WHERE run_id = 'run-far' RETURNING id`
    )
    const options = yield* placeOptions(baseDir, database)
    const on = (args: ReadonlyArray<string>, columns?: number) => narrative(["runs", ...args, ...options], columns)
    return { baseDir, on, options, rowsOf }
  })

const placeOptions = (baseDir: string, database: string) =>
  database.startsWith("postgres:")
    ? Effect.map(withoutPassword(server, database), (url) => ["--db", url])
    : Effect.succeed(["--base-dir", baseDir])

const json = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

describe.each(runPlaces.databases(server))("narrative runs, of runs $where,", (database) => {
  const runs = runsAt(database)

  it.scopedLive("lists runs, the newest first, of an agent and with a status", () =>
    Effect.gen(function* () {
      const { on } = yield* runs
      const { code, stdout } = yield* on([], 160)
      assert.strictEqual(code, 0)
      const [heading, ...lines] = plain(stdout).trimEnd().split("\n")
      assert.match(heading ?? "", /^Started +Run +Agent +Job +Status +Took +Items +Outcome$/)
      assert.lengthOf(lines, 3)
      assert.match(lines[1] ?? "", /run-good +importer +nightly +success +\S+ +9 of 10 *$/)
      assert.notInclude(stdout, hostile)
      const failed = json((yield* on(["list", "--agent", "importer", "--status", "failed", "--json"])).stdout)
      assert.deepStrictEqual(
        failed.map(({ run_id }) => run_id),
        ["run-bad"]
      )
    })
  )

  it.scopedLive("shows one run with what happened in it, by an end of its id", () =>
    Effect.gen(function* () {
      const { on } = yield* runs
      const { stdout } = yield* on(["show", "good"], 120)
      assert.match(plain(stdout), /^event_id +\S+\nrun_id +run-good\n/)
      assert.match(plain(stdout), /\n\n\S+Z checkpoint \{"step":1\}\n$/)
      const [object] = json((yield* on(["show", "run-good", "--json"])).stdout)
      assert.deepInclude(object, { run_id: "run-good", status: "success", items_succeeded: 9 })
      assert.strictEqual(object.events[0].event_type, "checkpoint")
      const several = yield* on(["show", "run-"])
      assert.strictEqual(several.code, 1)
      assert.include(several.stderr, 'more than one run has an id that begins or ends with "run-"')
      assert.include((yield* on(["show", "none"])).stderr, "no run has an id")
    })
  )

  it.scopedLive("shows one run with the stages and the failure report of the story that it is", () =>
    Effect.gen(function* () {
      const { baseDir, database: kept, layer } = yield* database.place
      const failing = Effect.fail(new OutOfPaper()).pipe(Narrative.stage("Print"), Effect.asVoid)
      yield* Effect.exit(Run.track(failing, "agent", "job", { runId: "bad" })).pipe(
        Effect.provide(layer({ git: false }))
      )
      const options = yield* placeOptions(baseDir, kept)
      const text = plain((yield* narrative(["runs", "show", "bad", ...options], 100)).stdout)
      assert.match(text, /^event_id +\S+\nrun_id +bad\n/)
      assert.match(text, /\n✖ Print \(\S+\) - OutOfPaper/)
      assert.include(text, "Failure detected")
      const [object] = json((yield* narrative(["runs", "show", "bad", "--json", ...options])).stdout)
      assert.strictEqual(object.story.story_id, object.event_id)
      assert.strictEqual(object.story.failures[0].error_type, "OutOfPaper")
    })
  )

  it.scopedLive("ends stale runs, and says which", () =>
    Effect.gen(function* () {
      const { on, rowsOf } = yield* runs
      assert.include((yield* on(["sweep"])).stderr, "No stale runs.")
      const [swept] = json((yield* on(["sweep", "--older-than", "1h", "--json"])).stdout)
      assert.lengthOf(swept.swept, 1)
      const rows = yield* rowsOf("SELECT status, error_summary FROM agent_runs WHERE run_id = 'run-far'")
      assert.deepStrictEqual(rows, [
        { status: "cancelled", error_summary: "Stale run cleaned up (created at 2026-01-01T00:00:00.000Z)" }
      ])
    })
  )

  it.scopedLive("says what is wrong with what it was given", () =>
    Effect.gen(function* () {
      const { on } = yield* runs
      const faults: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [
          ["edti", "good"],
          "runs takes list, show <id>, edit <id>, sweep, import <file>, check, recover, backup, restore <file>, post or export, not edti: did you mean edit?"
        ],
        [
          ["show"],
          "runs takes list, show <id>, edit <id>, sweep, import <file>, check, recover, backup, restore <file>, post or export"
        ],
        [
          ["list", "good"],
          "runs takes list, show <id>, edit <id>, sweep, import <file>, check, recover, backup, restore <file>, post or export"
        ],
        [["--set", "status=success"], "runs list has no option --set, but edit has"],
        [["sweep", "--last", "3"], "runs sweep has no option --last, but list, export have"],
        [["--status", "done"], "--status takes running, success"],
        [["--last", "0"], "--last takes a whole number from 1 to 1000"],
        [["sweep", "--older-than", "soon"], "--older-than takes a duration such as 90s, 15m, 1h or 7d, not soon"]
      ]
      for (const [args, message] of faults) {
        const { code, stderr } = yield* on(args)
        assert.strictEqual(code, 1, args.join(" "))
        assert.include(stderr, message)
      }
      const nowhere = yield* narrative(["runs", "--base-dir", join(yield* folder, "nowhere")])
      assert.include(nowhere.stderr, "there are no runs in")
      const asFile = yield* narrative(["runs", "--db", "telemetry.sqlite"])
      assert.include(asFile.stderr, "--db takes postgres://user@host/database; --base-dir names a folder, not")
      const onServer = "postgres://ada@db/shop"
      const instead: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [["check"], "and not for PostgreSQL: pg_amcheck checks a database of PostgreSQL"],
        [["recover"], "Run.layerPg and a journalDir takes its journal in again"],
        [["backup"], "pg_dump --schema=narrative --format=custom writes a copy of the schema"],
        [["restore", "a.dump"], "pg_restore puts back what pg_dump wrote"]
      ]
      for (const [args, message] of instead) {
        assert.include((yield* narrative(["runs", ...args, "--db", onServer])).stderr, message)
      }
      const withSecret = yield* narrative(["runs", "--db", "postgres://ada:s3cret@db/shop"])
      assert.include(withSecret.stderr, "--db takes a URL without a password")
      assert.notInclude(withSecret.stderr, "s3cret")
    })
  )
})

/** A server that runs are posted to, and what it was sent. */
const receiver = (status: () => number) =>
  Effect.gen(function* () {
    const bodies: Array<Record<string, unknown>> = []
    const server = yield* Effect.acquireRelease(
      Effect.sync(() =>
        createServer((request, response) => {
          let text = ""
          request.on("data", (data) => {
            text += data
          })
          request.on("end", () => {
            bodies.push(JSON.parse(text))
            response.writeHead(status()).end("said")
          })
        })
      ),
      (server) => Effect.sync(() => void server.close().closeAllConnections())
    )
    yield* Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
    const address = server.address()
    return { bodies, url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/` }
  })

const good = (rowsOf: runPlaces.Place["rowsOf"]) =>
  rowsOf("SELECT status, items_failed, output_summary FROM agent_runs WHERE run_id = 'run-good'")

describe.each(runPlaces.databases(server))("narrative runs edit, of runs $where,", (database) => {
  const runs = runsAt(database)

  it.scopedLive("corrects a run, and empties a field", () =>
    Effect.gen(function* () {
      const { on, rowsOf } = yield* runs
      const first = yield* on([
        "edit",
        "good",
        "--set",
        "status=failure",
        "--set",
        "items_failed=1",
        "--set",
        "output_summary=a=b\nc"
      ])
      assert.deepStrictEqual(first, {
        code: 0,
        stdout: "Changed status, items_failed, output_summary of run-good\n",
        stderr: ""
      })
      assert.deepStrictEqual(yield* good(rowsOf), [{ status: "failed", items_failed: 1, output_summary: "a=b\nc" }])
      const [object] = json((yield* on(["edit", "good", "--clear", "output_summary", "--json"])).stdout)
      assert.deepInclude(object, { updated: true, fields_updated: ["output_summary"] })
      assert.deepStrictEqual(yield* good(rowsOf), [{ status: "failed", items_failed: 1, output_summary: null }])
    })
  )

  it.scopedLive("changes nothing where a value is wrong, and says which and why", () =>
    Effect.gen(function* () {
      const { on, rowsOf } = yield* runs
      const before = yield* good(rowsOf)
      const faults: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [[], "runs edit takes --set field=value or --clear field"],
        [["--set", "items_failed"], "--set takes field=value, not items_failed"],
        [["--set", "items_failed=1", "--set", "items_failed=2"], "--set takes each field once, not items_failed twice"],
        [["--set", "items_failed=-1"], "items_failed takes a whole number of 0 or more, not -1"],
        [["--set", "items_failed=one"], "items_failed takes a whole number of 0 or more, not one"],
        [
          ["--set", "status=done"],
          "status takes one of running, success, failed, partial, timeout, cancelled, not done"
        ],
        [["--set", "end_time=noon"], "end_time takes a time in ISO 8601, such as 2026-01-31T08:00:00Z, not noon"],
        [["--set", "metrics_json={"], "metrics_json takes JSON, not {"],
        [
          ["--set", `error_summary=${"x".repeat(501)}`],
          "error_summary takes a text of at most 500 characters, not xxx"
        ],
        [["--set", "items_faild=1"], "not items_faild: did you mean items_failed?"],
        [["--set", "agent_name=other"], "--set takes one of end_time, status, items_discovered,"],
        [["--clear", "status"], "status takes a status: it cannot be cleared"],
        [["--set", "items_failed=1", "--clear", "items_failed"], "--clear takes a field that --set does not set"]
      ]
      for (const [args, message] of faults) {
        const { code, stderr } = yield* on(["edit", "good", ...args])
        assert.strictEqual(code, 1, args.join(" "))
        assert.include(stderr, message)
      }
      assert.deepStrictEqual(yield* good(rowsOf), before)
    })
  )
})

describe.each(runPlaces.databases(server))("narrative runs post, of runs $where,", (database) => {
  const runs = runsAt(database)

  it.scopedLive("posts what has ended and was not posted yet, once", () =>
    Effect.gen(function* () {
      const { on } = yield* runs
      const { bodies, url } = yield* receiver(() => 200)
      const [said] = json((yield* on(["post", "--url", url, "--json"])).stdout)
      assert.deepStrictEqual(said, { posted: 2, refused: 0, left: 0 })
      assert.sameMembers(
        bodies.map(({ run_id }) => run_id),
        ["run-good", "run-bad"]
      )
      assert.include((yield* on(["post", "--url", url])).stderr, "No run waits to be posted.")
      assert.lengthOf(bodies, 2)
    })
  )

  it.scopedLive("says which it could not post, and tries them again the next time", () =>
    Effect.gen(function* () {
      const { on } = yield* runs
      const answers = [403, 200]
      const { bodies, url } = yield* receiver(() => answers.pop() ?? 200)
      const first = yield* on(["post", "--url", url])
      assert.strictEqual(first.code, 1)
      assert.match(first.stderr, /posted 1, refused 1: the server did not take it \(Refused, status 403: said\)/)
      assert.strictEqual((yield* on(["post", "--url", url])).stdout, "Posted 1 run\n")
      assert.lengthOf(bodies, 3)
      assert.include(
        (yield* on(["post", "--url", "nowhere"])).stderr,
        "--url takes an address that begins with http://"
      )
    })
  )
})

describe.each(runPlaces.databases(server))("narrative runs export, of runs $where,", (database) => {
  const runs = runsAt(database)

  it.scopedLive("writes what the filter says as CSV, in which no cell is a formula", () =>
    Effect.gen(function* () {
      const { baseDir, on } = yield* runs
      yield* on(["edit", "good", "--set", 'output_summary==1+1, and "more"'])
      const { stdout } = yield* on(["export", "--agent", "importer", "--status", "success"])
      const [heading, line, end] = stdout.split("\r\n")
      assert.match(heading ?? "", /^event_id,run_id,start_time,end_time,agent_name,/)
      assert.include(line, `,"'=1+1, and ""more""",`)
      assert.strictEqual(end, "")
      const file = join(baseDir, "runs.csv")
      const wrote = yield* on(["export", "-o", file])
      assert.strictEqual(wrote.stdout, `Wrote 3 runs to ${file}\n`)
      // A text of several lines is one cell.
      assert.lengthOf(readFileSync(file, "utf8").match(/^[\da-f-]{36},run-/gm) ?? [], 3)
      assert.deepStrictEqual(
        readdirSync(baseDir).filter((name) => name.endsWith(".tmp")),
        []
      )
    })
  )

  it.scopedLive("writes all pages, the newest first, as NDJSON and JSON", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      yield* Effect.forEach(Array.from({ length: 2_100 }), () => Run.start("many", "job"), {
        concurrency: 100,
        discard: true
      }).pipe(Effect.provide(Run.layer({ baseDir, history: false, git: false })))
      const on = (args: ReadonlyArray<string>) => narrative(["runs", "export", ...args, "--base-dir", baseDir])
      const lines = json((yield* on(["--format", "ndjson"])).stdout)
      assert.lengthOf(new Set(lines.map(({ event_id }) => event_id)), 2_100)
      const file = join(baseDir, "runs.json")
      const [said] = json((yield* on(["-o", file, "--json", "-n", "1500"])).stdout)
      assert.deepStrictEqual(said, { runs: 1_500, format: "json", file })
      const all = JSON.parse(readFileSync(file, "utf8"))
      assert.deepStrictEqual(all, lines.slice(0, 1_500))
      assert.deepStrictEqual(JSON.parse((yield* on(["--agent", "none", "--format", "json"])).stdout), [])
    })
  )

  it.scopedLive("says where it cannot write, and leaves nothing there", () =>
    Effect.gen(function* () {
      const { baseDir, on } = yield* runs
      const { code, stderr } = yield* on(["export", "-o", join(baseDir, "nowhere", "runs.csv")])
      assert.strictEqual(code, 1)
      assert.match(stderr, /nowhere\/runs.csv cannot be written: ENOENT/)
    })
  )
})

describe.each(runPlaces.databases(server))("narrative serve, of runs $where,", ({ place }) => {
  it.scopedLive("serves them until it is stopped", () =>
    Effect.gen(function* () {
      const { baseDir, database } = yield* place
      const options = yield* placeOptions(baseDir, database)
      const said = yield* Deferred.make<string>()
      const output = Output.make(
        { stdout: { write: () => true }, stderr: { write: (text) => Deferred.unsafeDone(said, Effect.succeed(text)) } },
        {},
        baseDir
      )
      const serving = yield* Effect.fork(
        run(["node", "narrative", "serve", "--port", "0", ...options]).pipe(
          Effect.provideService(Output.Output, output)
        )
      )
      const line = yield* Deferred.await(said)
      const [url = ""] = /http:\S+/.exec(line) ?? []
      const answer = yield* Effect.promise(() => fetch(`${url}/health`).then((response) => response.json()))
      assert.deepInclude(answer, { status: "ok" })
      yield* Fiber.interrupt(serving)
      const refused = yield* Effect.promise(() =>
        fetch(`${url}/health`).then(
          () => false,
          () => true
        )
      )
      assert.isTrue(refused)
    })
  )

  it.scopedLive("does not begin where others can reach it without a token", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* narrative([
        "serve",
        "--host",
        "0.0.0.0",
        "--port",
        "0",
        "--base-dir",
        yield* folder
      ])
      assert.strictEqual(code, 1)
      assert.include(stderr, "--token takes a token, since the server listens on 0.0.0.0")
    })
  )

  it.scopedLive("refuses a schedule that is none, and names the option", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      for (const [option, given] of [
        ["--sweep-every", "soon"],
        ["--sweep-every", "0s"],
        ["--stale-after", "1 hour"]
      ] as const) {
        const { code, stderr } = yield* narrative(["serve", option, given, "--port", "0", "--base-dir", baseDir])
        assert.strictEqual(code, 1, given)
        assert.include(stderr, `${option} takes a duration`)
      }
    })
  )
})
