import { execFile } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { bundled } from "../fixtures/compiled.js"

interface Run {
  /** Bytes in use after each fifth of the run. */
  readonly heap: ReadonlyArray<number>
  /** Events a renderer heard of. */
  readonly told: number
}

const run = (program: string) =>
  Effect.flatMap(bundled("test/fixtures/longRuns.ts"), (programs) =>
    Effect.async<Run>((resume) => {
      execFile(process.execPath, ["--expose-gc", programs, program], { timeout: 55_000 }, (error, stdout) => {
        resume(error === null ? Effect.succeed(JSON.parse(stdout)) : Effect.die(error))
      })
    })
  )

const megabyte = 1024 * 1024

/** The first fifth fills caches and has code compiled; what grows after it grows forever. */
const growthOf = ({ heap: [first = Number.NaN, ...rest] }: Run): number => (rest.at(-1) ?? Number.NaN) - first

describe("Memory", { timeout: 60_000 }, () => {
  it.live("a million stages in one story that nobody hears do not grow the heap", () =>
    Effect.gen(function* () {
      assert.isBelow(growthOf(yield* run("stages, unheard")), megabyte)
    })
  )

  it.live("a million stages in one story told to a renderer do not grow the heap", () =>
    Effect.gen(function* () {
      const ended = yield* run("stages, told")
      assert.strictEqual(ended.told, 2_000_002)
      assert.isBelow(growthOf(ended), megabyte)
    })
  )

  it.live("a hundred thousand stories do not grow the heap", () =>
    Effect.gen(function* () {
      const ended = yield* run("stories")
      assert.strictEqual(ended.told, 400_000)
      assert.isBelow(growthOf(ended), megabyte)
    })
  )

  it.live("a hundred thousand failures caught in one story do not grow the heap", () =>
    Effect.gen(function* () {
      const ended = yield* run("caught failures")
      assert.strictEqual(ended.told, 200_002)
      assert.isBelow(growthOf(ended), megabyte)
    })
  )

  it.live("ten thousand stories that fail and are reported do not grow the heap", () =>
    Effect.gen(function* () {
      const ended = yield* run("failed stories")
      assert.strictEqual(ended.told, 50_000)
      assert.isBelow(growthOf(ended), megabyte)
    })
  )
})
