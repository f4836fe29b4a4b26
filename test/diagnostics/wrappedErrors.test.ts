// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Either, Match } from "effect"
import { isMadeFrom, repeats } from "../../src/cause/repeatedText.js"
import { awaitedIn, failedCall } from "../../src/diagnostics/source/awaitedLine.js"
import { catchUseOf } from "../../src/diagnostics/source/moduleFunction.js"
import { isModuleFunction, isRaisingHelper } from "../../src/diagnostics/source/raisingHelper.js"
import { triedBefore } from "../../src/diagnostics/source/triedLine.js"
import { failureOf } from "./reported.js"

class Declined extends Data.TaggedError("Declined")<{ readonly reason: string }> {}
class Refused extends Data.TaggedError("Refused")<{ readonly message: string; readonly original?: unknown }> {}

/** What a driver fails with: no line of the app is in its stack. */
const driverError = () => Object.assign(new Refused({ message: "no such table" }), { stack: "Refused: no such table" })
const toDeclined =
  (operation: string) =>
  (original: unknown): Declined =>
    Object.assign(new Declined({ reason: operation }), { cause: original })
function byKind(original: { readonly message: string }) {
  if (original.message === "") return new Refused({ message: "empty" })
  return Object.assign(new Refused({ message: "not saved" }), { cause: original })
}
const unwrapped = (error: { readonly message: string; readonly cause?: unknown }) =>
  Effect.fail(Object.assign(new Declined({ reason: error.message }), { cause: error.cause }))
const toMailError = (original: unknown): Refused =>
  new Refused(original instanceof Error ? { message: original.message, original } : { message: "not sent" })
const sendMail = Effect.tryPromise({
  try: () => Promise.reject(driverError()), // sends
  catch: toMailError
})
const inactive = () => new Declined({ reason: "the account is not active" })

const charge = (cents: number): Effect.Effect<void, Declined> =>
  cents > 5000 ? Effect.fail(new Declined({ reason: `over the limit by ${cents - 5000}` })) : Effect.void

describe("an error made from the words of another", () => {
  it.live("has the place of that one in rich mode, and reports it as its cause", () =>
    Effect.gen(function* () {
      const pay = Effect.gen(function* () {
        const cents = 7200
        yield* charge(cents).pipe(
          Effect.mapError(({ reason }) => new Refused({ message: `order 31: ${reason}` })) // the wrapper
        )
      })
      const failure = yield* failureOf(pay, "rich")
      assert.include(failure.location?.sourceLine, "new Declined")
      assert.include(failure.ownLocation?.sourceLine, "// the wrapper")
      assert.deepStrictEqual(
        failure.causes.map(({ errorType, relation }) => [errorType, relation]),
        [["Declined", "cause"]]
      )
      assert.strictEqual(failure.errorMessage, "order 31: over the limit by 2200")
    })
  )

  it.live("has it, too, where it was handled first and failed with later", () =>
    Effect.gen(function* () {
      const pay = Effect.gen(function* () {
        const paid = yield* Effect.either(charge(9000))
        if (Either.isLeft(paid)) return yield* new Refused({ message: paid.left.reason })
      })
      const failure = yield* failureOf(pay, "rich")
      assert.include(failure.location?.sourceLine, "new Declined")
    })
  )

  it.live("has it, too, where it only took the cause of that one", () =>
    Effect.gen(function* () {
      const transport = Object.assign(new Refused({ message: "Transport" }), { stack: "Refused", cause: driverError() })
      const pay = Effect.gen(function* () {
        return yield* Effect.fail(transport) // asks
      }).pipe(Effect.catchTags({ Refused: unwrapped }))
      const program = Effect.gen(function* () {
        return yield* pay // waits
      })
      const failure = yield* failureOf(program, "rich")
      assert.include(failure.location?.sourceLine, "// asks")
      assert.deepStrictEqual(
        failure.causes.map(({ errorMessage }) => errorMessage),
        ["Transport", "no such table"]
      )
    })
  )

  it("is made from another one where the cause is the same, and not where either holds the other", () => {
    const cause = new RangeError("row 12 is out of range")
    const transport = new Error("transport", { cause })
    assert.isTrue(isMadeFrom(new Error("not sent", { cause }), transport))
    assert.isFalse(isMadeFrom(new Error("not sent", { cause }), cause))
    assert.isFalse(isMadeFrom(cause, transport))
    assert.isFalse(isMadeFrom(transport, transport))
    assert.isFalse(isMadeFrom(new Error("not sent", { cause: new Error("full") }), transport))
  })

  it.live("is its own cause where a retry meets the same failure again", () =>
    Effect.gen(function* () {
      const busy = Effect.suspend(() => Effect.fail(new Refused({ message: "the terminal is busy" })))
      const failure = yield* failureOf(Effect.retry(busy, { times: 2 }), "rich")
      assert.deepStrictEqual(failure.causes, [])
    })
  )

  it("is its own cause, too, where its message ends with a field of its own", () => {
    class MailRefused extends Data.TaggedError("MailRefused")<{ readonly to: string }> {
      override get message() {
        return `the server refused ${this.to}`
      }
    }
    const refused = () => new MailRefused({ to: "user4@example.org" })
    assert.isFalse(repeats(refused(), refused()))
    assert.isFalse(repeats(refused(), new Error("not sent", { cause: refused() })))
    assert.isTrue(repeats(new Refused({ message: "not sent: the server refused user4@example.org" }), refused()))
  })

  it("repeats a text that is long enough to be no coincidence", () => {
    const origin = new RangeError("row 12 is out of range")
    assert.isTrue(repeats(new Error("import failed: row 12 is out of range"), origin))
    assert.isTrue(repeats(new Refused({ message: "row 12 is out of range" }), origin))
    assert.isFalse(repeats(new Error("import failed"), origin))
    assert.isFalse(repeats(new Error("no row"), "no"))
    assert.isFalse(repeats(new Error("the disk is full"), new Error("the disk is full")))
    assert.isTrue(repeats(new Error("saving: the disk is full"), new Error("the disk is full")))
    assert.isTrue(repeats(new Error("order 7: invalid row 3"), new Error("unknown", { cause: "invalid row 3" })))
  })
})

