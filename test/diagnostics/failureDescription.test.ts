import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it, vi } from "@effect/vitest"
import { Cause, Data, Effect, Exit, FiberId, FastCheck as fc, Option, Runtime, Schema } from "effect"
import type { DescribeOptions } from "../../src/diagnostics/describeOptions.js"
import * as failureDescription from "../../src/diagnostics/failureDescription.js"
import * as stackFrames from "../../src/diagnostics/source/stackFrames.js"
import type { FailureContext } from "../../src/diagnostics/undescribed.js"
import * as FailureReport from "../../src/event/FailureReport.js"
import * as Redaction from "../../src/redaction/Redaction.js"
import { deepError, thrownValue } from "../cause/thrownValues.js"
import { work } from "../fixtures/processorTime.js"

const surroundings: FailureContext = {
  storyName: null,
  stageOf: () => undefined,
  timeline: [],
  timelineOmitted: 0,
  progress: { percent: 0, completedStages: 0, totalStages: 0 },
  interruptors: [],
  secrets: undefined
}

const lean: DescribeOptions = {
  mode: "lean",
  read: stackFrames.reader([process.cwd()], process.cwd()),
  maxStackText: 12_000,
  framesOf: () => [],
  linesOf: () => [],
  waitingFor: () => [],
  effectOf: () => undefined,
  droppedWith: () => [],
  redactor: Redaction.make(),
  fileKey: (file) => file
}

const failuresOf = (cause: Cause.Cause<unknown>, known: Partial<FailureContext> = {}) =>
  failureDescription.describe(cause, { ...surroundings, ...known }, lean).failures

const failureOf = (cause: Cause.Cause<unknown>, known?: Partial<FailureContext>) => failuresOf(cause, known)[0]

const failed = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.exit(effect).pipe(
    Effect.map((exit) => (Exit.isFailure(exit) ? failureOf(exit.cause) : assert.fail("it did not fail")))
  )

const withStack = (stack: string, message = "x") => Object.assign(new Error(message), { stack })

/** A stack of `depth` frames in this file. */
const deepStack = (depth: number) =>
  Array.from({ length: depth }, (_, i) => `    at level${i} (${import.meta.filename}:${i + 1}:1)`).join("\n")

const thisFile = "test/diagnostics/failureDescription.test.ts"

class NotFound extends Data.TaggedError("NotFound")<{ readonly id: number }> {}

class Refused extends Error {
  readonly by: string
  constructor(by: string) {
    super(`refused by ${by}`)
    this.by = by
  }
}

const isReport = Schema.is(Schema.typeSchema(FailureReport.FailureReport))

