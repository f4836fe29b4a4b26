import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, FastCheck as fc, HashMap, Option, Redacted, Schema } from "effect"
import { InvalidOption } from "../../src/plain/InvalidOption.js"
import * as PlainValue from "../../src/plain/PlainValue.js"
import * as Redaction from "../../src/redaction/Redaction.js"
import { ofAllCodePoints } from "../fixtures/codePoints.js"
import { anything } from "../fixtures/events.js"
import { processorMillis } from "../fixtures/processorTime.js"

const redactor = Redaction.make()

const secretNames = [
  "password",
  "passwd",
  "PWD",
  "secret",
  "client_secret",
  "token",
  "refreshToken",
  "api_key",
  "apiKey",
  "X-Api-Key",
  "API KEY",
  "apikeys",
  "authorization",
  "Proxy-Authorization",
  "cookie",
  "Set-Cookie",
  "sessionId",
  "credentials",
  "userPassword",
  "DB_PASSWORD",
  "PGPASSWORD",
  "mysql.pwd",
  "privateKey",
  "AWS_SECRET_ACCESS_KEY",
  "sentryDsn",
  "connection_string",
  "smtpPass",
  "auth"
]

const openNames = [
  "author",
  "authority",
  "tokenizer",
  "secretary",
  "tokenCount",
  "sessionExpiresAt",
  "compass",
  "passRate",
  "spinner",
  "keyboard",
  "monkey",
  "path",
  "user",
  ""
]

/** A value that means nothing but itself. */
const planted = fc.stringMatching(/^[a-z0-9]{4,10}Q[0-9]{4}[!-~]{0,6}$/).filter((text) => !text.includes("<redacted>"))

/** The secret in some place of a value, beside others. */
const holding = (secret: string): fc.Arbitrary<unknown> =>
  fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 2 },
      fc.tuple(fc.constantFrom(...secretNames), anything).map(([name, other]) => ({ other, [name]: secret })),
      fc.constantFrom(...secretNames).map((name) => new Map([[name, secret]])),
      fc.constantFrom(...secretNames).map((name) => [
        ["host", "a"],
        [name, secret]
      ]),
      fc.constantFrom(...secretNames).map((name) => ({ name, value: secret })),
      fc.constantFrom(...secretNames).map((name) => ({ [name]: { of: [secret] }, again: secret })),
      fc.constantFrom(...secretNames).map((name) => HashMap.make([name, secret])),
      fc.constant(Redacted.make(secret)),
      fc.constantFrom("password", "Set-Cookie", "token").map((name) => new Headers({ [name]: secret })),
      fc.tuple(tie("node"), fc.string()).map(([node, text]) => ({ text, said: `with ${secret}: ${text}`, node })),
      fc.tuple(tie("node"), anything).map(([node, other]) => [other, node]),
      tie("node").map((node) => new Set([`is ${secret}`, node])),
      tie("node").map((node) => new Map([["a", node]]))
    )
  })).node

const isKnownAs = (secret: string) => (text: string) =>
  text.includes(secret) ||
  text.includes(JSON.stringify(secret).slice(1, -1)) ||
  text.includes(encodeURIComponent(secret))

