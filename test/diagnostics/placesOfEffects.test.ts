import { FileSystem, HttpClient } from "@effect/platform"
import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { assert, describe, it } from "@effect/vitest"
import { Cache, Data, Effect, Layer, pipe, Schema } from "effect"
import type { Failure } from "../../src/event/FailureReport.js"
import * as reported from "./reported.js"

class LedgerError extends Data.TaggedError("LedgerError")<{ readonly message: string }> {}

const toLedgerError = (error: { readonly message: string }): LedgerError => new LedgerError({ message: error.message })

const Entry = Schema.Struct({ id: Schema.Int, cents: Schema.Int })

const decodeEntries = Schema.decodeUnknown(Schema.Array(Entry))

/** A service of arrow functions, none of which is a generator. */
class Ledger extends Effect.Service<Ledger>()("Ledger", {
  effect: Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const fs = yield* FileSystem.FileSystem
    yield* sql`CREATE TABLE entries (id INTEGER PRIMARY KEY, cents TEXT)`
    yield* sql`INSERT INTO entries VALUES (1, 'many')`
    const rows = (id: number) => sql`SELECT id, amount FROM entries WHERE id = ${id}`
    return {
      find: (id: number) =>
        sql`SELECT id, amount FROM entries WHERE id = ${id}`.pipe(
          Effect.mapError(toLedgerError),
          Effect.flatMap(decodeEntries),
          Effect.map((entries) => entries[0])
        ),
      decoded: (id: number) =>
        sql`SELECT * FROM entries WHERE id = ${id}`.pipe(
          Effect.mapError(toLedgerError),
          Effect.flatMap(decodeEntries),
          Effect.map((entries) => entries[0])
        ),
      insert: (id: number, cents: number) =>
        sql`INSERT INTO entries (id, amount) VALUES (${id}, ${cents})`.pipe(Effect.mapError(toLedgerError)),
      chained: (id: number) =>
        pipe(
          id,
          Effect.succeed,
          Effect.flatMap((known) => sql`SELECT worth FROM entries WHERE id = ${known}`),
          Effect.mapError(toLedgerError)
        ),
      remove: (id: number) => {
        if (id < 0) return Effect.void
        return Effect.flatMap(sql`DELETE FROM ledger WHERE id = ${id}`, () => Effect.void)
      },
      first: (ids: ReadonlyArray<number>) => Effect.forEach(ids, (id) => rows(id)),
      one: (id: number) => rows(id).pipe(Effect.map(([row]) => row)),
      load: (path: string) => fs.readFileString(path).pipe(Effect.flatMap(Schema.decode(Schema.parseJson(Entry)))),
      parse: (text: string) => Schema.decode(Schema.parseJson(Entry))(text)
    }
  })
}) {}

/** A class whose methods make effects. */
class Journal {
  constructor(private readonly sql: SqlClient.SqlClient) {}

  last(count: number) {
    return this.sql`SELECT * FROM journal LIMIT ${count}`.pipe(
      Effect.mapError(toLedgerError),
      Effect.map((rows) => rows.length)
    )
  }
}

const fetchRate = (currency: string) => HttpClient.get(`http://127.0.0.1:1/rates/${currency}`).pipe(Effect.scoped)

const Services = Ledger.Default.pipe(
  Layer.provideMerge(SqliteClient.layer({ filename: ":memory:" })),
  Layer.provideMerge(NodeContext.layer),
  Layer.provideMerge(NodeHttpClient.layerUndici)
)

type Services = Layer.Layer.Success<typeof Services>

const failureOf = <A, E>(effect: Effect.Effect<A, E, Services>) =>
  Effect.provide(reported.failureOf(effect, "rich"), Services)

/** How the place was found, and its line, with `?` for what is put into templates. */
const placeOf = ({ location, locationReason }: Failure) => [
  locationReason,
  reported.lineOf({ location })?.replace(/\$\{[^}]*\}/g, "?")
]

const waitingIn = ({ stackFrames }: Failure) =>
  stackFrames.filter(({ origin, suspended }) => origin === "app" && suspended).map((frame) => frame.function)

/** The place of what fails inside a generator that only waits for it. */
const placeInside = <A, E>(call: (ledger: Ledger) => Effect.Effect<A, E, Services>) =>
  Effect.map(
    failureOf(
      Effect.gen(function* () {
        const ledger = yield* Ledger
        return yield* call(ledger)
      })
    ),
    placeOf
  )

