import { writeFileSync } from "node:fs"
import * as Reactivity from "@effect/experimental/Reactivity"
import { SqlClient } from "@effect/sql"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Data, Effect, Schema } from "effect"
import { Narrative } from "../../../src/index.js"
import { type EvalCase, folder } from "../EvalCase.js"

const database = SqliteClient.layer({ filename: ":memory:", disableWAL: true })

const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`create table customers (id integer primary key, email text not null unique)`
  yield* sql`create table orders (id integer primary key, customer integer not null references customers(id))`
  yield* sql`pragma foreign_keys = on`
  return sql
}).pipe(Narrative.stage("Create Tables"))

class SaveFailed extends Data.TaggedError("SaveFailed")<{ readonly cause: unknown }> {}
class ImportFailed extends Data.TaggedError("ImportFailed")<{ readonly message: string; readonly cause: unknown }> {}

const Order = Schema.Struct({ id: Schema.Number, lines: Schema.Array(Schema.Struct({ count: Schema.Int })) })

export const dataCases: ReadonlyArray<EvalCase> = [
  {
    name: "a customer imported twice",
    truth: {
      line: "yield* sql`insert into customers",
      rule: "unique-violation",
      cause: [["customers.email"], ["unique", "already exists", "duplicate", "same"]]
    },
    program: Effect.gen(function* () {
      const sql = yield* tables
      for (const row of [{ email: "ada@x.org" }, { email: "ada@x.org" }]) {
        yield* sql`insert into customers ${sql.insert(row)}`.pipe(Narrative.stage("Insert Customer"))
      }
    }).pipe(Effect.provide(database), Narrative.story("Import Customers"))
  },
  {
    name: "an order of a customer who is not there",
    truth: {
      line: "yield* sql`insert into orders",
      rule: "foreign-key-violation",
      cause: [
        ["foreign key", "refers"],
        ["not exist", "not there", "missing"]
      ]
    },
    program: Effect.gen(function* () {
      const sql = yield* tables
      const order = { id: 1, customer: 99 }
      yield* sql`insert into orders ${sql.insert(order)}`.pipe(Narrative.stage("Insert Order"))
    }).pipe(Effect.provide(database), Narrative.story("Import Orders"))
  },
  {
    name: "a table no migration has made",
    truth: {
      line: "yield* sql`select id from invoices`",
      rule: "table-missing",
      cause: [["invoices"], ["table"]]
    },
    program: Effect.gen(function* () {
      const sql = yield* tables
      const open = yield* sql`select id from invoices`.pipe(Narrative.stage("Load Invoices"))
      return open.length
    }).pipe(Effect.provide(database), Narrative.story("Send Reminders"))
  },
  {
    name: "a writer that another one blocks",
    hard: "the statement is right; the other connection is why",
    truth: {
      line: "yield* second`insert into jobs values (2)`",
      rule: "database-locked",
      cause: [
        ["locked", "holds", "busy"],
        ["another", "other"]
      ]
    },
    program: Effect.gen(function* () {
      const filename = `${yield* folder}/jobs.db`
      const open = SqliteClient.make({ filename, disableWAL: true })
      const first = yield* open
      yield* first`create table jobs (id int)`
      yield* first`begin immediate`
      const second = yield* open
      yield* second`pragma busy_timeout = 1`
      yield* second`insert into jobs values (2)`.pipe(Narrative.stage("Queue Job"))
    }).pipe(Effect.provide(Reactivity.layer), Narrative.story("Queue Jobs"))
  },
  {
    name: "a text file opened as a database",
    truth: {
      line: "yield* sql`select id from customers`",
      rule: "database-corrupt",
      cause: [["not a database", "no database", "notadb", "damaged", "corrupt"]]
    },
    program: Effect.gen(function* () {
      const filename = `${yield* folder}/customers.db`
      writeFileSync(filename, "id,email\n1,ada@x.org\n".repeat(100))
      const sql = yield* SqliteClient.make({ filename, disableWAL: true })
      yield* sql`select id from customers`.pipe(Narrative.stage("Load Customers"))
    }).pipe(Effect.provide(Reactivity.layer), Narrative.story("Greet Customers"))
  },
  {
    name: "a unique key behind three wrappers",
    hard: "two errors of the program's own come before the database's",
    truth: {
      line: "yield* saved.pipe(",
      rule: "unique-violation",
      cause: [["customers.email"], ["unique", "already exists", "duplicate", "same"]]
    },
    program: Effect.gen(function* () {
      const sql = yield* tables
      const email = "grace@x.org"
      const saved = sql`insert into customers ${sql.insert({ email })}`
      yield* saved
      yield* saved.pipe(
        Effect.mapError((cause) => new SaveFailed({ cause })),
        Effect.mapError((cause) => new ImportFailed({ message: "the import went wrong", cause })),
        Narrative.stage("Save Customer")
      )
    }).pipe(Effect.provide(database), Narrative.story("Import Customers"))
  },
  {
    name: "an insert that was retried after it had worked",
    hard: "the row is there since the first attempt put it there",
    truth: {
      line: "yield* Effect.suspend(() => (attempts++ === 0",
      rule: "unique-violation",
      cause: [
        ["retr", "second attempt", "attempt"],
        ["already", "unique", "twice"]
      ]
    },
    program: Effect.gen(function* () {
      const sql = yield* tables
      const save = sql`insert into customers ${sql.insert({ id: 1, email: "ada@x.org" })}`
      const unlogged = Effect.fail(new ImportFailed({ message: "no answer from the audit log", cause: undefined }))
      let attempts = 0
      yield* Effect.suspend(() => (attempts++ === 0 ? Effect.zipRight(save, unlogged) : save)).pipe(
        Effect.retry({ times: 1 }),
        Narrative.stage("Save Customer")
      )
    }).pipe(Effect.provide(database), Narrative.story("Register Customer"))
  },
  {
    name: "an upload with a comma too many",
    truth: {
      line: "JSON.parse(upload)",
      rule: "json-invalid",
      cause: [["json"], ["property name", "comma", "position"]]
    },
    program: Effect.gen(function* () {
      const upload = '{"id": 1, "lines": [],}'
      const order = yield* Effect.sync(() => {
        return JSON.parse(upload)
      }).pipe(Narrative.stage("Parse Upload"))
      return order
    }).pipe(Narrative.story("Import Order"))
  },
  {
    name: "a count that came as text",
    truth: {
      line: "yield* Schema.decodeUnknown(Order)(input)",
      rule: "schema-mismatch",
      cause: [
        ["lines[1].count", "count"],
        ["number", "text", "string"]
      ]
    },
    program: Effect.gen(function* () {
      const input: unknown = { id: 1, lines: [{ count: 2 }, { count: "three" }] }
      const order = yield* Schema.decodeUnknown(Order)(input).pipe(Narrative.stage("Validate Order"))
      return order.id
    }).pipe(Narrative.story("Import Order"))
  },
  {
    name: "an average of nothing",
    hard: "the value breaks its schema, but the division before it is wrong",
    truth: {
      line: "const average = total / ratings.length",
      rule: null,
      cause: [["nan"], ["empty", "zero", "no ratings", "divi"]]
    },
    program: Effect.gen(function* () {
      const ratings: ReadonlyArray<number> = []
      const total = ratings.reduce((sum, rating) => sum + rating, 0)
      const average = total / ratings.length
      yield* Schema.decodeUnknown(Schema.Struct({ average: Schema.Finite }))({ average }).pipe(
        Narrative.stage("Publish Average", { attributes: { ratings: ratings.length } })
      )
    }).pipe(Narrative.story("Rate Article"))
  }
]
