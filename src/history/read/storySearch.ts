/**
 * Where a text is looked for in stories. Each place is a condition that an index answers, so that the newest stories which meet any
 * of them are found without looking at all stories.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { nullable, text } from "../database/columns.js"
import { decodeRows, type Found } from "../database/decodeRows.js"
import { beginsWith } from "./conditions.js"

/** A place where the text is: a condition on `stories AS s`, or a label. */
export interface Match {
  readonly condition?: Fragment | undefined
  readonly label?: readonly [name: string, value: string] | undefined
}

/** Most names, labels and kinds of failure that are looked at. */
const mostDistinct = 5_000
/** Names and labels that are asked for one by one. */
const mostMatches = 20
/** Failures whose messages are looked at. */
const mostFailures = 20_000
/** Most stories of an id that is cut short. */
const mostStories = 5_000

/** `asked` is not empty. */
export const matches = (sql: SqlClient.SqlClient, asked: string) =>
  Effect.gen(function* () {
    const isIn = includes(asked)
    const names = (yield* distinctNames(sql)).filter(isIn)
    const labels = yield* distinctLabels(sql)
    const found = labels.pairs.filter((pair) => isIn(pair.join("=")))
    return [
      { condition: beginsWith(sql, "s.id", asked) },
      {
        condition: sql`s.key IN (SELECT story_key FROM story_correlations WHERE ${beginsWith(sql, "value", asked)}
          LIMIT ${mostStories})`
      },
      ...(yield* ofFailures(sql, asked)),
      ...oneByOne(
        names,
        (name) => ({ condition: sql`s.name = ${name}` }),
        (rest) => ({ condition: sql.in("s.name", rest) })
      ),
      ...oneByOne(
        found,
        (label) => ({ label }),
        (rest) => ({
          condition: sql`s.key IN (SELECT story_key FROM story_labels
          WHERE ${sql.or(rest.map(([name, value]) => sql`(name = ${name} AND value = ${value})`))})`
        })
      ),
      // Of a label with a value for each story, such as an order's number.
      ...labels.cut.map((name) => ({
        condition: sql`s.key IN (SELECT story_key FROM story_labels
          WHERE name = ${name} AND ${beginsWith(sql, "value", asked)} LIMIT ${mostStories})`
      }))
    ] satisfies ReadonlyArray<Match>
  })

const includes = (asked: string) => {
  const wanted = asked.toLowerCase()
  return (text: string): boolean => text.toLowerCase().includes(wanted)
}

const oneByOne = <A>(
  found: ReadonlyArray<A>,
  one: (found: A) => Match,
  many: (found: ReadonlyArray<A>) => Match
): ReadonlyArray<Match> => (found.length <= mostMatches ? found.map(one) : [many(found.slice(0, 500))])

/** By leaps from one to the next in an index. */
const distinctNames = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const rows = yield* sql<Found>`WITH RECURSIVE found (name) AS (
        SELECT min(name) FROM stories
        UNION ALL SELECT (SELECT min(s.name) FROM stories AS s WHERE s.name > f.name) FROM found AS f
        WHERE f.name IS NOT NULL
      ) SELECT name FROM found WHERE name IS NOT NULL LIMIT ${mostDistinct}`
    return (yield* decodeRows({ name: text }, rows)).map(({ name }) => name)
  })

/** Labels with their values; and under `cut` those that have more. Each label's first values come before any label's later ones. */
const distinctLabels = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const rows = yield* decodeRows(
      { name: text, value: nullable(text) },
      yield* sql<Found>`WITH RECURSIVE names (name) AS (
          SELECT min(name) FROM story_labels
          UNION ALL SELECT (SELECT min(l.name) FROM story_labels AS l WHERE l.name > n.name) FROM names AS n
          WHERE n.name IS NOT NULL
        ), pairs (name, value) AS (
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

/** Stories with a failure whose kind, by what its newest one says, or whose own message has the text. */
const ofFailures = (sql: SqlClient.SqlClient, asked: string) =>
  Effect.gen(function* () {
    const isIn = includes(asked)
    const rows = yield* decodeRows(
      { fingerprint: text, stage_name: nullable(text), error_type: text, error_message: text },
      yield* sql<Found>`WITH RECURSIVE found (fingerprint) AS (
          SELECT min(fingerprint) FROM failures
          UNION ALL SELECT (SELECT min(f.fingerprint) FROM failures AS f WHERE f.fingerprint > n.fingerprint)
          FROM found AS n WHERE n.fingerprint IS NOT NULL
        ) SELECT f.fingerprint, f.stage_name, f.error_type, f.error_message FROM found AS n
        JOIN failures AS f ON f.id = (SELECT g.id FROM failures AS g WHERE g.fingerprint = n.fingerprint
          ORDER BY g.occurred_at DESC LIMIT 1)
        LIMIT ${mostDistinct}`
    )
    const kinds = rows
      .filter(
        (row) => isIn(row.error_type) || isIn(row.error_message) || (row.stage_name !== null && isIn(row.stage_name))
      )
      .map(({ fingerprint }) => fingerprint)
    const like = sql.literal(sql.onDialectOrElse({ sqlite: () => "LIKE", orElse: () => "ILIKE" }))
    const pattern = `%${asked.replaceAll(/[\\%_]/g, "\\$&")}%`
    return [
      ...(kinds.length === 0
        ? []
        : [
            {
              condition: sql`s.key IN (SELECT story_key FROM failures WHERE ${sql.in("fingerprint", kinds.slice(0, 500))})`
            }
          ]),
      {
        condition: sql`s.key IN (SELECT n.story_key FROM (SELECT story_key, error_message FROM failures
          ORDER BY occurred_at DESC LIMIT ${mostFailures}) AS n WHERE n.error_message ${like} ${pattern} ESCAPE '\\')`
      }
    ]
  })
