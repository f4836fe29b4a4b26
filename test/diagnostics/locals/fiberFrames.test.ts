// @effect-diagnostics missingReturnYieldStar:off globalErrorInEffectFailure:off unnecessaryEffectGen:off runEffectInsideEffect:off catchAllToMapError:off
import { execFile } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber } from "effect"
import { leavesOf } from "../../../src/cause/causeLeaves.js"
import * as fiberFrames from "../../../src/diagnostics/locals/fiberFrames.js"
import { bundled } from "../../fixtures/compiled.js"

const capturing = Effect.acquireRelease(
  Effect.sync(() => fiberFrames.install("rich")),
  (captured) => Effect.sync(captured.uninstall)
)

const countOf = (failure: object) => fiberFrames.framesOf(failure).length

const keyOf = <A, E>(exit: Exit.Exit<A, E>): object => {
  const leaf = Exit.isFailure(exit) ? leavesOf(exit.cause)[0] : undefined
  if (leaf === undefined) throw new Error("there is no failure")
  return leaf.key
}

/** Fails with `error` from as many generators as said. */
const nested = (error: unknown, depth: number): Effect.Effect<void, unknown> =>
  depth === 0
    ? Effect.suspend(() => Effect.fail(error))
    : Effect.gen(function* () {
        yield* nested(error, depth - 1)
      })

/** Fails in a fiber that has no generator around it. */
const exitOf = <A, E>(self: Effect.Effect<A, E>) => Effect.flatMap(Effect.forkDaemon(self), Fiber.await)

