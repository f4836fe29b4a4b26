/**
 * Writes batches of events, each in one transaction.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import { insertInto, pgText, run } from "../database/bulkInsert.js"
import { time } from "../database/columns.js"
import { isPg } from "../database/connections.js"
import { clientOf, copyRows, isThere } from "../database/copyRows.js"
import { isBusy, waitWhileBusy, writing } from "../database/database.js"
import { goOnAfterRestore, ordinalOf } from "../database/positions.js"
import { deleteIdle } from "../database/retention.js"
import * as tables from "../database/tables.js"
import { columnsOf } from "../database/tables.js"
import { openWriters, ownColumns } from "../database/writerProcesses.js"
import {
  type BatchClaim,
  batchClaims,
  beginStories,
  eventsAt,
  keyed,
  newEvents,
  newStages,
  positioned,
  slicesOf
} from "./batchClaims.js"
import { Batch, type Kept, type OpenStories } from "./eventBatch.js"
import { stageEndColumns, storyEndColumns } from "./eventRows.js"
import { reconnection } from "./reconnection.js"

export interface HistoryWriter {
  readonly write: (events: Iterable<NarrativeEvent>) => Effect.Effect<void, SqlError>
  /**
   * When the process ends: writes at once what of `begun`, which `write` was given last, is not committed yet, and
   * `waiting`; then nothing more will come.
   */
  readonly writeAtExit: (
    begun: Iterable<NarrativeEvent>,
    waiting: Iterable<NarrativeEvent>
  ) => Effect.Effect<void, SqlError>
  /** Says that this process lives, if a story of its is open. */
  readonly beat: Effect.Effect<void, SqlError>
  /** Says that nothing more will come. */
  readonly end: Effect.Effect<void, SqlError>
}

/**
 * `busyTimeout`, in milliseconds: how long a database that others write to is waited for. It counts from the first
 * refusal: a database that is locked for good does not cost that much for each batch. `heartbeat`, in milliseconds: how
 * often `beat` is going to be run. `reconnectTimeout`, in milliseconds: how long a server that cannot be reached is waited for.
 *
 * @internal
 */
export const make = (options: {
  readonly sql: SqlClient.SqlClient
  readonly kept: Kept
  readonly busyTimeout: number
  readonly heartbeat: number
  readonly reconnectTimeout: number
}): Effect.Effect<HistoryWriter, SqlError> =>
  Effect.gen(function* () {
    const { busyTimeout, heartbeat, kept, sql } = options
    const patiently = patience(busyTimeout)
    const id = yield* patiently(writing(sql, register(sql, heartbeat)))
    const known: OpenStories = new Map()
    const statements = statementsFor(sql)
    const claims = batchClaims(sql, id, heartbeat)
    const { persistently } = reconnection(sql, options.reconnectTimeout)
    let committed: Iterable<NarrativeEvent> = []
    const writeBatch = (events: Iterable<NarrativeEvent>) =>
      Effect.suspend(() => {
        const batch = new Batch(known, id, kept)
        for (const event of events) batch.add(event)
        const claim = claims()
        const attempt = Effect.catchIf(
          writing(sql, insert(batch, statements, claim, true)),
          // Of one story, an event of that number came before, or a stage: only an insertion can leave out what is there.
          (error) => isPg(sql) && isThere(error),
          () => writing(sql, insert(batch, statements, claim, false))
        )
        return persistently(patiently(attempt)).pipe(
          Effect.tapErrorCause(() => Effect.sync(() => batch.forgetKeys())),
          Effect.map(() => batch.settle())
        )
      })
    const write = (events: Iterable<NarrativeEvent>) =>
      Effect.map(
        isPg(sql) ? Effect.forEach(slicesOf(events), writeBatch, { discard: true }) : writeBatch(events),
        () => {
          committed = events
        }
      )
    const beat = Effect.gen(function* () {
      const now = time.encode(yield* Clock.currentTimeMillis)
      yield* sql`UPDATE writers SET last_seen_at = ${now} WHERE id = ${id}`
    }).pipe(
      Effect.catchIf(isBusy, () => Effect.void),
      Effect.withTracerEnabled(false)
    )
    const end = Effect.gen(function* () {
      const now = time.encode(yield* Clock.currentTimeMillis)
      yield* sql`UPDATE writers SET last_seen_at = ${now} WHERE id = ${id}`
      yield* cutOff(sql, id)
      yield* deleteIdle(sql, [id])
    })
    const writeAtExit: HistoryWriter["writeAtExit"] = (begun, waiting) =>
      Effect.gen(function* () {
        // Nothing can be tried again later.
        yield* waitWhileBusy(sql)
        yield* write(begun === committed ? waiting : [...begun, ...waiting])
        yield* writing(sql, end)
      })
    return {
      write,
      writeAtExit,
      beat: Effect.suspend(() => (known.size === 0 ? Effect.void : beat)),
      end: patiently(writing(sql, end))
    }
  })

