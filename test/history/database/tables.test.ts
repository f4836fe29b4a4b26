import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { DamagedCell } from "../../../src/history/database/columns.js"
import { makeDurable, openFile } from "../../../src/history/database/database.js"
import { decodeRow } from "../../../src/history/database/decodeRows.js"
import { migrate } from "../../../src/history/database/migrations.js"
import * as tables from "../../../src/history/database/tables.js"
import { file, rowsOf } from "../histories.js"

const described: Readonly<Record<string, tables.Table>> = {
  writers: tables.writers,
  stories: tables.stories,
  story_labels: tables.storyLabels,
  story_correlations: tables.storyCorrelations,
  stages: tables.stages,
  failures: tables.failures,
  events: tables.events
}

describe("the description of a table", () => {
  it.scoped("has the columns that the migrations make, and NULL only where they allow it", () =>
    Effect.gen(function* () {
      const filename = yield* file
      const database = yield* openFile(filename)
      yield* migrate(database, makeDurable(database.sql))
      for (const [name, table] of Object.entries(described)) {
        const columns = yield* rowsOf(filename, `SELECT name, "notnull", pk FROM pragma_table_info('${name}')`)
        assert.sameMembers(
          columns.map((column) => String(column["name"])),
          Object.keys(table),
          name
        )
        for (const column of columns) {
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