describe("an error that holds another in a field of any name", () => {
  it.live("has the place of that one", () =>
    Effect.gen(function* () {
      const parse = (text: string) => {
        if (text === "") throw new TypeError("nothing to parse")
        return text
      }
      const program = Effect.try(() => parse("")).pipe(
        Effect.mapError((failed) => new Refused({ message: "no order", original: failed.error }))
      )
      const failure = yield* failureOf(program, "lean")
      assert.include(failure.location?.sourceLine, "nothing to parse")
      assert.strictEqual(failure.causes[0]?.errorType, "TypeError")
    })
  )

  it.live("does not have what an assertion compares as its cause", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(
        Effect.sync(() => assert.deepStrictEqual<unknown>(new Error("a"), new Error("b"))),
        "lean"
      )
      assert.deepStrictEqual(failure.causes, [])
    })
  )
})

describe("an error that the catch of Effect.try makes", () => {
  it.live("has the place of what was tried, where nothing else says more", () =>
    Effect.gen(function* () {
      for (const mode of ["lean", "rich"] as const) {
        const failure = yield* failureOf(
          Effect.try({
            try: () => JSON.parse("{sku}"),
            catch: (error) => new Refused({ message: `no order: ${error}` })
          }),
          mode
        )
        assert.include(failure.location?.sourceLine, "JSON.parse")
        assert.strictEqual(failure.locationReason, "app_frame")
        assert.include(failure.ownLocation?.sourceLine, "new Refused")
      }
    })
  )

  const at = (code: string, call?: RegExp) => {
    const lines = code.split("\n")
    const line = lines.findIndex((text) => text.includes("new X")) + 1
    return triedBefore(lines, { line, column: (lines[line - 1] ?? "").indexOf("new X") + 1 }, () => call)
  }

  it("is that of its expression, over several lines and behind comments and texts", () => {
    assert.deepStrictEqual(at("try: () => a(1),\ncatch: (e) => new X(e)"), { line: 1, column: 12 })
    assert.deepStrictEqual(at('try: async () =>\n  a("(", {\n    b: 1 }), // )\ncatch: () => new X()'), {
      line: 2,
      column: 3
    })
    assert.deepStrictEqual(at("try: (signal) => a(signal),\ncatch: (e) => {\n  return new X(e)"), {
      line: 1,
      column: 18
    })
  })

  it("is the one statement of a block", () => {
    assert.deepStrictEqual(at("try: () => {\n  RegExp(pattern)\n},\ncatch: (e) => new X(e)"), { line: 2, column: 3 })
    assert.deepStrictEqual(at("try: () => { return a(b, {\n  c }); },\ncatch: (e) => new X(e)"), {
      line: 1,
      column: 21
    })
    assert.isUndefined(at("try: () => {\n  const a = b()\n  a()\n},\ncatch: (e) => new X(e)"))
    assert.isUndefined(at("try: () => {},\ncatch: (e) => new X(e)"))
  })

  it("is not looked for outside the catch, nor among several statements", () => {
    assert.isUndefined(at("try: () => a(),\ncatch: (e) => b(e) })\nreturn new X()"))
    assert.isUndefined(at("try: () => { a(); b() },\ncatch: (e) => new X(e)"))
    assert.isUndefined(at("const x = 1\nreturn new X(x)"))
    assert.isUndefined(at("try { a() } catch (e) { throw new X(e)"))
  })

  it("is the one call, among several statements, that is known to have failed", () => {
    const call = /\bfetch\s*\(/g
    const tried = (body: string) => at(`try: async () => {\n${body}\n},\ncatch: (e) => new X(e)`, call)
    assert.deepStrictEqual(tried('  const url = "fetch(b)"\n  const a = await fetch(url)'), { line: 3, column: 19 })
    assert.isUndefined(tried("await fetch(a)\nawait fetch(b)"))
  })

  const catchUse = (code: string) =>
    catchUseOf(["const toX = (e: unknown): X =>", "  new X(e)", ...code.split("\n")], "toX", { line: 2, column: 3 })

  it("is that of the one `try` whose `catch` a function of the module is", () => {
    const once = "const send = Effect.tryPromise({\n  try: () => a(1),\n  catch: toX\n})"
    assert.deepStrictEqual(catchUse(once), { line: 5, column: 10 })
    assert.isUndefined(catchUse(`${once}\nconst b = c.pipe(Effect.mapError(toX))`))
    assert.isUndefined(catchUse(`${once}\n${once}`))
    assert.isUndefined(catchUse(`${once}\nexport { a, toX }`))
    assert.isUndefined(catchUse("const b = c.pipe(Effect.mapError(toX))"))
  })

  it.live("has the place of what was tried where a function of the module is its `catch`, without any variables", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(sendMail, "lean")
      assert.include(failure.location?.sourceLine, "// sends")
      assert.strictEqual(failure.location?.function, "sendMail")
      assert.include(failure.ownLocation?.sourceLine, "new Refused")
    })
  )

  it.live("has the place of what was tried, where a helper of the app's makes the error", () =>
    Effect.gen(function* () {
      const refused = (error: unknown) => new Refused({ message: `no order: ${error}` })
      const failure = yield* failureOf(
        Effect.try({
          try: () => JSON.parse("{sku}"),
          catch: (error) => refused(error)
        }),
        "lean"
      )
      assert.include(failure.location?.sourceLine, "JSON.parse")
    })
  )
})

