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

/** While there is nothing new, less and less often. */
const shortestPause = 100
const longestPause = 1_000
const pageSize = 1_000

/** The last events, and those that are added; without `follow`, up to what is there now. */
export const events = (
  history: HistoryReader,
  { follow, last }: GrowingFileOptions
): Stream.Stream<NarrativeEvent, HistoryError | InvalidOption> =>
  Stream.unwrap(
    Effect.map(history.cursorBefore(last), (start) =>
      Stream.paginateChunkEffect({ cursor: start, pause: shortestPause }, ({ cursor, pause }) =>
        Effect.gen(function* () {
          const page = yield* history.events(cursor, { limit: pageSize })
          const isAll = page.events.length < pageSize
          const isIdle = page.events.length === 0
          if (isIdle && follow) yield* Effect.sleep(pause)
          const next =
            isAll && !follow
              ? Option.none()
              : Option.some({
                  cursor: page.cursor,
                  pause: isIdle ? Math.min(pause * 1.5, longestPause) : shortestPause
                })
          return [Chunk.unsafeFromArray([...page.events]), next] as const
        })
      )
    )
  )
