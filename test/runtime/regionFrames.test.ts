/**
 * What ends a region, against `Effect.uninterruptibleMask` with a handler of success and failure.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, FiberId } from "effect"
import { withFiber } from "../../src/runtime/fiber.js"
import { insideAfter } from "../../src/runtime/regionFrames.js"

interface Region {
  readonly begin: () => void
  /** What is waited for before the work begins. */
  readonly before?: Effect.Effect<void>
  /** What is waited for when it has ended. */
  readonly after?: Effect.Effect<void>
  readonly end: (exit: Exit.Exit<unknown, unknown>) => void
}

type Run = <A, E, R>(work: Effect.Effect<A, E, R>, region: Region) => Effect.Effect<A, E, R>

const byFrames: Run = (work, { after, before, begin, end }) =>
  withFiber((fiber) => {
    begin()
    const leave = <A, E>(exit: Exit.Exit<A, E>) => {
      end(exit)
      return after === undefined ? exit : Effect.zipRight(after, exit)
    }
    return insideAfter(before, fiber, undefined, { leave: (_, exit) => leave(exit) }, () => work)
  })

const byMask: Run = (work, { after = Effect.void, before = Effect.void, begin, end }) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.sync(begin).pipe(
      Effect.zipRight(before),
      Effect.zipRight(Effect.exit(restore(work))),
      Effect.tap((exit) =>
        Effect.zipRight(
          Effect.sync(() => end(exit)),
          after
        )
      ),
      Effect.flatten
    )
  )

const waits = Effect.yieldNow()

/** A program, which is interrupted after so many turns of its fiber, and what came of it. */
const outcome = (run: Run, work: Effect.Effect<number, string>, turns: number | undefined, waiting: boolean) =>
  Effect.gen(function* () {
    const said: Array<unknown> = []
    const say = (what: string) => Effect.sync(() => void said.push(what))
    const region: Region = {
      begin: () => void said.push("begin"),
      end: (exit) => void said.push(exit),
      ...(waiting ? { before: Effect.zipRight(waits, say("before")), after: Effect.zipRight(waits, say("after")) } : {})
    }
    const inner = Effect.zipRight(say("work"), work)
    const outer = Effect.zipRight(run(inner, region), Effect.zipRight(waits, say("next")))
    const fiber = yield* Effect.fork(Effect.exit(Effect.interruptible(outer)))
    for (let turn = 0; turn < (turns ?? 0); turn++) yield* Effect.yieldNow()
    const exit = turns === undefined ? yield* Fiber.await(fiber) : yield* Fiber.interruptAs(fiber, FiberId.none)
    return { said, exit }
  })

const works = {
  "that succeeds": Effect.succeed(1),
  "that fails": Effect.fail("no"),
  "that dies": Effect.die("defect"),
  "that succeeds later": Effect.as(waits, 1),
  "that is uninterruptible": Effect.uninterruptible(Effect.as(Effect.zipRight(waits, waits), 1)),
  "that fails uninterruptibly": Effect.uninterruptible(Effect.zipRight(waits, Effect.fail("no"))),
  "that is interrupted by itself": Effect.failCause(Cause.interrupt(FiberId.none)),
  "that never ends": Effect.never
}

describe("A region by frames ends as one by uninterruptibleMask", () => {
  for (const [name, work] of Object.entries(works)) {
    for (const waiting of [false, true]) {
      it.effect(`with work ${name}${waiting ? ", waiting before and after" : ""}`, () =>
        Effect.gen(function* () {
          const all = name === "that never ends" ? [1, 2, 3, 4] : [undefined, 0, 1, 2, 3, 4, 5, 6]
          for (const turns of all) {
            const ours = yield* outcome(byFrames, work, turns, waiting)
            const theirs = yield* outcome(byMask, work, turns, waiting)
            assert.deepStrictEqual(ours, theirs, `interrupted after ${turns} turns`)
          }
        })
      )
    }
  }

  it.effect("in an uninterruptible fiber, where the work is uninterruptible, too", () =>
    Effect.gen(function* () {
      for (const run of [byFrames, byMask]) {
        const ended = yield* Deferred.make<Exit.Exit<unknown, unknown>>()
        const region: Region = { begin: () => undefined, end: (exit) => Deferred.unsafeDone(ended, Exit.succeed(exit)) }
        const fiber = yield* Effect.fork(Effect.uninterruptible(run(Effect.as(waits, 1), region)))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* Deferred.await(ended), Exit.succeed(1))
      }
    })
  )
})