describe("FiberFrames", () => {
  it.scoped("holds the generators on the way to a failure, innermost first", () =>
    Effect.gen(function* () {
      yield* capturing
      const generators: Array<object> = []
      const error = new Error("torn")
      const level = (inner: Effect.Effect<void, Error>) =>
        Effect.gen(() => {
          const body = (function* () {
            yield* inner
          })()
          generators.unshift(body)
          return body
        })
      yield* exitOf(level(level(Effect.fail(error))))
      assert.deepStrictEqual(
        fiberFrames.framesOf(error).map(({ generator }) => generators.indexOf(generator)),
        [0, 1]
      )
    })
  )

  it.scoped("knows a text that a fiber fails with again by what it was when it was handled", () =>
    Effect.gen(function* () {
      yield* capturing
      const torn = nested("torn", 2)
      const countAfter = (handler: (text: unknown) => Effect.Effect<void, unknown>) =>
        Effect.map(exitOf(Effect.catchAll(torn, handler)), (exit) => countOf(keyOf(exit)))
      assert.strictEqual(yield* countAfter((text) => Effect.fail(text)), 2)
      assert.strictEqual(yield* countAfter(() => nested("torn", 3)), 3)
      assert.strictEqual(yield* countAfter(() => Effect.fail("worn")), 0)
    })
  )

  it.effect("captures nothing before it is installed, nor after the last of its users has uninstalled", () =>
    Effect.gen(function* () {
      const [before, during, after] = [new Error(), new Error(), new Error()]
      yield* exitOf(nested(before, 1))
      const first = fiberFrames.install("rich")
      const second = fiberFrames.install("rich")
      first.uninstall()
      first.uninstall()
      yield* exitOf(nested(during, 1))
      second.uninstall()
      yield* exitOf(nested(after, 1))
      assert.deepStrictEqual([countOf(before), countOf(during), countOf(after)], [0, 1, 0])
    })
  )

  it.effect("leaves the patch of somebody else alone when it is uninstalled", () =>
    Effect.gen(function* () {
      const prototype = Object.getPrototypeOf(Effect.runFork(Effect.void))
      const original = prototype.Failure
      const captured = fiberFrames.install("rich")
      const between = prototype.Failure
      const theirs = function (this: unknown, operation: unknown) {
        return between.call(this, operation)
      }
      prototype.Failure = theirs
      captured.uninstall()
      assert.strictEqual(prototype.Failure, theirs)
      const error = new Error()
      yield* exitOf(nested(error, 1))
      assert.strictEqual(countOf(error), 0)
      prototype.Failure = between
      fiberFrames.install("rich").uninstall()
      assert.strictEqual(prototype.Failure, original)
    })
  )

  it.scoped("knows a failure inside a span by the error and not by Effect's proxy of it", () =>
    Effect.gen(function* () {
      yield* capturing
      const error = new Error("torn")
      yield* exitOf(nested(error, 2).pipe(Effect.withSpan("import")))
      assert.strictEqual(countOf(error), 2)
    })
  )

  it.scoped("knows a primitive by its node in the cause", () =>
    Effect.gen(function* () {
      yield* capturing
      const exit = yield* exitOf(nested("nope", 2))
      assert.strictEqual(countOf(keyOf(exit)), 2)
    })
  )

  it.scoped("adds the generators of the fiber that waited behind those of the one that failed", () =>
    Effect.gen(function* () {
      yield* capturing
      const error = new Error("torn")
      yield* exitOf(
        Effect.gen(function* () {
          yield* Effect.all([nested(error, 2), Effect.never], { concurrency: 2 })
        })
      )
      assert.strictEqual(countOf(error), 3)
    })
  )

  it.scoped("keeps the first capture when a handler raises the same error again", () =>
    Effect.gen(function* () {
      yield* capturing
      const error = new Error("torn")
      yield* exitOf(
        Effect.gen(function* () {
          yield* nested(error, 3).pipe(Effect.catchAll((again) => Effect.fail(again)))
        })
      )
      assert.strictEqual(countOf(error), 4)
    })
  )

  it.scoped("trap 3: one shared error that fails two requests has the generators of the last one only", () =>
    Effect.gen(function* () {
      yield* capturing
      const shared = new Error("not found")
      yield* exitOf(nested(shared, 5))
      const before = fiberFrames.framesOf(shared)
      yield* exitOf(nested(shared, 2))
      const now = fiberFrames.framesOf(shared)
      assert.strictEqual(now.length, 2)
      assert.isFalse(now.some(({ generator }) => before.some((frame) => frame.generator === generator)))
    })
  )

  it.scoped("trap 3: nor are they kept when both failed in one long-lived fiber", () =>
    Effect.gen(function* () {
      yield* capturing
      const shared = new Error("not found")
      yield* exitOf(nested(shared, 5).pipe(Effect.ignore, Effect.zipRight(nested(shared, 2))))
      assert.strictEqual(countOf(shared), 2)
    })
  )

  it.scoped("trap 3: a primitive failure that is one constant holds nothing of an earlier request", () =>
    Effect.gen(function* () {
      yield* capturing
      const constant = Effect.suspend(() => failure)
      const failure = Effect.failCause(Cause.fail("nope"))
      const request = Effect.gen(function* () {
        yield* constant
      })
      yield* exitOf(request)
      const exit = yield* exitOf(request)
      assert.strictEqual(countOf(keyOf(exit)), 1)
    })
  )

  it.scoped(
    "trap 3: of two fibers that wait for one failure the second is not reported with the first one's generators",
    () =>
      Effect.gen(function* () {
        yield* capturing
        const error = new Error("torn")
        const result = yield* Deferred.make<void, unknown>()
        yield* exitOf(nested(error, 2).pipe(Effect.intoDeferred(result)))
        const waits = Effect.gen(function* () {
          yield* Deferred.await(result)
        })
        yield* exitOf(waits)
        const [, , first] = fiberFrames.framesOf(error)
        yield* exitOf(waits)
        const now = fiberFrames.framesOf(error)
        assert.strictEqual(now.length, 3)
        assert.notStrictEqual(now[2]?.generator, first?.generator)
      })
  )

  it.scoped("trap 5: what was reported is forgotten, and not captured again on its way out", () =>
    Effect.gen(function* () {
      yield* capturing
      const error = new Error("torn")
      yield* exitOf(
        Effect.gen(function* () {
          yield* nested(error, 2).pipe(
            Effect.tapErrorCause((cause) =>
              Effect.sync(() => {
                assert.strictEqual(countOf(error), 3)
                for (const { key } of leavesOf(cause)) fiberFrames.release(key)
              })
            )
          )
        })
      )
      assert.strictEqual(countOf(error), 0)
      yield* exitOf(nested(error, 1))
      assert.strictEqual(countOf(error), 1, "a new failure with the same error")
    })
  )

  it.scoped("trap 7: nothing of a value is read when a failure passes", () =>
    Effect.gen(function* () {
      yield* capturing
      const touched: Array<string> = []
      const error = {
        get message() {
          touched.push("message")
          return ""
        },
        get stack() {
          touched.push("stack")
          return ""
        }
      }
      yield* exitOf(nested(error, 1))
      assert.deepStrictEqual(touched, [])
    })
  )

  it.scopedLive(
    "trap 11: a defect that Effect drops from the cause is reported with the failure that interrupted",
    () =>
      Effect.gen(function* () {
        yield* capturing
        const defect = new Error("finalizer")
        const error = new Error("torn")
        const slow = Effect.never.pipe(Effect.ensuring(nested(defect, 1).pipe(Effect.orDie)))
        const exit = yield* exitOf(Effect.all([slow, Effect.delay(Effect.fail(error), 1)], { concurrency: 2 }))
        assert.notInclude(Cause.pretty(Exit.isFailure(exit) ? exit.cause : Cause.empty), "finalizer")
        assert.deepStrictEqual(
          fiberFrames.droppedWith(error).map((die) => die.defect),
          [defect]
        )
        assert.strictEqual(countOf(defect), 1)
      })
  )

  it.scoped("trap 12: one failure that is in a cause twice is one capture", () =>
    Effect.gen(function* () {
      yield* capturing
      const error = new Error("torn")
      const cause = Cause.fail(error)
      yield* exitOf(
        Effect.gen(function* () {
          yield* Effect.suspend(() => Effect.failCause(Cause.parallel(cause, cause)))
        })
      )
      assert.strictEqual(countOf(error), 1)
    })
  )

  it.scoped("is bounded: 12 generators of a fiber, and causes of any depth", () =>
    Effect.gen(function* () {
      yield* capturing
      const error = new Error("torn")
      yield* exitOf(nested(error, 100))
      assert.strictEqual(countOf(error), 12)
      let cause: Cause.Cause<unknown> = Cause.fail(new Error("deep"))
      for (let i = 0; i < 100_000; i++) cause = Cause.sequential(cause, Cause.empty)
      assert.isTrue(Exit.isFailure(yield* exitOf(Effect.failCause(cause))))
    })
  )

  it.scoped("never changes how a program ends", () =>
    Effect.gen(function* () {
      const hostile = new Proxy(new Error(), {
        has() {
          throw new Error("trap")
        }
      })
      const fails = Effect.failCause(Cause.parallel(Cause.die(hostile), Cause.fail(1)))
      const before = yield* exitOf(fails)
      yield* capturing
      assert.deepStrictEqual(yield* exitOf(fails), before)
    })
  )

  it.live(
    "ten thousand failures leave the heap as it was, those that are kept but reported included",
    () =>
      Effect.gen(function* () {
        const program = yield* bundled("test/diagnostics/fixtures/manyFailures.ts")
        const growth = yield* Effect.async<number>((resume) => {
          execFile(process.execPath, ["--expose-gc", program], { timeout: 110_000 }, (error, stdout) => {
            resume(error === null ? Effect.succeed(JSON.parse(stdout).growth) : Effect.die(error))
          })
        })
        assert.isBelow(growth, 1024 * 1024)
      }),
    300_000
  )
})