describe("Redaction by name", () => {
  it.each(secretNames)("hides %s", (name) => {
    assert.isTrue(redactor.isSecretName(name))
    assert.deepStrictEqual(redactor.value({ [name]: "hunter2" }), { [name]: "<redacted>" })
  })

  it.each(openNames)("shows %j", (name) => {
    assert.isFalse(redactor.isSecretName(name))
    assert.deepStrictEqual(redactor.value({ [name]: "shown" }), { [name]: "shown" })
  })

  it("finds a name in any case style", () => {
    const styles = [
      (words: ReadonlyArray<string>) => words.join("_"),
      (words: ReadonlyArray<string>) => words.join("-").toUpperCase(),
      (words: ReadonlyArray<string>) => words.join(" "),
      (words: ReadonlyArray<string>) => words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(["api", "key"], ["password"], ["private", "key"], ["token"], ["connection", "string"]),
        fc.array(fc.constantFrom("user", "old", "my", "x", "db"), { maxLength: 2 }),
        fc.constantFrom(...styles),
        (term, before, style) => assert.isTrue(redactor.isSecretName(style([...before, ...term])))
      )
    )
  })

  it("shows a number that counts tokens, and what says only whether there is a secret", () => {
    const usage = {
      promptTokens: 512,
      tokens: { prompt: 1, completion: 2 },
      password: null,
      hasPassword: true,
      token: ""
    }
    assert.deepStrictEqual(redactor.value(usage), usage)
    assert.deepStrictEqual(redactor.value({ pin: 123_456, password: 42 }), {
      pin: "<redacted>",
      password: "<redacted>"
    })
  })

  it("hides in class instances, Headers, lists of pairs and entries that carry their name", () => {
    class Login {
      constructor(
        readonly user: string,
        readonly password: string
      ) {}
    }
    assert.deepStrictEqual(
      redactor.value([
        new Login("ada", "hunter22"),
        new Headers({ Accept: "text", Cookie: "id=hunter22" }),
        [
          ["accept", "text"],
          ["x-api-key", "hunter22"]
        ],
        { value: "hunter22", name: "Authorization" },
        HashMap.make(["token", "hunter22"])
      ]),
      [
        { user: "ada", password: "<redacted>" },
        { accept: "text", cookie: "<redacted>" },
        [
          ["accept", "text"],
          ["x-api-key", "<redacted>"]
        ],
        { value: "<redacted>", name: "Authorization" },
        { _id: "HashMap", values: [["token", "<redacted>"]] }
      ]
    )
  })

  it("counts what it hid, once each", () => {
    const secrets = new Redaction.Secrets()
    redactor.value({ password: "hunter22", said: "hunter22", key: Redacted.make("other123") }, secrets)
    assert.strictEqual(secrets.hidden, 2)
  })
})

