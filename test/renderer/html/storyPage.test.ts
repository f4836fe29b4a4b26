import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { PlainRecord } from "../../../src/plain/PlainValue.js"
import { StoryPage } from "../../../src/renderer/html/storyPage.js"
import { Narrator } from "../../fixtures/events.js"

describe("a story's page", () => {
  it("stays bounded over hundreds of thousands of stages, and keeps the one that failed in the middle and the one around them", () => {
    const recorded = new Narrator()
    const page = new StoryPage(recorded.start())
    const outer = recorded.stage("Outer")
    page.take(recorded.stageStarted(outer))
    for (let i = 0; i < 300_000; i++) {
      const stage = recorded.stage("Row", outer)
      page.take(recorded.stageStarted(stage))
      page.take(i === 150_000 ? recorded.failed(stage) : recorded.completed(stage))
    }
    const { nodes, omitted } = page.data(false)
    assert.isAtMost(nodes.length, 21_000)
    assert.strictEqual(nodes.length + omitted.nodes, 300_002)
    assert.deepStrictEqual(
      nodes.filter(({ status }) => status === "failed").map(({ index }) => index),
      [150_001]
    )
    assert.strictEqual(nodes[1]?.name, "Outer")
  })

  it("keeps what it records within bounds: values, log lines, reports", () => {
    const recorded = new Narrator()
    const page = new StoryPage(recorded.start())
    const text = "x".repeat(8_000)
    for (let i = 0; i < 20_000; i++) {
      page.take({ ...recorded.note("note"), data: text })
    }
    for (let i = 0; i < 100; i++) page.take(recorded.failureOccurred({ handled: true }))
    const data = page.data(false)
    assert.isAtMost(JSON.stringify(data).length, 40 * 1024 * 1024)
    assert.strictEqual(data.entries.length + data.omitted.entries, 20_000)
    assert.strictEqual(data.failures.length + data.omitted.failures, 100)
    assert.isAbove(data.omitted.values, 0)
  })

  it("says of a failure what the spans around it say of their work, and of its story who interrupted it", () => {
    const recorded = new Narrator()
    const page = new StoryPage(recorded.start())
    const event = recorded.failureOccurred({})
    const [failure] = event.failures
    const span = (name: string, attributes: PlainRecord) => ({
      name,
      kind: "span" as const,
      location: null,
      attributes
    })
    const spans = [
      span("Rates.lookUp", { table: "rates", row: 7 }),
      span("Prices", { table: "prices", region: "nordic" })
    ]
    const interruptors = [{ fiberId: "#31", storyName: "Import", stageName: "Load" }]
    page.take({ ...event, interruptors, failures: [{ ...failure, spans, stageAttributes: { row: 8 } }] })
    const { failures, nodes } = page.data(false)
    assert.deepStrictEqual(failures[0]?.report.failures[0].stageAttributes, {
      table: "rates",
      region: "nordic",
      row: 8
    })
    assert.deepStrictEqual(nodes[0]?.interruptors, interruptors)
  })

  it("puts every stage and sub-story into the one that it began in, however they overlap", () => {
    // Each number chooses which of the running stages the next one is in, or which ends.
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat())), (steps) => {
        const recorded = new Narrator()
        const page = new StoryPage(recorded.start())
        const running = [recorded.stage("Same")]
        const parents = new Map<number, number>()
        for (const stage of running) page.take(recorded.stageStarted(stage))
        for (const [begins, choice] of steps) {
          const at = choice % Math.max(1, running.length)
          const chosen = running[at]
          if (begins) {
            const stage = recorded.stage("Same", chosen)
            if (chosen !== undefined) parents.set(stage.index, chosen.index)
            running.push(stage)
            page.take(recorded.stageStarted(stage))
          } else if (chosen !== undefined) {
            running.splice(at, 1)
            page.take(recorded.completed(chosen))
          }
        }
        const { nodes } = page.data(false)
        const byId = new Map(nodes.map((node) => [node.id, node]))
        for (const { index, parent } of nodes) {
          if (index === undefined) continue
          assert.strictEqual(byId.get(parent ?? -1)?.index, parents.get(index))
        }
      })
    )
  })
})
