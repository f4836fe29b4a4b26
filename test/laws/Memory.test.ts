import { execFile } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { bundled } from "../fixtures/compiled.js"

interface Run {
  /** Bytes in use after what fills caches and has code compiled, and after each fifth of the run. */
  readonly heap: ReadonlyArray<number>
  /** How many events were emitted to a renderer. */
  readonly events: number
}

const run = (program: string) =>
  Effect.flatMap(bundled("test/fixtures/longRuns.ts"), (programs) =>
    Effect.async<Run>((resume) => {
      execFile(process.execPath, ["--expose-gc", programs, program], { timeout: 110_000 }, (error, stdout) => {
        resume(error === null ? Effect.succeed(JSON.parse(stdout)) : Effect.die(error))
      })
    })
  )

const megabyte = 1024 * 1024

/** The last measurement but one came after as many rounds as a name says; what grows has grown further at the last. */
const growthOf = ({ heap: [first = Number.NaN, ...rest] }: Run): number => Math.min(...rest.slice(-2)) - first

describe("Memory", { timeout: 300_000 }, () => {
  // As strict as a megabyte is for a million of them.
  const mostGrowth = megabyte / 5

  it.live("the heap does not grow with 200,000 stages in one story that has no renderer", () =>
    Effect.gen(function* () {
      assert.isBelow(growthOf(yield* run("stages, no renderer")), mostGrowth)
    })
  )

  it.live("the heap does not grow with 200,000 stages in one story that has a renderer", () =>
    Effect.gen(function* () {
      const ended = yield* run("stages, a renderer")
      assert.strictEqual(ended.events, 640_002)
      assert.isBelow(growthOf(ended), mostGrowth)
    })
  )

  it.live("the heap does not grow with 20,000 stories", () =>
    Effect.gen(function* () {
      const ended = yield* run("stories")
      assert.strictEqual(ended.events, 128_000)
      assert.isBelow(growthOf(ended), mostGrowth)
    })
  )

  it.live("the heap does not grow with 20,000 failures that are caught in one story", () =>
    Effect.gen(function* () {
      const ended = yield* run("caught failures")
      assert.strictEqual(ended.events, 64_002)
      assert.isBelow(growthOf(ended), mostGrowth)
    })
  )

  it.live("the heap does not grow with 10,000 stories that fail and are reported", () =>
    Effect.gen(function* () {
      const ended = yield* run("failed stories")
      assert.strictEqual(ended.events, 80_000)
      // Their caches, of places and of sources, are filled later than in the first fifth.
      assert.isBelow(growthOf(ended), megabyte)
    })
  )
})
