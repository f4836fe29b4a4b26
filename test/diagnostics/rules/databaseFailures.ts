import * as fs from "node:fs"
import { SqlClient } from "@effect/sql"
import { SqlError } from "@effect/sql/SqlError"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Effect } from "effect"
import { inForm, type RuleCase, ruleCase, temporaryFolder } from "./RuleCase.js"

const memory = SqliteClient.layer({ filename: ":memory:", disableWAL: true })

const sqlite = (
  rule: string,
  what: string,
  run: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>,
  more: Pick<RuleCase, "why" | "hint"> = {}
): RuleCase =>
  ruleCase(
    rule,
    what,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create table customers (id integer primary key, email text not null unique, age int check (age > 0))`
      yield* sql`create table orders (id integer primary key, customer int references customers(id))`
      yield* sql`pragma foreign_keys = on`
      yield* sql`insert into customers values (1, 'ada', 1)`
      return yield* run(sql)
    }).pipe(Effect.provide(memory)),
    more
  )

/** A statement on a database file that is there, or not. */
const onFile = (
  rule: string,
  what: string,
  prepare: (folder: string) => string,
  run: (sql: SqlClient.SqlClient, file: string) => Effect.Effect<unknown, unknown> = (sql) => sql`select 1 from a`
): RuleCase =>
  ruleCase(
    rule,
    what,
    Effect.flatMap(temporaryFolder, (folder) => {
      const filename = prepare(folder)
      return Effect.flatMap(SqlClient.SqlClient, (sql) => run(sql, filename)).pipe(
        Effect.provide(SqliteClient.layer({ filename, disableWAL: true }))
      )
    })
  )

/** In the form of node-postgres: https://node-postgres.com/apis/client and the fields of the protocol's error message. */
const postgres = (
  rule: string,
  code: string,
  message: string,
  fields: Readonly<Record<string, unknown>> = {}
): RuleCase =>
  ruleCase(
    rule,
    `${code} of PostgreSQL`,
    Effect.suspend(() =>
      Effect.fail(
        new SqlError({
          message: "Failed to execute statement",
          cause: Object.assign(new Error(message), { name: "error", severity: "ERROR", code, ...fields })
        })
      )
    )
  )

const locked = (sql: SqlClient.SqlClient, filename: string) =>
  Effect.gen(function* () {
    yield* sql`create table a (b int)`
    yield* sql`begin immediate`
    const other = Effect.gen(function* () {
      const second = yield* SqlClient.SqlClient
      yield* second`pragma busy_timeout = 1`
      yield* second`insert into a values (1)`
    }).pipe(Effect.provide(SqliteClient.layer({ filename, disableWAL: true })))
    return yield* other
  })

export const databaseFailures: ReadonlyArray<RuleCase> = [
  sqlite("unique-violation", "a key that is taken", (sql) => sql`insert into customers values (2, 'ada', 1)`, {
    why: "a row with the same customers.email already exists"
  }),
  postgres("unique-violation", "23505", 'duplicate key value violates unique constraint "customers_email_key"', {
    detail: "Key (email)=(ada) already exists.",
    table: "customers",
    constraint: "customers_email_key"
  }),
  sqlite("foreign-key-violation", "a row that refers to none", (sql) => sql`insert into orders values (1, 99)`),
  postgres("foreign-key-violation", "23503", 'insert or update on table "orders" violates foreign key constraint', {
    table: "orders",
    constraint: "orders_customer_fkey"
  }),
  sqlite("not-null-violation", "a column without its value", (sql) => sql`insert into customers values (2, null, 1)`),
  sqlite("check-violation", "a value its table forbids", (sql) => sql`insert into customers values (2, 'b', -1)`),
  postgres("value-too-long", "22001", "value too long for type character varying(10)"),
  postgres("value-out-of-range", "22003", "integer out of range"),
  postgres("value-unreadable", "22P02", 'invalid input syntax for type uuid: "7"'),
  sqlite("bound-type", "a truth value as a parameter", (sql) => sql.unsafe("select ?", [true])),
  sqlite("bound-count", "a parameter too few", (sql) => sql.unsafe("select ?, ?", [1]), {
    why: "a statement was given too few values"
  }),
  sqlite("table-missing", "a table that is not there", (sql) => sql`select * from nope`),
  postgres("table-missing", "42P01", 'relation "nope" does not exist'),
  sqlite("column-missing", "a column that is not there", (sql) => sql`select nope from customers`),
  sqlite("sql-syntax", "a word misspelt", (sql) => sql`selct 1`),
  postgres("database-permission", "42501", "permission denied for table customers", { table: "customers" }),
  postgres(
    "transaction-aborted",
    "25P02",
    "current transaction is aborted, commands ignored until end of transaction block"
  ),
  postgres("statement-cancelled", "57014", "canceling statement due to statement timeout"),
  onFile("database-locked", "a database another one writes to", (folder) => `${folder}/a.db`, locked),
  postgres("database-locked", "55P03", 'could not obtain lock on row in relation "orders"'),
  postgres("deadlock", "40P01", "deadlock detected", { detail: "Process 1 waits for ShareLock on transaction 2" }),
  postgres("serialization-failure", "40001", "could not serialize access due to concurrent update"),
  postgres("too-many-connections", "53300", "sorry, too many clients already", { severity: "FATAL" }),
  postgres("database-login", "28P01", 'password authentication failed for user "app"', { severity: "FATAL" }),
  postgres("database-missing", "3D000", 'database "shop" does not exist', { severity: "FATAL" }),
  postgres("database-connection-lost", "08006", "server closed the connection unexpectedly"),
  postgres("database-shutting-down", "57P01", "terminating connection due to administrator command"),
  postgres("database-full", "53100", "could not extend file: No space left on device"),
  inForm("database-full", "database or disk is full", { code: "SQLITE_FULL" }),
  sqlite("database-read-only", "a connection that may only read", (sql) =>
    Effect.zipRight(sql`pragma query_only = on`, sql`delete from orders`)
  ),
  onFile("database-cannot-open", "a folder in place of a database", (folder) => folder),
  onFile("database-folder-missing", "a database in a folder that is not there", (folder) => `${folder}/nope/a.db`),
  onFile("database-corrupt", "a file that is no database", (folder) => {
    fs.writeFileSync(`${folder}/a.db`, "not a database, but a text that is long enough to be looked at".repeat(20))
    return `${folder}/a.db`
  }),
  inForm("database-io", "disk I/O error", { code: "SQLITE_IOERR_READ" })
]