describe("Redaction by shape", () => {
  const shapes: ReadonlyArray<readonly [string, string]> = [
    ["postgres://ada:hunter2@db:5432/x", "postgres://<redacted>@db:5432/x"],
    ["redis://:pass/word@db", "redis://<redacted>@db"],
    ["https://abcdef0123@github.com/a/b", "https://<redacted>@github.com/a/b"],
    ["GET /a?page=2&token=abc&api_key=def#x", "GET /a?page=2&token=<redacted>&api_key=<redacted>"],
    ["sent Bearer abc.def-1 to it", "sent Bearer <redacted> to it"],
    ["sent Basic YWRhOmh1bnRlcjI= to it", "sent Basic <redacted> to it"],
    [`a ${jwt()} b`, "a <redacted> b"],
    ["-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nrest", "<redacted>\nrest"],
    ["-----BEGIN PRIVATE KEY-----\nMHcut", "<redacted>"],
    ["sk-proj-abcdefghijklmnop1234 x", "<redacted> x"],
    ["sk-ant-api03-abcdefghijklmnop x", "<redacted> x"],
    [`ghp_${"a1".repeat(18)} x`, "<redacted> x"],
    [`github_pat_${"a1".repeat(18)} x`, "<redacted> x"],
    ["xoxb-1234567890-abcdef x", "<redacted> x"],
    ["AKIAIOSFODNN7EXAMPLE x", "<redacted> x"],
    ["ASIAIOSFODNN7EXAMPLE x", "<redacted> x"],
    [`AIza${"a1".repeat(18)} x`, "<redacted> x"],
    [`glpat-${"a1".repeat(10)} x`, "<redacted> x"],
    [`npm_${"a1".repeat(18)} x`, "<redacted> x"],
    [`sk_live_${"a1".repeat(12)} x`, "<redacted> x"],
    [`rk_live_${"a1".repeat(12)} x`, "<redacted> x"],
    ["on hooks.slack.com/services/T0/B0/abcdef x", "on hooks.slack.com/services/<redacted> x"],
    ["with password=hunter2, host=db", "with password=<redacted>, host=db"],
    ["secret: hunter2", "secret: <redacted>"],
    ['{"apiKey":"a\\"b","n":1}', '{"apiKey":"<redacted>","n":1}'],
    ['"{\\"apiKey\\":\\"abc\\",\\"n\\":1}"', '"{\\"apiKey\\":\\"<redacted>\\",\\"n\\":1}"'],
    ["HOST=db\nDB_PASSWORD=correct horse\nPORT=1", "HOST=db\nDB_PASSWORD=<redacted>\nPORT=1"],
    ["Map(1) { 'password' => 'hunter2' }", "Map(1) { 'password' => '<redacted>' }"],
    ["{ credentials: { user: 'ada', pw: 'x' }, n: 1 }", "{ credentials: <redacted>, n: 1 }"],
    ["api key: hunter2", "api key: <redacted>"],
    ["mysql --password hunter2 --port 1", "mysql --password <redacted> --port 1"],
    ["Authorization: Digest username=ada, response=abc\nHost: a", "Authorization: <redacted>\nHost: a"],
    ['curl -H "Cookie: a=b; c=d" x', 'curl -H "Cookie: <redacted>" x'],
    ["Set-Cookie: id=abc; Path=/", "Set-Cookie: <redacted>"]
  ]

  it.each(shapes)("hides in %j", (text, expected) => {
    assert.strictEqual(redactor.text(text), expected)
    assert.strictEqual(redactor.text(expected), expected)
  })

  it.each([
    "Loaded 120 rows from customers.csv in 35 ms",
    "at load (/app/src/token.ts:12:5)\n    at session.ts:3",
    "Unexpected token } in JSON at position 3",
    "Invalid token: expected a number",
    "password: must be at least 8 characters",
    "Bearer token required, Basic auth is off",
    "a basic plan for the bearer of news",
    "ssh://git@github.com/a/b and http://localhost:5173/@vite/client",
    "node_modules/.pnpm/effect@3.22.4/node_modules/effect",
    "promptTokens=512, tokens: 12, tokenizer: bpe, author: ada",
    "npm_config_registry is unset: task-management",
    '{"tokens":{"prompt":12,"completion":30}}'
  ])("leaves %j as it is", (text) => {
    assert.strictEqual(redactor.text(text), text)
  })

  it("leaves texts without names and signs as they are", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(?:[ac-z ,.!?0-9]){0,80}$/), (text) =>
        assert.strictEqual(redactor.text(text), text)
      )
    )
  })

  it("changes nothing the second time", () => {
    const parts = fc.constantFrom(
      ...shapes.flatMap(([text]) => [text, text.slice(2), text.slice(0, -2)]),
      ...'password token: = " \' \\" { } [ ] & ; , \n @ :// -- Bearer <redacted> < > + eyJ'.split(/ /),
      " ",
      "Bearer ",
      "Basic ",
      "cookie:",
      "hunter22",
      "xyzw"
    )
    const secrets = new Redaction.Secrets()
    for (const secret of ["hunter22", "xyzw", "d>ab", "ter22xy"]) secrets.add(secret)
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.oneof(parts, fc.string())), fc.array(parts)), (texts) => {
        const once = redactor.text(texts.join(""), secrets)
        assert.strictEqual(redactor.text(once, secrets), once)
      }),
      { numRuns: 3_000 }
    )
  })

  it("takes only literals for values in source code", () => {
    assert.strictEqual(
      redactor.source('  const user = login({ password: "hunter2", mode: "fast" })'),
      '  const user = login({ password: "<redacted>", mode: "fast" })'
    )
    for (const line of ["const token = yield* readToken()", "  password: config.password,", "apiKey: Schema.String"]) {
      assert.strictEqual(redactor.source(line), line)
    }
  })

  it("takes linear time, whatever the text is made of", () => {
    const hostile = [
      "a",
      "=",
      "token=",
      "token:{",
      'password="',
      "password='a'+",
      'password=\\"',
      "a://b:",
      "a://bbb@",
      "eyJ-",
      "sk-",
      "-----BEGIN RSA PRIVATE KEY-----",
      '--password "',
      "bearer ",
      "Cookie: a=b\n",
      "hooks.slack.com/",
      "api key ",
      "\\",
      " ",
      "A_"
    ]
    const secrets = new Redaction.Secrets()
    secrets.add(`${"a".repeat(500)}b`)
    for (const part of hostile) {
      const text = part.repeat(Math.ceil(1_000_000 / part.length))
      const took = processorMillis(() => redactor.text(text, secrets))
      assert.isBelow(took, 5_000, part)
    }
  }, 300_000)
})