describe("a function that only fails", () => {
  const invariant: (condition: unknown, message: string) => asserts condition = (condition, message) => {
    if (!condition) throw new Error(`broken: ${message}`)
  }
  function assertNever(value: never): never {
    throw new Error(`unexpected ${JSON.stringify(value)}`)
  }
  const declined = (reason: string) => new Declined({ reason })

  it.live("leaves the place to its caller", () =>
    Effect.gen(function* () {
      const place = (program: Effect.Effect<unknown, unknown>) =>
        Effect.map(failureOf(program, "lean"), ({ location }) => location?.sourceLine?.trim())
      const holds = (basket: ReadonlyArray<string>) => {
        invariant(basket.length > 0, "a basket has items")
      }
      assert.include(yield* place(Effect.sync(() => holds([]))), "invariant(basket")
      const kindOf = (kind: never) => assertNever(kind)
      assert.include(yield* place(Effect.sync(() => kindOf("x" as never))), "const kindOf =")
      const pay = (cents: number) => (cents > 5 ? declined("too much") : Effect.void)
      assert.include(yield* place(Effect.suspend(() => pay(6))), "const pay =")
    })
  )

  it.live("leaves it to what waits, where Effect calls it with what failed below the app", () =>
    Effect.gen(function* () {
      const place = (program: Effect.Effect<unknown, unknown>, mode: "lean" | "rich") =>
        Effect.map(failureOf(program, mode), ({ location, ownLocation }) => [
          location?.sourceLine?.trim(),
          ownLocation?.sourceLine?.trim()
        ])
      const failing = Effect.failSync(driverError)
      const [waits, made] = yield* place(
        Effect.gen(function* () {
          return yield* failing.pipe(Effect.mapError(toDeclined("saveOrder"))) // saves
        }),
        "rich"
      )
      assert.include(waits, "// saves")
      assert.include(made, "new Declined")
      const filtered = Effect.gen(function* () {
        yield* Effect.succeed({ active: false }).pipe(Effect.filterOrFail(({ active }) => active, inactive)) // filters
      })
      assert.include((yield* place(filtered, "rich"))[0], "// filters")
      const spanned = failing.pipe(Effect.mapError(byKind), Effect.withSpan("Orders.save")) // the span
      assert.include((yield* place(spanned, "lean"))[0], "// the span")
      const alone = failing.pipe(Effect.mapError(byKind))
      assert.include((yield* place(alone, "lean"))[0], "not saved")
    })
  )

  it.live("leaves it to the generator that it is written behind, where what failed has no line of the app", () =>
    Effect.gen(function* () {
      const place = (program: Effect.Effect<unknown, unknown>) =>
        Effect.map(failureOf(program, "rich"), ({ location, ownLocation }) => [
          location?.sourceLine?.trim(),
          ownLocation?.sourceLine?.trim()
        ])
      const failing = Effect.failSync(driverError)
      const order = Effect.gen(function* () {
        const row = yield* failing // reads
        return row
      }).pipe(
        Effect.mapError((original) =>
          Match.value(original).pipe(
            Match.tag("Refused", (original) => new Refused({ message: original.message, original })), // maps
            Match.exhaustive
          )
        )
      )
      const again = Effect.gen(function* () {
        return yield* order.pipe(Effect.mapError((original) => new Refused({ message: "again", original }))) // again
      })
      assert.include((yield* place(again))[0], "// reads")
      const [reads, maps] = yield* place(order)
      assert.include(reads, "// reads")
      assert.include(maps, "// maps")
      const read = Effect.fn("read")(
        function* () {
          return yield* failing // reads, too
        },
        Effect.mapError((original) => new Refused({ message: original.message, original }))
      )
      assert.include((yield* place(read()))[0], "// reads, too")
      const whole = Effect.gen(function* () {
        return yield* failing.pipe(
          Effect.mapError((original) => new Refused({ message: original.message, original })) // in the statement
        )
      })
      assert.include((yield* place(whole))[0], "// in the statement")
    })
  )

  const isHelper = (name: string, code: string) => {
    const lines = code.split("\n")
    const line = lines.findIndex((text) => text.includes("new X")) + 1
    return isRaisingHelper(
      lines,
      name,
      { line, column: (lines[line - 1] ?? "").indexOf("new X") + 1 },
      new Set(["new X", "new Error"])
    )
  }

  it.each([
    ["invariant", "function invariant(a: unknown, m: string): asserts a is Row {\n  if (!a) throw new X(m)"],
    ["fail", "const fail = (m: string): never => {\n  throw new X(m)"],
    ["fail", "const fail: <A>(m: A) => never = (m) => {\n  throw new X(m)"],
    ["gone", "export const gone = (id: string): X => new X({ id })"],
    ["Errors.gone", "function gone(id: string) {\n  return new X({ id })"],
    ["gone", "const gone =\n  (id: string) =>\n  (cause: unknown): X =>\n    new X({ id, cause })"],
    ["X.fromError", "class X {\n  static fromError = (cause: Error) =>\n    new X({ cause })"],
    ["fromError", "class X {\n  static readonly fromError = (cause: Error): X => new X({ cause })"]
  ])("is %s, as its type or its only statement says", (name, code) => assert.isTrue(isHelper(name, code)))

  it.each([
    ["boom", "const boom = () => {\n  throw new X()"],
    ["find", "const find = (id: string) => id === '' ? new X() : id"],
    ["find", "const find = (id: string): Effect.Effect<never, X> => Effect.fail(new X())"],
    ["outer", "const fail = (m: string): never => raise(m)\nconst outer = (id: string) => {\n  throw new X(id)"],
    ["order", "const order = (id: string) =>\n  new X({\n    id\n  }).pipe(Narrative.stage('Order'))"],
    ["order", "const order = (id: string): Effect.Effect<void, X> => new X({ id })"],
    ["<anonymous>", "(id: string): never => new X(id)"]
  ])("is not %s, which may do more", (name, code) => assert.isFalse(isHelper(name, code)))
})

