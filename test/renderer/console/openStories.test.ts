import { assert, describe, it } from "@effect/vitest"
import type { NarrativeEvent } from "../../../src/event/NarrativeEvent.js"
import { OpenStories } from "../../../src/renderer/console/openStories.js"
import { StoryScript } from "./events.js"

const take = (open: OpenStories, event: NarrativeEvent) => open.leave(event, open.enter(event))

describe("OpenStories", () => {
  it("keeps nothing of a story that ended, nor of one whose start it never saw", () => {
    const open = new OpenStories(() => 0)
    const story = new StoryScript("A")
    const sub = new StoryScript("B", { id: "bbbbbb", parent: story })
    take(open, story.stage("left open").started())
    take(open, sub.note("hello"))
    assert.isTrue(open.hasRunningStages)
    take(open, story.completed())
    assert.isFalse(open.hasRunningStages)
    assert.strictEqual(open.roots.size, 1)
    take(open, sub.completed())
    assert.strictEqual(open.byId.size, 0)
    assert.strictEqual(open.roots.size, 0)
  })

  it("forgets the oldest of more than 10,000 stories", () => {
    const open = new OpenStories(() => 0)
    for (let i = 0; i < 10_050; i++) take(open, new StoryScript("A", { id: String(i) }).started())
    assert.strictEqual(open.byId.size, 10_000)
    assert.strictEqual(open.roots.size, 10_000)
    take(open, new StoryScript("A", { id: "0" }).completed())
    assert.strictEqual(open.byId.size, 9_999)
  })

  it("forgets the oldest of more than 1,000 running stages of a story", () => {
    const open = new OpenStories(() => 0)
    const story = new StoryScript("A")
    for (let i = 0; i < 1_050; i++) take(open, story.stage("S").started())
    assert.strictEqual(open.byId.get(story.id)?.stages.size, 1_000)
    take(open, story.completed())
    assert.isFalse(open.hasRunningStages)
  })
})