describe("Redaction by value", () => {
  it("removes a hidden value as it is, in JSON, in a URL and in base64", () => {
    const secret = 'h"unt er/22'
    const secrets = new Redaction.Secrets()
    redactor.value({ password: secret }, secrets)
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      btoa(secret),
      "h%22unt+er%2F22"
    ]
    for (const form of forms)
      assert.strictEqual(redactor.text(`it said ${form} again`, secrets), "it said <redacted> again")
    assert.notInclude(redactor.text(btoa(`ada ${secret} x`), secrets), btoa(secret).slice(3, -4))
  })

  it("removes what a header or a connection string holds", () => {
    const secrets = new Redaction.Secrets()
    redactor.value({ authorization: "Bearer abc1234", dsn: "postgres://ada:hunt%2Fer22@db" }, secrets)
    assert.strictEqual(redactor.text("abc1234 and hunt/er22", secrets), "<redacted> and <redacted>")
  })

  it("removes secrets that overlap, wholly", () => {
    const secrets = new Redaction.Secrets()
    for (const secret of ["abcdef", "defghi", "cdef"]) secrets.add(secret)
    assert.strictEqual(redactor.text("xabcdefghiy", secrets), "x<redacted>y")
  })

  it("removes neither short values nor common words", () => {
    const secrets = new Redaction.Secrets()
    for (const secret of ["abc", "true", "Admin", "password", "redact"]) secrets.add(secret)
    const text = "abc true Admin password <redacted>"
    assert.strictEqual(redactor.text(text, secrets), text)
  })

  it("keeps the newest 200", () => {
    const secrets = new Redaction.Secrets()
    for (let i = 0; i < 300; i++) secrets.add(`secret-${String(i).padStart(3, "0")}`)
    assert.strictEqual(redactor.text("secret-000 secret-100 secret-299", secrets), "secret-000 <redacted> <redacted>")
  })

  it("removes a secret that a cut would have halved", () => {
    const text = `${"x".repeat(8_188)} hunter22${"y".repeat(9_000)}`
    const shown = JSON.stringify(redactor.value({ text, password: "hunter22" }))
    assert.notInclude(shown, "hunt")
  })

  it("never shows a planted secret, wherever it is", () => {
    fc.assert(
      fc.property(
        planted.chain((secret) => fc.tuple(fc.constant(secret), holding(secret))),
        ([secret, value]) => {
          const secrets = new Redaction.Secrets()
          const plain = redactor.value(value, secrets)
          const isShown = isKnownAs(secret)
          assert.isFalse(isShown(JSON.stringify(plain)), JSON.stringify(plain))
          assert.isTrue(Schema.is(PlainValue.PlainValue)(plain))
          assert.isFalse(isShown(redactor.text(`failed with ${secret}, ${JSON.stringify({ secret })}`, secrets)))
          assert.isAbove(secrets.hidden, 0)
        }
      ),
      { numRuns: 1_000 }
    )
  })
})

describe("Redaction of a record", () => {
  it("is that of the same object as a value, however short the way to it", () => {
    const name = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom(
        "http.route",
        "path",
        "token",
        "count",
        "name",
        "key",
        "value",
        "__proto__",
        "toString",
        "a".repeat(80)
      )
    )
    const member = fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constantFrom(
        null,
        undefined,
        -0,
        "/orders/7",
        "authorization",
        "Bearer abcdef123456",
        "password=hunter22",
        "x".repeat(9_000)
      ),
      fc.array(fc.string(), { maxLength: 2 })
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(name, member), { maxLength: 40 }), fc.boolean(), (fields, isSecretKnown) => {
        const given = Object.fromEntries(fields)
        const secrets = [new Redaction.Secrets(), new Redaction.Secrets()] as const
        if (isSecretKnown) for (const known of secrets) known.add("/orders/7")
        assert.deepStrictEqual(redactor.record(given, secrets[0]), redactor.value(given, secrets[1]))
        assert.strictEqual(secrets[0].hidden, secrets[1].hidden)
      }),
      { numRuns: 1_000 }
    )
  })

  it("runs no getter", () => {
    const given = {
      get path(): string {
        return assert.fail("it was run")
      }
    }
    assert.deepStrictEqual(redactor.record(given), { path: "<getter>" })
  })
})

