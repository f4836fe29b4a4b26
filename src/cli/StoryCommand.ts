/**
 * `narrative story`: everything kept of one story.
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { HistoryReader } from "../history/History.js"
import { StoryRecord } from "../history/StoryRecord.js"
import * as CommandOptions from "./CommandOptions.js"
import * as HistoryFile from "./HistoryFile.js"
import { Output, writeJson } from "./Output.js"
import { storyReport } from "./StoryReport.js"

export const id = Args.text({ name: "id" }).pipe(
  Args.withDescription("The story's id, or as much of its beginning as no other story's id has.")
)

export const command = Command.make(
  "story",
  { id, db: CommandOptions.db, json: CommandOptions.json },
  ({ db, id, json }) =>
    HistoryFile.read(db, (history) =>
      Effect.gen(function* () {
        const story = yield* history.story(id)
        if (json) return yield* writeJson(Schema.encodeSync(StoryRecord)(story))
        const output = yield* Output
        const now = yield* Clock.currentTimeMillis
        return yield* output.write(storyReport(story, yield* causeOf(story, history), { ...output, now }))
      })
    )
).pipe(Command.withDescription("Tells one story in full: its stages, its failures with their values, its log."))

/** The failure that a story refers to, told by the sub-story it surfaced in; none where that is no longer kept. */
const causeOf = ({ causedBy }: StoryRecord, history: HistoryReader) =>
  causedBy === null
    ? Effect.succeed(undefined)
    : history.story(causedBy.storyId).pipe(
        Effect.map(({ failures }) => failures.findLast(({ handled }) => !handled)),
        Effect.catchTag("StoryNotFound", () => Effect.succeed(undefined))
      )
