import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { makeDurable, openFile } from "../../../src/history/database/database.js"
import { migrate } from "../../../src/history/database/migrations.js"
import * as reader from "../../../src/history/read/reader.js"
import * as historyWriter from "../../../src/history/write/historyWriter.js"
import * as settings from "../../../src/history/write/settings.js"
import { Narrator } from "../../fixtures/events.js"
import { file } from "../histories.js"

const fresh = Effect.gen(function* () {
  const database = yield* openFile(yield* file)
  yield* migrate(database, makeDurable(database.sql))
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

describe("shortIds", () => {
  it.scopedLive("are the shortest beginnings, of 8 characters or more, by which each story is found", () =>
    Effect.gen(function* () {
      for (const given of fc.sample(ids, { numRuns: 12, seed: 11 })) {
        const { history, writer } = yield* fresh
        yield* writer.write(given.map((id) => new Narrator("Import", id).start()))
        const short = yield* history.shortIds(given)
        for (const [i, id] of given.entries()) {
          const beginning = short[i] ?? ""
          assert.isTrue(id.startsWith(beginning))
          assert.strictEqual((yield* history.story(beginning)).id, id)
          const others = given.filter((other) => other !== id)
          const shorter = Array.from(beginning).slice(0, -1).join("")
          if (shorter.length >= 8)
            assert.isTrue(
              others.some((other) => other.startsWith(shorter)),
              `${beginning} of ${id}`
            )
        }
      }
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
        const { history, writer } = yield* fresh
        for (let age = 6; age >= 1; age--) {
          const told = new Narrator("Import", `${age} days old`)
          const timestamp = now - age * day
          yield* writer.write([told.start({ timestamp }), ...(age === 3 ? [] : [told.end({ timestamp })])])
        }
        const expected = yield* history.prunable(keep)
        assert.isAbove(expected, 0)
        assert.strictEqual(yield* history.prune(keep), expected)
        assert.strictEqual(yield* history.prunable(keep), 0)
      }
    })
  )
})
