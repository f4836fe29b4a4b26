import { assert, describe, it } from "@effect/vitest"
import { OpenPages } from "../../../src/renderer/html/openPages.js"
import { Narrator } from "../../fixtures/events.js"

const nodesIn = (pages: OpenPages): number => pages.due(true).reduce((sum, { story }) => sum + story.nodes.length, 0)

describe("open pages", () => {
  it("forget a story once it is written, however many there are", () => {
    const pages = new OpenPages()
    for (let i = 0; i < 20_000; i++) {
      const recorded = new Narrator("Import", `id ${i}`)
      for (const event of [recorded.start(), recorded.end()]) pages.take(event)
      const due = pages.due(false)
      assert.lengthOf(due, 1)
      pages.written(due, false)
    }
    assert.strictEqual(nodesIn(pages), 0)
    assert.isFalse(pages.hasRunning)
  })

  it("keep a few of those whose failure may yet be analysed, the latest ones", () => {
    const pages = new OpenPages()
    const analysed = (recorded: Narrator) => {
      const { rootStoryId, storyId } = recorded.end()
      const analysis = {
        analyzer: "house",
        model: null,
        exactWhy: "",
        evidence: [],
        targetedFix: "",
        codeChanges: "",
        rawText: null,
        droppedCitations: 0
      }
      pages.take({
        ...recorded.note(),
        _tag: "AnalysisReady",
        rootStoryId,
        storyId,
        stageName: null,
        llmAnalysis: "",
        analysis,
        latencySeconds: 1
      })
      return pages.due(false).length
    }
    const stories = Array.from({ length: 500 }, (_, i) => new Narrator("Import", `id ${i}`))
    for (const recorded of stories) {
      for (const event of [recorded.start(), recorded.failureOccurred(), recorded.end({ status: "failed" })])
        pages.take(event)
      pages.written(pages.due(false), false)
    }
    const [first, last] = [stories[0], stories.at(-1)]
    if (first === undefined || last === undefined) throw new Error("there are 500")
    assert.strictEqual(analysed(first), 0)
    assert.strictEqual(analysed(last), 1)
    pages.written(pages.due(false), false)
    assert.strictEqual(nodesIn(pages), 0)
  })

  it("try again only the latest pages of a disk that stays full", () => {
    const pages = new OpenPages()
    for (let i = 0; i < 1_000; i++) {
      const recorded = new Narrator("Import", `id ${i}`)
      for (const event of [recorded.start(), recorded.end()]) pages.take(event)
      pages.unwritten()
      assert.isAtMost(pages.due(false).length, 100)
    }
    assert.strictEqual(pages.due(false).at(-1)?.id, "id 999")
  })
})
