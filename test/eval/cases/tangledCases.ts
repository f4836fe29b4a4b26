/**
 * Programs in which several things go wrong, and one of them is why.
 */
import { closeSync, openSync, readFileSync } from "node:fs"
import { HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Data, Effect, Schema } from "effect"
import { Narrative } from "../../../src/index.js"
import { closedPort, type EvalCase, folder } from "../EvalCase.js"

class ReadFailed extends Data.TaggedError("ReadFailed")<{ readonly path: string; readonly cause: unknown }> {}
class PriceError extends Data.TaggedError("PriceError")<{ readonly message: string }> {}

const read = (path: string) =>
  Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: (cause) => new ReadFailed({ path, cause })
  })

export const tangledCases: ReadonlyArray<EvalCase> = [
  {
    name: "a missing cache, then a missing price",
    hard: "the missing file was caught, and is not why",
    truth: {
      line: "prices.get(article).amount",
      rule: "property-of-nothing",
      cause: [["prices.get(article)", "price"], ["undefined"]],
      innocent: ["cache.json", "enoent", "does not exist"]
    },
    program: Effect.gen(function* () {
      const path = yield* folder
      yield* read(`${path}/cache.json`).pipe(
        Narrative.stage("Read Cache"),
        Effect.catchAll(() => Effect.succeed("{}"))
      )
      const prices = new Map([["A-1", { amount: 5 }]]) as unknown as { get(name: string): { amount: number } }
      const article = "A-2"
      return yield* Effect.sync(() => {
        return prices.get(article).amount
      }).pipe(Narrative.stage("Price Article"))
    }).pipe(Narrative.story("Price Order"))
  },
  {
    name: "a bad upload whose clean-up fails as well",
    hard: "the clean-up's error comes last",
    truth: {
      line: 'JSON.parse("{broken")',
      rule: "json-invalid",
      cause: [["json"]]
    },
    program: Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.acquireUseRelease(
        Effect.sync(() => openSync(`${path}/upload`, "w")),
        (file) =>
          Effect.sync(() => {
            closeSync(file)
            return JSON.parse("{broken")
          }).pipe(Narrative.stage("Parse Upload")),
        (file) => Effect.sync(() => closeSync(file))
      )
    }).pipe(Narrative.story("Import Upload"))
  },
  {
    name: "a handler that fails itself",
    hard: "the error it handles is not why",
    truth: {
      line: "fallback.rates.default",
      rule: "property-of-nothing",
      cause: [["fallback.rates"], ["undefined"]],
      innocent: ["rates.json", "enoent", "does not exist"]
    },
    program: Effect.gen(function* () {
      const path = yield* folder
      const fallback = {} as { readonly rates: { readonly default: number } }
      const rates = read(`${path}/rates.json`).pipe(
        Effect.catchTag("ReadFailed", () =>
          Effect.sync(() => {
            return fallback.rates.default
          })
        )
      )
      return yield* rates.pipe(Narrative.stage("Load Rates"))
    }).pipe(Narrative.story("Convert Prices"))
  },
  {
    name: "two carriers that fail at once, each in its own way",
    hard: "each of them has a cause, and both have to be said",
    truth: {
      line: "yield* Schema.decodeUnknown(Schema.Struct({ id: Schema.Number }))({ id: null })",
      rule: "schema-mismatch",
      cause: [
        ["refused", "nothing listens"],
        ["expected number", "null", "schema"]
      ]
    },
    program: Effect.gen(function* () {
      const port = yield* closedPort
      const client = yield* HttpClient.HttpClient
      const bring = Effect.gen(function* () {
        yield* Effect.uninterruptible(Effect.sleep("20 millis"))
        yield* Schema.decodeUnknown(Schema.Struct({ id: Schema.Number }))({ id: null })
      })
      const posten = Effect.uninterruptible(client.get(`http://127.0.0.1:${port}/parcels`))
      yield* Narrative.group({ "Ask Bring": bring, "Ask Posten": posten })
    }).pipe(Effect.provide(NodeHttpClient.layer), Narrative.story("Track Parcels"))
  },
  {
    name: "one of three that fails, and stops the others",
    hard: "the others were only interrupted",
    truth: {
      line: "yield* new PriceError(",
      rule: null,
      cause: [["negative", "below zero", "-5"]],
      innocent: ["interrupt"]
    },
    program: Effect.gen(function* () {
      const slow = Effect.sleep("10 seconds")
      const price = Effect.gen(function* () {
        yield* Effect.sleep("5 millis")
        return yield* new PriceError({ message: "the price of A-2 is negative: -5" })
      })
      yield* Effect.all([slow, price.pipe(Narrative.stage("Price A-2")), slow], { concurrency: 3 })
    }).pipe(Narrative.story("Price Order"))
  },
  {
    name: "a truth value given to the database driver",
    hard: "the driver throws, far from the program's own line",
    truth: {
      line: "yield* sql.unsafe(statement, values)",
      rule: "bound-type",
      cause: [
        ["bound", "bind", "parameter"],
        ["type", "boolean", "true"]
      ]
    },
    program: Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const statement = "select ? as active"
      const values = [true]
      const rows = yield* sql.unsafe(statement, values).pipe(Narrative.stage("Load Active"))
      return rows
    }).pipe(
      Effect.provide(SqliteClient.layer({ filename: ":memory:", disableWAL: true })),
      Narrative.story("List Customers")
    )
  },
  {
    name: "a setting that was never set, parsed as JSON",
    hard: "the parser complains, but the setting is missing",
    truth: {
      line: "JSON.parse(String(features))",
      rule: "json-invalid",
      cause: [
        ["undefined", "missing"],
        ["feature", "setting", "variable"]
      ]
    },
    program: Effect.gen(function* () {
      const features = process.env["EVAL_FEATURES_NEVER_SET"]
      const flags = yield* Effect.sync(() => {
        return JSON.parse(String(features))
      }).pipe(Narrative.stage("Read Features"))
      return flags
    }).pipe(Narrative.story("Start Service"))
  },
  {
    name: "a rejection with nothing but a text",
    hard: "a wrapper of Effect's is all there is to see",
    truth: {
      line: "yield* Effect.tryPromise(() => sdk.refund(1250))",
      rule: "unknown-exception",
      cause: [["refund window", "window has closed"]]
    },
    program: Effect.gen(function* () {
      const sdk = { refund: (_cents: number): Promise<void> => Promise.reject("the refund window has closed") }
      yield* Effect.tryPromise(() => sdk.refund(1250)).pipe(Narrative.stage("Refund"))
    }).pipe(Narrative.story("Refund Order"))
  }
]
