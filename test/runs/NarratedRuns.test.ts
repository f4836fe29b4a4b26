import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Narrator } from "../../src/promise/index.js"
import { Run } from "../../src/runs.js"

describe("A run of a narrator", () => {
  it("is tracked around plain code, which says what came of it", async () => {
    const narrator = await Narrator.make(Run.layerTest)
    const work = Effect.promise(async () => {
      await narrator.stage("Work", async () => undefined)
      await narrator.runPromise(Run.metrics({ itemsSucceeded: 3 }))
      return 42
    })
    assert.strictEqual(await narrator.runPromise(Run.track(work, "agent", "job")), 42)
    const [run] = await narrator.runPromise(Run.records)
    assert.deepInclude(run, { agentName: "agent", status: "success", itemsSucceeded: 3 })
    await narrator.dispose()
  })
})