describe("the place of an effect that no generator is in", () => {
  it.live("is its line in a method, by what is written behind it, and the caller is among the frames", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const month = 3
          const entry = yield* ledger.find(month)
          return entry
        })
      )
      assert.deepStrictEqual(placeOf(failure), ["effect", "sql`SELECT id, amount FROM entries WHERE id = ?`.pipe("])
      assert.strictEqual(failure.location?.function, "find")
      assert.strictEqual(waitingIn(failure)[0], "find")
      assert.deepInclude(failure.stackFrames.find(({ locals }) => locals !== null)?.locals, { month: 3 })
    })
  )

  it.live("is the step behind it where the effect itself succeeded", () =>
    Effect.gen(function* () {
      const place = yield* placeInside((ledger) => ledger.decoded(1))
      assert.deepStrictEqual(place, ["effect", "Effect.flatMap(decodeEntries),"])
    })
  )

  it.live("is a guess where only the line that waits says what it calls", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          yield* ledger.insert(2, 500)
        })
      )
      assert.deepStrictEqual(placeOf(failure), [
        "called",
        "sql`INSERT INTO entries (id, amount) VALUES (?, ?)`.pipe(Effect.mapError(toLedgerError)),"
      ])
    })
  )

  it.live("is inside a function of a chain that is written with pipe", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          yield* ledger.chained(1)
        })
      )
      assert.include(placeOf(failure)[1], "SELECT worth FROM entries")
    })
  )

  it.live("is what a branch returns that can fail", () =>
    Effect.gen(function* () {
      const place = yield* placeInside((ledger) => ledger.remove(1))
      assert.deepStrictEqual(place, [
        "effect",
        "return Effect.flatMap(sql`DELETE FROM ledger WHERE id = ?`, () => Effect.void)"
      ])
    })
  )

  it.live("is in the function that another such function calls", () =>
    Effect.gen(function* () {
      const rows = "const rows = (id: number) => sql`SELECT id, amount FROM entries WHERE id = ?`"
      assert.deepStrictEqual(yield* placeInside((ledger) => ledger.one(1)), ["called", rows])
      const first = Effect.gen(function* () {
        const ledger = yield* Ledger
        return yield* ledger.first([1, 2])
      })
      assert.deepStrictEqual(placeOf(yield* failureOf(first)), ["called", rows])
    })
  )

  it.live("is the step that an error of its kind comes from", () =>
    Effect.gen(function* () {
      const missing = Effect.gen(function* () {
        const ledger = yield* Ledger
        return yield* ledger.load("/no/such/ledger.json")
      })
      assert.include(placeOf(yield* failureOf(missing))[1], "load: (path: string) => fs.readFileString(path)")
      const torn = Effect.gen(function* () {
        const ledger = yield* Ledger
        return yield* ledger.parse('{"id":1}')
      })
      assert.include(placeOf(yield* failureOf(torn))[1], "parse: (text: string) => Schema.decode(")
    })
  )

  it.live("is in a method of a class, and in a function of the module", () =>
    Effect.gen(function* () {
      const journal = Effect.gen(function* () {
        const journal = new Journal(yield* SqlClient.SqlClient)
        return yield* journal.last(3)
      })
      assert.include(placeOf(yield* failureOf(journal))[1], "return this.sql`SELECT * FROM journal LIMIT ?`.pipe(")
      const rate = Effect.gen(function* () {
        return yield* fetchRate("EUR")
      })
      assert.include(placeOf(yield* failureOf(rate))[1], "const fetchRate = (currency: string) => HttpClient.get(")
    })
  )

  it.live("is found where a cache looks it up, and where no generator waits at all", () =>
    Effect.gen(function* () {
      const line = "sql`SELECT id, amount FROM entries WHERE id = ?`.pipe("
      const cached = Effect.gen(function* () {
        const ledger = yield* Ledger
        const cache = yield* Cache.make({
          capacity: 2,
          timeToLive: "1 minute",
          lookup: (id: number) => ledger.find(id)
        })
        return yield* cache.get(7)
      })
      assert.deepStrictEqual(placeOf(yield* failureOf(cached)), ["effect", line])
      const piped = Effect.flatMap(Ledger, (ledger) => ledger.find(7))
      assert.deepStrictEqual(placeOf(yield* failureOf(piped)), ["effect", line])
    })
  )

  it.live("is never in a wrapper that is given the effect, nor in a handler's function", () =>
    Effect.gen(function* () {
      const named = <A, E, R>(effect: Effect.Effect<A, E, R>) => effect.pipe(Effect.map((value) => ({ value })))
      const wrapped = Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        return yield* named(sql`SELECT wrapped FROM nowhere`)
      })
      assert.include(placeOf(yield* failureOf(wrapped))[1], "SELECT wrapped FROM nowhere")
      const handled = Effect.gen(function* () {
        const ledger = yield* Ledger
        const isLocked = (error: LedgerError) => error.message.includes("locked")
        return yield* ledger.find(3).pipe(
          Effect.catchIf(
            (error): error is LedgerError => error._tag === "LedgerError" && isLocked(error),
            () => Effect.void
          )
        )
      })
      assert.include(placeOf(yield* failureOf(handled))[1], "sql`SELECT id, amount FROM entries WHERE id = ?`.pipe(")
    })
  )
})
