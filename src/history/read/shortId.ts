/**
 * How much of an id has to be typed to mean one story.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { fewestCharacters, shortStoryId } from "../../event/shortStoryId.js"
import { text } from "../database/columns.js"
import { type DamagedRow, decodeRows, type Found } from "../database/decodeRows.js"
import { beginsWith, endsWith } from "./conditions.js"

/** For each id, in order, the shortest end that finds no other story, as the console shows it. */
export const shortIds = (
  sql: SqlClient.SqlClient,
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, SqlError | DamagedRow> =>
  Effect.flatMap(alikeOf(sql, ids), (alike) => Effect.forEach(ids, (id) => shortIdAmong(sql, id, alike)))

const shortIdAmong = (sql: SqlClient.SqlClient, id: string, alike: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const others = alike.filter((other) => other !== id)
    const beginnings = new Set<string>()
    for (;;) {
      const end = shortStoryId(id, (end) => beginnings.has(end) || others.some((other) => other.endsWith(end)))
      // A whole id always means its own story.
      if (end === id) return id
      const found = yield* sql<Found>`SELECT id FROM stories
        WHERE ${sql.and([beginsWith(sql, "id", end), sql`id <> ${id}`])} LIMIT 1`
      if (found.length === 0) return end
      beginnings.add(end)
    }
  })

/** The ids that end as some of these do, found in one pass over all of them. */
const alikeOf = (sql: SqlClient.SqlClient, ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    // A character may take two code units, of which the fewest that are shown are counted.
    const length = ids.every((id) => /^[\0-\x7f]*$/.test(id)) ? fewestCharacters : fewestCharacters / 2
    const ends = Array.from(new Set(ids.map((id) => Array.from(id).slice(-length).join(""))))
    if (ends.length === 0) return []
    const found = yield* sql<Found>`SELECT DISTINCT id FROM stories WHERE ${endsWith(sql, "id", ends, length)}`
    const rows = yield* decodeRows({ id: text }, found)
    return rows.map(({ id }) => id)
  })
