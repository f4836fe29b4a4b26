import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import * as reopened from "../../../src/history/database/reopened.js"
import { atEveryOperation } from "../../fixtures/interruptingScheduler.js"

/** A place, and how much is open of it. */
const makePlace = () => {
  const place = { identity: "first", open: 0, opened: 0 }
  const open = Effect.acquireRelease(
    Effect.sync(() => {
      place.open += 1
      place.opened += 1
      return place.opened
    }),
    () =>
      Effect.sync(() => {
        place.open -= 1
      })
  ).pipe(Effect.zipLeft(Effect.yieldNow()))
  return { place, open, identity: () => place.identity }
}

describe("What is opened again where something else was put in its place", () => {
  it.scoped("is opened when it is first asked for, and again where its place has another identity", () =>
    Effect.gen(function* () {
      const { place, ...options } = makePlace()
      const { current, last } = yield* reopened.make(options)
      assert.deepInclude(place, { open: 0 })
      assert.isUndefined(last())
      assert.deepStrictEqual(yield* Effect.all([current, current], { concurrency: 2 }), [1, 1])
      place.identity = "second"
      assert.strictEqual(yield* current, 2)
      assert.strictEqual(last(), 2)
      assert.deepInclude(place, { open: 1, opened: 2 })
    })
  )

  it.effect("leaves nothing open at the end, wherever whoever opens it is interrupted", () =>
    Effect.gen(function* () {
      const { place, ...options } = makePlace()
      const once = Effect.scoped(
        Effect.gen(function* () {
          const { current } = yield* reopened.make(options)
          const first = yield* current
          place.identity += "'"
          return [first, yield* current]
        })
      )
      const operations = yield* atEveryOperation(once, () =>
        Effect.sync(() => assert.strictEqual(place.open, 0, `${place.opened} were opened`))
      )
      assert.isAbove(operations, 20)
    })
  )

  it.effect("keeps what a fiber that is interrupted has opened, for whoever asks next", () =>
    Effect.gen(function* () {
      const { place, ...options } = makePlace()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { current } = yield* reopened.make(options)
          yield* atEveryOperation(current, () => Effect.sync(() => assert.isAtMost(place.open, 1)))
          yield* current
          assert.strictEqual(place.open, 1)
        })
      )
      assert.strictEqual(place.open, 0)
    })
  )

  it.effect("is closed again where the scope was closed while it was opened", () =>
    Effect.gen(function* () {
      const { place, ...options } = makePlace()
      const mayGoOn = yield* Deferred.make<void>()
      const scope = yield* Scope.make()
      const open = Effect.zipLeft(options.open, Deferred.await(mayGoOn))
      const { current } = yield* Scope.extend(reopened.make({ ...options, open }), scope)
      const asking = yield* Effect.fork(current)
      while (place.open === 0) yield* Effect.yieldNow()
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.succeed(mayGoOn, undefined)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(asking)))
      assert.strictEqual(place.open, 0)
    })
  )

  it.scoped("is opened at the next time of asking where that failed, also at a place that is the same again", () =>
    Effect.gen(function* () {
      const { place, ...options } = makePlace()
      let replaced = 0
      const open = Effect.suspend(() => (place.identity === "noise" ? Effect.fail("no database") : options.open))
      const onReplaced = Effect.sync(() => {
        replaced += 1
      })
      const { current } = yield* reopened.make({ ...options, open, onReplaced })
      yield* current
      place.identity = "noise"
      assert.strictEqual(yield* Effect.flip(current), "no database")
      assert.strictEqual(yield* Effect.flip(current), "no database")
      place.identity = "first"
      assert.strictEqual(yield* current, 2)
      assert.deepInclude(place, { open: 1 })
      assert.strictEqual(replaced, 1)
    })
  )
})
