import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import { OpenStories, type OpenStoriesOptions } from "../../src/event/openStories.js"
import { anyEvent, Narrator } from "../fixtures/events.js"

/** Keeps of each story and stage what it began in. */
const following = (options: Partial<OpenStoriesOptions<string, string>> = {}) =>
  new OpenStories<string, string>({
    beginStory: (event, { stage, story }) => `${event.storyName} in ${stage?.state ?? story?.name ?? "nothing"}`,
    beginStage: (event, { stage, story }) => `${event.stageName} in ${stage?.state ?? story?.name ?? "nothing"}`,
    ...options
  })

const takeAll = (open: OpenStories<string, string>, events: ReadonlyArray<NarrativeEvent>) => {
  for (const event of events) if (event._tag !== "AnalysisReady") open.take(event)
}

describe("open stories", () => {
  it("know what each sub-story and stage began in", () => {
    const open = following()
    const recorded = new Narrator("Import")
    const sub = new Narrator("Notify", "sub", recorded)
    const outer = recorded.stage("Outer")
    const inner = recorded.stage("Inner", outer)
    takeAll(open, [recorded.start(), recorded.stageStarted(outer), recorded.stageStarted(inner)])
    open.take(sub.start({ parentStageIndex: outer.index }))
    assert.strictEqual(open.get(recorded.id)?.stages.get(inner.index)?.state, "Inner in Outer in Import")
    assert.strictEqual(open.get(sub.id)?.state, "Notify in Outer in Import")
    assert.strictEqual(open.runningStages, 2)
  })

  it("give an event the stage that it ends, and keep nothing of it", () => {
    const open = following()
    const recorded = new Narrator("Import")
    const stage = recorded.stage("Load")
    takeAll(open, [recorded.start(), recorded.stageStarted(stage)])
    assert.strictEqual(open.take(recorded.completed(stage)).stage?.state, "Load in Import")
    assert.strictEqual(open.runningStages, 0)
    open.take(recorded.end())
    assert.strictEqual(open.size, 0)
  })

  it("begin a story whose start was not seen with its first event, and learn its start when that comes", () => {
    const open = following()
    const recorded = new Narrator("Import")
    const stage = recorded.stage("Load")
    assert.isUndefined(open.take(recorded.stageStarted(stage)).story.started)
    const start = recorded.start()
    assert.strictEqual(open.take(start).story.started, start)
    assert.strictEqual(open.runningStages, 1)
  })

  it("begin a story anew that begins a second time", () => {
    const ended: Array<boolean> = []
    const open = following({ endStory: (_, isEvicted) => ended.push(isEvicted) })
    const recorded = new Narrator("Import")
    takeAll(open, [recorded.start(), recorded.stageStarted(recorded.stage("Load")), recorded.start(), recorded.end()])
    assert.deepStrictEqual(ended, [true, false])
    assert.strictEqual(open.runningStages, 0)
  })

  it("give up the oldest story and the oldest stage when there are too many, and none for one whose start was not seen", () => {
    const evicted: Array<string> = []
    const open = following({ maxStories: 2, maxStages: 2, endStory: ({ name }) => evicted.push(name) })
    const [a, b, c, d] = ["A", "B", "C", "D"].map((name) => new Narrator(name)) as [
      Narrator,
      Narrator,
      Narrator,
      Narrator
    ]
    takeAll(open, [a.start(), b.start(), c.start(), d.note()])
    assert.deepStrictEqual(evicted, ["A", "D"])
    assert.deepStrictEqual(
      Array.from(open.values(), ({ name }) => name),
      ["B", "C"]
    )
    for (let i = 0; i < 3; i++) open.take(b.stageStarted(b.stage("Row")))
    assert.deepStrictEqual(Array.from(open.get(b.id)?.stages.keys() ?? []), [1, 2])
    assert.strictEqual(open.runningStages, 2)
  })

  it("keep what has ended for a reader that puts the whole together", () => {
    const open = following({ keepsEnded: true })
    const recorded = new Narrator("Import")
    const stage = recorded.stage("Load")
    takeAll(open, [recorded.start(), recorded.stageStarted(stage), recorded.completed(stage), recorded.end()])
    assert.isDefined(open.get(recorded.id)?.stages.get(stage.index))
  })

  it("end each story once, and count running stages right, whatever comes in whatever order", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (events, max) => {
        const counts = { begun: 0, ended: 0 }
        const open = following({
          maxStories: max,
          maxStages: max,
          beginStory: () => {
            counts.begun += 1
            return ""
          },
          endStory: () => {
            counts.ended += 1
          }
        })
        // Few ids, so that events meet.
        takeAll(
          open,
          events.map((event, i) => ({ ...event, storyId: `story ${i % 3}` }))
        )
        assert.strictEqual(counts.begun - counts.ended, open.size)
        assert.isAtMost(open.size, max)
        const running = Array.from(open.values(), ({ stages }) => stages.size).reduce((sum, size) => sum + size, 0)
        assert.strictEqual(open.runningStages, running)
      })
    )
  })
})
