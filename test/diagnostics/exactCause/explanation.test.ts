import { deepStrictEqual } from "node:assert"
import { readFileSync, renameSync } from "node:fs"
import { createServer, type RequestListener } from "node:http"
import { connect, createServer as createSocketServer } from "node:net"
import { FetchHttpClient, FileSystem, HttpBody, HttpClient, HttpClientResponse } from "@effect/platform"
import { NodeFileSystem, NodeHttpClient } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { assert, describe, it } from "@effect/vitest"
import {
  BigDecimal,
  Cause,
  Config,
  ConfigProvider,
  Context,
  Cron,
  Data,
  DateTime,
  Duration,
  Effect,
  Either,
  FastCheck as fc,
  Option,
  Runtime,
  Schema
} from "effect"
import { explain, rootOf } from "../../../src/diagnostics/exactCause/explanation.js"
import { StageGroupError } from "../../../src/narration/StageGroupError.js"
import * as PlainValue from "../../../src/plain/PlainValue.js"
import { deepError, thrownValue } from "../../cause/thrownValues.js"
import { processorMillis } from "../../fixtures/processorTime.js"

class Duplicate extends Data.TaggedError("Duplicate")<{ readonly id: number; readonly table?: string }> {}
class Repository extends Context.Tag("app/Repository")<Repository, object>() {}

const thrownBy = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return assert.fail("nothing was thrown")
}

/** Runs a line of JavaScript among variables, and explains what it threw: with the variables, and without. */
const explained = (line: string, variables: Readonly<Record<string, unknown>>, before = "") => {
  const names = Object.keys(variables)
  const error = thrownBy(() => new Function(...names, `${before}\n${line}`)(...Object.values(variables)))
  const locals = names.map((name) => ({ name, value: PlainValue.from(variables[name]) }))
  return { blind: explain(error, { sourceLine: line }), recorded: explain(error, { sourceLine: line, locals }) }
}

const alone = (error: unknown) => explain(error, {})

