// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { HistoryRenderer } from "../../src/history/index.js"
import { Narrative } from "../../src/index.js"
import { withVariables } from "../fixtures/environment.js"
import * as postgres from "../fixtures/postgres.js"
import { history as day, narrative } from "./library.js"

const server = postgres.ofFile()

/** A history, its URL with the password and without. */
const history = Effect.gen(function* () {
  const { password, url } = yield* server
  const whole = url(postgres.freshSchema())
  yield* Effect.fail(new RangeError("no rows")).pipe(
    Narrative.stage("Read"),
    Narrative.story("Import"),
    Effect.ignore,
    Effect.provide(HistoryRenderer.layerPg({ url: whole }))
  )
  return { password, whole, open: whole.replace(encodeURIComponent(password), "").replace(":@", "@") }
})

describe("The command on a schema of PostgreSQL", () => {
  it.scopedLive("reads it with a password of the environment", () =>
    Effect.gen(function* () {
      const { open, password } = yield* history
      yield* withVariables({ PGPASSWORD: password })
      const stories = yield* narrative(["stories", "--db", open, "--json"])
      assert.deepInclude(JSON.parse(stories.stdout), { story_name: "Import", status: "failed" })
      const tail = yield* narrative(["tail", open, "--no-follow", "--lines", "1"])
      assert.include(tail.stdout, "Import")
      const pruned = yield* narrative(["prune", "--db", open, "--keep-stories", "0"])
      assert.deepStrictEqual(pruned, { code: 0, stdout: "Deleted 1 story.\n", stderr: "" })
    })
  )

  it.scopedLive("refuses a password among its arguments, and does not show it", () =>
    Effect.gen(function* () {
      const { password, whole } = yield* history
      const ran = yield* narrative(["stories", "--db", whole])
      assert.strictEqual(ran.code, 1)
      assert.include(ran.stderr, "PGPASSWORD")
      assert.notInclude(ran.stderr, password)
      assert.notInclude(ran.stderr, encodeURIComponent(password))
      const fromEnvironment = yield* narrative(["stories", "--json"]).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["NARRATIVE_DB", whole]])))
      )
      assert.strictEqual(fromEnvironment.code, 0, fromEnvironment.stderr)
    })
  )

  it.scopedLive("starts no program whose history a server would keep: its failure would not reach it", () =>
    Effect.gen(function* () {
      const { password, whole } = yield* history
      const run = ["run", process.execPath, "--eval", "0"]
      const given = yield* narrative(["run", "--history", whole, ...run.slice(1)])
      const fromEnvironment = yield* narrative(run).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["NARRATIVE_DB", whole]])))
      )
      for (const { code, stderr, stdout } of [given, fromEnvironment]) {
        assert.deepStrictEqual([code, stdout], [1, ""])
        assert.match(stderr, /--history .*a file, as a program that fails .*--no-history/)
        assert.notInclude(stderr, encodeURIComponent(password))
      }
    })
  )

  it.scopedLive("says what it cannot reach, without the password", () =>
    Effect.gen(function* () {
      yield* withVariables({ PGPASSWORD: "wrong secret" })
      const { open } = yield* history
      const ran = yield* narrative(["stories", "--db", open])
      assert.strictEqual(ran.code, 1)
      assert.include(ran.stderr, "cannot be reached: password authentication failed")
      assert.notInclude(ran.stderr, "wrong secret")
    })
  )

  it.scopedLive("copies a history of a file into it, goes on where that broke off, and copies it back", () =>
    Effect.gen(function* () {
      const { password, url } = yield* server
      const open = url(postgres.freshSchema()).replace(encodeURIComponent(password), "").replace(":@", "@")
      yield* withVariables({ PGPASSWORD: password })
      const file = yield* day
      const first = yield* narrative(["copy", "--from", file, "--to", open, "--json"])
      assert.deepStrictEqual(JSON.parse(first.stdout), { copied: 7, found: 0, running: 0 })
      // As if it had broken off in the middle of one, and before another.
      const at = new URL(open).searchParams.get("schema") ?? ""
      const { rows } = yield* server
      yield* rows("DELETE FROM events WHERE id = (SELECT max(id) FROM events)", at)
      yield* rows("DELETE FROM stories WHERE key = (SELECT min(key) FROM stories)", at)
      const second = yield* narrative(["copy", "--from", file, "--to", open, "--json"])
      assert.deepStrictEqual(JSON.parse(second.stdout), { copied: 2, found: 5, running: 0 })
      const third = yield* narrative(["copy", "--from", file, "--to", open])
      assert.strictEqual(third.stdout, "Copied 0 stories, found 7 there already.\n")
      // What is read of it is what is read of the file.
      const back = `${file}.copy`
      yield* narrative(["copy", "--from", open, "--to", back])
      for (const story of ["Process Order", "Load 数据", "Nightly", "Import Rows"]) {
        const shown = (db: string) =>
          Effect.gen(function* () {
            const listed = yield* narrative(["stories", "--json", "--story", story, "--db", db])
            const id = JSON.parse(listed.stdout.split("\n")[0] ?? "").story_id
            const whole = yield* narrative(["story", id, "--json", "--db", db])
            return [listed.stdout, whole.stdout]
          })
        const expected = yield* shown(file)
        assert.deepStrictEqual(yield* shown(open), expected, story)
        assert.deepStrictEqual(yield* shown(back), expected, story)
      }
    })
  )
})