describe("Redaction of what a user asks for", () => {
  it("takes names, patterns and a predicate", () => {
    const own = Redaction.make({
      extra: ["iban"],
      patterns: ["^x-internal", /Ref$/g],
      predicate: (name) => name === "dob"
    })
    const value = { IBAN: 7, "X-Internal-Id": true, customerREF: "a", otherRef: "b", dob: "1815", name: "Ada" }
    assert.deepStrictEqual(own.value(value), {
      IBAN: "<redacted>",
      "X-Internal-Id": "<redacted>",
      customerREF: "<redacted>",
      otherRef: "<redacted>",
      dob: "<redacted>",
      name: "Ada"
    })
    assert.strictEqual(own.text("iban: DE02 dob=1815"), "iban: <redacted> dob=<redacted>")
  })

  it.effect("is in use where its layer is provided, and the built-in one elsewhere", () =>
    Effect.gen(function* () {
      const names = Effect.map(Redaction.Redaction, (service) => service.isSecretName("iban"))
      assert.isTrue(yield* names.pipe(Effect.provide(Redaction.layer({ extra: ["IBAN"] }))))
      assert.isFalse(yield* names)
      assert.isTrue(Context.get(Context.empty(), Redaction.Redaction).isSecretName("password"))
    })
  )

  it.effect("fails with a typed error that names the setting and the pattern that is none", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(Effect.void, Redaction.layer({ patterns: ["ok", "(open"] })))
      assert.strictEqual(error._tag, "InvalidOption")
      assert.deepInclude(error, { module: "Redaction", setting: "patterns[1]", given: '"(open"' })
      assert.include(error.message, "patterns")
      assert.include(error.message, "(open")
      assert.throws(() => Redaction.make({ extra: [" "] }), /extra/)
    })
  )
})

describe("known faults of redaction", () => {
  it("a redaction list in upper case matches", () => {
    const own = Redaction.make({ extra: ["CUSTOMER_REF"] })
    for (const name of ["customer_ref", "customerRef", "Customer-Ref", "CUSTOMERREF"]) {
      assert.deepStrictEqual(own.value({ [name]: "C-1" }), { [name]: "<redacted>" })
    }
  })

  it("a predicate that throws hides the value", () => {
    const own = Redaction.make({
      predicate: () => {
        throw new Error("predicate")
      }
    })
    assert.deepStrictEqual(own.value({ city: "Paris" }), { city: "<redacted>" })
  })

  it("URL credentials, sets and object representations do not leak", () => {
    const url = "https://ada:hunter22@db/x"
    class Client {
      readonly url = new URL(url)
      readonly error = new Error(`refused by ${url}`)
      toJSON() {
        return { ...this }
      }
    }
    const shown = [
      redactor.value(new Set([url, { password: "hunter22" }])),
      redactor.value(new Client()),
      redactor.value(Option.some({ token: "hunter22" })),
      redactor.value(new Map([[{ password: "hunter22" }, url]])),
      redactor.value(new String(url)),
      redactor.value(new URLSearchParams({ token: "hunter22" })),
      redactor.text(
        "Client { url: 'https://ada:hunter22@db/x', password: 'hunter22', list: Set(1) { 'hunter22' } }",
        known()
      )
    ]
    assert.notInclude(JSON.stringify(shown), "hunter22")
  })

  it("a secret hidden in locals does not stand in message or chain", () => {
    const secrets = new Redaction.Secrets()
    const locals = redactor.record({ user: "ada", dbPassword: "hunter22" }, secrets)
    assert.deepStrictEqual(locals, { user: "ada", dbPassword: "<redacted>" })
    assert.strictEqual(
      redactor.text("DbError: refused hunter22 <- Error: bad login ada/hunter22", secrets),
      "DbError: refused <redacted> <- Error: bad login ada/<redacted>"
    )
    assert.strictEqual(redactor.source('  connect("ada", "hunter22")', secrets), '  connect("ada", "<redacted>")')
  })

  it("an invalid redaction pattern never replaces the application's own error", () => {
    const broken = { patterns: ["["] }
    assert.throws(() => Redaction.make(broken), InvalidOption)
  })

  it("no value makes it throw", () => {
    fc.assert(
      fc.property(anything, ofAllCodePoints(), (value, text) => {
        const secrets = new Redaction.Secrets()
        secrets.add(text)
        assert.isTrue(Schema.is(PlainValue.PlainValue)(redactor.value({ value, password: value }, secrets)))
        redactor.text(text, secrets)
        redactor.isSecretName(text)
      })
    )
  })
})

function known(): Redaction.Secrets {
  const secrets = new Redaction.Secrets()
  secrets.add("hunter22")
  return secrets
}

function jwt(): string {
  return "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLXZhbHVl"
}
