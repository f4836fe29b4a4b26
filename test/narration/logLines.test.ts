import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { Narrative, Renderer } from "../../src/index.js"

const quiet = Logger.remove(Logger.defaultLogger)

describe("A log line that is no JSON", () => {
  it.effect("is logged in a stage, too: Effect's own logger of spans must not end the program", () =>
    Effect.gen(function* () {
      // Neither a bigint nor an object without a prototype becomes a text.
      const log = Effect.log("row", 12n, /(?<year>\d+)/.exec("2024")?.groups).pipe(Effect.as("done"))
      const result = yield* log.pipe(
        Narrative.stage("Load"),
        Narrative.story("Import"),
        Effect.provide([quiet, Renderer.layerNone])
      )
      assert.strictEqual(result, "done")
    })
  )
})
