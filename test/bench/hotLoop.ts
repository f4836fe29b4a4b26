/**
 * Runs generators, as many as a message says, and answers when it is done: a process of its own, since V8's flags are a
 * process's.
 */
import { Effect } from "effect"

const step = (id: number) =>
  Effect.gen(function* () {
    const half = id / 2
    const label = `row ${id}`
    const next = yield* Effect.succeed(half + 1)
    const more = yield* Effect.sync(() => next * 2)
    return more + label.length
  })

const steps = (count: number) =>
  Effect.gen(function* () {
    let sum = 0
    for (let id = 0; id < count; id++) sum += yield* step(id)
    return sum
  })

process.on("message", (count) => {
  process.send?.(Effect.runSync(steps(Number(count))))
})
