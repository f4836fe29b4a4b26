import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Narrative } from "../../src/index.js"

/** The lines of this file where the stages of the current story were written. */
const linesOf = Effect.map(Narrative.current, (story) =>
  Option.getOrThrow(story).stages.map(({ definedAt }) => Number(/:(\d+):\d+\)?$/m.exec(definedAt?.stack ?? "")?.[1]))
)

const line = (offset = 0): number =>
  Number(/:(\d+):\d+\)?$/.exec(new Error().stack?.split("\n")[2] ?? "")?.[1]) + offset

describe("The place of a stage", () => {
  it.effect("is the one in the loop that made it, for every one of a hundred", () =>
    Effect.gen(function* () {
      let written = 0
      for (let i = 0; i < 100; i++) {
        written = line(1)
        yield* Effect.void.pipe(Narrative.stage("Row"))
      }
      const lines = yield* linesOf
      assert.deepStrictEqual(new Set(lines), new Set([written]))
      assert.strictEqual(lines.length, 100)
    }).pipe(Narrative.story("Import"))
  )

  it.effect("is each one's own, where a loop makes stages of one name in two places", () =>
    Effect.gen(function* () {
      const written: Array<number> = []
      for (let i = 0; i < 50; i++) {
        written.push(line(1))
        yield* Effect.void.pipe(Narrative.stage("Row"))
        written.push(line(1))
        yield* Effect.void.pipe(Narrative.stage("Row"))
      }
      const lines = yield* linesOf
      const wrong = lines.flatMap((found, i) => (found === written[i] ? [] : [i]))
      assert.deepStrictEqual(wrong, [])
    }).pipe(Narrative.story("Import"))
  )

  it.effect("is its own for each of several that are written one after another", () =>
    Effect.gen(function* () {
      const first = line(1)
      yield* Effect.void.pipe(Narrative.stage("Row"))
      yield* Effect.void.pipe(Narrative.stage("Row"))
      yield* Effect.void.pipe(Narrative.stage("Row"))
      yield* Effect.void.pipe(Narrative.stage("Row"))
      yield* Effect.void.pipe(Narrative.stage("Row"))
      yield* Effect.void.pipe(Narrative.stage("Row"))
      yield* Effect.void.pipe(Narrative.stage("Row"))
      yield* Effect.void.pipe(Narrative.stage("Row"))
      assert.deepStrictEqual(
        yield* linesOf,
        [0, 1, 2, 3, 4, 5, 6, 7].map((offset) => first + offset)
      )
    }).pipe(Narrative.story("Import"))
  )
})
