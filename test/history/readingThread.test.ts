import { mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import * as database from "../../src/history/database/database.js"
import * as readingThread from "../../src/history/database/readingThread.js"
import { openSqlite } from "../bench/sqlite.js"
import { folder } from "./histories.js"

// PostgreSQL works elsewhere, and needs no thread.

/** A file without a write-ahead log, whose writer readers have to wait for. */
const opened = Effect.gen(function* () {
  const file = join(yield* folder, "db", "some.db")
  mkdirSync(dirname(file), { recursive: true })
  const raw = yield* Effect.acquireRelease(
    Effect.sync(() => openSqlite(file)),
    (raw) => Effect.sync(() => raw.close())
  )
  raw.exec("CREATE TABLE some (name TEXT, n INTEGER)")
  raw.exec("INSERT INTO some VALUES ('a', 1), ('b', 2)")
  const { sql } = yield* database.openFile(file)
  return { raw, sql, thread: yield* readingThread.make(file) }
})

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

describe("A thread that reads", () => {
  it.scopedLive("leaves the program to other work for as long as an answer takes", () =>
    Effect.gen(function* () {
      const { raw, sql, thread } = yield* opened
      raw.exec("BEGIN EXCLUSIVE")
      const asked = yield* Effect.fork(thread.reading(sql`SELECT n FROM some WHERE name = ${"b"}`))
      for (let turns = 0; turns < 50; turns++) yield* turn
      assert.isNull(asked.unsafePoll())
      raw.exec("COMMIT")
      assert.deepStrictEqual(yield* Fiber.join(asked), [{ n: 2 }])
    })
  )

  it.scopedLive("refuses what it is not to do in the words of the driver, and answers after that", () =>
    Effect.gen(function* () {
      const { sql, thread } = yield* opened
      const wrong = yield* Effect.flip(thread.reading(sql`SELECT absent FROM some`))
      assert.include(String(wrong.cause), "no such column: absent")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(thread.reading(sql`DELETE FROM some`))))
      assert.deepStrictEqual(yield* thread.reading(sql`SELECT name FROM some ORDER BY n`.values), [["a"], ["b"]])
    })
  )

  it.scopedLive("is left to what it does where a question is given up, and the next one is answered", () =>
    Effect.gen(function* () {
      const { raw, sql, thread } = yield* opened
      raw.exec("BEGIN EXCLUSIVE")
      const asked = yield* Effect.fork(thread.reading(sql`SELECT n FROM some`))
      for (let turns = 0; turns < 50; turns++) yield* turn
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(asked)))
      raw.exec("COMMIT")
      assert.deepStrictEqual(yield* thread.reading(sql`SELECT count(*) AS n FROM some`), [{ n: 2 }])
    })
  )

  it.scopedLive("sees what was written before it was asked", () =>
    Effect.gen(function* () {
      const { raw, sql, thread } = yield* opened
      const count = thread.reading(sql`SELECT count(*) AS n FROM some`)
      assert.deepStrictEqual(yield* count, [{ n: 2 }])
      raw.exec("INSERT INTO some VALUES ('c', 3)")
      assert.deepStrictEqual(yield* count, [{ n: 3 }])
    })
  )
})
