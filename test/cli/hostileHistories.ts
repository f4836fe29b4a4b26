/**
 * A history with something in every column, and what somebody else may have put into its cells.
 */
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { Data, Effect, Layer, Logger, Option, Schedule } from "effect"
import { HistoryRenderer } from "../../src/history/index.js"
import { Diagnostics, FailureAnalyzer, Narrative, Work } from "../../src/index.js"
import { openSqlite, type Sqlite } from "../bench/sqlite.js"
import { folder } from "../history/histories.js"

class Refused extends Data.TaggedError("Refused")<{ readonly message: string; readonly status: number }> {}

const analysis = {
  analyzer: "test",
  model: "a-model",
  exactWhy: "The card has no money on it.",
  evidence: [{ text: "The bank said so", cites: [{ id: "E1", text: "Refused" }] }],
  targetedFix: "Ask for another card.",
  codeChanges: "- pay()\n+ ask()",
  rawText: "The whole answer",
  droppedCitations: 1
}

const analyzer = FailureAnalyzer.layer(FailureAnalyzer.make(() => Effect.succeed(Option.some(analysis))))

let attempts = 0

const ship = Effect.gen(function* () {
  yield* Effect.suspend(() => (attempts++ < 2 ? new Refused({ message: "503", status: 503 }) : Effect.void)).pipe(
    Narrative.retry(Schedule.recurs(3)),
    Narrative.stage("Ask Carrier")
  )
  yield* Narrative.story(Effect.void, "Print Label")
}).pipe(Narrative.story("Ship Order", { totalStages: 1 }))

const order = Effect.gen(function* () {
  yield* Narrative.annotate({ order: "A-2", lines: [1, { sku: "x" }] }).pipe(
    Effect.zipRight(Narrative.progress(1, 2)),
    Effect.zipRight(Narrative.stage(Effect.void, "Look Up")),
    Narrative.stage("Validate")
  )
  yield* Work.recordTokens("a-model", { prompt: 10, completion: 5 })
  yield* Work.recordQuality("logic", 0.5)
  yield* Effect.logInfo("charging", { order: "A-2" })
  yield* Narrative.note("priced", { amount: 250 })
  yield* ship.pipe(Narrative.stage("Ship"))
  yield* Narrative.setOutcome("refused")
  yield* Effect.all(
    [
      Narrative.stage(Effect.never, "Reserve"),
      Narrative.stage(new Refused({ message: "no money", status: 402 }), "Charge")
    ],
    { concurrency: "unbounded" }
  ).pipe(Narrative.stage("Pay"))
}).pipe(
  Narrative.story("Order", { totalStages: 4, labels: { tenant: "acme" }, attributes: { by: "test" } }),
  Effect.exit
)

const cause = new Refused({ message: "no rows", status: 404 }).pipe(
  Narrative.stage("Read"),
  Narrative.story("Import"),
  Narrative.stage("Begin"),
  Narrative.story("Nightly"),
  Effect.exit
)

/** The history, and the beginnings of the ids that commands ask for. */
export interface Original {
  readonly filename: string
  readonly ids: ReadonlyArray<string>
}

export const original = Effect.gen(function* () {
  const filename = join(yield* folder, "original.db")
  yield* Effect.provide(
    Effect.zipRight(order, cause),
    Layer.mergeAll(
      HistoryRenderer.layer({ path: filename, batchWithin: "1 millis", events: "all" }),
      Narrative.logger,
      Diagnostics.layer({ mode: "rich" }),
      FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground())(analyzer),
      Logger.remove(Logger.defaultLogger)
    )
  )
  const database = openSqlite(filename)
  try {
    database.pragma("journal_mode = DELETE")
    // Somebody else's tables need not forbid what ours do.
    database.unsafeMode(true)
    database.pragma("writable_schema = ON")
    database.exec("UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")
    const ids = database.prepare("SELECT id FROM stories WHERE parent_story_id IS NULL ORDER BY key").all()
    return { filename, ids: ids.map((row) => String(row["id"])) }
  } finally {
    database.close()
  }
})

