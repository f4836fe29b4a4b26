// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { run } from "../../src/cli/narrativeCommand.js"
import * as Output from "../../src/cli/output.js"
import { Run } from "../../src/runs.js"
import { folder, rowsOf } from "../history/histories.js"
import { hostile, narrative, plain } from "./library.js"

/** Three runs in a folder: one that succeeded, one that failed, and one of another machine that runs. */
const runs = Effect.gen(function* () {
  const baseDir = yield* folder
  yield* Effect.gen(function* () {
    yield* Effect.void.pipe(
      Effect.zipRight(Run.event("checkpoint", { step: 1 })),
      Effect.zipRight(Run.metrics({ itemsDiscovered: 10, itemsSucceeded: 9 })),
      Run.track("importer", "nightly", { runId: "run-good" })
    )
    yield* Effect.exit(Run.track(Effect.fail(new Error(hostile)), "importer", "nightly", { runId: "run-bad" }))
    yield* Run.start("far", "hourly", { runId: "run-far" })
  }).pipe(Effect.provide(Run.layer({ baseDir, history: false, git: false })))
  yield* rowsOf(
    join(baseDir, "db/telemetry.sqlite"),
    `UPDATE agent_runs SET process = NULL, start_time = '2026-01-01T00:00:00.000Z', created_at = '2026-01-01T00:00:00.000Z',
      updated_at = '2026-01-01T00:00:00.000Z' WHERE run_id = 'run-far' RETURNING id`
  )
  const on = (args: ReadonlyArray<string>, columns?: number) =>
    narrative(["runs", ...args, "--base-dir", baseDir], columns)
  return { baseDir, on }
})

const json = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

describe("narrative runs", () => {
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

  it.scopedLive("ends stale runs, and says which", () =>
    Effect.gen(function* () {
      const { baseDir, on } = yield* runs
      assert.include((yield* on(["sweep"])).stderr, "No stale runs.")
      const [swept] = json((yield* on(["sweep", "--older-than", "1h", "--json"])).stdout)
      assert.lengthOf(swept.swept, 1)
      const rows = yield* rowsOf(
        join(baseDir, "db/telemetry.sqlite"),
        "SELECT status, error_summary FROM agent_runs WHERE run_id = 'run-far'"
      )
      assert.deepStrictEqual(rows, [
        { status: "cancelled", error_summary: "Stale run cleaned up (created at 2026-01-01T00:00:00.000Z)" }
      ])
    })
  )

  it.scopedLive("says what is wrong with what it was given", () =>
    Effect.gen(function* () {
      const { on } = yield* runs
      const faults: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [["edit"], "runs takes list, show <id> or sweep"],
        [["show"], "runs takes list, show <id> or sweep"],
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
    })
  )
})

describe("narrative serve", () => {
  it.scopedLive("serves the runs of a folder until it is stopped", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      const said = yield* Deferred.make<string>()
      const output = Output.make(
        { stdout: { write: () => true }, stderr: { write: (text) => Deferred.unsafeDone(said, Effect.succeed(text)) } },
        {},
        baseDir
      )
      const serving = yield* Effect.fork(
        run(["node", "narrative", "serve", "--port", "0", "--base-dir", baseDir]).pipe(
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
})
