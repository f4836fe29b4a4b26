/**
 * How much of an id has to be typed to mean one story.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { nullable, text } from "../database/columns.js"
import { type DamagedRow, decodeRow, type Found } from "../database/decodeRows.js"

/** Shorter beginnings would soon be those of other stories, too. */
const shortest = 8

/** Sorted, no other id has more in common with this one than its two neighbours. */
export const shortId = (sql: SqlClient.SqlClient, id: string): Effect.Effect<string, SqlError | DamagedRow> =>
  Effect.gen(function* () {
    const [row = {}] = yield* sql<Found>`SELECT
      (SELECT max(id) FROM stories WHERE id < ${id}) AS previous_id,
      (SELECT min(id) FROM stories WHERE id > ${id}) AS next_id`
    const { next_id: next, previous_id: previous } = yield* decodeRow(neighbours, row)
    const shared = Math.max(common(id, previous), common(id, next))
    return whole(id, Math.max(shortest, shared + 1))
  })

const neighbours = { previous_id: nullable(text), next_id: nullable(text) }

const common = (id: string, other: string | null): number => {
  if (other === null) return 0
  let length = 0
  while (length < id.length && id[length] === other[length]) length += 1
  return length
}

/** The beginning of that length, and one more where it would end within a character. */
const whole = (id: string, length: number): string =>
  id.slice(0, /[\ud800-\udbff]/.test(id[length - 1] ?? "") ? length + 1 : length)
