/**
 * A run by what one types for its id.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as runQuery from "../runs/runQuery.js"
import type { RunStore } from "../runs/runStore.js"

/** There is no such folder, or no such run in it. */
export class NoRuns extends Data.TaggedError("NoRuns")<{ readonly message: string }> {}

/** The row of the one run whose id or event id begins or ends with a text. */
export const found = (store: RunStore, given: string) =>
  Effect.gen(function* () {
    const rows = yield* store.use((sql) => runQuery.byAnyId(sql, given))
    const [row] = rows
    if (row === undefined) return yield* new NoRuns({ message: `no run has an id that begins or ends with "${given}"` })
    if (rows.length > 1) {
      const ids = rows.map((one) => one["run_id"]).join(", ")
      return yield* new NoRuns({ message: `more than one run has an id that begins or ends with "${given}": ${ids}` })
    }
    return row
  })
