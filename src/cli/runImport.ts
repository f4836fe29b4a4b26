/**
 * `narrative runs import`: takes the runs of another database over.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as embedded from "../runs/embedded.js"
import * as importing from "../runs/importing.js"
import { Output, writeJson } from "./output.js"

export interface ImportOptions {
  readonly target: Option.Option<string>
  readonly json: boolean
}

export const importRuns = (opened: embedded.Embedded, given: ImportOptions) =>
  Effect.gen(function* () {
    const imported = yield* importing.importFile(
      opened,
      Option.getOrElse(given.target, () => "")
    )
    if (given.json) return yield* writeJson(imported)
    const { write } = yield* Output
    const { commits, events, runs, unchanged, unread } = imported
    const there =
      unchanged === 0 ? "" : `; ${count(unchanged, "run")} ${unchanged === 1 ? "was" : "were"} there already`
    const lost = unread === 0 ? "" : `; ${count(unread, "row")} had no id`
    return yield* write(
      `Imported ${count(runs, "run")}, ${count(events, "event")} and ${count(commits, "commit")}${there}${lost}\n`
    )
  })

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`
