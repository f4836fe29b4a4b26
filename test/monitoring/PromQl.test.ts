import { assert, describe, it } from "@effect/vitest"
import { Instruments } from "../../src/index.js"
import * as PromQl from "./PromQl.js"

const ended = PromQl.counter(Instruments.stories)
const byStory = PromQl.sum(PromQl.rate(ended, "5m"), ["story_name"])

describe("PromQl", () => {
  it("a label that an instrument does not have is a type error", () => {
    // @ts-expect-error stories have no model
    PromQl.counter(Instruments.stories, { model: "gpt-4o" })
    // @ts-expect-error nor can they be summed by it
    PromQl.sum(PromQl.rate(ended, "5m"), ["model"])
    // @ts-expect-error what was summed away is gone
    PromQl.sum(byStory, ["success"])
  })

  it("an instrument is asked as what it is", () => {
    assert.throws(() => PromQl.counter(Instruments.storyDuration), /is a histogram, and is asked as a counter/)
    assert.throws(() => PromQl.spread(Instruments.stories, "5m"), /is a counter, and is asked as a histogram/)
  })

  it("a quantile has no threshold at the last bound of its histogram, or beyond it", () => {
    const p95 = PromQl.quantile(0.95, PromQl.spread(Instruments.storyDuration, "1h"))
    assert.throws(() => PromQl.above(p95, 1800), /never above 1800: the last bound of its histogram is 1800/)
    assert.strictEqual(PromQl.above(p95, 1799).expr, `${p95.expr} > 1799`)
  })

  it("a recording is asked by the labels of its query, which are left of those it was made of", () => {
    const recording = { record: "story_name:narrative_story:rate5m", query: byStory }
    const one = { story_name: "Import" }
    assert.strictEqual(PromQl.recorded(recording).expr, "story_name:narrative_story:rate5m")
    assert.deepStrictEqual(PromQl.recorded(recording, one).labels, ["story_name"])
    assert.strictEqual(
      PromQl.greatest(recording, "1h", one).expr,
      'max_over_time(story_name:narrative_story:rate5m{story_name="Import"}[1h])'
    )
    // @ts-expect-error it is not by instance any more
    PromQl.recorded(recording, { instance: "importer:9464" })
  })

  it("a recorded quantile has no threshold at the last bound of its histogram either", () => {
    const query = PromQl.known(PromQl.quantile(0.95, PromQl.spread(Instruments.storyDuration, "1h")))
    const p95 = PromQl.recorded({ record: ":narrative_story_duration_seconds:p95_increase1h", query })
    assert.throws(() => PromQl.above(p95, 1800), /never above 1800/)
    assert.strictEqual(PromQl.above(p95, 1799).expr, `${p95.expr} > 1799`)
  })

  it("series of different labels are not divided by each other", () => {
    const byOutcome: PromQl.Vector<string> = PromQl.sum(PromQl.rate(ended, "5m"), ["story_name", "success"])
    assert.throws(() => PromQl.ratio(byOutcome, byStory), /never meet/)
  })

  it("what an operator joins is in parentheses where it becomes part of another query", () => {
    const all = PromQl.sum(PromQl.rate(ended, "5m"))
    assert.strictEqual(
      PromQl.above(PromQl.ratio(all, all), 0.1).expr,
      "(sum(rate(narrative_story_total[5m])) / (sum(rate(narrative_story_total[5m])) > 0)) > 0.1"
    )
  })

  it("the values of a matcher are quoted", () => {
    assert.strictEqual(
      PromQl.counter(Instruments.stories, { story_name: 'Import "all"\\', success: { oneOf: ["true", "false"] } })
        .selector,
      'narrative_story_total{story_name="Import \\"all\\"\\\\",success=~"true|false"}'
    )
  })
})
