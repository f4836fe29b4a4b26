// @effect-diagnostics unnecessaryEffectGen:off tryCatchInEffectGen:off missingReturnYieldStar:off
import { assert, describe, it } from "@effect/vitest"
import { type Cause, Effect, Either, FastCheck as fc, Option, Schema, Stream } from "effect"
import { linesOf } from "../../../src/diagnostics/locals/waitingLines.js"
import { Diagnostics, Narrative } from "../../../src/index.js"
import { failureOf, lineOf } from "../reported.js"

const names = (generators: ReadonlyArray<object>) =>
  linesOf(generators).map((lines) => lines.map((line) => /at (?:Object\.)?([a-z]+)/.exec(line)?.[1]))

/** Fails in another fiber's time, and without a line of its own. */
const refused = Effect.zipRight(Effect.yieldNow(), Effect.fail("refused"))

describe("where a generator waits", () => {
  it("is said of each that it waits for, the innermost first", () => {
    const inner = function* inner() {
      return yield* Effect.succeed(1)
    }
    const outer = function* outer() {
      yield* Option.some(1)
      yield* inner()
      yield* Either.right(1)
    }
    const generator = outer()
    const seen = [generator.next(), generator.next(1)].map(() => names([generator])[0])
    assert.deepStrictEqual(seen, [
      ["inner", "outer"],
      ["inner", "outer"]
    ])
    generator.next(1)
    assert.deepStrictEqual(names([generator]), [["outer"]])
  })

  it("is not known of what is over, has not begun, or is no generator of the language", () => {
    const over = (function* () {
      yield* Effect.void
    })()
    Array.from(over)
    const resumed: Array<string> = []
    const like = { next: () => resumed.push("next"), throw: () => resumed.push("throw"), [Symbol.iterator]: () => like }
    assert.deepStrictEqual(linesOf([over, like, {}]), [[], [], []])
    assert.deepStrictEqual(resumed, [])
  })

  it("is asked without running the program, which goes on as if nobody had asked", () => {
    const ran: Array<string> = []
    const body = function* body(steps: number) {
      let sum = 0
      for (let step = 0; step < steps; step++) {
        try {
          sum += yield* Effect.succeed(step)
          ran.push(`after ${step}`)
        } catch {
          ran.push("caught")
        } finally {
          ran.push(`finally ${step}`)
        }
      }
      return sum
    }
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 }), (questions) => {
        ran.length = 0
        const asked = body(questions.length)
        let result = asked.next()
        for (const [step, times] of questions.entries()) {
          const before = ran.length
          for (let i = 0; i < times; i++) assert.deepStrictEqual(names([asked]), [["body"]])
          assert.lengthOf(ran, before)
          result = asked.next(step)
        }
        assert.deepStrictEqual(result, { done: true, value: questions.reduce((sum, _, step) => sum + step, 0) })
        assert.notInclude(ran, "caught")
      })
    )
  })

  it("leaves Effect's iterators as they were, also where they cannot be changed", () => {
    const on = Object.getPrototypeOf(Effect.void[Symbol.iterator]())
    const before = on.throw
    const generator = (function* waits() {
      yield* Effect.void
    })()
    generator.next()
    assert.deepStrictEqual(names([generator]), [["waits"]])
    assert.strictEqual(on.throw, before)
    assert.throws(() => on.throw(new RangeError("mine")), RangeError)
  })
})

