import { stripVTControlCharacters } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import stringWidth from "string-width"
import { liveLines } from "../../../src/renderer/console/liveView.js"
import { ShownStories } from "../../../src/renderer/console/shownStories.js"
import * as Theme from "../../../src/renderer/console/theme.js"
import { ofAllCodePoints } from "../../fixtures/codePoints.js"
import { StoryScript } from "./events.js"

const theme = Theme.make(true, { TERM: "xterm" })
const plain = Theme.make(false, {})

const texts = (open: ShownStories, columns = 60) =>
  liveLines(open, plain, { columns, rows: 24 }).map((line) => line.text)

describe("LiveView", () => {
  it.prop(
    "no line reaches the last column, whatever the names",
    [ofAllCodePoints(), FastCheck.integer({ min: 2, max: 80 }), FastCheck.integer({ min: 1, max: 12 })],
    ([name, columns, rows]) => {
      const open = new ShownStories(() => 0)
      const story = new StoryScript(name, { totalStages: 4 })
      const stage = story.stage(name)
      const inner = stage.stage(`${name}${name}`)
      for (const event of [story.started(), stage.started(), inner.started(), inner.progressed(1, 3)]) open.take(event)
      const lines = liveLines(open, theme, { columns, rows })
      assert.isAtMost(lines.length, Math.max(1, rows - 2))
      for (const line of lines) {
        assert.strictEqual(stringWidth(line.text), line.columns)
        assert.isBelow(line.columns, columns)
        assert.notMatch(stripVTControlCharacters(line.text), /\p{Cc}/u)
      }
    }
  )

  it("shows each stage below the one it started in", () => {
    const open = new ShownStories(() => 0)
    const story = new StoryScript("Story")
    const [a, b] = [story.stage("A"), story.stage("B")]
    const sub = new StoryScript("Sub", { id: "bbbbbb", parent: story })
    for (const stage of [a, b, a.stage("A1"), b.stage("B1"), a.stage("A2")]) open.take(stage.started())
    open.take(sub.started())
    open.take(sub.stage("Mail").started())
    assert.deepStrictEqual(
      texts(open).map((line) => line.replace(/ {2}0\.0s$/, "")),
      ["▶ Story", "  ⠋ A", "    ⠋ A1", "    ⠋ A2", "  ⠋ B", "    ⠋ B1", "      ▶ Sub", "        ⠋ Mail"]
    )
  })

  it("leaves out stories without a running stage while others have one", () => {
    const open = new ShownStories(() => 0)
    const [idle, busy] = [new StoryScript("Idle"), new StoryScript("Busy", { id: "bbbbbb" })]
    for (const event of [idle.started(), busy.started(), busy.stage("S").started()]) open.take(event)
    assert.deepStrictEqual(texts(open), ["▶ Busy  0.0s", "  ⠋ S  0.0s"])
  })

  it("shortens the name first, and then leaves out the bar", () => {
    const open = new ShownStories(() => 90_000)
    const story = new StoryScript("A very long story name", { totalStages: 2 })
    open.take(story.started())
    assert.deepStrictEqual(texts(open, 45), ["▶ A very lon…  ───────────  0% (0 / 2)  0.0s"])
    assert.deepStrictEqual(texts(open, 30), ["▶ A very l…  0% (0 / 2)  0.0s"])
    assert.deepStrictEqual(texts(open, 12), ["▶ A very l…"])
  })
})
