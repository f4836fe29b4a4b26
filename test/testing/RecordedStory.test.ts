import { assert, describe, it } from "@effect/vitest"
import { fromEvents } from "../../src/testing/index.js"
import { Narrator } from "../fixtures/events.js"

describe("fromEvents", () => {
  it("tells what a story was, and what stood in it", () => {
    const told = new Narrator("Import")
    const start = told.start({ labels: { tenant: "acme" } })
    const load = told.stage("Load")
    const parse = told.stage("Parse", load)
    const [story] = fromEvents([
      start,
      told.stageStarted(load),
      told.stageStarted(parse),
      told.note("rows", parse),
      told.retried(parse, 2),
      told.completed(parse, { durationSeconds: 0.25, attributes: { rows: 3 } }),
      told.completed(load),
      told.end({ outcome: "imported", labels: { tenant: "acme" } })
    ])
    assert.deepInclude(story, { name: "Import", status: "success", outcome: "imported", labels: { tenant: "acme" } })
    assert.deepInclude(story?.stages[0], { name: "Load", status: "completed" })
    assert.deepInclude(story?.stages[0]?.stages[0], {
      name: "Parse",
      durationSeconds: 0.25,
      retries: 1,
      attributes: { rows: 3 }
    })
    assert.lengthOf(story?.notes ?? [], 1)
  })

  it("leaves running what has not ended", () => {
    const told = new Narrator("Import")
    const start = told.start()
    const [story] = fromEvents([start, told.stageStarted(told.stage("Load"))])
    assert.strictEqual(story?.status, "running")
    assert.deepInclude(story?.stages[0], {
      status: "running",
      durationSeconds: undefined,
      ended: Number.POSITIVE_INFINITY
    })
  })

  it("keeps handled failures apart from the one the story ended with", () => {
    const told = new Narrator("Import")
    const [story] = fromEvents([
      told.start(),
      told.failureOccurred({ handled: true }),
      told.failureOccurred(),
      told.end({ status: "failed" })
    ])
    assert.lengthOf(story?.handledFailures ?? [], 1)
    assert.strictEqual(story?.failure?.handled, false)
  })

  it("knows in which of several concurrent stages of one name a sub-story, or a stage, began", () => {
    const parent = new Narrator("Import")
    const child = new Narrator("Notify", "child", parent)
    const start = parent.start()
    const [first, second] = [parent.stage("Send"), parent.stage("Send")]
    const [story, sub] = fromEvents([
      start,
      parent.stageStarted(first),
      parent.stageStarted(second),
      child.start({ parentStageIndex: first.index }),
      parent.stageStarted(parent.stage("Pack", first)),
      child.end()
    ])
    assert.strictEqual(sub?.beganInStage, first.index)
    assert.deepStrictEqual(
      story?.stages.map((stage) => [stage.stories.length, stage.stages.length]),
      [
        [1, 1],
        [0, 0]
      ]
    )
  })
})
