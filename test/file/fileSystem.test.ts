import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fileSystem from "../../src/file/fileSystem.js"
import { Run } from "../../src/runs.js"
import { narrative } from "../cli/library.js"
import { folder, rowsOf } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"

/** Every path is on a file system of this number, for as long as the scope is open. */
const onType = (type: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const original = fs.statfsSync
      const found = original("/")
      Object.assign(fs, { statfsSync: () => ({ ...found, type }) })
      syncBuiltinESMExports()
      return original
    }),
    (original) =>
      Effect.sync(() => {
        Object.assign(fs, { statfsSync: original })
        syncBuiltinESMExports()
      })
  )

describe("A file system", () => {
  it("is known by its number, with and without a sign", () => {
    assert.deepStrictEqual(fileSystem.ofType(0x6969), { name: "NFS", isShared: true })
    assert.deepStrictEqual(fileSystem.ofType(0xff534d42), { name: "CIFS", isShared: true })
    assert.deepStrictEqual(fileSystem.ofType(0xff534d42 | 0), { name: "CIFS", isShared: true })
    assert.deepStrictEqual(fileSystem.ofType(0x01021997), { name: "9p", isShared: true })
    assert.deepStrictEqual(fileSystem.ofType(0xef53), { name: "ext4", isShared: false })
    assert.deepStrictEqual(fileSystem.ofType(1), { name: "unknown", isShared: false })
  })

  it.scoped("is that of the first folder above a path that exists", () =>
    Effect.gen(function* () {
      const path = yield* folder
      assert.deepStrictEqual(fileSystem.kindAt(join(path, "not", "there")), fileSystem.kindAt(path))
      assert.isAbove(fileSystem.freeAt(join(path, "not", "there")) ?? 0, 0)
    })
  )
})

describe("A database on a file system that machines share", () => {
  it.scopedLive("is written without a write-ahead log, with a warning that says why, and holds every run", () =>
    Effect.gen(function* () {
      yield* onType(0x6969)
      const baseDir = yield* folder
      const database = join(baseDir, "db/telemetry.sqlite")
      yield* withWarnings((warnings) =>
        Effect.gen(function* () {
          yield* Effect.forEach([1, 2, 3], () => Run.track(Effect.void, "agent", "job"), {
            concurrency: "unbounded"
          }).pipe(Effect.provide(Run.layer({ baseDir, git: false })))
          const said = warnings.filter((text) => text.includes("is on NFS, which machines may share"))
          assert.lengthOf(said, 1)
          assert.include(said[0], "without a write-ahead log")
        })
      )
      assert.deepStrictEqual(yield* rowsOf(database, "PRAGMA journal_mode"), [{ journal_mode: "delete" }])
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT count(*) AS n FROM agent_runs WHERE status = 'success'"), [
        { n: 3 }
      ])
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT count(*) AS n FROM stories"), [{ n: 3 }])
      const { code, stdout } = yield* withWarnings(() => narrative(["runs", "check", "--json", "--base-dir", baseDir]))
      assert.strictEqual(code, 0)
      assert.include(stdout, '"check":"file system of the database","state":"warning","found":"NFS"')
      assert.include(stdout, '"found":"journal_mode=delete synchronous=1 foreign_keys=1 busy_timeout=0"')
    })
  )
})
