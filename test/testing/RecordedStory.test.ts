import { assert, describe, it } from "@effect/vitest"
import { fromEvents } from "../../src/testing/index.js"
import { Narrator } from "../fixtures/events.js"

describe("fromEvents", () => {
  it("says what a story was, and what was in it", () => {
    const recorded = new Narrator("Import")
    const start = recorded.start({ labels: { tenant: "acme" } })
    const load = recorded.stage("Load")
    const parse = recorded.stage("Parse", load)
    const [story] = fromEvents([
      start,
      recorded.stageStarted(load),
      recorded.stageStarted(parse),
      recorded.note("rows", parse),
      recorded.retried(parse, 2),
      recorded.completed(parse, { durationSeconds: 0.25, attributes: { rows: 3 } }),
      recorded.completed(load),
      recorded.end({ outcome: "imported", labels: { tenant: "acme" } })
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
    const recorded = new Narrator("Import")
    const start = recorded.start()
    const [story] = fromEvents([start, recorded.stageStarted(recorded.stage("Load"))])
    assert.strictEqual(story?.status, "running")
    assert.deepInclude(story?.stages[0], {
      status: "running",
      durationSeconds: undefined,
      ended: Number.POSITIVE_INFINITY
    })
  })

  it("keeps handled failures apart from the one the story ended with", () => {
    const recorded = new Narrator("Import")
    const [story] = fromEvents([
      recorded.start(),
      recorded.failureOccurred({ handled: true }),
      recorded.failureOccurred(),
      recorded.end({ status: "failed" })
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
