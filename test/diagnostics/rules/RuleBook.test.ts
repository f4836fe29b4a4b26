import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, FastCheck as fc, Schema } from "effect"
import * as Diagnostics from "../../../src/diagnostics/Diagnostics.js"
import * as RuleBook from "../../../src/diagnostics/rules/RuleBook.js"
import { Failure, FailureReport } from "../../../src/event/FailureReport.js"
import { thrownValue } from "../../cause/thrownValues.js"
import { failureReport } from "../../fixtures/events.js"
import { databaseFailures } from "./databaseFailures.js"
import { effectFailures } from "./effectFailures.js"
import { engineFailures } from "./engineFailures.js"
import { fileFailures } from "./fileFailures.js"
import { httpFailures } from "./httpFailures.js"
import { networkFailures } from "./networkFailures.js"
import { runtimeFailures } from "./runtimeFailures.js"

const cases = [
  ...fileFailures,
  ...networkFailures,
  ...databaseFailures,
  ...runtimeFailures,
  ...httpFailures,
  ...engineFailures,
  ...effectFailures
]

const described = (error: unknown) =>
  Effect.map(Diagnostics.describe(Cause.fail(error)), ({ failures: [failure] }) => failure)

const wire = Schema.parseJson(FailureReport)

const [known] = failureReport.failures
const withFacts = (failure: Partial<Failure>): Failure => ({ ...known, ...failure })

