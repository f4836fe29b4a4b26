/**
 * What `narrative report` writes.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HistoryReader } from "../history/HistoryReader.js"
import * as browser from "../renderer/html/browser.js"
import * as keptStory from "../renderer/html/keptStory.js"
import * as pageFile from "../renderer/html/pageFile.js"
import * as pageHtml from "../renderer/html/pageHtml.js"
import type { HistoryOptions } from "./commandOptions.js"
import * as historyFile from "./historyFile.js"
import { Output, writeJson } from "./output.js"

export interface StoryPageFileOptions extends HistoryOptions {
  readonly id: string
  readonly output: Option.Option<string>
  readonly open: boolean
}

/** The page cannot be written there. */
export class UnwritablePage extends Data.TaggedError("UnwritablePage")<{
  readonly path: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.path} cannot be written: ${this.reason}`
  }
}

export const write = ({ db, id, json, open, output: path }: StoryPageFileOptions) =>
  Effect.gen(function* () {
    const output = yield* Output
    const { html, story } = yield* historyFile.read(db, (history) => pageOf(history, id))
    const file = Option.getOrElse(path, () => `story-${story.id.replaceAll(/[^\w-]/g, "_").slice(0, 64)}.html`)
    if (file === "-") return yield* output.write(html)
    const fs = yield* FileSystem.FileSystem
    yield* Effect.mapError(pageFile.write(fs, file, html), (error) => unwritable(file, error))
    if (json) yield* writeJson({ story_id: story.id, file })
    else yield* output.write(`Wrote ${file}\n`)
    if (open) yield* browser.open(file, process.env)
  }).pipe(Effect.provide(NodeFileSystem.layer))

const unwritable = (path: string, error: PlatformError): UnwritablePage =>
  new UnwritablePage({ path, reason: error._tag === "SystemError" ? error.reason : error.message })

const pageOf = (history: HistoryReader, id: string) =>
  Effect.gen(function* () {
    const { page, story, unfinished } = yield* keptStory.pageOf(history, id)
    const writtenAt = yield* Clock.currentTimeMillis
    const html = pageHtml.report(
      { title: null, writtenAt, omittedStories: 0, stories: [JSON.stringify(page.data(unfinished))] },
      [page.card(unfinished)]
    )
    return { html, story }
  })