const register = (sql: SqlClient.SqlClient, heartbeat: number) =>
  Effect.gen(function* () {
    for (const gone of (yield* openWriters(sql)).filter(({ gone, known }) => gone && known)) yield* cutOff(sql, gone.id)
    const now = time.encode(yield* Clock.currentTimeMillis)
    const self = {
      ...ownColumns(),
      heartbeat_seconds: heartbeat / 1_000,
      started_at: now,
      last_seen_at: now
    }
    if (isPg(sql)) yield* sql.unsafe(goOnAfterRestore)
    const rows = yield* sql<{ id: number }>`INSERT INTO writers ${sql.insert(self)} RETURNING id`
    return Number(rows[0]?.id)
  })

/** What a writer left open will have no end. Readers know that by themselves; this says it to those who ask with SQL. */
const cutOff = (sql: SqlClient.SqlClient, writer: number) =>
  Effect.gen(function* () {
    yield* sql`UPDATE stages SET status = 'interrupted' WHERE status = 'running'
      AND story_key IN (SELECT key FROM stories WHERE status = 'running' AND writer_id = ${writer})`
    yield* sql`UPDATE stories SET status = 'interrupted' WHERE status = 'running' AND writer_id = ${writer}`
    yield* sql`UPDATE writers SET ended_at = last_seen_at WHERE id = ${writer}`
  })

