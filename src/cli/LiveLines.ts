/**
 * What `narrative tail` prints.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type NarrativeEvent, toWire } from "../NarrativeEvent.js"
import { OpenStories } from "../renderer/console/OpenStories.js"
import { StoryLines } from "../renderer/console/StoryLines.js"
import type { HistoryOptions } from "./CommandOptions.js"
import { events, isDatabase } from "./EventSource.js"
import * as HistoryFile from "./HistoryFile.js"
import { Output } from "./Output.js"

export interface LiveLinesOptions extends HistoryOptions {
  readonly source: Option.Option<string>
  readonly lines: number
  readonly noFollow: boolean
  readonly timestamps: boolean
}

export const tell = ({ db, json, lines, noFollow, source, timestamps }: LiveLinesOptions) =>
  Effect.gen(function* () {
    if (lines < 0) {
      return yield* new HistoryFile.InvalidOption({
        option: "--lines",
        value: String(lines),
        expected: "a whole number, 0 or more"
      })
    }
    const output = yield* Output
    const options = { last: lines, follow: !noFollow }
    const told = new StoryLines(new OpenStories(() => 0), {
      timestamps,
      ids: "auto",
      stageStarts: false,
      logs: true,
      theme: output.theme,
      columns: () => output.columns,
      cwd: output.cwd
    })
    const tell = Stream.runForEachChunk((chunk: Chunk.Chunk<NarrativeEvent>) => {
      let text = ""
      for (const event of chunk) text += json ? `${toWire(event)}\n` : told.add(event)
      return text === "" ? Effect.void : output.write(text)
    })
    const path = Option.getOrElse(source, () => db)
    const isHistory = Option.isNone(source) || (path !== "-" && (yield* isDatabase(path)))
    if (isHistory) {
      const history = yield* Effect.promise(() => import("./HistoryEvents.js"))
      yield* HistoryFile.read(path, (reader) => tell(history.events(reader, options)))
    } else {
      yield* tell(events(path, options))
    }
    yield* output.write(told.rest())
  }).pipe(Effect.provide(NodeFileSystem.layer))