describe("a function that only fails by the `make` of a class", () => {
  const isHelper = (code: string) => {
    const lines = code.split("\n")
    const column = (lines.at(-1) ?? "").indexOf("make(") + 1
    return isRaisingHelper(lines, "invalid", { line: lines.length, column }, new Set(["new X", "new Error"]))
  }

  it("is one that does no more", () => {
    assert.isTrue(isHelper("const invalid = (message: string) => X.make({ message });"))
    assert.isTrue(isHelper("const invalid =\n  (message: string): X =>\n    X.make({ message })"))
    assert.isFalse(isHelper("const invalid = (message: string) => Y.make({ message })"))
    assert.isFalse(isHelper("const invalid = (message: string) => X.make({ message }).pipe(Effect.delay(9))"))
    assert.isFalse(isHelper("const invalid = (message: string) => message === '' ? X.make({ message }) : 1"))
  })
})

describe("a function of its module's own", () => {
  const isOwn = (name: string, code: string) => {
    const lines = code.split("\n")
    return isModuleFunction(lines, name, { line: lines.length, column: (lines.at(-1) ?? "").indexOf("new X") + 1 })
  }

  it.each([
    ["toX", "export const toX = (e: E): X => {\n  if (e.code === 1) return new Y()\n  return new X()"],
    ["toX", "const toX =\n  (name: string) =>\n  (e: E): X | Y => {\n    return new X()"],
    ["toX", "export function toX(e: E) {\n  const { code } = e\n  return new X()"]
  ])("is %s, which decides only how to say it", (name, code) => assert.isTrue(isOwn(name, code)))

  it.each([
    ["save", "const save = (id: string) =>\n  sql.pipe(Effect.mapError((e) => new X())"],
    ["save", "export const save = (id: string) => {\n  return sql.pipe(Effect.mapError((e) => new X())"],
    ["catch", "Effect.tryPromise({\n  catch: (e) => new X()"],
    ["toX", "class A {\n  static b() {\n    const toX = (e: E) => new X()"]
  ])("is not %s, with a function inside", (name, code) => assert.isFalse(isOwn(name, code)))
})

