import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Either, Fiber, Layer, Redacted, Schedule, type Scope, Stream } from "effect"
import { writing } from "../../src/history/database/database.js"
import * as partitions from "../../src/history/database/partitions.js"
import { decode } from "../../src/history/database/pgOptions.js"
import { dayOf } from "../../src/history/database/positions.js"
import * as retention from "../../src/history/database/retention.js"
import { History, HistoryRenderer } from "../../src/history/index.js"
import { countHours } from "../../src/history/write/countHours.js"
import * as historyWriter from "../../src/history/write/historyWriter.js"
import * as settings from "../../src/history/write/settings.js"
import { Narrative, type NarrativeEvent } from "../../src/index.js"
import { Run } from "../../src/runs.js"
import { Narrator } from "../fixtures/events.js"
import * as postgres from "../fixtures/postgres.js"
import * as tcpProxy from "../fixtures/tcpProxy.js"
import { assertConserved, emitAll, statsOf, withWarnings } from "../renderer/rendererSuite.js"
import { asked, databaseAt, onPostgres, recorded, rendererOf, toFirstVersion } from "./histories.js"

const server = postgres.ofFile()
const { file, rowsOf } = onPostgres(server)

/** A writer without a buffer before it. */
const writerAt = (place: string, options: HistoryRenderer.HistoryOptions = {}) =>
  Effect.gen(function* () {
    const { sql } = yield* databaseAt(place)
    const decoded = yield* settings.decode(options)
    yield* partitions.makePartitions(sql, decoded.partitionDays)
    return { sql, writer: yield* historyWriter.make({ sql, ...decoded }) }
  })

const millisOfDay = 86_400_000

/** A story with two stages. */
const story = (id: string, timestamp = Date.now()): ReadonlyArray<NarrativeEvent.NarrativeEvent> => {
  const narrator = new Narrator("Import", id)
  const start = narrator.start({ timestamp })
  const [load, insert] = [narrator.stage("Load"), narrator.stage("Insert")]
  const at = { timestamp }
  return [
    start,
    narrator.stageStarted(load, at),
    narrator.completed(load, at),
    narrator.stageStarted(insert, at),
    narrator.completed(insert, at),
    narrator.end(at)
  ]
}

/** Asks again until there is an answer. */
const eventually = <A, E, R>(self: Effect.Effect<A, E, R>, until: (value: A) => boolean) =>
  self.pipe(Effect.filterOrFail(until), Effect.retry(Schedule.spaced("20 millis").pipe(Schedule.upTo("25 seconds"))))

/** Every event from a cursor on, as someone sees them who follows until there are so many. */
const follow = (place: string, count: number) =>
  asked(
    Effect.gen(function* () {
      const seen: Array<string> = []
      let cursor = 0
      while (seen.length < count) {
        const { cursor: next, events } = yield* History.events(cursor, { limit: 50 })
        cursor = next
        seen.push(...events.map(({ sequence, storyId }) => `${storyId} ${sequence}`))
        if (events.length === 0) yield* Effect.sleep("5 millis")
      }
      return seen
    }),
    place
  )

