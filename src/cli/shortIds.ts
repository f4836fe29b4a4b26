/**
 * Ids as short as they can be typed: the ends by which a history finds their stories, and that the console shows.
 */
import * as Effect from "effect/Effect"
import type { HistoryError } from "../history/HistoryError.js"
import type { HistoryReader } from "../history/HistoryReader.js"

/** What to show of each of these ids. */
export const shortIds = (
  history: HistoryReader,
  ids: ReadonlyArray<string>
): Effect.Effect<(id: string) => string, HistoryError> =>
  Effect.map(history.shortIds(ids), (short) => {
    const byId = new Map(ids.map((id, i) => [id, short[i] ?? id]))
    return (id) => byId.get(id) ?? id
  })
