import { assert, describe, it } from "@effect/vitest"
import { ShownStories } from "../../../src/renderer/console/shownStories.js"
import { StoryScript } from "./events.js"

describe("the stories that the console shows", () => {
  it("keeps nothing of a story that ended, nor of one whose start it never saw", () => {
    const open = new ShownStories(() => 0)
    const story = new StoryScript("A")
    const sub = new StoryScript("B", { id: "bbbbbb", parent: story })
    open.take(story.stage("left open").started())
    open.take(sub.note("hello"))
    assert.isTrue(open.hasRunningStages)
    open.take(story.completed())
    assert.isFalse(open.hasRunningStages)
    assert.strictEqual(open.roots.size, 1)
    open.take(sub.completed())
    assert.strictEqual(open.size, 0)
    assert.strictEqual(open.roots.size, 0)
  })

  it("forgets the oldest of more than 10,000 stories", () => {
    const open = new ShownStories(() => 0)
    for (let i = 0; i < 10_050; i++) open.take(new StoryScript("A", { id: String(i) }).started())
    assert.strictEqual(open.size, 10_000)
    assert.strictEqual(open.roots.size, 10_000)
    // It had been forgotten: no other is, for its end.
    open.take(new StoryScript("A", { id: "0" }).completed())
    assert.strictEqual(open.size, 10_000)
    assert.strictEqual(open.roots.size, 10_000)
  })

  it("forgets the oldest of more than 1,000 running stages of a story", () => {
    const open = new ShownStories(() => 0)
    const story = new StoryScript("A")
    for (let i = 0; i < 1_050; i++) open.take(story.stage("S").started())
    assert.strictEqual(open.get(story.id)?.stages.size, 1_000)
    open.take(story.completed())
    assert.isFalse(open.hasRunningStages)
  })

  it("know when a line could belong to several: not as long as each is in the one before", () => {
    const open = new ShownStories(() => 0)
    const a = new StoryScript("A")
    const b = new StoryScript("B", { id: "bbbbbb", parent: a })
    const c = new StoryScript("C", { id: "cccccc", parent: a })
    open.take(a.started())
    open.take(b.started())
    assert.isFalse(open.isAmbiguous)
    open.take(c.started())
    assert.isTrue(open.isAmbiguous)
    open.take(c.completed())
    assert.isFalse(open.isAmbiguous)
    open.take(c.started())
    open.take(a.completed())
    assert.isTrue(open.isAmbiguous)
    open.take(b.completed())
    open.take(c.completed())
    open.take(a.started())
    assert.isFalse(open.isAmbiguous)
  })

  it("have short ids of their own, also where their ids end alike", () => {
    const open = new ShownStories(() => 0)
    const shortIdOf = (story: StoryScript) => open.take(story.started()).story.state.shortId
    assert.strictEqual(shortIdOf(new StoryScript("A", { id: "11aaaaaa" })), "aaaaaa")
    assert.strictEqual(shortIdOf(new StoryScript("B", { id: "21aaaaaa" })), "1aaaaaa")
    assert.strictEqual(shortIdOf(new StoryScript("C", { id: "31aaaaaa" })), "31aaaaaa")
  })
})
