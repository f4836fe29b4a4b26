/**
 * The page of a story that a history keeps.
 */
import * as Effect from "effect/Effect"
import { StoryNotFound } from "../../history/HistoryError.js"
import type { HistoryReader } from "../../history/HistoryReader.js"
import { StoryPage } from "./storyPage.js"

/** The story whose id begins or ends so, and its page, as far as it is known by now. */
export const pageOf = (history: HistoryReader, id: string) =>
  Effect.gen(function* () {
    const story = yield* history.story(id)
    const [first, ...rest] = yield* history.replay(story.id)
    // A story has at least its start.
    if (first === undefined) return yield* new StoryNotFound({ idPrefix: id })
    const page = new StoryPage(first)
    for (const event of [first, ...rest]) page.take(event)
    // The page alone cannot know whether more can come.
    return { story, page, unfinished: story.status === "interrupted" }
  })