/** A place in the tables: a column of one row. */
export interface Place {
  readonly table: string
  readonly column: string
  /** Finds the row. */
  readonly key: Readonly<Record<string, unknown>>
  /** What we wrote there. */
  readonly cell: unknown
}

const keys: Readonly<Record<string, ReadonlyArray<string>>> = {
  schema_migrations: ["migration_id"],
  writers: ["id"],
  stories: ["key"],
  story_labels: ["name"],
  story_correlations: ["value"],
  stages: ["story_key", "stage_index"],
  failures: ["id"],
  events: ["id"]
}

/** Rows that differ in kind: of the events one of each, with a line of log and a note among them. */
const rowsOf: Readonly<Record<string, string>> = {
  events: "SELECT * FROM events GROUP BY event",
  stages: "SELECT * FROM stages GROUP BY name",
  stories: "SELECT * FROM stories GROUP BY name"
}

export const placesIn = (filename: string): ReadonlyArray<Place> => {
  const database = openSqlite(filename)
  try {
    return Object.entries(keys).flatMap(([table, key]) =>
      database
        .prepare(rowsOf[table] ?? `SELECT * FROM ${table}`)
        .all()
        .flatMap((row) =>
          Object.entries(row).map(([column, cell]) => ({
            table,
            column,
            cell,
            key: Object.fromEntries(key.map((name) => [name, row[name]]))
          }))
        )
    )
  } finally {
    database.close()
  }
}

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels)
const deepRecord = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`

/** What is in a cell that another program wrote. */
export const hostileCells: Readonly<Record<string, unknown>> = {
  null: null,
  "no text": "",
  "a word": "nonsense",
  "a text of digits": "12",
  zero: 0,
  "minus one": -1,
  "a fraction": 0.5,
  "a negative fraction": -12.75,
  "the largest integer": 9223372036854775807n,
  "the smallest integer": -9223372036854775808n,
  "an integer beyond 2^53": 9007199254740993n,
  "the largest number": Number.MAX_VALUE,
  "the smallest number": Number.MIN_VALUE,
  infinity: Number.POSITIVE_INFINITY,
  "minus infinity": Number.NEGATIVE_INFINITY,
  "a text of NaN": "NaN",
  "a text of Infinity": "-Infinity",
  "an empty blob": Buffer.alloc(0),
  "a blob": Buffer.from([0, 0xff, 0xfe, 0x1b, 0x5b, 0x32, 0x4a]),
  "a date of no calendar": "2026-02-31T25:61:61.000Z",
  "a date too far": "1e20",
  "the last date": "+275760-09-13T00:00:00.000Z",
  "the first date": "-271821-04-20T00:00:00.000Z",
  "a date of the year 10000": "+010000-01-01T00:00:00.000Z",
  "broken JSON": '{"a":',
  "JSON of null": "null",
  "JSON of a number": "1e400",
  "JSON of a text": '"text"',
  "JSON of a list": '[1,null,{"b":[]}]',
  "JSON of a record": '{"a":{"b":[1,2,{"c":null}]}}',
  "JSON with __proto__": '{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":1}',
  "JSON lists, deeply nested": deep(100_000),
  "JSON records, deeply nested": deepRecord(100_000),
  "JSON lists, nested a few hundred times": deep(480),
  "JSON records, nested a few hundred times": deepRecord(480),
  "a very long word": "x".repeat(1_000_000),
  "very many words": "lorem ipsum ".repeat(85_000),
  "very many lines": "line\n".repeat(200_000),
  "very long text of wide characters": "数据😀".repeat(100_000),
  "combining characters without end": `a${"\u0301".repeat(500_000)}`,
  "very long JSON": `{${Array.from({ length: 50_000 }, (_, i) => `"key ${i}":"value"`).join(",")}}`,
  "very long list": `[${"1,".repeat(300_000)}1]`,
  "what terminals obey": "\x1b[2J\x1b]0;pwned\x07\x1b]8;;http://evil\x07\x9b31m\u202e\u2066\r\n\t\x00\u2028x",
  "what ends a script": "</script><!--<script>alert(1)</script>",
  "half of a character": "\ud800 and \udc00 or \udfff"
}

/** What is at one place within JSON that is else as we wrote it. */
export const hostileJson: Readonly<Record<string, string>> = {
  "left out": "",
  null: "null",
  true: "true",
  zero: "0",
  "minus one": "-1",
  "minus a million": "-1000000",
  "a fraction": "0.5",
  "beyond 2^53": "9007199254740993",
  "the largest number": "1.7976931348623157e308",
  infinity: "1e400",
  "no text": '""',
  "a text": '"nonsense"',
  "a text of digits": '"12"',
  "a date too far": '"1e20"',
  "the last date": '"+275760-09-13T00:00:00.000Z"',
  "an empty list": "[]",
  "a list": '[1,null,"x"]',
  "an empty record": "{}",
  "a record with __proto__": '{"__proto__":{"polluted":true},"a":1}',
  "lists, deeply nested": deep(100_000),
  "lists, nested a few hundred times": deep(480),
  "a very long text": JSON.stringify("lorem ipsum ".repeat(85_000)),
  "a very long text of wide characters": JSON.stringify("数据😀".repeat(100_000)),
  "very many lines": JSON.stringify("line\n".repeat(200_000)),
  "what terminals obey": JSON.stringify("\x1b[2J\x1b]0;pwned\x07\x9b31m\u202e\r\n\t\x00\u2028x"),
  "half of a character": JSON.stringify("\ud800 or \udfff")
}

/** The places within a value of JSON, each as the keys that lead to it. */
export const pathsIn = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null
    ? [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))]
    : [path]

/** The JSON with another text at one of its places; the entry left out where the text is empty. */
export const replaced = (value: unknown, [key, ...path]: ReadonlyArray<string>, json: string): string => {
  if (key === undefined) return json
  if (Array.isArray(value)) {
    return `[${value
      .map((inner, i) => (String(i) === key ? replaced(inner, path, json) : JSON.stringify(inner)))
      .filter((inner) => inner !== "")
      .join(",")}]`
  }
  return `{${Object.entries(value as object)
    .map(([name, inner]) => [name, name === key ? replaced(inner, path, json) : JSON.stringify(inner)])
    .filter(([, inner]) => inner !== "")
    .map(([name, inner]) => `${JSON.stringify(name)}:${inner}`)
    .join(",")}}`
}

/** The JSON of a cell, where it is of some size. */
export const jsonOf = (cell: unknown): unknown => {
  if (typeof cell !== "string" || !/^[[{]/.test(cell)) return undefined
  return JSON.parse(cell)
}

/** A copy of the history in which something is written by somebody else. */
export const forged = (original: string, copy: string, write: (database: Sqlite) => void): void => {
  copyFileSync(original, copy)
  const database = openSqlite(copy)
  try {
    database.pragma("foreign_keys = OFF")
    database.pragma("synchronous = OFF")
    database.pragma("journal_mode = MEMORY")
    write(database)
  } finally {
    database.close()
  }
}

/** Puts another cell in that place, where the file can hold it: a key that counts rows is a whole number in any. */
export const put =
  ({ column, key, table }: Place, cell: unknown) =>
  (database: Sqlite): void => {
    const names = Object.keys(key)
    const update = database.prepare(
      `UPDATE OR IGNORE ${table} SET ${column} = ? WHERE ${names.map((name) => `${name} = ?`).join(" AND ")}`
    )
    try {
      update.run(cell, ...Object.values(key))
    } catch (error) {
      if (!(error instanceof Error && error.message === "datatype mismatch")) throw error
    }
  }

const stageColumns = `story_key, stage_index, parent_index, story_name, name, path, kind, status, started_at, ended_at,
  duration_seconds, retries, orphaned`

const storyCopy = (id: string, parent: string) =>
  `INSERT INTO stories (id, name, kind, root_story_id, parent_story_id, parent_stage_index, status, started_at, ended_at,
    duration_seconds, percent, completed_stages, total_stages, failed_stages, cancelled_stages, dry_run, writer_id)
  SELECT ${id}, name, kind, root_story_id, ${parent}, NULL, status, started_at, ended_at, duration_seconds, percent,
    completed_stages, total_stages, failed_stages, cancelled_stages, dry_run, writer_id FROM stories WHERE key = 1`

/** What no single cell can do. Each begins with the story of the key 1. */
export const hostileTables: Readonly<Record<string, string>> = {
  "each stage is inside itself": "UPDATE stages SET parent_index = stage_index",
  "two stages stand in each other":
    "UPDATE stages SET parent_index = CASE stage_index WHEN 0 THEN 1 WHEN 1 THEN 0 ELSE parent_index END",
  "each stage is inside the one after it": "UPDATE stages SET parent_index = stage_index + 1",
  "3,000 stages stand each in the one before": `WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 3100)
    INSERT INTO stages (${stageColumns})
    SELECT 1, i, i - 1, story_name, name, NULL, kind, status, started_at, ended_at, duration_seconds, 0, 0
    FROM n, stages WHERE story_key = 1 AND stage_index = 0`,
  "11,000 stages stand in one": `WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 11100)
    INSERT INTO stages (${stageColumns})
    SELECT 1, i, 0, story_name, name, path, kind, status, started_at, ended_at, duration_seconds, 0, 0
    FROM n, stages WHERE story_key = 1 AND stage_index = 0`,
  "each story is inside itself": "UPDATE stories SET parent_story_id = id",
  "a story and its sub-story stand in each other":
    "UPDATE stories SET parent_story_id = (SELECT id FROM stories WHERE parent_story_id IS NOT NULL LIMIT 1) WHERE key = 1",
  "two stories of one id, one within the other": `${storyCopy("'twin'", "(SELECT id FROM stories WHERE key = 1)")};
    ${storyCopy("'twin'", "'twin'")}`,
  "sub-stories in a circle that a second story of their id leads into": `
    ${storyCopy("'b'", "(SELECT id FROM stories WHERE key = 1)")}; ${storyCopy("'c'", "'b'")}; ${storyCopy("'b'", "'c'")}`,
  "sub-stories twice in each other, forty levels deep": Array.from({ length: 40 }, (_, i) => {
    const parent = i === 0 ? "(SELECT id FROM stories WHERE key = 1)" : `'level ${i - 1}'`
    return `${storyCopy(`'level ${i}'`, parent)}; ${storyCopy(`'level ${i}'`, parent)}`
  }).join(";"),
  "1,200 sub-stories each in the one before": `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
    ${storyCopy("'chain ' || i", "CASE i WHEN 0 THEN stories.id ELSE 'chain ' || (i - 1) END").replace("FROM stories", "FROM n, stories")}`,
  "all stories have one id": "UPDATE stories SET id = (SELECT id FROM stories WHERE key = 1)",
  "a story has the largest key there is": `UPDATE stages SET story_key = 9223372036854775807 WHERE story_key = 1;
    UPDATE failures SET story_key = 9223372036854775807 WHERE story_key = 1;
    UPDATE events SET story_key = 9223372036854775807 WHERE story_key = 1;
    UPDATE story_labels SET story_key = 9223372036854775807 WHERE story_key = 1;
    UPDATE stories SET key = 9223372036854775807 WHERE key = 1`,
  "the last event has the largest id there is":
    "UPDATE events SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM events)",
  "all events have ids beyond 2^53": "UPDATE events SET id = id + 9007199254740993",
  "no writer is there": "DELETE FROM writers",
  "nothing is there":
    "DELETE FROM events; DELETE FROM failures; DELETE FROM stages; DELETE FROM story_labels; DELETE FROM stories",
  "stories cannot be deleted": "CREATE TRIGGER kept BEFORE DELETE ON stories BEGIN SELECT RAISE(IGNORE); END",
  "stories must not be deleted":
    "CREATE TRIGGER kept BEFORE DELETE ON stories BEGIN SELECT RAISE(ABORT, 'never\nat all'); END",
  "there is a table less": "DROP TABLE stages",
  "there is a column less": "ALTER TABLE stages DROP COLUMN orphaned",
  "there is a column more": "ALTER TABLE stages ADD COLUMN extra TEXT",
  "each migration has a name of its own": "UPDATE schema_migrations SET name = 'evil\x1b[2J\nname'",
  "a table has the name of a terminal's order": 'DROP TABLE schema_migrations; ALTER TABLE events RENAME TO "\x1b[2J\n"'
}
