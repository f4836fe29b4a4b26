/**
 * Where a text is looked for in stories. An index answers for each place, so that the newest stories which have it are found without
 * looking at all stories.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Statement } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { nullable, text, whole } from "../database/columns.js"
import { decodeRows, type Found } from "../database/decodeRows.js"
import { leaps } from "../database/leaps.js"
import { beginsWith } from "./conditions.js"

/** The stories that have the text, as far as each index has it. */
export interface Matches {
  /** Stories by their keys. */
  readonly keys: ReadonlyArray<number>
  /** Stories by their names. */
  readonly names: ReadonlyArray<string>
  /** Stories by their labels. */
  readonly labels: ReadonlyArray<readonly [name: string, value: string]>
}

/** Most names, labels and kinds of failure that are looked at. */
const mostDistinct = 2_000
/** Most names, and most labels, whose stories are looked for. */
const mostMatches = 20
/** Failures whose messages are looked at, and of the kinds that have the text. */
const mostFailures = 10_000
/** Most stories of an id, or of a label, that is cut short. */
const mostStories = 5_000

/** `asked` is not empty. */
export const matches = (sql: SqlClient.SqlClient, asked: string) =>
  Effect.gen(function* () {
    const isIn = includes(asked)
    const { cut, pairs } = yield* distinctLabels(sql)
    const keys = new Set<number>()
    const add = (found: Statement<Found>) =>
      Effect.flatMap(found, (rows) =>
        Effect.map(decodeRows({ key: whole }, rows), (decoded) => {
          for (const { key } of decoded) keys.add(key)
        })
      )
    yield* add(sql`SELECT key FROM stories WHERE ${beginsWith(sql, "id", asked)} LIMIT ${mostStories}`)
    yield* add(sql`SELECT story_key AS key FROM story_correlations WHERE ${beginsWith(sql, "value", asked)}
      LIMIT ${mostStories}`)
    // Of a label with a value for each story, such as an order's number.
    for (const name of cut) {
      yield* add(sql`SELECT story_key AS key FROM story_labels
        WHERE name = ${name} AND ${beginsWith(sql, "value", asked)} LIMIT ${mostStories}`)
    }
    const kinds = yield* failureKinds(sql, isIn)
    if (kinds.length > 0) {
      yield* add(sql`SELECT story_key AS key FROM failures WHERE ${sql.in("fingerprint", kinds)}
        ORDER BY occurred_at DESC LIMIT ${mostFailures}`)
    }
    const like = sql.literal(sql.onDialectOrElse({ sqlite: () => "LIKE", orElse: () => "ILIKE" }))
    const pattern = `%${asked.replaceAll(/[\\%_]/g, "\\$&")}%`
    yield* add(sql`SELECT n.story_key AS key FROM (SELECT story_key, error_message FROM failures
      ORDER BY occurred_at DESC LIMIT ${mostFailures}) AS n WHERE n.error_message ${like} ${pattern} ESCAPE '\\'`)
    return {
      keys: Array.from(keys),
      names: (yield* distinctNames(sql)).filter(isIn).slice(0, mostMatches),
      labels: pairs.filter((pair) => isIn(pair.join("="))).slice(0, mostMatches)
    } satisfies Matches
  })

const includes = (asked: string) => {
  const wanted = asked.toLowerCase()
  return (text: string): boolean => text.toLowerCase().includes(wanted)
}

const distinctNames = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const rows = yield* sql<Found>`WITH RECURSIVE ${leaps(sql, "found", "stories", "name")}
      SELECT name FROM found WHERE name IS NOT NULL LIMIT ${mostDistinct}`
    return (yield* decodeRows({ name: text }, rows)).map(({ name }) => name)
  })

/** Labels with their values; and under `cut` those that have more. Each label's first values come before any label's later ones. */
const distinctLabels = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const rows = yield* decodeRows(
      { name: text, value: nullable(text) },
      yield* sql<Found>`WITH RECURSIVE ${leaps(sql, "names", "story_labels", "name")}, pairs (name, value) AS (
          SELECT n.name, (SELECT min(l.value) FROM story_labels AS l WHERE l.name = n.name) FROM names AS n
          WHERE n.name IS NOT NULL
          UNION ALL
          SELECT p.name, (SELECT min(l.value) FROM story_labels AS l WHERE l.name = p.name AND l.value > p.value)
          FROM pairs AS p WHERE p.value IS NOT NULL
        ) SELECT name, value FROM pairs LIMIT ${mostDistinct}`
    )
    const ended = new Set(rows.flatMap(({ name, value }) => (value === null ? [name] : [])))
    const pairs = rows.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const]))
    return { pairs, cut: Array.from(new Set(rows.map(({ name }) => name))).filter((name) => !ended.has(name)) }
  })

/** The kinds of failure whose newest one has the text in its type, its message or its stage. */
const failureKinds = (sql: SqlClient.SqlClient, isIn: (text: string) => boolean) =>
  Effect.gen(function* () {
    const rows = yield* decodeRows(
      { fingerprint: text, stage_name: nullable(text), error_type: text, error_message: text },
      yield* sql<Found>`WITH RECURSIVE ${leaps(sql, "found", "failures", "fingerprint")}
        SELECT f.fingerprint, f.stage_name, f.error_type, f.error_message FROM found AS n
        JOIN failures AS f ON f.id = (SELECT g.id FROM failures AS g WHERE g.fingerprint = n.name
          ORDER BY g.occurred_at DESC LIMIT 1)
        LIMIT ${mostDistinct}`
    )
    return rows
      .filter(
        (row) => isIn(row.error_type) || isIn(row.error_message) || (row.stage_name !== null && isIn(row.stage_name))
      )
      .map(({ fingerprint }) => fingerprint)
      .slice(0, 500)
  })
