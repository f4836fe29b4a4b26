/**
 * How much of an id has to be typed to mean one story.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { optionalText, type ReadRow } from "./decodeColumns.js"

/** Shorter beginnings would soon be those of other stories, too. */
const shortest = 8

/** Sorted, no other id has more in common with this one than its two neighbours. */
export const shortId = (sql: SqlClient.SqlClient, id: string): Effect.Effect<string, SqlError> =>
  Effect.gen(function* () {
    const [before] = yield* sql<ReadRow>`SELECT max(id) AS id FROM stories WHERE id < ${id}`
    const [after] = yield* sql<ReadRow>`SELECT min(id) AS id FROM stories WHERE id > ${id}`
    const shared = Math.max(common(id, optionalText(before?.["id"])), common(id, optionalText(after?.["id"])))
    return whole(id, Math.max(shortest, shared + 1))
  })

const common = (id: string, other: string | null): number => {
  if (other === null) return 0
  let length = 0
  while (length < id.length && id[length] === other[length]) length += 1
  return length
}

/** The beginning of that length, and one more where it would end within a character. */
const whole = (id: string, length: number): string =>
  id.slice(0, /[\ud800-\udbff]/.test(id[length - 1] ?? "") ? length + 1 : length)
