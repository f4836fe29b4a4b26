import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { DamagedCell } from "../../../src/history/database/columns.js"
import { decodeRow } from "../../../src/history/database/decodeRows.js"
import * as tables from "../../../src/history/database/tables.js"
import { databaseAt, onBothDatabases } from "../histories.js"

const described: Readonly<Record<string, tables.Table>> = {
  writers: tables.writers,
  stories: tables.stories,
  story_labels: tables.storyLabels,
  story_correlations: tables.storyCorrelations,
  stages: tables.stages,
  failures: tables.failures,
  events: tables.events,
  summary_hours: tables.summaryHours,
  hour_summaries: tables.hourSummaries
}

const columnsOf = (place: string, table: string): string =>
  place.startsWith("postgres:")
    ? `SELECT column_name AS name, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END AS "notnull", 0 AS pk
        FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '${table}'`
    : `SELECT name, "notnull", pk FROM pragma_table_info('${table}')`

onBothDatabases(({ file, rowsOf }) => {
  describe("the description of a table", () => {
    it.scoped("has the columns that the migrations make, and NULL only where they allow it", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* databaseAt(filename)
        for (const [name, table] of Object.entries(described)) {
          const columns = yield* rowsOf(filename, columnsOf(filename, name))
          assert.sameMembers(
            columns.map((column) => String(column["name"])).filter((name) => name !== "batch"),
            Object.keys(table),
            name
          )
          for (const column of columns) {
            // Only a server has it, and only those who write to it ask for it.
            if (column["name"] === "batch") continue
            const decoded = table[String(column["name"])]?.decode(null)
            const required = column["notnull"] === 1 || column["pk"] !== 0
            if (required) {
              assert.isTrue(decoded instanceof DamagedCell, `${name}.${column["name"]}`)
            }
            if (!required) assert.isTrue(!(decoded instanceof DamagedCell), `${name}.${column["name"]}`)
          }
        }
      })
    )

    it("says which column of a row is damaged, and why", () => {
      const row = { name: "region", value: "north", started_at: "yesterday", story_key: 7 }
      const decoded = decodeRow(tables.storyLabels, row)
      assert.isTrue(Either.isLeft(decoded))
      if (Either.isLeft(decoded)) assert.strictEqual(decoded.left.message, 'started_at: "yesterday" is no time')
    })
  })
})