/** Retries what was refused because others were writing. */
const patience = (busyTimeout: number) => {
  let busySince: number | undefined
  return <A>(self: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> => {
    const attempt = (pause: number): Effect.Effect<A, SqlError> =>
      Effect.matchEffect(self, {
        onSuccess: (value) => {
          busySince = undefined
          return Effect.succeed(value)
        },
        onFailure: (error) => {
          if (!isBusy(error)) return Effect.fail(error)
          return Effect.flatMap(Clock.currentTimeMillis, (now) => {
            busySince ??= now
            return now - busySince >= busyTimeout
              ? Effect.fail(error)
              : Effect.zipRight(Effect.sleep(pause), attempt(Math.min(pause * 2, 250)))
          })
        }
      })
    return attempt(1)
  }
}

const begin = (sql: SqlClient.SqlClient) => {
  const insertion = insertInto(sql, "stories", columnsOf(tables.stories, ["key"]), " RETURNING key")
  return (connection: Connection, rows: Batch["storyRows"]) => run(connection, insertion, rows)
}

const beginDated = (connection: Connection, rows: Batch["storyRows"]) => run(connection, beginStories, keyed(rows))

const statementsFor = (sql: SqlClient.SqlClient) => ({
  begin: isPg(sql) ? beginDated : begin(sql),
  end: insertInto(
    sql,
    "stories",
    columnsOf(tables.stories),
    ` ON CONFLICT (key) DO UPDATE SET ${overwrite(storyEndColumns)}`
  ),
  label: insertInto(
    sql,
    "story_labels",
    columnsOf(tables.storyLabels),
    " ON CONFLICT (name, value, started_at, story_key) DO NOTHING"
  ),
  correlation: insertInto(
    sql,
    "story_correlations",
    columnsOf(tables.storyCorrelations),
    " ON CONFLICT (value, name, story_key) DO NOTHING"
  ),
  stage: insertInto(
    sql,
    "stages",
    columnsOf(tables.stages),
    ` ON CONFLICT (story_key, stage_index) DO UPDATE SET ${overwrite(stageEndColumns)},
      retries = stages.retries + excluded.retries,
      attributes = COALESCE(excluded.attributes, stages.attributes),
      progress_total = CASE WHEN excluded.progress_done IS NULL THEN stages.progress_total ELSE excluded.progress_total END,
      progress_done = COALESCE(excluded.progress_done, stages.progress_done)`
  ),
  failure: insertInto(
    sql,
    "failures",
    columnsOf(tables.failures, ["id", "analysis_seconds"]),
    isPg(sql) ? " ON CONFLICT (story_key, sequence) DO NOTHING" : ""
  ),
  event: insertInto(sql, "events", columnsOf(tables.events, ["id"])),
  analysis: updateAnalysis(sql),
  newestOf: newestOf(sql)
})

const overwrite = (columns: ReadonlyArray<string>): string =>
  columns.map((column) => `${column} = excluded.${column}`).join(", ")

const updateAnalysis = (sql: SqlClient.SqlClient) => {
  const text = textFor(sql)
  return ({ event, story }: Batch["analyses"][number]) =>
    sql`UPDATE failures SET
      llm_analysis = ${event.llmAnalysis === null ? null : text(event.llmAnalysis)},
      analysis = ${tables.failures.analysis.encode(event.analysis)},
      analysis_seconds = ${event.latencySeconds}
    WHERE id = (
      SELECT id FROM failures WHERE story_key = ${story.key ?? null}
      ORDER BY
        CASE WHEN COALESCE(stage_name, '') = ${text(event.stageName ?? "")} THEN 0 ELSE 1 END,
        CASE WHEN analysis IS NULL THEN 0 ELSE 1 END,
        sequence
      LIMIT 1
    )`
}

const textFor = (sql: SqlClient.SqlClient) => (isPg(sql) ? pgText : (text: string) => text)

/** `isNew`: none of the events is there already, and none of the stages that started. */
const insert = (batch: Batch, statements: ReturnType<typeof statementsFor>, claim: BatchClaim, isNew: boolean) =>
  Effect.gen(function* () {
    const [connection] = yield* SqlClient.TransactionConnection
    const client = isNew ? clientOf(connection) : undefined
    const claimed = yield* claim(connection)
    if (claimed === "committed") return
    giveKeys(batch, yield* statements.begin(connection, batch.storyRows))
    yield* run(connection, statements.label, batch.labelRows)
    yield* run(connection, statements.correlation, batch.correlationRows)
    yield* findStories(batch, connection, statements.newestOf)
    const { changed, started } = batch.stageRows
    if (claimed === undefined) yield* run(connection, statements.event, batch.eventRows)
    else if (client === undefined) yield* run(connection, eventsAt, positioned(batch.eventRows, claimed))
    else yield* copyRows(client, newEvents, positioned(batch.eventRows, claimed))
    if (client !== undefined) yield* copyRows(client, newStages, started)
    yield* run(connection, statements.stage, client === undefined ? [...started, ...changed] : changed)
    yield* run(connection, statements.end, batch.endRows)
    yield* run(connection, statements.failure, batch.failureRows)
    for (const analysis of batch.analyses) yield* statements.analysis(analysis)
  })

/** Only an analysis may be of a story that is looked for. */
const findStories = (batch: Batch, connection: Connection, newestOf: NewestOf) =>
  Effect.forEach(
    batch.analyses.filter(({ story }) => story.key === undefined),
    ({ story }) =>
      Effect.map(newestOf(connection, story.id), (key) => {
        story.key = key
      }),
    { discard: true }
  )

type NewestOf = ReturnType<typeof newestOf>

const newestOf = (sql: SqlClient.SqlClient) => {
  const placeholder = isPg(sql) ? "$1" : "?"
  const text = textFor(sql)
  return (connection: Connection, id: string) =>
    Effect.map(
      connection.executeValues(`SELECT max(key) FROM stories WHERE id = ${placeholder}`, [text(id)]),
      ([row]) => (row?.[0] === undefined || row[0] === null ? undefined : Number(row[0]))
    )
}

/** Keys are counted in the order of the rows; what was returned may be in any. */
const giveKeys = (batch: Batch, returned: ReadonlyArray<Record<string, unknown>>): void => {
  const keys = returned.map(({ key }) => Number(key)).sort((a, b) => ordinalOf(a) - ordinalOf(b))
  batch.begun.forEach(({ story }, i) => {
    story.key = keys[i]
  })
}
