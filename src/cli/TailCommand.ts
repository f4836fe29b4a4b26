/**
 * `narrative tail`: what is happening now, as the console tells it.
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { NarrativeEvent } from "../NarrativeEvent.js"
import { OpenStories } from "../renderer/console/OpenStories.js"
import { StoryLines } from "../renderer/console/StoryLines.js"
import * as CommandOptions from "./CommandOptions.js"
import * as HistoryFile from "./HistoryFile.js"
import { Output } from "./Output.js"

const source = Args.text({ name: "source" }).pipe(
  Args.withDescription("A file of JSON lines, a history, or - for standard input. The history of --db by default."),
  Args.optional
)

const lines = Options.integer("lines").pipe(
  Options.withPseudoName("count"),
  Options.withDescription("How many events of the past to begin with. Default 20."),
  Options.withDefault(20)
)

const noFollow = Options.boolean("no-follow").pipe(Options.withDescription("End with what is there already."))

const timestamps = Options.boolean("timestamps").pipe(
  Options.withAlias("t"),
  Options.withDescription("Begin each line with the event's time, in UTC.")
)

export const command = Command.make(
  "tail",
  { source, lines, noFollow, timestamps, db: CommandOptions.db, json: CommandOptions.json },
  ({ db, json, lines, noFollow, source, timestamps }) =>
    Effect.gen(function* () {
      const output = yield* Output
      const options = { last: lines, follow: !noFollow }
      const { events, isDatabase, toWire } = yield* Effect.promise(() => import("./EventSource.js"))
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
      if (!isHistory) return yield* tell(events(path, options))
      const history = yield* Effect.promise(() => import("./HistoryEvents.js"))
      return yield* HistoryFile.read(path, (reader) => tell(history.events(reader, options)))
    })
).pipe(
  Command.withDescription("Follows what is told to a file of JSON lines or to a history, as the console tells it.")
)
