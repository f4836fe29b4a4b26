/**
 * One story, with everything kept of it.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import { aliveWriters } from "../database/writerProcesses.js"
import { AmbiguousStoryId, InvalidHistorySetting, StoryNotFound } from "../HistoryError.js"
import { beginsWith } from "./conditions.js"
import { causedByOf, numberOf, optionalText, type ReadRow, timeOf, wholeOf, workOf } from "./decodeColumns.js"
import * as records from "./records.js"
import { told } from "./storedEvents.js"
import { summaries } from "./storyList.js"

export const story = (sql: SqlClient.SqlClient, idPrefix: string) =>
  Effect.gen(function* () {
    const row = yield* storyRow(sql, idPrefix)
    const alive = yield* aliveWriters(sql)
    const key = wholeOf(row["key"])
    const [summary] = yield* summaries(sql, [row], alive)
    if (summary === undefined) return yield* new StoryNotFound({ idPrefix })
    const { omitted: stagesOmitted, rows: stages } = yield* stageRows(sql, key)
    const failures = yield* sql<ReadRow>`SELECT ${sql.literal(records.failureColumns)},
        f.report, f.analysis, f.llm_analysis, f.analysis_seconds
      FROM failures AS f WHERE f.story_key = ${key} ORDER BY f.sequence, f.id`
    const { omitted: eventsOmitted, rows: said } = yield* saidRows(sql, key)
    const retries = yield* told(sql, sql`e.story_key = ${key} AND e.event = 'StageRetried'`, maxRows)
    const within = yield* sql<ReadRow>`SELECT ${sql.literal(records.summaryColumns)} FROM stories AS s
      WHERE s.parent_story_id = ${summary.id} ORDER BY s.started_at, s.key`
    return {
      ...summary,
      traceId: optionalText(row["trace_id"]),
      spanId: optionalText(row["span_id"]),
      attributes: records.attributesOf(row),
      causedBy: causedByOf(row["caused_by"]),
      work: workOf(row["work"]),
      writer: records.writerOf(row),
      stages: records.stageTree(stages, summary.status === "interrupted"),
      stagesOmitted,
      failures: failures.map(records.failureRecordOf),
      logs: said.filter((event) => event["event"] === "LogRecorded").map(records.logOf),
      notes: said.filter((event) => event["event"] === "EventRecorded").map(records.noteOf),
      retries: retries.flatMap(({ event }) => (event._tag === "StageRetried" ? [event] : [])),
      eventsOmitted,
      stories: yield* summaries(sql, within, alive)
    }
  })

/** Most stages, most log lines and notes, and most retries that are read of one story. */
const maxRows = 10_000
const firstStages = 1_000

const stageRows = (sql: SqlClient.SqlClient, key: number) =>
  Effect.gen(function* () {
    const rows =
      yield* sql<ReadRow>`SELECT * FROM stages WHERE story_key = ${key} ORDER BY stage_index LIMIT ${maxRows + 1}`
    if (rows.length <= maxRows) return { rows, omitted: 0 }
    const last = yield* sql<ReadRow>`SELECT * FROM stages WHERE story_key = ${key}
      ORDER BY stage_index DESC LIMIT ${maxRows - firstStages}`
    const [all] = yield* sql<ReadRow>`SELECT count(*) AS count FROM stages WHERE story_key = ${key}`
    return {
      rows: [...rows.slice(0, firstStages), ...last.toReversed()],
      omitted: numberOf(all?.["count"]) - maxRows
    }
  })

const saidRows = (sql: SqlClient.SqlClient, key: number) =>
  Effect.gen(function* () {
    const ofStory = sql`story_key = ${key} AND event IN ('LogRecorded', 'EventRecorded')`
    const last = yield* sql<ReadRow>`SELECT event, data FROM events WHERE ${ofStory} ORDER BY id DESC LIMIT ${maxRows}`
    const rows = last.toReversed()
    if (rows.length < maxRows) return { rows, omitted: 0 }
    const [all] = yield* sql<ReadRow>`SELECT count(*) AS count FROM events WHERE ${ofStory}`
    return { rows, omitted: numberOf(all?.["count"]) - maxRows }
  })

/** Most candidates named when a beginning is that of several ids. */
const maxCandidates = 10

const storyRow = (sql: SqlClient.SqlClient, idPrefix: string) =>
  Effect.gen(function* () {
    if (idPrefix === "") {
      return yield* new InvalidHistorySetting({
        setting: "idPrefix",
        value: '""',
        expected: "the id of a story, or its beginning"
      })
    }
    const candidates = yield* sql<ReadRow>`SELECT s.key, s.id, s.name, s.started_at FROM stories AS s
      WHERE ${beginsWith(sql, "s.id", idPrefix)} ORDER BY s.id DESC, s.key DESC LIMIT ${maxCandidates}`
    // An id given by the program may be that of several stories: the newest is meant.
    const exact = yield* sql<ReadRow>`SELECT max(key) AS key FROM stories WHERE id = ${idPrefix}`
    const ids = new Set(candidates.map((row) => row["id"]))
    const key = exact[0]?.["key"] ?? (ids.size === 1 ? candidates[0]?.["key"] : undefined)
    if (key !== undefined && key !== null) {
      const rows = yield* sql<ReadRow>`SELECT ${sql.literal(records.summaryColumns)},
          s.trace_id, s.span_id, s.attributes, s.caused_by, s.work, w.host, w.pid, w.started_at AS writer_started_at, w.last_seen_at
        FROM stories AS s LEFT JOIN writers AS w ON w.id = s.writer_id WHERE s.key = ${wholeOf(key)}`
      // Pruned meanwhile, where there is none.
      return rows[0] ?? (yield* new StoryNotFound({ idPrefix }))
    }
    if (candidates.length === 0) return yield* new StoryNotFound({ idPrefix })
    return yield* new AmbiguousStoryId({
      idPrefix,
      candidates: candidates.map((row) => ({
        id: String(row["id"]),
        name: String(row["name"]),
        startedAt: timeOf(row["started_at"])
      }))
    })
  })