describe("a call that fails without its caller in the stack", () => {
  const parsed = failedCall({ message: "", functions: ["JSON.parse", "parseJSONFromBytes"] })
  const code = [
    "const rows = yield* Effect.promise(async () => {",
    "  const answer = await fetch(url) // fetch(",
    "  return answer.json()",
    "})",
    "other.json()"
  ]

  it("is found where it is made once, in what is waited for", () => {
    assert.deepStrictEqual(parsed && awaitedIn(code, { line: 1, column: 14 }, parsed), { line: 3, column: 16 })
    const asked = failedCall({ message: "fetch failed", functions: [] })
    assert.deepStrictEqual(asked && awaitedIn(code, { line: 1, column: 14 }, asked), { line: 2, column: 24 })
    const inline = ["yield* Effect.promise(() => answer.json())"]
    assert.deepStrictEqual(parsed && awaitedIn(inline, { line: 1, column: 8 }, parsed), { line: 1, column: 35 })
  })

  it("is not guessed where it may be one of two, or another's", () => {
    assert.isUndefined(failedCall({ message: "x", functions: ["load"] }))
    const twice = [code[0] ?? "", "  await a.json()", "  await b.json()", "})"]
    assert.isUndefined(parsed && awaitedIn(twice, { line: 1, column: 14 }, parsed))
    assert.isUndefined(parsed && awaitedIn(["yield* load(url)", "a.json()"], { line: 1, column: 1 }, parsed))
  })
})