describe("FailureDescription.describe", () => {
  it("is cut when describing takes too long, and says so", () => {
    let read = 0
    const slow = () =>
      Object.defineProperty(new Error("slow"), "message", {
        get: () => {
          read += 1
          work(60)
          return "read at last"
        }
      })
    const cause = Array.from({ length: 30 }, slow).map(Cause.fail).reduce(Cause.parallel)
    const report = failureDescription.describe(cause, surroundings, lean)
    assert.isTrue(report.diagnosticsTruncated)
    assert.lengthOf(report.failures, 30)
    assert.strictEqual(report.failures[0].errorMessage, "read at last")
    assert.include(report.failures[29]?.errorMessage, "Not described")
    assert.isBelow(read, 30, "what is left is not even read")
  })

  it("never throws, and always gives a whole report", () => {
    const cause = fc
      .array(fc.tuple(thrownValue, fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 4 })
      .map((sides) =>
        sides
          .map(([make, dies]) => (dies ? Cause.die(make()) : Cause.fail(make())))
          .reduce((left, right, i) => (sides[i]?.[2] ? Cause.parallel(left, right) : Cause.sequential(left, right)))
      )
      // Some of these values cannot be held by FastCheck, so it holds a function.
      .map((cause) => () => cause)
    fc.assert(
      fc.property(cause, (make) => {
        const report = failureDescription.describe(make(), surroundings, lean)
        assert.isTrue(isReport(report))
        for (const failure of report.failures) {
          assert.isAtMost(failure.stackText.length, 12_000)
          assert.isAtMost(failure.stackFrames.length, 50)
        }
      }),
      { numRuns: 300 }
    )
  })

  it.effect("points at the line that failed a generator", () =>
    Effect.gen(function* () {
      const findUser = Effect.fn("findUser")(function* (id: number) {
        yield* Effect.void
        return yield* new NotFound({ id })
      })
      const failure = yield* failed(findUser(7).pipe(Effect.withSpan("request")))
      assert.strictEqual(failure.location?.file, thisFile)
      assert.strictEqual(failure.location?.sourceLine?.trim(), "return yield* new NotFound({ id })")
      assert.strictEqual(failure.location?.function, "findUser")
      assert.strictEqual(failure.locationReason, "app_frame")
      assert.deepStrictEqual(
        failure.snippet.map((line) => line.text.trim()),
        [
          'const findUser = Effect.fn("findUser")(function* (id: number) {',
          "yield* Effect.void",
          "return yield* new NotFound({ id })",
          "})",
          'const failure = yield* failed(findUser(7).pipe(Effect.withSpan("request")))'
        ]
      )
      assert.strictEqual(failure.errorType, "NotFound")
      assert.strictEqual(failure.exactCause, "NotFound: id is 7")
    })
  )

  it.effect("points at the line that threw, inside what wraps it", () =>
    Effect.gen(function* () {
      const parse = (text: string): unknown => JSON.parse(text)
      const failure = yield* failed(Effect.try(() => parse("{")))
      assert.strictEqual(failure.errorType, "UnknownException")
      assert.include(failure.location?.sourceLine, "JSON.parse(text)")
      assert.strictEqual(failure.location?.function, "parse")
      assert.match(failure.exceptionChain, /^UnknownException: .* <- SyntaxError: /)
      assert.match(failure.exactCause, /^text is not valid JSON: /)
      assert.include(failure.stackText, "\nCaused by: SyntaxError: ")
    })
  )

  it.effect("points at what was called when an error's own constructor is on the stack", () =>
    Effect.gen(function* () {
      const failure = yield* failed(Effect.suspend(() => Effect.fail(new Refused("policy"))))
      assert.include(failure.location?.sourceLine, 'new Refused("policy")')
    })
  )

  it("does not point at who started the fiber", () => {
    const stack = [
      "NoSuchElementException",
      `    at FiberRuntime.None (${process.cwd()}/node_modules/effect/src/internal/fiberRuntime.ts:1120:22)`,
      `    at main (${import.meta.filename}:3:1)`
    ].join("\n")
    const definedAt = `Error\n    at order (${import.meta.filename}:1:1)`
    const stageOf = () => ({ path: ["Order"], definedAt, attributes: {} })
    assert.strictEqual(failureOf(Cause.fail(withStack(stack, "")), { stageOf }).location?.line, 1)
    assert.strictEqual(failureOf(Cause.fail(withStack(stack, ""))).locationReason, "innermost_frame")
  })

  it("points at the user's line behind a driver's error", () => {
    const driver = new Error("SQLITE_CONSTRAINT: UNIQUE failed")
    const library = withStack(
      `SqlError: x\n    at query (${process.cwd()}/node_modules/@effect/sql/src/x.ts:1:1)`
    ).stack
    const error = Object.assign(new SqlError({ cause: driver, message: "Failed to execute statement" }), {
      stack: library
    })
    const failure = failureOf(Cause.fail(error))
    assert.include(failure.location?.sourceLine, "const driver = new Error(")
    assert.strictEqual(failure.exactCause, "Error: SQLITE_CONSTRAINT: UNIQUE failed")
  })

  it("points at the stage when the error has no stack, and says so", () => {
    const stageOf = () => ({
      path: ["Import", "Load CSV"],
      definedAt: withStack(`Error\n${deepStack(2)}`).stack,
      attributes: {}
    })
    const failure = failureOf(Cause.fail("nope"), { stageOf })
    assert.deepStrictEqual(
      [failure.locationReason, failure.location?.line, failure.stageName, failure.stagePath],
      ["stage", 1, "Load CSV", ["Import", "Load CSV"]]
    )
  })

  it.effect("points at the nearest span when no line of the app is on the stack", () =>
    Effect.gen(function* () {
      const failure = yield* failed(Effect.fail({ code: 404 }).pipe(Effect.withSpan("lookup")))
      assert.strictEqual(failure.locationReason, "span")
      assert.include(failure.location?.sourceLine, 'Effect.withSpan("lookup")')
    })
  )

  it("points nowhere when Effect itself made the error, and no line of the app is known", () => {
    const stack = `TimeoutException: x\n    at timeout (${process.cwd()}/node_modules/effect/src/internal/core.ts:1:2)\n    at run (node:vm:3:4)`
    const failure = failureOf(Cause.fail(withStack(stack, "")))
    assert.deepStrictEqual([failure.locationReason, failure.location, failure.snippet], ["unknown", null, []])
    assert.strictEqual(failure.stackFrames[0]?.function, "timeout")
  })

  it("points at the innermost frame when none is the app's", () => {
    const failure = failureOf(Cause.die(withStack("Error: x\n    at read (node:fs:1:2)\n    at run (node:vm:3:4)")))
    assert.deepStrictEqual([failure.locationReason, failure.location?.file], ["innermost_frame", "node:fs"])
    assert.strictEqual(failure.stackSummary, "0 app frame(s), 2 other/hidden in full stack (2 total)")
  })

  it("points nowhere when nothing is known", () => {
    const failure = failureOf(Cause.fail("nope"))
    assert.deepStrictEqual([failure.locationReason, failure.location], ["unknown", null])
    assert.strictEqual(failure.stackText, "string: nope")
  })

  it("looks into what a runtime rejects with", () => {
    const inner = new RangeError("inner")
    const failure = failureOf(Cause.die(Runtime.makeFiberFailure(Cause.die(inner))))
    assert.include(failure.location?.sourceLine, "const inner")
    assert.strictEqual(failure.exactCause, "RangeError: inner")
  })

  it("counts the frames it hides", () => {
    const stack = `Error: x\n${deepStack(2)}\n    at q (${process.cwd()}/node_modules/pg/a.js:1:1)\n    at r (node:vm:1:1)`
    const failure = failureOf(Cause.die(withStack(stack)))
    assert.strictEqual(failure.stackSummary, "2 app frame(s), 2 other/hidden in full stack (4 total)")
    assert.strictEqual(failure.hiddenFrameCount, 2)
    assert.deepStrictEqual(
      failure.stackFrames.map((frame) => frame.origin),
      ["app", "app", "dependency", "node"]
    )
  })

  it("cuts a long stack at its old end, keeping the message and the newest frames", () => {
    const failure = failureOf(Cause.die(withStack(`Error: x\n${deepStack(900)}`)))
    assert.isTrue(failure.stackTruncated)
    assert.isTrue(failure.stackText.startsWith("Error: x\n    at level0 ("))
    assert.notInclude(failure.stackText, "level899")
    assert.isAtMost(failure.stackText.length, 12_000)
    assert.strictEqual(failure.stackFrames.length, 50)
    assert.strictEqual(failure.stackFrames[0]?.function, "level0")
  })

  it("keeps frames beside a huge message", () => {
    const message = "x".repeat(50_000)
    const failure = failureOf(Cause.die(withStack(`Error: ${message}\n${deepStack(3)}`, message)))
    assert.include(failure.stackText, "level2")
    assert.isTrue(failure.stackTruncated)
    const { errorMessage, exactCause, exceptionChain, stackText } = failure
    assert.isBelow([errorMessage, exceptionChain, exactCause, stackText].join("").length, 24_000)
  })

  it("gives every error of a chain its part of the stack text", () => {
    const root = withStack(`Error: root\n${deepStack(500)}`, "root")
    const failure = failureOf(
      Cause.die(Object.assign(withStack(`Error: top\n${deepStack(500)}`, "top"), { cause: root }))
    )
    assert.include(failure.stackText, "\nCaused by: Error: root\n    at level0")
    assert.isAtMost(failure.stackText.length, 12_000)
  })

  it("keeps a report of many failures small", () => {
    const failures = Array.from({ length: 90 }, (_, i) => Cause.fail(withStack(`Error: x\n${deepStack(500)}`, `${i}`)))
    // On a busy machine the time for a report may be over first: here none of it passes.
    const clock = vi.spyOn(performance, "now").mockReturnValue(0)
    const [first, ...rest] = failuresOf(failures.reduce<Cause.Cause<unknown>>(Cause.parallel, Cause.empty))
    clock.mockRestore()
    const all = [first, ...rest]
    assert.strictEqual(all.length, 90)
    assert.isBelow(all.map((failure) => failure.stackText).join("").length, 120_000)
    assert.isTrue(all.every((failure) => failure.stackText.includes("level0")))
  })

  it.effect("gives the first issue of a parse error", () =>
    Effect.gen(function* () {
      const Order = Schema.Struct({ lines: Schema.Array(Schema.Struct({ price: Schema.Number })) })
      const failure = yield* failed(Schema.decodeUnknown(Order)({ lines: [{ price: "free" }] }))
      assert.strictEqual(failure.exactCause, 'ParseError at lines[0].price: Expected number, actual "free"')
    })
  )

  it("describes failures that happened together, each with its way and its stage", () => {
    const [left, right] = [new Error("left"), new Error("right")]
    const failures = failuresOf(
      Cause.parallel(Cause.fail(left), Cause.sequential(Cause.fail(right), Cause.die("late"))),
      {
        stageOf: (leaf) => ({ path: [leaf.error === left ? "A" : "B"], definedAt: undefined, attributes: {} })
      }
    )
    assert.deepStrictEqual(
      failures.map((failure) => [failure.path, failure.kind, failure.errorMessage, failure.stageName]),
      [
        ["∥L", "fail", "left", "A"],
        ["∥R→L", "fail", "right", "B"],
        ["∥R→R", "die", "late", "B"]
      ]
    )
  })

  it("describes interruption as what it is", () => {
    const failure = failureOf(Cause.interrupt(FiberId.none))
    assert.deepStrictEqual([failure.errorType, failure.location], ["Interrupted", null])
    assert.strictEqual(failureOf(Cause.empty).errorType, "Interrupted")
  })

  it("still describes the error when the story cannot name the stage", () => {
    const failure = failureOf(Cause.fail(new NotFound({ id: 1 })), {
      stageOf: () => {
        throw new Error("a bug of ours")
      }
    })
    assert.deepStrictEqual([failure.errorType, failure.stageName], ["NotFound", null])
  })

  it("describes errors 10,000 causes deep", () => {
    assert.strictEqual(failureOf(Cause.die(deepError(10_000))).exceptionChain.split(" <- ").length, 5)
  })

  it("describes causes 100,000 deep, and counts what it does not describe", () => {
    let cause: Cause.Cause<string> = Cause.fail("first")
    for (let i = 1; i < 100_000; i++) cause = Cause.sequential(cause, Cause.fail(`${i}`))
    const failures = failuresOf(cause)
    assert.strictEqual(failures[0].errorMessage, "first")
    assert.strictEqual(failures.at(-1)?.errorMessage, "99900 more failure(s) of the same cause are not described.")
  })

  it("leaves the error as it was", () => {
    const error = Object.freeze(new NotFound({ id: 1 }))
    const before = Object.getOwnPropertyNames(error)
    failureOf(Cause.fail(error), { stageOf: () => ({ path: [], definedAt: undefined, attributes: {} }) })
    assert.deepStrictEqual(Object.getOwnPropertyNames(error), before)
    assert.isTrue(Option.isNone(Option.fromNullable(error.cause)))
  })
})
