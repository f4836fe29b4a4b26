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
import type { HistoryReader } from "../history/HistoryReader.js"
import type { InvalidOption } from "../plain/InvalidOption.js"

const pollInterval = "100 millis"
const pageSize = 1_000

/** The last events, and those that are added; without `follow`, up to what is there now. */
export const events = (
  history: HistoryReader,
  { follow, last }: GrowingFileOptions
): Stream.Stream<NarrativeEvent, HistoryError | InvalidOption> =>
  Stream.unwrap(
    Effect.map(history.cursorBefore(last), (start) =>
      Stream.paginateChunkEffect(start, (cursor) =>
        Effect.gen(function* () {
          const page = yield* history.events(cursor, { limit: pageSize })
          const isAll = page.events.length < pageSize
          if (isAll && page.events.length === 0 && follow) yield* Effect.sleep(pollInterval)
          const next = isAll && !follow ? Option.none() : Option.some(page.cursor)
          return [Chunk.unsafeFromArray([...page.events]), next] as const
        })
      )
    )
  )