describe("A schema of PostgreSQL", () => {
  it.scopedLive("is made once, however many programs start at a time", () =>
    Effect.gen(function* () {
      const place = yield* file
      yield* Effect.forEach(
        Array.from({ length: 8 }, (_, i) => `Program ${i}`),
        (name) => recorded(Narrative.story(Effect.void, name), place),
        { concurrency: "unbounded", discard: true }
      )
      assert.deepStrictEqual(yield* rowsOf(place, "SELECT count(*) AS n FROM stories"), [{ n: 8 }])
      const migrations = yield* rowsOf(place, "SELECT migration_id AS id FROM schema_migrations ORDER BY migration_id")
      assert.deepStrictEqual(
        migrations.map(({ id }) => id),
        migrations.map((_, i) => i + 1)
      )
    })
  )

  it.scopedLive("is brought to this version from an older one, with what is in it, by 8 programs at a time", () =>
    Effect.gen(function* () {
      const place = yield* file
      yield* recorded(Narrative.story(Effect.void, "Before"), place)
      for (const statement of toFirstVersion(place)) yield* rowsOf(place, statement)
      const error = yield* Effect.flip(asked(Effect.void, place))
      assert.deepInclude(error, { _tag: "HistoryError", reason: "OlderVersion" })
      yield* Effect.forEach(
        Array.from({ length: 8 }, (_, i) => `Program ${i}`),
        (name) => recorded(Narrative.story(Effect.void, name), place),
        { concurrency: "unbounded", discard: true }
      )
      assert.lengthOf((yield* asked(History.stories(), place)).stories, 9)
    })
  )

  it.scopedLive("is said to be empty where no program has written to it, and not made by who reads", () =>
    Effect.gen(function* () {
      const place = yield* file
      const error = yield* Effect.flip(asked(Effect.void, place))
      assert.deepInclude(error, { _tag: "HistoryError", reason: "NotCreated" })
      const schema = new URL(place).searchParams.get("schema")
      assert.lengthOf(yield* rowsOf(place, `SELECT 1 FROM pg_namespace WHERE nspname = '${schema}'`), 0)
    })
  )

  it.scopedLive("may have a name that is a word of SQL", () =>
    Effect.gen(function* () {
      const { url } = yield* server
      const place = url("user")
      yield* recorded(Narrative.story(Effect.void, "Import"), place)
      const { stories } = yield* asked(History.stories(), place)
      assert.deepStrictEqual(
        stories.map(({ name }) => name),
        ["Import"]
      )
    })
  )

  it.scopedLive("is not reached with the wrong password, which no error names", () =>
    Effect.gen(function* () {
      const { port } = yield* server
      const secret = "no such secret"
      const options = { host: "127.0.0.1", port, username: "ada", database: "postgres", password: secret }
      for (const layer of [HistoryRenderer.layerPg(options), History.layerPg(options)]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert.deepInclude(error, { _tag: "HistoryError", reason: "CannotOpen" })
        assert.include(error.message, `postgres://ada@127.0.0.1:${port}/postgres?schema=narrative cannot be reached`)
        for (const text of [error.message, String(error), JSON.stringify(error), error.stack ?? ""]) {
          assert.notInclude(text, secret)
          assert.notInclude(text, encodeURIComponent(secret))
        }
      }
    })
  )
})

/** Logs in as a role of the server. */
const as = (role: string, schema = "narrative") =>
  Effect.gen(function* () {
    const { password, port, rows } = yield* server
    yield* rows(`ALTER ROLE ${role} PASSWORD '${password}'`)
    return `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres?schema=${schema}`
  })

