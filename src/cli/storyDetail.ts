/**
 * What `narrative story` prints.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type NarrativeEvent, toWire } from "../event/NarrativeEvent.js"
import type { HistoryReader } from "../history/HistoryReader.js"
import { StoryRecord } from "../history/StoryRecord.js"
import type { HistoryOptions } from "./commandOptions.js"
import * as historyFile from "./historyFile.js"
import { Output, writeJson } from "./output.js"
import { storyReport } from "./storyReport.js"

export const show = ({ db, id, json }: HistoryOptions & { readonly id: string }) =>
  historyFile.read(db, (history) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const { onWire, text } = yield* described(history, id, now)
      return yield* json ? writeJson(onWire) : Effect.flatMap(Output, ({ write }) => write(text))
    })
  )

/** A story as it is printed, and as JSON. */
export const described = (history: HistoryReader, id: string, now: number) =>
  Effect.gen(function* () {
    const story = yield* history.story(id)
    const text = storyReport(story, yield* causeOf(story, history), { ...(yield* Output), now })
    return { text, onWire: onWire(story) }
  })

const encode = Schema.encodeSync(StoryRecord)

/** Its events as every other output of lines of JSON has them. */
const onWire = (story: StoryRecord) => {
  const encoded = encode(story)
  return {
    ...encoded,
    failures: encoded.failures.map((failure, i) => ({ ...failure, report: wireForm(story.failures[i]?.report) })),
    logs: story.logs.map(wireForm),
    notes: story.notes.map(wireForm),
    retries: story.retries.map(wireForm)
  }
}

const wireForm = (event: NarrativeEvent | undefined): unknown => event && JSON.parse(toWire(event))

/** The failure that a story refers to, as the sub-story has it in which it surfaced; none where that is no longer kept. */
const causeOf = ({ causedBy }: StoryRecord, history: HistoryReader) =>
  causedBy === null
    ? Effect.succeed(undefined)
    : history.story(causedBy.storyId).pipe(
        Effect.map(({ failures }) => failures.findLast(({ handled }) => !handled)),
        Effect.catchTags({
          StoryNotFound: () => Effect.succeed(undefined),
          AmbiguousStoryId: () => Effect.succeed(undefined),
          InvalidOption: () => Effect.succeed(undefined)
        })
      )
