import type { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Schedule, Stream } from "effect"
import { canListen, notify } from "../../../src/history/database/notifications.js"
import * as arrivals from "../../../src/history/read/arrivals.js"
import * as polling from "../../../src/history/read/polling.js"
import * as reader from "../../../src/history/read/reader.js"
import { Narrative } from "../../../src/index.js"
import * as postgres from "../../fixtures/postgres.js"
import { databaseAt, onPostgres, recorded } from "../histories.js"

const server = postgres.ofFile()
const { file, rowsOf } = onPostgres(server)

const listeningAt = (place: string) =>
  Effect.gen(function* () {
    const database = yield* databaseAt(place)
    const { sql } = database
    if (!canListen(sql)) return assert.fail("the client listens")
    return { database, received: yield* arrivals.make(sql) }
  })

const until = <A>(self: Effect.Effect<A>, isRight: (value: A) => boolean) =>
  self.pipe(Effect.filterOrFail(isRight), Effect.retry(Schedule.spaced("20 millis")), Effect.orDie)

const proven = (received: arrivals.Arrivals) => until(Effect.sync(received.isProven), (isProven) => isProven)

const story = (name: string) => Narrative.story(Effect.void, name)

/** So long that whoever waits for it has failed the test. */
const never = 3_600_000

/** The names of stories as they start, by someone who waits that long when there is nothing new. */
const starts = (place: string, received: arrivals.Arrivals, count: number, names: Array<string> = []) =>
  Effect.gen(function* () {
    const { ask } = polling.make(received, { shortest: never, longest: never, longestNotified: never })
    const history = yield* reader.make(yield* databaseAt(place))
    let cursor = 0
    while (names.length < count) {
      const page = yield* ask(history.events(cursor), ({ events }) => events.length > 0)
      cursor = page.cursor
      for (const event of page.events) if (event._tag === "StoryStarted") names.push(event.storyName)
    }
    return names
  })

/**
 * What is written can be read when every transaction that began before is over, also one of the server's own, which says nothing: word
 * goes on coming until the scope is closed.
 */
const knocking = (sql: SqlClient.SqlClient) =>
  Effect.forkScoped(Effect.repeat(notify(sql), Schedule.spaced("200 millis")))

describe("What is written to a schema of PostgreSQL", () => {
  it.scopedLive("wakes whoever follows it, however seldom they ask by themselves", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { database, received } = yield* listeningAt(place)
      yield* proven(received)
      const following = yield* Effect.fork(starts(place, received, 3))
      for (const name of ["first", "second", "third"]) {
        const before = received.count()
        yield* recorded(story(name), place)
        yield* until(Effect.sync(received.count), (count) => count > before)
      }
      yield* knocking(database.sql)
      assert.deepStrictEqual(yield* Fiber.join(following), ["first", "second", "third"])
    })
  )

  it.scopedLive("wakes them while the program goes on, too", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { database, received } = yield* listeningAt(place)
      yield* proven(received)
      yield* recorded(
        Effect.gen(function* () {
          const following = yield* Effect.fork(starts(place, received, 1))
          const before = received.count()
          yield* story("goes on")
          yield* until(Effect.sync(received.count), (count) => count > before)
          yield* knocking(database.sql)
          assert.deepStrictEqual(yield* Fiber.join(following), ["goes on"])
        }),
        place
      )
    })
  )

  it.scopedLive("does not wake those who follow another schema", () =>
    Effect.gen(function* () {
      const { database, received } = yield* listeningAt(yield* file)
      const other = yield* databaseAt(yield* file)
      yield* proven(received)
      const before = received.count()
      for (let i = 0; i < 100; i++) yield* notify(other.sql)
      // Word comes in the order in which it was sent.
      yield* notify(database.sql)
      yield* until(Effect.sync(received.count), (count) => count > before)
      // One, and one more for each time that it had to listen anew.
      assert.isBelow(received.count() - before, 100)
    })
  )
})

describe("Whoever follows a schema of PostgreSQL", () => {
  it.scopedLive(
    "asks by themselves where a LISTEN succeeds and nothing ever comes, as behind a pooler of connections",
    () =>
      Effect.gen(function* () {
        const place = yield* file
        const { sql } = yield* databaseAt(place)
        const deaf = Object.assign(sql, { listen: () => Stream.never })
        const received = yield* arrivals.make(deaf)
        const history = yield* reader.make({ sql: deaf, filename: null })
        const following = yield* Effect.fork(Stream.runHead(history.follow(0)))
        yield* recorded(story("unheard"), place)
        const page = yield* Fiber.join(following)
        assert.isTrue(Option.exists(page, ({ events }) => events[0]?.storyName === "unheard"))
        assert.isFalse(received.isProven())
      })
  )

  it.scopedLive("goes on when the server ends every connection, and is woken again after that", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { database, received } = yield* listeningAt(place)
      yield* proven(received)
      const history = yield* reader.make(database)
      const names: Array<string> = []
      yield* Effect.fork(
        Stream.runForEach(history.follow(0), ({ events }) =>
          Effect.sync(() => {
            for (const event of events) if (event._tag === "StoryStarted") names.push(event.storyName)
          })
        )
      )
      const seen = (name: string) =>
        until(
          Effect.sync(() => names.at(-1)),
          (last) => last === name
        )
      yield* recorded(story("before"), place)
      yield* seen("before")
      const [ended] = yield* rowsOf(
        place,
        "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'"
      )
      assert.isAtLeast(Number(ended?.["n"]), 1)
      // By then, no follower can be woken.
      yield* recorded(story("meanwhile"), place)
      yield* seen("meanwhile")
      const others: Array<string> = []
      const following = yield* Effect.fork(starts(place, received, 3, others))
      yield* until(
        Effect.sync(() => others.length),
        (count) => count === 2
      )
      yield* recorded(story("after"), place)
      yield* knocking(database.sql)
      assert.deepStrictEqual(yield* Fiber.join(following), ["before", "meanwhile", "after"])
      yield* seen("after")
    })
  )
})
