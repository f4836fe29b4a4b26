import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { endsWith } from "../../../src/history/read/conditions.js"
import * as reader from "../../../src/history/read/reader.js"
import * as historyWriter from "../../../src/history/write/historyWriter.js"
import * as settings from "../../../src/history/write/settings.js"
import { Narrator } from "../../fixtures/events.js"
import { databaseAt, file, onBothDatabases, type TestDatabase } from "../histories.js"

const freshAt = (file: TestDatabase["file"]) =>
  Effect.gen(function* () {
    const database = yield* databaseAt(yield* file)
    const options = yield* settings.decode({ events: [] })
    const writer = yield* historyWriter.make({ sql: database.sql, ...options })
    return { writer, history: yield* reader.make(database) }
  })

/** Ids that share much, one the beginning of another, and characters of two code units. */
const ids = fc.uniqueArray(
  fc
    .array(fc.constantFrom("0", "1", "a-", "1a1fd4b", "é", "😀"), { minLength: 1, maxLength: 12 })
    .map((parts) => parts.join("")),
  { minLength: 1, maxLength: 12 }
)

onBothDatabases(({ file }) => {
  describe("shortIds", () => {
    it.scopedLive("are the shortest ends, of 6 characters or more, by which each story is found", () =>
      Effect.gen(function* () {
        for (const given of fc.sample(ids, { numRuns: 12, seed: 11 })) {
          const { history, writer } = yield* freshAt(file)
          yield* writer.write(given.map((id) => new Narrator("Import", id).start()))
          const short = yield* history.shortIds(given)
          for (const [i, id] of given.entries()) {
            const end = short[i] ?? ""
            assert.isTrue(id.endsWith(end))
            assert.strictEqual((yield* history.story(end)).id, id)
            const others = given.filter((other) => other !== id)
            const shorter = Array.from(end).slice(1).join("")
            if (shorter.length >= 6) {
              assert.isTrue(
                others.some((other) => other.startsWith(shorter) || other.endsWith(shorter)),
                `${end} of ${id}`
              )
            }
          }
        }
      })
    )

    it.scopedLive("find a story by the beginning of its id, too, and by the end that the console shows", () =>
      Effect.gen(function* () {
        const { history, writer } = yield* freshAt(file)
        const recorded = ["11aaaaaa", "21bbbbbb"].map((end) => `01900000-0000-7000-8000-0000${end}`)
        yield* writer.write(recorded.map((id) => new Narrator("Import", id).start()))
        assert.deepStrictEqual(yield* history.shortIds(recorded), ["aaaaaa", "bbbbbb"])
        for (const part of ["bbbbbb", "1bbbbbb", "01900000-0000-7000-8000-000021"]) {
          assert.strictEqual((yield* history.story(part)).id, recorded[1])
        }
        const error = yield* Effect.flip(history.story("01900000"))
        assert.include(String(error), 'begins with "01900000"')
        assert.strictEqual((yield* Effect.flip(history.story("bbbbb")))._tag, "StoryNotFound")
      })
    )
  })

  describe("prunable", () => {
    it.scopedLive("is how many stories a prune then deletes", () =>
      Effect.gen(function* () {
        const day = 86_400_000
        const now = Date.now()
        for (const keep of [
          { keepDays: 2.5 },
          { keepStories: 3 },
          { keepDays: 4.5, keepStories: 2 },
          { keepStories: 0 }
        ]) {
          const { history, writer } = yield* freshAt(file)
          for (let age = 6; age >= 1; age--) {
            const recorded = new Narrator("Import", `${age} days old`)
            const timestamp = now - age * day
            yield* writer.write([recorded.start({ timestamp }), ...(age === 3 ? [] : [recorded.end({ timestamp })])])
          }
          const expected = yield* history.prunable(keep)
          assert.isAbove(expected, 0)
          assert.strictEqual(yield* history.prune(keep), expected)
          assert.strictEqual(yield* history.prunable(keep), 0)
        }
      })
    )
  })
})

describe("the end of an id", () => {
  it.scopedLive("is looked for in an index of a file, and not in all of its stories", () =>
    Effect.gen(function* () {
      const { sql } = yield* databaseAt(yield* file)
      for (const ends of [["aaaaaa", "bbbbbb"], ["0bbbbbb"]]) {
        const plan = yield* sql<{ readonly detail: string }>`EXPLAIN QUERY PLAN SELECT id FROM stories AS s
          WHERE ${endsWith(sql, "s.id", ends, ends[0]?.length ?? 0)}`
        assert.deepStrictEqual(
          plan.map(({ detail }) => detail),
          ["SEARCH s USING INDEX stories_by_end (<expr>=?)"]
        )
      }
    })
  )
})
