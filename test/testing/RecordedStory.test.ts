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

  it("does not guess in which of several concurrent stages a sub-story began", () => {
    const parent = new Narrator("Import")
    const child = new Narrator("Notify", "child", parent)
    const start = parent.start()
    const [a, b] = [parent.stage("A"), parent.stage("B")]
    const [story, sub] = fromEvents([start, parent.stageStarted(a), parent.stageStarted(b), child.start(), child.end()])
    assert.isUndefined(sub?.beganInStage)
    assert.deepStrictEqual(
      story?.stories.map((sub) => sub.name),
      ["Notify"]
    )
    assert.isTrue(story?.stages.every((stage) => stage.stories.length === 0))
  })

  it("knows it from the spans around, where they are told", () => {
    const parent = new Narrator("Import")
    const child = new Narrator("Notify", "child", parent)
    const start = parent.start()
    const [a, b] = [parent.stage("A"), parent.stage("B")]
    const events = [
      start,
      parent.stageStarted(a, { spanId: "span of A" }),
      parent.stageStarted(b, { spanId: "span of B" }),
      child.start()
    ]
    const [story] = fromEvents(events, (event) => (event.storyName === "Notify" ? ["its own", "span of A"] : []))
    assert.deepStrictEqual(
      story?.stages.map((stage) => stage.stories.length),
      [1, 0]
    )
  })
})
