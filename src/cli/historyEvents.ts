/**
 * The events of a history, as they come.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import type { GrowingFileOptions } from "../file/followedFile.js"
import type { HistoryError } from "../history/HistoryError.js"
import type { EventPage, HistoryReader } from "../history/HistoryReader.js"
import type { InvalidOption } from "../plain/InvalidOption.js"

const limit = 1_000

/** The last events, and those that are added; without `follow`, up to what is there now. */
export const events = (
  history: HistoryReader,
  { follow, last }: GrowingFileOptions
): Stream.Stream<NarrativeEvent, HistoryError | InvalidOption> =>
  Stream.unwrap(
    Effect.map(history.cursorBefore(last), (start) =>
      Stream.mapConcatChunk(follow ? history.follow(start, { limit }) : pages(history, start), ({ events }) =>
        Chunk.unsafeFromArray(events)
      )
    )
  )

const pages = (history: HistoryReader, start: number): Stream.Stream<EventPage, HistoryError | InvalidOption> =>
  Stream.paginateEffect(start, (cursor) =>
    Effect.map(
      history.events(cursor, { limit }),
      (page) => [page, page.events.length < limit ? Option.none() : Option.some(page.cursor)] as const
    )
  )
