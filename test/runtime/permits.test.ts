import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FastCheck as fc, Scheduler } from "effect"
import { Permits } from "../../src/runtime/permits.js"
import { atEveryOperation } from "../fixtures/interruptingScheduler.js"

describe("Permits", () => {
  it.effect.prop(
    "let in so many at once, and no more, and everybody in the end",
    [fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(5), { maxLength: 20 })],
    ([count, yields]) =>
      Effect.gen(function* () {
        const permits = new Permits(count)
        let inside = 0
        let most = 0
        const one = (times: number) =>
          Effect.gen(function* () {
            inside += 1
            most = Math.max(most, inside)
            for (let i = 0; i <= times; i += 1) yield* Effect.yieldNow()
            inside -= 1
          }).pipe((self) => permits.run(self))
        yield* Effect.forEach(yields, one, { concurrency: "unbounded", discard: true })
        assert.strictEqual(inside, 0)
        assert.strictEqual(most, Math.min(count, yields.length))
      })
  )

  it.effect("are all there again wherever a fiber is interrupted that has one or waits for one", () =>
    Effect.gen(function* () {
      const permits = new Permits(1)
      const busy = permits.run(Effect.yieldNow())
      const other = Effect.forkDaemon(Effect.withScheduler(busy, Scheduler.defaultScheduler))
      const one = yield* atEveryOperation(busy, () => permits.run(Effect.void))
      const waiting = Effect.zipRight(other, Effect.zipRight(Effect.yieldNow(), busy))
      const two = yield* atEveryOperation(waiting, () => permits.run(Effect.void))
      assert.isAbove(two, one)
      assert.isAbove(one, 10)
    })
  )

  it.effect("pass a turn on that was given to a fiber which is interrupted before it takes it", () =>
    Effect.gen(function* () {
      const permits = new Permits(1)
      const holder = yield* Effect.fork(permits.run(Effect.never))
      yield* Effect.yieldNow()
      const first = yield* Effect.fork(permits.run(Effect.succeed("first")))
      yield* Effect.yieldNow()
      const second = yield* Effect.fork(permits.run(Effect.succeed("second")))
      yield* Effect.yieldNow()
      yield* Effect.zipRight(Fiber.interruptFork(holder), Fiber.interruptFork(first))
      assert.deepStrictEqual(yield* Fiber.await(second), Exit.succeed("second"))
    })
  )
})
