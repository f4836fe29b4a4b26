/**
 * What the HTTP API answers about stories: lists, one with all that is kept of it, its page, and figures.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as keptStory from "../renderer/html/keptStory.js"
import type { ReportData } from "../renderer/html/pageData.js"
import { json, type Refusal } from "./answers.js"
import type { Archive } from "./archive.js"
import * as readModels from "./readModels.js"
import * as readQuery from "./readQuery.js"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal>

export interface StoriesApi {
  readonly list: (query: readQuery.Query) => Answer
  readonly show: (id: string) => Answer
  readonly report: (id: string) => Answer
  readonly stats: (query: readQuery.Query) => Answer
}

/** @internal */
export const make = (archive: Archive): StoriesApi => ({
  list: (given) =>
    Effect.gen(function* () {
      const filter = yield* readQuery.parsed(given, (query) => ({
        ...readQuery.storyFilter(query),
        ...readQuery.page(query)
      }))
      return json(encodeList(yield* archive.readSlowly((history) => history.stories(filter))))
    }),
  show: (id) =>
    Effect.map(
      archive.read((history) => history.story(id)),
      (story) => json(encodeStory(story))
    ),
  report: (id) => Effect.map(report(archive, id), (data) => json(data)),
  stats: (given) =>
    Effect.gen(function* () {
      const filter = yield* readQuery.parsed(given, (query) => ({
        since: query.text("since"),
        until: query.text("until"),
        story: query.text("story")
      }))
      return json(encodeStats(yield* archive.readSlowly((history) => history.stats(filter))))
    })
})

const encodeList = Schema.encodeSync(readModels.StoryList)
const encodeStory = Schema.encodeSync(readModels.Story)
const encodeStats = Schema.encodeSync(readModels.Stats)

/** A story as its page shows it: as far as it is known by now. */
const report = (archive: Archive, id: string): Effect.Effect<ReportData, Refusal> =>
  archive.read((history) =>
    Effect.gen(function* () {
      const { page, unfinished } = yield* keptStory.pageOf(history, id)
      const writtenAt = yield* Clock.currentTimeMillis
      return { page: "report", title: null, writtenAt, stories: [page.data(unfinished)], omittedStories: 0 }
    })
  )
