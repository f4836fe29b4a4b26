/**
 * Waiting for so long and no longer, also in a program that cannot wait at all.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { isSynchronous } from "./fiber.js"

/**
 * Waits for an effect that can be interrupted. Not a race: the waiting fiber may be one that is interrupted already, and
 * has to wait all the same.
 */
export const waitAtMost = (self: Effect.Effect<unknown>, duration: Duration.Duration): Effect.Effect<void> =>
  Effect.withFiberRuntime<void>((here) => (isSynchronous(here) ? waitInTurns(self) : waitInTime(self, duration)))

const waitInTime = (self: Effect.Effect<unknown>, duration: Duration.Duration): Effect.Effect<void> =>
  Effect.gen(function* () {
    const done = yield* Deferred.make<void>()
    const settle = (wait: Effect.Effect<unknown>) =>
      wait.pipe(
        Effect.interruptible,
        Effect.zipRight(Deferred.succeed(done, undefined)),
        Effect.asVoid,
        Effect.forkDaemon
      )
    const waits = [yield* settle(self), yield* settle(Effect.sleep(duration))]
    yield* Deferred.await(done)
    for (const fiber of waits) yield* Fiber.interruptFork(fiber)
  })

const waitInTurns = (self: Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.flatMap(Effect.forkDaemon(Effect.interruptible(self)), (fiber) =>
    Effect.zipRight(polled(fiber), Fiber.interruptFork(fiber))
  )

/** Most turns that a synchronous program gives another fiber. */
const maxTurns = 1_000

/** How a fiber of a synchronous program ended; `undefined` if it takes time. */
export const polled = <A, E>(fiber: Fiber.RuntimeFiber<A, E>, turns = 0): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.suspend(() => {
    const exit = fiber.unsafePoll()
    if (exit !== null) return Effect.succeed(exit)
    return turns < maxTurns ? Effect.zipRight(Effect.yieldNow(), polled(fiber, turns + 1)) : Effect.succeed(undefined)
  })