describe("RuleBook", () => {
  it.scoped.each(cases)("says $rule of $what", ({ fail, hint, rule, why }) =>
    Effect.gen(function* () {
      const cause = yield* Effect.flip(Effect.sandbox(fail))
      const report = yield* Diagnostics.describe(cause)
      const [failure] = report.failures
      assert.strictEqual(failure.rule, rule, `${failure.exceptionChain} ${JSON.stringify(failure.facts)}`)
      assert.isAbove(failure.hint?.length ?? 0, 20)
      assert.include(failure.hint, hint ?? "")
      assert.include(failure.exactCause, why ?? "")
      const read = yield* Schema.decode(wire)(yield* Schema.encode(wire)(report))
      const found = RuleBook.builtIn.consult(read.failures[0])
      assert.strictEqual(found?.rule.id, rule)
      assert.strictEqual(found?.hint, failure.hint)
      assert.strictEqual(found?.exactCause, failure.exactCause)
    })
  )

  it("has a case of each rule, and of none that is not in it", () => {
    assert.sameMembers(
      Array.from(new Set(cases.map(({ rule }) => rule))),
      RuleBook.rules.map(({ id }) => id)
    )
  })

  it("has at least forty rules, each with an id of its own in kebab-case and whole sentences", () => {
    const ids = RuleBook.rules.map(({ id }) => id)
    assert.strictEqual(new Set(ids).size, ids.length)
    assert.isAtLeast(ids.length, 40)
    for (const { id, hint, when } of RuleBook.rules) {
      assert.match(id, /^[a-z]+(?:-[a-z]+)*$/)
      assert.match(when, /^[A-Z`].*\.$/)
      assert.match(hint, /^[A-Z`].*\.$/)
      assert.isAtMost(hint.length, 320, id)
    }
  })

  it.effect("says nothing of what it does not know", () =>
    Effect.gen(function* () {
      const unknown = [
        new Error("row 41 has no e-mail address"),
        new RangeError("too far"),
        new TypeError("a is not what it should be"),
        Object.assign(new Error("order refused"), { code: "23505" }),
        Object.assign(new Error("m"), { status: "failed", code: 404 }),
        { _tag: "UserNotFound", id: 7 },
        { _tag: "Refused", code: "23505", detail: "the shop is closed" },
        { _tag: "Unavailable", service: "billing" },
        { _tag: "Traded", signal: "buy" },
        { _tag: "Reviewed", issues: 3 },
        { _tag: "Answer", status: 404 },
        { _tag: "Unset", setting: "volume", reason: "MissingData" },
        "gone",
        undefined
      ]
      for (const error of unknown) {
        const { exceptionChain, hint, rule } = yield* described(error)
        assert.deepStrictEqual({ hint, rule }, { hint: null, rule: null }, exceptionChain)
      }
    })
  )

  it.effect.prop(
    "never throws, and its facts and hint stay within bounds, whatever was thrown",
    [thrownValue],
    ([make]) =>
      Effect.gen(function* () {
        const { facts, hint } = yield* described(make())
        assert.isAtMost(Object.keys(facts).length, 24)
        for (const [name, value] of Object.entries(facts)) {
          assert.isAtMost(name.length, 60)
          assert.include(["string", "number", "boolean"], typeof value)
          assert.isAtMost(String(value).length, 300)
        }
        assert.isAtMost(hint?.length ?? 0, 400)
      }),
    { fastCheck: { numRuns: 150 } }
  )

  it("never throws, and stays within bounds, whatever a report says", () => {
    const chains = fc.constantFrom(
      "TypeError: Cannot read properties of undefined (reading 'a')",
      "A: a <- SyntaxError: Unexpected end of JSON input",
      "ParseError: x <- ",
      " <- <- : <- ",
      "Error: Command failed: x"
    )
    const facts = fc.dictionary(
      fc.constantFrom("code", "status", "path", "reason", "service", "setting", "signal", "module", "__proto__"),
      fc.oneof(fc.string(), fc.integer(), fc.constantFrom("ENOENT", "SQLITE_BUSY_X", "23505", 404, "x".repeat(10_000)))
    )
    fc.assert(
      fc.property(Arbitrary.make(Failure), chains, facts, (failure, exceptionChain, facts) => {
        const found = RuleBook.builtIn.consult({ ...failure, exceptionChain, facts: { ...failure.facts, ...facts } })
        assert.isAtMost(found?.hint.length ?? 0, 400)
      }),
      { numRuns: 100 }
    )
  })

  it.effect.prop(
    "never shows a secret that an error carries",
    [fc.stringMatching(/^[A-Za-z0-9_-]{12,40}$/).filter((text) => /[0-9]/.test(text) && /[A-Za-z]/.test(text))],
    ([secret]) =>
      Effect.gen(function* () {
        const errors = [
          Object.assign(new Error(`open ${secret}`), { code: "ENOENT", path: `/data/${secret}`, password: secret }),
          Object.assign(new Error("m"), {
            status: 401,
            method: "GET",
            url: `https://ada:${secret}@db/v1?token=${secret}`
          }),
          Object.assign(new Error("m", { cause: Object.assign(new Error(secret), { code: "EPERM" }) }), {
            apiKey: secret
          })
        ]
        for (const error of errors) {
          const failure = yield* described(error)
          assert.isNotNull(failure.rule)
          assert.notInclude(JSON.stringify(failure), secret)
        }
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it.effect("gives as facts what the errors of a chain carry, the innermost first to be asked", () =>
    Effect.gen(function* () {
      const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), {
        errno: -111,
        code: "ECONNREFUSED",
        syscall: "connect",
        address: "127.0.0.1",
        port: 5432
      })
      const outer = Object.assign(new Error("cannot load", { cause: refused }), {
        code: "LOAD",
        order: "A-1",
        deep: {}
      })
      const { facts } = yield* described(outer)
      assert.deepStrictEqual(facts, {
        code: "ECONNREFUSED",
        errno: -111,
        syscall: "connect",
        address: "127.0.0.1",
        port: 5432,
        order: "A-1"
      })
    })
  )

  describe("with rules of a program's own", () => {
    const failure = withFacts({ errorType: "OutOfStock", exceptionChain: "OutOfStock: a", facts: { article: "A-1" } })
    const own: RuleBook.Rule = {
      id: "stock-empty",
      when: "An article is not in stock.",
      match: { types: ["OutOfStock"] },
      hint: "Order more of it.",
      detail: ({ text }) => `The article is ${text("article")}.`
    }

    it("says what they say", () => {
      assert.strictEqual(RuleBook.make([own]).consult(failure)?.hint, "Order more of it. The article is A-1.")
      assert.isUndefined(RuleBook.make([own]).consult(known))
    })

    it("asks them in their order, and lets the first of an id stand", () => {
      const first = { ...own, hint: "First." }
      const book = RuleBook.make([first, own, { ...own, id: "later" }])
      assert.strictEqual(book.consult(failure)?.hint, "First. The article is A-1.")
      assert.lengthOf(book.rules, 2)
    })

    it("asks a rule without signs about every failure", () => {
      const { match: _, ...anywhere } = own
      assert.strictEqual(RuleBook.make([anywhere]).consult(known)?.rule.id, "stock-empty")
    })

    it("passes over a rule that throws, and over a part that throws", () => {
      const bad = (): never => {
        throw new Error("a rule of the program's own fails")
      }
      const book = RuleBook.make([
        { ...own, id: "throws", fits: bad },
        { ...own, detail: bad, exactCause: bad }
      ])
      assert.strictEqual(book.consult(failure)?.hint, "Order more of it.")
    })
  })
})
