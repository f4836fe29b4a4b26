/**
 * What work waits for that runs beside other work: turns, timers, queues and signals, by which it also wakes the others.
 */
import { Deferred, Effect, FastCheck, Queue } from "effect"
import type { Narrator } from "../../src/promise/index.js"

const kinds = 6

/** Kinds of pauses, for a thousand pieces of work. */
export const thousandPauses: FastCheck.Arbitrary<Array<number>> = FastCheck.array(FastCheck.nat(kinds - 1), {
  minLength: 1_000,
  maxLength: 1_000
})

/** Pauses of each kind; two of them end with what other work does. */
export const pausesOf = (narrator: Pick<Narrator.Narrator, "runPromise">): ((kind: number) => Promise<unknown>) => {
  const queue = Effect.runSync(Queue.unbounded<string>())
  const signal = () => Deferred.unsafeMake<void>(Effect.runSync(Effect.fiberId))
  let gate = signal()
  return (kind) => {
    switch (kind % kinds) {
      case 0:
        return Promise.resolve()
      case 1:
        return new Promise((resolve) => setImmediate(resolve))
      case 2:
        return new Promise((resolve) => setTimeout(resolve, 1))
      case 3:
        // Every one of these gives, and takes what another one gave.
        return narrator.runPromise(Effect.zipRight(Queue.offer(queue, "go"), Queue.take(queue)))
      case 4:
        return narrator.runPromise(Effect.race(Deferred.await(gate), Effect.sleep(5)))
      default: {
        const opened = gate
        gate = signal()
        return narrator.runPromise(Effect.zipRight(Deferred.succeed(opened, undefined), Effect.yieldNow()))
      }
    }
  }
}