describe("A role", () => {
  it.scopedLive("needs no rights but those that the page grants, to write and to read", () =>
    Effect.gen(function* () {
      const page = readFileSync(new URL("../../docs/postgresql.md", import.meta.url), "utf8")
      const grants = /```sql\n(CREATE ROLE narrative_writer[^`]+)```/.exec(page)?.[1] ?? ""
      const { rows } = yield* server
      yield* rows(grants)
      const [writer, reader] = [yield* as("narrative_writer"), yield* as("narrative_reader")]
      yield* recorded(
        Effect.all([
          Narrative.story(Narrative.stage(Effect.void, "Load"), "Import"),
          Effect.exit(Narrative.story(Effect.fail("no such file"), "Sync"))
        ]),
        writer,
        { keepDays: 30 }
      )
      yield* Effect.provide(Run.track(Effect.void, "importer", "nightly"), Run.layerPg({ url: writer, git: false }))
      const questions = Effect.all([
        Effect.map(History.stories(), ({ stories }) => stories.length),
        Effect.map(History.failures(), (failures) => failures.length),
        Effect.map(History.stats({ since: "1h" }), ({ count }) => count),
        Effect.map(History.follow(0).pipe(Stream.take(1), Stream.runCollect), (pages) => pages.length)
      ])
      assert.deepStrictEqual(yield* asked(questions, reader), [3, 1, 3, 1])
      const refused = yield* Effect.flip(asked(History.prune({ keepStories: 1 }), reader))
      assert.include(refused.message, "permission denied")
      assert.strictEqual(yield* asked(History.prune({ keepStories: 1 }), writer), 2)
      assert.deepStrictEqual(
        yield* asked(
          Effect.map(History.stories(), ({ stories }) => stories.length),
          reader
        ),
        1
      )
    })
  )

  it.scopedLive("gets an error that says what it lacks, and not that there is no history", () =>
    Effect.gen(function* () {
      const { rows } = yield* server
      yield* rows("CREATE ROLE stranger LOGIN; CREATE SCHEMA closed; CREATE ROLE late LOGIN")
      const [stranger, late] = [yield* as("stranger", "closed"), yield* as("late", "closed")]
      yield* recorded(Effect.void, stranger.replace("stranger", "ada"))
      // Its rights were granted before there was a table: it has none to those that were made.
      yield* rows("GRANT USAGE ON SCHEMA closed TO late")
      for (const [place, lacks] of [
        [stranger, "permission denied for schema closed"],
        [late, "permission denied for table schema_migrations"]
      ] as const) {
        const error = yield* Effect.flip(asked(Effect.void, place))
        assert.include(error.message, lacks)
      }
    })
  )

  it.scopedLive("writes and reads the same, whatever the server sets for it", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { rows } = yield* server
      yield* rows("CREATE ROLE odd LOGIN SUPERUSER")
      const settings = {
        extra_float_digits: "-15",
        standard_conforming_strings: "off",
        bytea_output: "escape",
        DateStyle: "'SQL, DMY'",
        TimeZone: "'Asia/Kolkata'",
        IntervalStyle: "'sql_standard'",
        client_encoding: "'LATIN1'",
        default_transaction_isolation: "'serializable'",
        statement_timeout: "1",
        search_path: "'nowhere'"
      }
      for (const [name, value] of Object.entries(settings)) yield* rows(`ALTER ROLE odd SET ${name} = ${value}`)
      const odd = yield* as("odd", new URL(place).searchParams.get("schema") ?? "")
      const { writer } = yield* writerAt(odd)
      const narrator = new Narrator("Import", "odd")
      const stage = narrator.stage('it\'s \\ "quoted" \\n % _ \u{1f600}')
      const timestamp = Date.now() - 1_000
      yield* writer.write([
        narrator.start({ timestamp }),
        narrator.stageStarted(stage, { timestamp }),
        narrator.completed(stage, { timestamp, durationSeconds: 1 / 3 }),
        narrator.end({ timestamp, durationSeconds: Math.PI })
      ])
      const questions = Effect.all([
        History.story("odd"),
        History.stories({ text: 'it\'s \\ "quoted" \\n % _' }),
        Effect.map(History.stats({ since: timestamp - 1_000, until: timestamp + 1_000 }), ({ stages, stories }) => [
          stories[0]?.durations?.max,
          stages[0]?.durations?.max
        ]),
        History.events(0)
      ])
      const found = yield* eventually(asked(questions, odd), ([, , , { events }]) => events.length >= 4)
      assert.deepStrictEqual(found, yield* asked(questions, place))
      assert.deepStrictEqual(found[2], [Math.PI, Math.round(1e9 / 3) / 1e9])
      assert.strictEqual(found[0].durationSeconds, Math.PI)
    })
  )
})

describe("Options of a server", () => {
  it("are refused by name, and what may be secret is not shown", () => {
    const bad: ReadonlyArray<readonly [string, HistoryRenderer.PgOptions]> = [
      ["url", { url: "mysql://ada:secret@db/shop" }],
      ["url", { url: "postgres://ada:secret@db:port/shop" }],
      ["port", { port: 70_000 }],
      ["schema", { schema: "Robert'); DROP TABLE stories" }],
      ["schema", { url: "postgres://ada:secret@db/shop?schema=pg_catalog" }],
      ["maxConnections", { maxConnections: 0 }],
      ["statementTimeout", { statementTimeout: 0 }]
    ]
    for (const [setting, options] of bad) {
      const decoded = decode(options)
      assert.isTrue(Either.isLeft(decoded), setting)
      if (Either.isRight(decoded)) continue
      assert.deepInclude(decoded.left, { _tag: "InvalidOption", setting })
      assert.notInclude(decoded.left.message, "secret")
    }
  })

  it("win over what the URL says, of which the rest is passed on", () => {
    const decoded = decode({
      url: Redacted.make("postgres://ada:p%40ss@db:6432/shop?schema=a&sslmode=require&options=-c%20work_mem%3D8MB"),
      host: "db.internal",
      schema: "b",
      ssl: true,
      statementTimeout: "2 seconds"
    })
    const { shown, url } = Either.getOrThrow(decoded)
    assert.strictEqual(shown, "postgres://ada@db.internal:6432/shop?schema=b")
    const { hostname, password, searchParams } = new URL(Redacted.value(url))
    assert.deepStrictEqual([hostname, decodeURIComponent(password)], ["db.internal", "p@ss"])
    assert.deepStrictEqual(
      ["options", "sslmode", "statement_timeout", "schema"].map((name) => searchParams.get(name)),
      [
        "-c work_mem=8MB -c jit=off -c extra_float_digits=1 -c standard_conforming_strings=on -c search_path=b",
        null,
        "2000",
        null
      ]
    )
  })

  it("may name the folder of a socket, or an address of IPv6", () => {
    const hostOf = (host: string) =>
      new URL(Redacted.value(Either.getOrThrow(decode({ host, port: 5433, database: "shop" })).url)).searchParams
    for (const host of ["/run/postgresql", "::1"]) {
      assert.strictEqual(hostOf(host).get("host"), host)
      assert.strictEqual(hostOf(host).get("port"), "5433")
    }
  })
})

/** In milliseconds; a longer one is tried by hand. */
const outage = Number(process.env["OUTAGE_MILLIS"] ?? 500)

describe("A batch whose connection is lost", () => {
  const proxied: Effect.Effect<readonly [string, tcpProxy.TcpProxy], never, Scope.Scope> = Effect.gen(function* () {
    const { port } = yield* server
    const proxy = yield* tcpProxy.make(port)
    return [(yield* file).replace(`:${port}`, `:${proxy.port}`), proxy] as const
  })

  it.scopedLive("is written once, wherever it was cut off: also where its commit was done and not answered", () =>
    Effect.gen(function* () {
      const [place, proxy] = yield* proxied
      const { writer } = yield* writerAt(place)
      const places = ["BEGIN", "INSERT INTO writers", "INSERT INTO stories", "COPY events", "COPY stages", "COMMIT"]
      for (const text of places) {
        proxy.cutAfter(text)
        const events = story(text)
        yield* writer.write(events.slice(0, 3))
        yield* writer.write(events.slice(3))
      }
      assert.strictEqual(proxy.cuts(), places.length)
      const rows = yield* rowsOf(place, "SELECT key FROM stories")
      assert.lengthOf(rows, places.length)
      const seen = yield* follow(place, places.length * 6)
      assert.deepStrictEqual(
        seen,
        places.flatMap((id) => story(id).map(({ sequence }) => `${id} ${sequence}`))
      )
      const stages = yield* rowsOf(place, "SELECT DISTINCT status, retries FROM stages")
      assert.deepStrictEqual(stages, [{ status: "completed", retries: 0 }])
    })
  )

  it.scopedLive(
    "waits for the network without slowing the program: what fitted the buffer arrives, the rest is counted",
    () =>
      withWarnings(() =>
        Effect.gen(function* () {
          const [place, proxy] = yield* proxied
          const renderer = yield* rendererOf(
            HistoryRenderer.layerPg({ url: place, capacity: 100, batchSize: 20, batchWithin: "5 millis" })
          )
          yield* emitAll(renderer, story("before"))
          yield* eventually(statsOf(renderer), ({ pending }) => pending === 0)
          yield* proxy.stop
          // More than is allowed to wait, at once.
          const [waited] = yield* Effect.timed(
            emitAll(renderer, Array.from({ length: 50 }, (_, i) => story(`during ${i}`)).flat())
          )
          assert.isBelow(Duration.toMillis(waited), 2_000)
          yield* Effect.sleep(outage)
          const away = yield* statsOf(renderer)
          assert.deepInclude(away, { emitted: 306, delivered: 6, failed: 0 })
          assert.isAtLeast(away.pending, 100)
          assert.isAtMost(away.pending, 160)
          assertConserved(away)
          yield* proxy.resume
          const after = yield* eventually(statsOf(renderer), ({ pending }) => pending === 0)
          assertConserved(after)
          assert.strictEqual(after.failed, 0)
          assert.strictEqual(after.delivered, 6 + away.pending)
          assert.deepStrictEqual(yield* rowsOf(place, "SELECT count(*) AS n FROM events"), [{ n: after.delivered }])
        })
      )
  )

  it.scopedLive("waits as well for a network that loses everything without a word, however it is found out", () =>
    withWarnings(() =>
      Effect.gen(function* () {
        const [place, proxy] = yield* proxied
        const renderer = yield* rendererOf(
          HistoryRenderer.layerPg({
            url: place,
            capacity: 100,
            batchSize: 20,
            batchWithin: "5 millis",
            statementTimeout: "500 millis",
            connectTimeout: "1 second"
          })
        )
        const isWritten = eventually(statsOf(renderer), ({ pending }) => pending === 0)
        const emitDuring = (name: string) =>
          emitAll(renderer, Array.from({ length: 50 }, (_, i) => story(`${name} ${i}`)).flat())
        yield* emitAll(renderer, story("before"))
        yield* isWritten
        // Found out by the program, which gives the connection up and tries another one; and not found out at all.
        for (const [name, isFoundOut] of [
          ["long", true],
          ["short", false]
        ] as const) {
          const connections = proxy.connections()
          yield* proxy.stall
          const [waited] = yield* Effect.timed(emitDuring(name))
          assert.isBelow(Duration.toMillis(waited), 2_000)
          // Again and again: one more may be there to notify.
          const isTried = Effect.map(Effect.sync(proxy.connections), (count) => count > connections + 3)
          if (isFoundOut) yield* Effect.repeat(Effect.delay(isTried, "20 millis"), { until: (isTried) => isTried })
          const away = yield* statsOf(renderer)
          assert.strictEqual(away.failed, 0)
          assert.isAtMost(away.pending, 160)
          assertConserved(away)
          yield* proxy.flow
          const after = yield* isWritten
          assertConserved(after)
          assert.strictEqual(after.failed, 0)
          assert.strictEqual(after.delivered, away.delivered + away.pending)
          assert.deepStrictEqual(yield* rowsOf(place, "SELECT count(*) AS n FROM events"), [{ n: after.delivered }])
        }
      })
    )
  )

  it.scopedLive(
    "waits as well for a server that takes no writes, as one that follows another until it takes its place",
    () =>
      Effect.gen(function* () {
        const { port, rows } = yield* server
        const proxy = yield* tcpProxy.make(port)
        yield* rows("CREATE ROLE follower LOGIN SUPERUSER")
        const place = (yield* as("follower", postgres.freshSchema())).replace(`:${port}`, `:${proxy.port}`)
        const { writer } = yield* writerAt(place)
        yield* writer.write(story("before"))
        yield* rows("ALTER ROLE follower SET default_transaction_read_only = on")
        yield* rows("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'follower'")
        const connections = proxy.connections()
        const writing = yield* Effect.fork(writer.write(story("after")))
        // One on which the batch is refused, and one on which it is asked whether the next one would be.
        yield* eventually(Effect.sync(proxy.connections), (count) => count >= connections + 2)
        yield* rows("ALTER ROLE follower RESET default_transaction_read_only")
        yield* Fiber.join(writing)
        assert.deepStrictEqual(yield* rowsOf(place, "SELECT id FROM stories ORDER BY key"), [
          { id: "before" },
          { id: "after" }
        ])
      })
  )

  it.scopedLive("is counted as failed when the server does not come back, and the next one waits no second time", () =>
    Effect.gen(function* () {
      const [place, proxy] = yield* proxied
      const { writer } = yield* writerAt(place, { reconnectTimeout: "1 second" })
      yield* proxy.stop
      assert.strictEqual((yield* Effect.flip(writer.write(story("lost"))))._tag, "SqlError")
      const [waited] = yield* Effect.timed(Effect.flip(writer.write(story("lost, too"))))
      assert.isBelow(Duration.toMillis(waited), 900)
      yield* proxy.resume
      yield* writer.write(story("after"))
      const { stories } = yield* asked(History.stories(), place)
      assert.deepStrictEqual(
        stories.map(({ id }) => id),
        ["after"]
      )
    })
  )
})

describe("A batch", () => {
  const columns = "SELECT e.sequence, e.event, e.data FROM events AS e ORDER BY e.id"

  it.scopedLive("keeps texts as they are, whatever is in them", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { writer } = yield* writerAt(place)
      const [start, loading] = story("odd")
      const texts = [
        "tab\t",
        "two\nlines\r\n",
        "back\\slash \\N \\.",
        "\\.",
        "ü 日本 😀",
        "quotes \" '",
        "",
        "\u0001\v\b\f"
      ]
      if (loading?._tag !== "StageStarted" || start === undefined) return assert.fail("a stage starts")
      const odd = { ...loading, stageName: texts.join("|"), attributes: { texts } }
      yield* writer.write([start, odd])
      const [stage] = yield* rowsOf(place, "SELECT name, attributes, parent_index FROM stages ORDER BY stage_index")
      assert.deepStrictEqual(stage, {
        name: texts.join("|"),
        attributes: JSON.stringify({ texts }),
        parent_index: null
      })
      const { events } = yield* eventually(asked(History.events(0), place), ({ events }) => events.length >= 2)
      assert.deepInclude(events[1], { attributes: { texts } })
    })
  )

  it.scopedLive("has no NUL and no half of a character in PostgreSQL, which knows neither", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { writer } = yield* writerAt(place)
      const [start, loading] = story("odd")
      if (loading?._tag !== "StageStarted" || start === undefined) return assert.fail("a stage starts")
      yield* writer.write([start, { ...loading, stageName: "a\0b\ud83dc" }])
      assert.deepStrictEqual(yield* rowsOf(place, "SELECT name FROM stages"), [{ name: "a\ufffdb\ufffdc" }])
    })
  )

  it.scopedLive("in which an event or a stage comes again is written all the same, and each once", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { writer } = yield* writerAt(place)
      const events = story("again")
      yield* writer.write(events.slice(0, 3))
      const before = yield* rowsOf(place, columns)
      // Both are there already: the event by its number, and the stage, which it starts.
      yield* writer.write([...events.slice(1, 2), ...events.slice(3), ...story("another")])
      const after = yield* rowsOf(place, columns)
      assert.deepStrictEqual(after.slice(0, 3), before)
      assert.lengthOf(after, 12)
      const stages = yield* rowsOf(place, "SELECT name, status FROM stages ORDER BY story_key, stage_index")
      assert.lengthOf(stages, 4)
    })
  )

  it.scopedLive("is written through another client, too, which cannot copy", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { sql } = yield* databaseAt(place)
      const reserve = Effect.map(
        sql.reserve,
        (connection) =>
          // All that a connection has, but for what this client has besides.
          new Proxy(connection, { get: (of, name) => (name === "pg" ? undefined : Reflect.get(of, name).bind(of)) })
      )
      const another = new Proxy(sql, { get: (of, name) => (name === "reserve" ? reserve : Reflect.get(of, name)) })
      const writer = yield* historyWriter.make({ sql: another, ...(yield* settings.decode({})) })
      yield* writer.write(story("through another"))
      const { events } = yield* eventually(asked(History.events(0), place), ({ events }) => events.length >= 6)
      assert.lengthOf(events, 6)
    })
  )
})

describe("Someone who follows", () => {
  it.scopedLive("gets an event that is committed late, after those that were written after it", () =>
    Effect.gen(function* () {
      const place = yield* file
      const early = yield* writerAt(place)
      const late = yield* writerAt(place)
      const written = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      // A transaction of its own around the batch of the first writer, which stays open.
      const open = yield* Effect.fork(
        writing(
          early.sql,
          Effect.gen(function* () {
            yield* early.sql`SELECT pg_current_xact_id()`
            yield* Deferred.succeed(written, undefined)
            yield* Deferred.await(go)
          })
        )
      )
      yield* Deferred.await(written)
      yield* late.writer.write(story("late"))
      // It could still write an event before those.
      assert.deepStrictEqual(yield* asked(History.events(0), place), { events: [], cursor: 0 })
      assert.strictEqual(yield* asked(History.cursor, place), 0)
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(open)
      const { events } = yield* eventually(asked(History.events(0), place), ({ events }) => events.length >= 6)
      assert.lengthOf(events, 6)
      const last = yield* asked(Effect.flatMap(History.cursorBefore(2), History.events), place)
      assert.deepStrictEqual(last.events, events.slice(-2))
    })
  )

  it.scopedLive("misses none of eight writers' events, gets none twice, and each story's in order", () =>
    Effect.gen(function* () {
      const place = yield* file
      const stories = 40
      const writers = yield* Effect.forEach(
        Array.from({ length: 8 }, (_, i) => i),
        (i) => Effect.map(writerAt(place), ({ writer }) => ({ i, writer })),
        { concurrency: 4 }
      )
      const following = yield* Effect.fork(follow(place, 8 * stories * 6))
      yield* Effect.forEach(
        writers,
        ({ i, writer }) =>
          Effect.forEach(
            Array.from({ length: stories }, (_, n) => story(`${i}-${n}`)),
            (events) => Effect.zipRight(writer.write(events.slice(0, 2)), writer.write(events.slice(2))),
            { discard: true }
          ),
        { concurrency: "unbounded", discard: true }
      )
      const seen = yield* Fiber.join(following)
      assert.strictEqual(new Set(seen).size, 8 * stories * 6)
      const next = new Map<string, number>()
      for (const event of seen) {
        const [id = "", sequence] = event.split(" ")
        assert.strictEqual(Number(sequence), next.get(id) ?? 0, event)
        next.set(id, Number(sequence) + 1)
      }
    })
  )

  it.scopedLive("goes on where it was when the schema was restored into a server that counts from the beginning", () =>
    Effect.gen(function* () {
      const place = yield* file
      yield* recorded(Narrative.story(Effect.void, "Before"), place)
      const before = yield* asked(History.cursor, place)
      // As if the server had come far before the restored rows were written.
      yield* rowsOf(place, "UPDATE event_origin SET xact = xact + 1000000")
      yield* recorded(Narrative.story(Effect.void, "After"), place)
      const { events } = yield* eventually(asked(History.events(before), place), ({ events }) => events.length >= 2)
      assert.deepStrictEqual(
        events.map(({ storyName }) => storyName),
        ["After", "After"]
      )
    })
  )
})

describe("An hour that is counted", () => {
  it.scopedLive("waits for what was being written into it before the claim could be seen", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { sql, writer } = yield* writerAt(place)
      const started = Date.now() - 5 * 3_600_000
      yield* writer.write(story("late", started))
      const [changed, goOn] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
      const late = yield* Effect.fork(
        writing(
          sql,
          Effect.gen(function* () {
            yield* sql`UPDATE stages SET duration_seconds = 777`
            yield* Deferred.succeed(changed, undefined)
            yield* Deferred.await(goOn)
          })
        )
      )
      yield* Deferred.await(changed)
      const counting = yield* Effect.fork(countHours(sql))
      yield* eventually(rowsOf(place, "SELECT hour FROM summary_hours"), (claims) => claims.length > 0)
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(late)
      assert.isAbove(yield* Fiber.join(counting), 0)
      const { stages } = yield* asked(History.stats({ since: started - 7_200_000 }), place)
      assert.deepStrictEqual(
        stages.map(({ durations }) => durations?.max),
        [777, 777]
      )
    })
  )

  it.scopedLive("is forgotten with the partition of its rows", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { sql, writer } = yield* writerAt(place, { partitionDays: 1 })
      const day = dayOf(new Date().toISOString()) - 2
      yield* partitions.makePartitions(sql, 1, day)
      yield* writer.write(story("old", day * millisOfDay + 3_600_000))
      assert.isAbove(yield* countHours(sql), 0)
      const [partition] = yield* partitions.partitions(sql)
      assert.strictEqual(partition?.from, day)
      if (partition !== undefined) yield* partitions.drop(sql, partition)
      const stats = yield* asked(History.stats({ since: day * millisOfDay, until: (day + 1) * millisOfDay }), place)
      assert.deepStrictEqual([stats.count, stats.stages], [1, []])
    })
  )
})

describe("Partitions", () => {
  const tablesOf = (place: string) =>
    Effect.map(
      rowsOf(
        place,
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1"
      ),
      (rows) => rows.map(({ name }) => String(name))
    )

  it.scopedLive("are made before their days come, and each row is in that of the day on which its story started", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { writer } = yield* writerAt(place)
      yield* writer.write([...story("today"), ...story("in ten days", Date.now() + 10 * millisOfDay)])
      yield* writer.write(story("long ago", 0))
      const counts = yield* rowsOf(
        place,
        "SELECT tableoid::regclass::text AS name, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
      )
      assert.strictEqual(counts.length, 3)
      assert.deepStrictEqual(counts.at(-1), { name: "events_rest", n: 6 })
      assert.isAtLeast((yield* tablesOf(place)).length, 4)
    })
  )

  it.scopedLive("of which nothing is kept are dropped, and the rest is deleted a few stories at a time", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { sql, writer } = yield* writerAt(place, { partitionDays: 1 })
      const now = Date.now()
      yield* partitions.makePartitions(sql, 1, dayOf(new Date(now - 9 * millisOfDay).toISOString()))
      for (let age = 9; age >= 0; age--) yield* writer.write(story(`${age} days`, now - age * millisOfDay))
      // Running since then.
      const running = new Narrator("Import", "running")
      yield* writer.write([running.start({ timestamp: now - 8 * millisOfDay })])
      const before = yield* tablesOf(place)
      // From the beginning of a day on.
      const keepDays = 4 + (now % millisOfDay) / millisOfDay
      assert.strictEqual(yield* retention.prune(sql, { keepDays }), 5)
      const after = yield* tablesOf(place)
      // Those of 9, 7, 6 and 5 days; in that of 8 days is a running story.
      assert.strictEqual(before.length - after.length, 4)
      const left = yield* rowsOf(place, "SELECT id FROM stories ORDER BY key")
      assert.deepStrictEqual(
        left.map(({ id }) => id),
        ["running", "4 days", "3 days", "2 days", "1 days", "0 days"]
      )
      assert.deepStrictEqual(yield* rowsOf(place, "SELECT count(*) AS n FROM events"), [{ n: 31 }])
      assert.deepStrictEqual(yield* rowsOf(place, "SELECT count(*) AS n FROM stages"), [{ n: 10 }])
    })
  )

  it.scopedLive("of which a part is kept are left alone in the background, until they can be dropped", () =>
    Effect.gen(function* () {
      const place = yield* file
      const { sql, writer } = yield* writerAt(place, { partitionDays: 30 })
      const day = dayOf(new Date().toISOString())
      yield* partitions.makePartitions(sql, 30, day - 60)
      const at = (days: number) => (day - days) * millisOfDay
      const [partition] = (yield* partitions.partitions(sql)).filter(
        ({ from, to }) => from <= day - 20 && day - 20 < to
      )
      const oldest = day - (partition?.from ?? 0)
      yield* writer.write([...story("in it", at(oldest)), ...story("long before", 0)])
      const keep = { keepDays: oldest - 0.5 }
      assert.strictEqual(yield* retention.prune(sql, keep, { isPatient: true }), 1)
      assert.strictEqual(yield* retention.prune(sql, keep), 1)
    })
  )
})