describe("Explanation", () => {
  const job = { text: "61 * * * *", every: "5 parsecs", data: "%%%", amount: 12.5 }

  it.each([
    [
      () => Cron.unsafeParse(job.text),
      "Cron.unsafeParse(job.text)",
      'job.text is not a cron expression: expected a value between 0 and 59, at "61"',
      ' (job.text is "61 * * * *")'
    ],
    [
      () => DateTime.unsafeMake(job.every),
      "DateTime.unsafeMake(job.every)",
      "job.every is not a date",
      ' (job.every is "5 parsecs")'
    ],
    [
      () => Duration.decode(job.every as "5 seconds"),
      "Duration.toMillis(job.every)",
      'job.every is not a duration such as "5 seconds"',
      ' (job.every is "5 parsecs")'
    ],
    [
      () => BigDecimal.unsafeFromString(job.every),
      "BigDecimal.unsafeFromString(job.every)",
      "job.every is not a decimal number",
      ' (job.every is "5 parsecs")'
    ],
    [() => atob(job.data), "return atob(job.data)", "job.data is not Base64", ' (job.data is "%%%")'],
    [
      () => BigInt(job.amount),
      "return BigInt(job.amount)",
      "job.amount is 12.5, which is not a whole number, so it cannot be made a BigInt",
      ""
    ]
  ] as const)(
    "names what a parser was given whose error does not, and its value where that is known: %s",
    (run, sourceLine, said, value) => {
      const error = thrownBy(run)
      const locals = [{ name: "job", value: PlainValue.from(job) }]
      assert.strictEqual(explain(error, { sourceLine }), said)
      assert.strictEqual(explain(error, { sourceLine, locals }), said + value)
    }
  )

  it("leaves the error of a parser as it is where its line calls none, or two", () => {
    const error = thrownBy(() => DateTime.unsafeMake("soon"))
    const lines = ["parsed(text)", "DateTime.unsafeMake(from), DateTime.unsafeMake(to)"]
    for (const sourceLine of lines)
      assert.strictEqual(explain(error, { sourceLine }), "IllegalArgumentException: Invalid date")
  })

  it("says of a text of JSON that ends too early what it is", () => {
    const { blind, recorded } = explained("return JSON.parse(body)", { body: "" })
    assert.strictEqual(blind, "body is not valid JSON: Unexpected end of JSON input")
    assert.strictEqual(recorded, 'body is not valid JSON: Unexpected end of JSON input (body is "")')
  })

  it("never throws, whatever was thrown, and is one short line", () => {
    fc.assert(
      fc.property(thrownValue, (make) => {
        const text = alone(make())
        assert.isNotEmpty(text)
        assert.isAtMost(text.length, 500)
        assert.notMatch(text, /[\n\r]/)
      }),
      { numRuns: 500 }
    )
  })

  it("never throws, whatever the line and the variables say", () => {
    const messages = fc.constantFrom(
      "Cannot read properties of undefined (reading 'a')",
      "Cannot mix BigInt and other types, use explicit conversions",
      "Assignment to constant variable.",
      "a.b is not a function",
      "undefined is not iterable (cannot read property Symbol(Symbol.iterator))",
      "Cannot convert undefined to a BigInt",
      "Invalid array length",
      "Right-hand side of 'instanceof' is not an object"
    )
    const code = fc.array(
      fc.constantFrom(
        "a",
        ".a",
        "?.a",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "`",
        "${",
        '"',
        "'",
        "\\",
        " ",
        "+",
        "=",
        "!",
        "new ",
        "...",
        "BigInt(",
        "instanceof",
        "yield* ",
        "//",
        "/*"
      )
    )
    const local = fc.record({ name: fc.constantFrom("a", "b"), value: fc.jsonValue().map(PlainValue.from) })
    fc.assert(
      fc.property(messages, code, fc.array(local), (message, parts, locals) => {
        const text = explain(new TypeError(message), { sourceLine: parts.join(""), locals })
        assert.isAtMost(text.length, 500)
      }),
      { numRuns: 2_000 }
    )
  })

  it("takes no time over a hostile line", () => {
    const error = new TypeError("Cannot read properties of undefined (reading 'a')")
    for (const part of ["a.", "a[", "(", "a", "!", "${", "a+"]) {
      const took = processorMillis(() => explain(error, { sourceLine: part.repeat(100_000) }))
      assert.isBelow(took, 200)
    }
  })

  describe("the engine's own errors", () => {
    const customer = { id: 1, name: "Ada" }
    it.each([
      [
        "return customer.address.street",
        { customer },
        "customer.address is undefined, so .street cannot be read",
        " (customer holds id, name)"
      ],
      [
        "return customer.address.street",
        { customer: { address: null } },
        "customer.address is null, so .street cannot be read",
        ""
      ],
      [
        "return customer?.address.street",
        { customer },
        "customer?.address is undefined, so .street cannot be read",
        " (customer holds id, name)"
      ],
      [
        "return rows[i].id",
        { rows: [1, 2], i: 7 },
        "rows[i] is undefined, so .id cannot be read",
        " (rows holds 2 entries)"
      ],
      [
        "return row[key][0]",
        { row: {}, key: "tags" },
        "row[key] is undefined, so [0] cannot be read",
        " (row is empty)"
      ],
      ["row.tags.first = 1", { row: {} }, "row.tags is undefined, so .first cannot be set", " (row is empty)"],
      [
        "return list.find((x) => x.id === 3).name",
        { list: [] },
        "list.find((x) => x.id === 3) returned undefined, so .name cannot be read",
        ""
      ],
      [
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the line under test is a template
        "return `customer.name: ${row.customer.name}`",
        { row: {} },
        "row.customer is undefined, so .name cannot be read",
        " (row is empty)"
      ],
      [
        "const { street } = customer.address",
        { customer },
        "customer.address is undefined, so .street cannot be taken from it",
        " (customer holds id, name)"
      ],
      ["return customer.save()", { customer }, "customer.save is not a function", " (customer holds id, name)"],
      ["return new customer.Type()", { customer }, "customer.Type is not a constructor", " (customer holds id, name)"],
      ["for (const x of customer.id) x", { customer }, "customer.id cannot be iterated", " (customer.id is 1)"],
      ["return Math.max(...customer.id)", { customer }, "customer.id cannot be iterated", " (customer.id is 1)"],
      [
        "const [a] = customer.tags",
        { customer },
        "customer.tags is undefined, so it cannot be iterated",
        " (customer holds id, name)"
      ],
      ["return new Map(customer.id)", { customer }, "customer.id cannot be iterated: it is number 1", ""],
      [
        "return Object.keys(customer.tags)",
        { customer },
        "customer.tags is undefined or null, so it has no properties",
        " (customer holds id, name)"
      ],
      [
        "return total + fee",
        { total: 5n, fee: 2 },
        "a BigInt and a value of another type cannot be mixed in total + fee",
        ": total is the BigInt"
      ],
      [
        "return BigInt(customer.total)",
        { customer },
        "customer.total is undefined, so BigInt(customer.total) cannot convert it",
        " (customer holds id, name)"
      ],
      [
        "return x.toFixed(digits)",
        { x: 1, digits: 101 },
        "toFixed(digits) takes a number from 0 to 100",
        " (digits is 101)"
      ],
      [
        "return new Array(count)",
        { count: -1 },
        "count is not one: an array's length is a whole number from 0 to 4294967295",
        " (count is -1)"
      ],
      [
        "return new Date(text).toISOString()",
        { text: "31.31.2024" },
        "new Date(text) is not a valid date",
        ' (text is "31.31.2024")'
      ],
      [
        "return JSON.parse(body)",
        { body: '{"a":1,}' },
        "body is not valid JSON: Expected double-quoted property name at position 7",
        String.raw`, near "{\"a\":1,}"`
      ],
      [
        "return a instanceof Type",
        { a: 1, Type: 5 },
        "Type is not a class, so instanceof cannot ask it",
        " (Type is 5)"
      ]
    ] as const)("names what was meant in %s", (line, variables, blind, more) => {
      assert.deepStrictEqual(explained(line, variables), { blind, recorded: blind + more })
    })

    it.each([
      ["count += 1", "const count = 1", "count is a const and cannot be assigned again"],
      ["return missing + 1", "", "missing is not defined: nothing of that name is in scope"],
      ["x; let x", "", "x is used before the line that declares it has run"],
      ["return new RegExp('(')", "", "/(/ is not a regular expression: Unterminated group"],
      [
        "return walk(1)",
        "const walk = (n) => walk(n + 1) + 1",
        "the call stack is full: walk was still calling itself"
      ],
      ["return JSON.stringify({ a: 1n })", "", "JSON cannot hold a BigInt, and JSON.stringify met one"],
      [
        "JSON.stringify(foo)",
        "class Foo {}; const foo = new Foo(); foo.list = [{ b: { c: foo } }]",
        "JSON cannot hold a circle: Foo.list[0].b.c is that Foo again"
      ],
      ["decodeURI(text)", "const text = '%'", "text has a stray %, so it cannot be decoded as a URI"],
      [
        "encodeURIComponent(text)",
        "const text = '\\ud800'",
        "text has half of a character in it, so it cannot be encoded as a URI"
      ],
      ["return [].reduce((a, b) => a)", "", "[] is empty, and reduce was given no value to start with"]
    ])("says it plainly for %s", (line, before, expected) => {
      assert.strictEqual(explained(line, {}, before).blind, expected)
    })

    it("says which of two it was only if the variables show it", () => {
      const { blind, recorded } = explained("return a.name + b.name", { a: { name: "x" }, b: undefined })
      assert.strictEqual(blind, "a or b is undefined, so .name cannot be read")
      assert.strictEqual(recorded, "b is undefined, so .name cannot be read")
    })

    it("names nothing without the line, or with a line that does not read the property", () => {
      const error = thrownBy(() => (undefined as unknown as { x: 1 }).x)
      assert.strictEqual(alone(error), "a value is undefined, so .x cannot be read")
      assert.strictEqual(explain(error, { sourceLine: "a.xy + 'b.x'" }), "a value is undefined, so .x cannot be read")
    })

    it("takes no operand from the app's line when a library threw", () => {
      const error = new TypeError("Cannot read properties of undefined (reading 'x')")
      error.stack = `TypeError: m\n    at f (/app/node_modules/lib/index.js:1:1)\n    at main (/app/src/main.ts:1:1)`
      assert.strictEqual(explain(error, { sourceLine: "f(point.x)" }), "a value is undefined, so .x cannot be read")
    })

    it("does not contradict what the variables hold", () => {
      const error = new TypeError("Cannot read properties of undefined (reading 'x')")
      const locals = [{ name: "point", value: { at: { x: 1 } } }]
      assert.strictEqual(
        explain(error, { sourceLine: "point.at.x", locals }),
        "point.at is undefined, so .x cannot be read"
      )
    })
  })

  describe("values that do not match their schema", () => {
    const Customers = Schema.Struct({
      customers: Schema.Array(Schema.Struct({ email: Schema.NonEmptyString, kind: Schema.Literal("a", "b") }))
    })
    const decoding = <A, I>(schema: Schema.Schema<A, I>, value: unknown) =>
      alone(thrownBy(() => Schema.decodeUnknownSync(schema, { errors: "all" })(value)))

    it("names the place of the first issue, and counts the others", () => {
      assert.strictEqual(
        decoding(Customers, { customers: [{ email: "", kind: "c" }, {}] }),
        'ParseError at customers[0].email: Expected a non empty string, actual "" (in {"email":"","kind":"c"}), and 3 more issues'
      )
    })

    it("shows what there is where a field is missing: it may be under another name", () => {
      assert.strictEqual(
        decoding(Schema.Struct({ posts: Schema.Array(Schema.String) }), { post: [] }),
        'ParseError at posts: is missing (in {"post":[]})'
      )
    })

    it("says what each member of a union expected", () => {
      assert.strictEqual(
        decoding(Customers, { customers: [{ email: "x", kind: "c" }] }),
        'ParseError at customers[0].kind: Expected "a" or "b", actual "c" (in {"email":"x","kind":"c"})'
      )
    })

    it("has no place at the root", () => {
      assert.strictEqual(decoding(Schema.Number, "x"), 'ParseError: Expected number, actual "x"')
    })

    it("is quick about a hundred thousand issues", () => {
      const issues = decoding(
        Schema.Array(Schema.Number),
        Array.from({ length: 100_000 }, () => "x")
      )
      assert.strictEqual(issues, 'ParseError at [0]: Expected number, actual "x", and 99999 more issues')
    })

    it("reads the issues of other validators", () => {
      const issues = [{ path: ["rows", 0, "id"], message: "Required" }]
      const error = Object.assign(new Error("[...]"), { name: "ZodError", issues })
      assert.strictEqual(alone(error), "ZodError at rows[0].id: Required")
    })
  })

  it.scoped("names the constraint and column of a database error", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create table customers (id integer primary key, email text not null unique, age int check (age > 0))`
      yield* sql`create table orders (id integer primary key, customer int references customers(id))`
      yield* sql`pragma foreign_keys = on`
      yield* sql`insert into customers values (1, 'ada', 1)`
      const failures = yield* Effect.forEach(
        [
          sql`insert into customers values (1, 'b', 1)`,
          sql`insert into customers values (2, null, 1)`,
          sql`insert into customers values (2, 'b', -1)`,
          sql`insert into orders values (1, 99)`,
          sql`select * from nope`,
          sql`select nope from customers`,
          sql`selct 1`,
          Effect.zipRight(sql`pragma query_only = on`, sql`delete from orders`)
        ],
        Effect.flip
      )
      assert.deepStrictEqual(failures.map(alone), [
        "a row with the same customers.id already exists (UNIQUE constraint failed: customers.id, SQLITE_CONSTRAINT_PRIMARYKEY)",
        "customers.email was given no value (NOT NULL constraint failed: customers.email, SQLITE_CONSTRAINT_NOTNULL)",
        "a value breaks the check age > 0 (CHECK constraint failed: age > 0, SQLITE_CONSTRAINT_CHECK)",
        "a row refers to another that does not exist, or is still referred to (FOREIGN KEY constraint failed, SQLITE_CONSTRAINT_FOREIGNKEY)",
        "there is no table nope (no such table: nope, SQLITE_ERROR)",
        "there is no column nope (no such column: nope, SQLITE_ERROR)",
        'the SQL is not valid near "selct" (near "selct": syntax error, SQLITE_ERROR)',
        "the database is read-only (attempt to write a readonly database, SQLITE_READONLY)"
      ])
    }).pipe(Effect.provide(SqliteClient.layer({ filename: ":memory:", disableWAL: true })))
  )

  it("names the constraint of a Postgres error", () => {
    const error = Object.assign(new Error('duplicate key value violates unique constraint "customers_email_key"'), {
      code: "23505",
      detail: "Key (email)=(ada) already exists.",
      table: "customers",
      constraint: "customers_email_key"
    })
    assert.strictEqual(
      alone(error),
      "a row with the same key already exists, table customers, constraint customers_email_key - Key (email)=(ada) already exists (23505)"
    )
  })

  describe("the system's errors", () => {
    it("names the paths", () => {
      assert.strictEqual(
        alone(thrownBy(() => readFileSync("/nope/a.csv"))),
        "/nope/a.csv does not exist (ENOENT, open)"
      )
      assert.strictEqual(
        alone(thrownBy(() => renameSync("/nope/a", "/nope/b"))),
        "/nope/a, or the folder of /nope/b, does not exist (ENOENT, rename)"
      )
    })

    it("leave what a program says of its own error as it is, though it gave it one of their codes", () => {
      assert.strictEqual(
        alone(Object.assign(new Error("eu-2 is busy (3)"), { code: "EBUSY" })),
        "Error: eu-2 is busy (3)"
      )
      assert.strictEqual(
        alone(Object.assign(new Error("socket hang up"), { code: "ECONNRESET" })),
        "the connection was reset by the other side (ECONNRESET)"
      )
    })

    it.effect("takes the path from the platform where Node does not say it", () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const error = yield* Effect.flip(files.readFileString(import.meta.dirname))
        assert.strictEqual(alone(error), `${import.meta.dirname} is a folder, not a file (EISDIR, read)`)
      }).pipe(Effect.provide(NodeFileSystem.layer))
    )

    it.scoped("names the address", () =>
      Effect.gen(function* () {
        const server = createSocketServer()
        const port = yield* Effect.async<number>((resume) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
          })
        })
        yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
        const inUse = yield* Effect.async<unknown>((resume) => {
          createSocketServer()
            .on("error", (error) => resume(Effect.succeed(error)))
            .listen(port, "127.0.0.1")
        })
        const refused = yield* Effect.async<unknown>((resume) => {
          connect(1, "127.0.0.1").on("error", (error) => resume(Effect.succeed(error)))
        })
        assert.strictEqual(alone(inUse), `127.0.0.1:${port} is already in use by another listener (EADDRINUSE, listen)`)
        assert.strictEqual(
          alone(refused),
          "the connection was refused: nothing listens at 127.0.0.1:1 (ECONNREFUSED, connect)"
        )
      })
    )

    it.each([
      [
        "ENOTFOUND",
        { hostname: "nope.invalid", syscall: "getaddrinfo" },
        "nope.invalid is a name that could not be resolved (ENOTFOUND, getaddrinfo)"
      ],
      ["EMFILE", { syscall: "open" }, "this process has too many files open (EMFILE, open)"],
      ["ENOSPC", { path: "/data/a", syscall: "write" }, "no space is left on the device for /data/a (ENOSPC, write)"],
      [
        "EPIPE",
        { syscall: "write" },
        "the other side had closed the connection while it was written to (EPIPE, write)"
      ],
      ["CERT_HAS_EXPIRED", { host: "example.com" }, "the certificate of example.com has expired (CERT_HAS_EXPIRED)"]
    ])("knows %s", (code, fields, expected) => {
      assert.strictEqual(alone(Object.assign(new Error("m"), { code, ...fields })), expected)
    })
  })

  describe("requests", () => {
    const answering = (listener: RequestListener) =>
      Effect.acquireRelease(
        Effect.async<{ readonly url: string; readonly close: () => void }>((resume) => {
          const server = createServer(listener)
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            const port = typeof address === "object" && address !== null ? address.port : 0
            resume(
              Effect.succeed({
                url: `http://127.0.0.1:${port}`,
                close: () => {
                  server.closeAllConnections()
                  server.close()
                }
              })
            )
          })
        }),
        ({ close }) => Effect.sync(close)
      )

    it.scoped("name method, URL and status, but no credentials and no query", () =>
      Effect.gen(function* () {
        const { url } = yield* answering((_request, response) => response.writeHead(404).end())
        const client = yield* HttpClient.HttpClient
        const address = `${url.replace("//", "//user:secret@")}/customers?token=abc#part`
        const error = yield* client.get(address).pipe(Effect.flatMap(HttpClientResponse.filterStatusOk), Effect.flip)
        assert.strictEqual(alone(error), `GET ${url}/customers was answered with 404 Not Found`)
      }).pipe(Effect.provide(NodeHttpClient.layer))
    )

    it.scoped("say what was wrong with the body", () =>
      Effect.gen(function* () {
        const { url } = yield* answering((_request, response) => response.end("not json"))
        const client = yield* HttpClient.HttpClient
        const error = yield* client.get(url).pipe(
          Effect.flatMap((response) => response.json),
          Effect.flip
        )
        assert.strictEqual(
          alone(error),
          `GET ${url}/ was answered with 200, but the body could not be decoded: the text is not valid JSON: Unexpected token 'o', "not json" is not valid JSON`
        )
      }).pipe(Effect.provide(NodeHttpClient.layer))
    )

    it.effect("say why there was no answer", () =>
      Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        const refused = yield* Effect.flip(client.get("http://127.0.0.1:1/x?y=1"))
        const invalid = yield* Effect.flip(client.get("nope?token=abc"))
        assert.strictEqual(
          alone(refused),
          "GET http://127.0.0.1:1/x got no answer: the connection was refused: nothing listens at 127.0.0.1:1 (ECONNREFUSED, connect)"
        )
        assert.strictEqual(alone(invalid), "GET nope could not be sent: the URL is not valid")
      }).pipe(Effect.provide(NodeHttpClient.layer))
    )

    it.effect("look through fetch's own wrapper", () =>
      Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        const error = yield* Effect.flip(client.get("http://127.0.0.1:1/"))
        assert.strictEqual(alone(error), "GET http://127.0.0.1:1/ got no answer: Error: bad port")
      }).pipe(Effect.provide(FetchHttpClient.layer))
    )
  })

  describe("Effect's own errors", () => {
    const reading = <A>(config: Config.Config<A>, entries: Readonly<Record<string, string>> = {}) =>
      config.pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(entries)))),
        Effect.flip,
        Effect.map(alone)
      )

    it.effect("name the setting", () =>
      Effect.gen(function* () {
        const port = Config.nested(Config.integer("PORT"), "SERVER")
        const either = Config.orElse(Config.string("A"), () => Config.string("B"))
        assert.strictEqual(yield* reading(Config.string("API_KEY")), "the setting API_KEY is missing")
        assert.strictEqual(
          yield* reading(port, { "SERVER.PORT": "x" }),
          'the setting SERVER.PORT is not valid: Expected an integer value but received "x"'
        )
        assert.strictEqual(
          yield* reading(Config.all([Config.string("A"), Config.string("B")])),
          "the setting A is missing and the setting B is missing"
        )
        assert.strictEqual(
          yield* reading(either),
          "the setting A is missing, nor is its alternative there: the setting B is missing"
        )
      })
    )

    it.effect("say what a schema expected of a setting", () =>
      Effect.gen(function* () {
        const limit = Schema.Config("LIMIT", Schema.NumberFromString.pipe(Schema.greaterThan(5)))
        assert.strictEqual(
          yield* reading(limit, { LIMIT: "3" }),
          "the setting LIMIT is not valid: Expected a number greater than 5, actual 3"
        )
      })
    )

    it("name what getOrThrow was called on", () => {
      const ofNone = thrownBy(() => Option.getOrThrow(Option.none()))
      const ofLeft = thrownBy(() => Either.getOrThrow(Either.left(1)))
      assert.strictEqual(
        explain(ofNone, { sourceLine: "const who = Option.getOrThrow(seats.find(3))" }),
        "seats.find(3) was None, so getOrThrow had no value to give"
      )
      assert.strictEqual(alone(ofNone), "an Option was None, so getOrThrow had no value to give")
      assert.strictEqual(alone(ofLeft), "an Either was a Left, so getOrThrow had no value to give")
    })

    it.effect("name the option that was empty", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Option.none())
        assert.strictEqual(alone(error), "an Option was None, or a collection was empty")
        assert.strictEqual(
          explain(error, { sourceLine: "const user = yield* findUser(id)" }),
          "findUser(id) had no value to give: an Option was None, or a collection was empty"
        )
      })
    )

    it.effect("keep the whole message of a timeout, and say what it was waiting for", () =>
      Effect.gen(function* () {
        const error = yield* Effect.never.pipe(Effect.timeout(0), Effect.flip)
        assert.strictEqual(alone(error), "TimeoutException: Operation timed out after '0'")
        assert.strictEqual(
          explain(error, { sourceLine: 'yield* Deferred.await(paid).pipe(Effect.timeout("1 second"))' }),
          "TimeoutException: Operation timed out after '0', in Deferred.await(paid)"
        )
      })
    )

    it.effect("name the service that was not provided", () =>
      Effect.gen(function* () {
        const program = Repository as unknown as Effect.Effect<object>
        const cause = yield* Effect.sandbox(program).pipe(Effect.flip)
        const text = alone(Cause.squash(cause))
        assert.match(
          text,
          /^the service app\/Repository was not provided \(its tag is declared at .*explanation\.test\.ts:\d+:\d+\)$/
        )
      })
    )

    it("look through wrappers to the innermost reason", () => {
      const reason = new RangeError("too far")
      const wrapped = [
        new Cause.UnknownException(reason),
        Runtime.makeFiberFailure(Cause.die(reason)),
        new Error("could not load", { cause: reason })
      ]
      for (const error of wrapped) {
        assert.strictEqual(alone(error), "RangeError: too far")
        assert.strictEqual(rootOf(error), reason)
      }
    })

    it("name the errors of a group, the first three of many", () => {
      const errors = [new Error("a"), new Error("b")]
      assert.strictEqual(alone(new AggregateError(errors)), "2 errors: Error: a; Error: b")
      const many = Array.from({ length: 5 }, (_, i) => new Error(`${i}`))
      assert.strictEqual(alone(new AggregateError(many)), "5 errors: Error: 0; Error: 1; Error: 2; and 2 more")
      assert.strictEqual(alone(errors), "2 errors: Error: a; Error: b")
      assert.strictEqual(
        alone(new StageGroupError({ failures: { load: Cause.fail(errors[0]), save: Cause.die(errors[1]) } })),
        "2 stages of the group failed: load, save; the first failure: Error: a"
      )
    })

    it.effect("look into the body that could not be encoded", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(HttpBody.json({ total: 1n }))
        assert.strictEqual(
          alone(error),
          "the body of a request could not be encoded: JSON cannot hold a BigInt, and JSON.stringify met one"
        )
      })
    )

    it("name an interruption", () => {
      assert.strictEqual(
        alone(new Cause.InterruptedException("Interrupted by fibers: #1")),
        "the fiber was interrupted: Interrupted by fibers: #1"
      )
    })

    it("give the fields of a tagged error without a message", () => {
      assert.strictEqual(alone(new Duplicate({ id: 7 })), "Duplicate: id is 7")
      assert.strictEqual(alone(new Duplicate({ id: 7, table: "users" })), 'Duplicate: id is 7, table is "users"')
      assert.strictEqual(alone({ _tag: "Gone", id: 7 }), "Gone: id is 7")
    })

    it("give them too where the error of a schema makes its message of them, and not where it has one of its own", () => {
      class OrderMissing extends Schema.TaggedError<OrderMissing>()("OrderMissing", {
        id: Schema.Number,
        shop: Schema.String
      }) {}
      class OrderLost extends Schema.TaggedError<OrderLost>()("OrderLost", { message: Schema.String }) {}
      assert.strictEqual(alone(new OrderMissing({ id: 2, shop: "north" })), 'OrderMissing: id is 2, shop is "north"')
      assert.strictEqual(alone(new OrderLost({ message: '{ "row": 7 }' })), 'OrderLost: { "row": 7 }')
    })

    it("give the fields that the message of a tagged error does not say", () => {
      class StoreNotFound extends Data.TaggedError("StoreNotFound")<{
        readonly name: string
        readonly message: string
        readonly attempts?: number
        readonly page?: string
      }> {}
      const missing = { name: "harbour", message: "Store not found" }
      assert.strictEqual(alone(new StoreNotFound(missing)), 'StoreNotFound: Store not found (name is "harbour")')
      assert.strictEqual(
        alone(new StoreNotFound({ ...missing, message: "No store harbour", attempts: 3, page: "x".repeat(500) })),
        "StoreNotFound: No store harbour (attempts is 3)"
      )
      const hidden = { fields: () => ({ name: "<redacted>" }), value: PlainValue.from, isSecret: () => false }
      assert.strictEqual(
        explain(new StoreNotFound(missing), { show: hidden }),
        'StoreNotFound: Store not found (name is "<redacted>")'
      )
    })
  })

  it("says what differs where an assertion compared two values", () => {
    const comparing = (actual: unknown, expected: unknown) => alone(thrownBy(() => deepStrictEqual(actual, expected)))
    assert.strictEqual(
      comparing({ a: 1, b: [1, 2] }, { a: 1, b: [1, 3] }),
      "AssertionError: b[1] is 2, and 3 was expected"
    )
    assert.strictEqual(comparing({ a: 1 }, { b: 1 }), "AssertionError: b is missing, and 1 was expected")
    assert.match(comparing([1], { 0: 1 }), /^AssertionError: the value is \[1\], and \{"0":1\} was expected$/)
    assert.match(
      comparing(new Date(0), new Date(1)),
      /^AssertionError: the value is ".*000Z", and ".*001Z" was expected$/
    )
  })

  it("says the end of the first branch where a message is a schema's tree", () => {
    const Order = Schema.Struct({ lines: Schema.Array(Schema.Struct({ count: Schema.Number })) })
    const { message } = thrownBy(() => Schema.decodeUnknownSync(Order)({ lines: [{ count: "x" }] })) as Error // a ParseError
    assert.strictEqual(alone(new Error(message)), 'Error: lines[0].count: Expected number, actual "x"')
  })

  it("names what a nested pattern takes apart", () => {
    const users = [{ address: null as unknown as { zip: string } }]
    const error = thrownBy(() => users.map(({ address: { zip } }) => zip))
    const sourceLine = "users.map(({ name, address: { zip } }) => name + zip)"
    assert.strictEqual(explain(error, { sourceLine }), "address is null, so .zip cannot be read")
  })

  it("says what a validator found, where that is a list that an error has as its cause", () => {
    const issues = [
      { instancePath: "/port", message: "must be integer" },
      { path: ["user", 0, "name"], message: "Required" }
    ]
    assert.strictEqual(
      explain(new Error("invalid settings", { cause: issues }), {}),
      "/port must be integer; user.0.name Required"
    )
    assert.strictEqual(explain(new Error("no", { cause: [1, 2] }), {}), "Array: [1,2]")
  })

  it("names anything else by its type and first line", () => {
    assert.strictEqual(alone(new Error("first\nsecond")), "Error: first")
    assert.strictEqual(alone("as it is"), "as it is")
    assert.strictEqual(alone(new Error("")), "Error")
  })

  it("gives up after a hundred causes", () => {
    assert.strictEqual(alone(deepError(10_000)), "Error: level 9900")
  })
})