describe("the place of a failure in lean mode", () => {
  it.live("is the line that waits for what has no line", () =>
    Effect.gen(function* () {
      const readRows = Effect.gen(function* () {
        const table = "rows"
        yield* Effect.void
        return yield* Effect.mapError(refused, (text) => `${table}: ${text}`)
      })
      const failure = yield* failureOf(readRows)
      assert.strictEqual(failure.locationReason, "generator")
      assert.include(lineOf(failure), "return yield* Effect.mapError(refused")
      assert.strictEqual(failure.location?.function, "readRows")
    })
  )

  it.live("is where that begins which waits over several lines", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        const rows = yield* Effect.succeed([1])
          // Between where it begins and where V8 says that it waits.
          .pipe(Effect.zipLeft(refused), Effect.timeout("1 minute"))
        return rows
      })
      assert.include(lineOf(yield* failureOf(program)), "const rows = yield* Effect.succeed([1])")
    })
  )

  it.live("is known through fibers, streams and schemas, by the generators that waited there", () =>
    Effect.gen(function* () {
      const each = (row: number) =>
        Effect.gen(function* () {
          yield* Effect.yieldNow()
          if (row === 3) yield* refused
        })
      const programs = [
        Effect.forEach([1, 2, 3], each, { concurrency: 2 }),
        Effect.fork(each(3)).pipe(Effect.flatMap(Effect.fromFiber)),
        Stream.runDrain(Stream.mapEffect(Stream.make(1, 3), each, { concurrency: 2 }))
      ]
      for (const program of programs) {
        for (const mode of ["lean", "rich"] as const) {
          assert.include(lineOf(yield* failureOf(program, mode)), "if (row === 3) yield* refused", mode)
        }
      }
      const decoded = Effect.gen(function* () {
        return yield* Schema.decodeUnknown(Schema.Struct({ rows: Schema.Number }))({ rows: "many" })
      })
      assert.include(lineOf(yield* failureOf(decoded)), "return yield* Schema.decodeUnknown")
    })
  )

  it.live("is that of the span which is nearer than the generator", () =>
    Effect.gen(function* () {
      const query = Effect.mapError(refused, (text) => ({ text })).pipe(Effect.withSpan("Rows.query"))
      const failure = yield* failureOf(
        Effect.gen(function* () {
          yield* query
        })
      )
      assert.deepStrictEqual(
        [failure.locationReason, lineOf(failure)],
        ["span", 'const query = Effect.mapError(refused, (text) => ({ text })).pipe(Effect.withSpan("Rows.query"))']
      )
    })
  )

  it.live("is asked of nothing that may go on: whoever describes a cause gets on with it", () =>
    Effect.gen(function* () {
      const steps: Array<string> = []
      const program = Effect.gen(function* () {
        const inner = Effect.gen(function* () {
          try {
            yield* refused
          } finally {
            steps.push("inner")
          }
        })
        const report = yield* Effect.catchAllCause(inner, (cause) => Effect.as(Diagnostics.describe(cause), cause))
        steps.push("went on")
        const again = yield* Effect.catchAllCause(Effect.failCause(report as Cause.Cause<string>), Diagnostics.describe)
        steps.push("went on again")
        return again
      })
      const report = yield* program.pipe(
        Narrative.stage("Load"),
        Narrative.story("Import"),
        Effect.provide(Diagnostics.layer({ mode: "lean" }))
      )
      assert.deepStrictEqual(steps, ["went on", "went on again"])
      assert.strictEqual(report?.failures[0].errorMessage, "refused")
    })
  )

  it.live("is found for each of many failures of one text, and never that of another", () =>
    Effect.gen(function* () {
      const first = Effect.gen(function* () {
        yield* Effect.fail("bad row")
      })
      const second = Effect.gen(function* () {
        return yield* Effect.fail("bad row")
      })
      for (const [program, line] of [
        [first, 'yield* Effect.fail("bad row")'],
        [second, 'return yield* Effect.fail("bad row")'],
        [first, 'yield* Effect.fail("bad row")']
      ] as const) {
        assert.strictEqual(lineOf(yield* failureOf(Effect.delay(program, "1 millis"))), line)
      }
    })
  )

  it.live("comes with the calls that waited, without values", () =>
    Effect.gen(function* () {
      const inner = Effect.fn("inner")(function* (secret: string) {
        yield* Effect.as(refused, secret)
      })
      const outer = Effect.gen(function* () {
        yield* inner("hunter2")
      })
      const { stackFrames } = yield* failureOf(outer)
      assert.deepStrictEqual(
        stackFrames.map(({ function: name, locals, suspended }) => [name, locals, suspended]),
        [
          ["inner", null, true],
          ["outer", null, true]
        ]
      )
    })
  )
})
