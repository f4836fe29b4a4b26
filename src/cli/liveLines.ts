/**
 * What `narrative tail` prints.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type NarrativeEvent, toWire } from "../event/NarrativeEvent.js"
import { InvalidOption } from "../plain/InvalidOption.js"
import { ShownStories } from "../renderer/console/shownStories.js"
import { StoryLines } from "../renderer/console/storyLines.js"
import type { HistoryOptions } from "./commandOptions.js"
import { events, isDatabase } from "./eventSource.js"
import * as historyFile from "./historyFile.js"
import { Output } from "./output.js"

export interface LiveLinesOptions extends HistoryOptions {
  readonly source: Option.Option<string>
  readonly lines: number
  readonly noFollow: boolean
  readonly timestamps: boolean
}

export const follow = ({ db, json, lines, noFollow, source, timestamps }: LiveLinesOptions) =>
  Effect.gen(function* () {
    if (lines < 0) {
      return yield* new InvalidOption({
        setting: "--lines",
        expected: "a whole number of 0 or more",
        given: String(lines)
      })
    }
    const output = yield* Output
    const options = { last: lines, follow: !noFollow }
    const shown = new StoryLines(new ShownStories(() => 0), {
      timestamps,
      ids: "auto",
      isPartial: true,
      stageStarts: "auto",
      verbose: false,
      logs: true,
      theme: output.theme,
      columns: () => output.columns,
      cwd: output.cwd
    })
    const print = Stream.runForEachChunk((chunk: Chunk.Chunk<NarrativeEvent>) => {
      let text = ""
      for (const event of chunk) text += json ? `${toWire(event)}\n` : shown.add(event)
      return text === "" ? Effect.void : output.write(text)
    })
    const path = Option.getOrElse(source, () => db)
    const isHistory = Option.isNone(source) || historyFile.isServer(path) || (path !== "-" && (yield* isDatabase(path)))
    if (isHistory) {
      const history = yield* Effect.promise(() => import("./historyEvents.js"))
      yield* historyFile.read(path, (reader) => print(history.events(reader, options)))
    } else {
      yield* print(events(path, options))
    }
    yield* output.write(shown.release())
  }).pipe(Effect.provide(NodeFileSystem.layer))
