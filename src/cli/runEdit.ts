/**
 * `narrative runs edit`: corrects a run, with each value checked before anything is written.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { InvalidOption } from "../plain/InvalidOption.js"
import { nearest } from "../plain/nearest.js"
import { clip } from "../plain/PlainValue.js"
import type * as embedded from "../runs/embedded.js"
import * as revision from "../runs/revision.js"
import { columnNames, type RunColumn, runColumns } from "../runs/runColumns.js"
import * as runInput from "../runs/runInput.js"
import * as runRows from "../runs/runRows.js"
import { Output, writeJson } from "./output.js"
import { found } from "./runIds.js"

export interface EditOptions {
  readonly target: Option.Option<string>
  readonly set: ReadonlyArray<string>
  readonly clear: ReadonlyArray<string>
  readonly json: boolean
}

export const edit = ({ sink, store }: embedded.Embedded, given: EditOptions) =>
  Effect.gen(function* () {
    const row = yield* found(
      store,
      Option.getOrElse(given.target, () => "")
    )
    const changes = yield* changesOf(given)
    // Another machine's clock may be ahead of ours.
    for (const made of Object.keys(runRows.decodeStored(row).revisions)) revision.observe(made)
    const now = yield* Clock.currentTimeMillis
    yield* sink.write({
      record_type: "run",
      revision: revision.next(now, 2),
      event_id: String(row["event_id"]),
      changes
    })
    yield* store.catchUp
    const fields = Object.keys(changes)
    if (given.json) return yield* writeJson({ event_id: row["event_id"], updated: true, fields_updated: fields })
    return yield* Effect.flatMap(Output, ({ write }) => write(`Changed ${fields.join(", ")} of ${row["run_id"]}\n`))
  })

const changesOf = ({ clear, set }: EditOptions) =>
  Effect.gen(function* () {
    if (set.length === 0 && clear.length === 0) {
      return yield* new InvalidOption({
        setting: "runs edit",
        expected: "--set field=value or --clear field, each as often as there are fields to change"
      })
    }
    const body: { [column: string]: unknown } = {}
    for (const pair of set) {
      const at = pair.indexOf("=")
      if (at < 1) return yield* new InvalidOption({ setting: "--set", expected: "field=value", given: clip(pair, 60) })
      const column = yield* editable("--set", pair.slice(0, at))
      if (column in body) {
        return yield* new InvalidOption({ setting: "--set", expected: "each field once", given: `${column} twice` })
      }
      body[column] = valueOf(column, pair.slice(at + 1))
    }
    for (const name of clear) {
      const column = yield* editable("--clear", name)
      if (column in body) {
        return yield* new InvalidOption({
          setting: "--clear",
          expected: `a field that --set does not set`,
          given: name
        })
      }
      body[column] = null
    }
    const checked = runInput.patch(body)
    if (!runInput.isFaulty(checked)) return checked.value
    const [fault] = checked.faults
    const name = String(fault?.loc[1])
    const value = body[name]
    return yield* new InvalidOption({
      setting: name,
      expected: fault?.msg.replace(/^takes /, "") ?? "",
      ...(value === null ? { expected: "a status: it cannot be cleared" } : { given: clip(String(value), 60) })
    })
  })

/** What is typed for a number is one. */
const valueOf = (column: RunColumn, text: string): unknown =>
  runColumns[column].kind === "count" && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text

const names = columnNames.filter((name) => runColumns[name].editable)

const editable = (setting: string, name: string): Effect.Effect<RunColumn, InvalidOption> => {
  const column = names.find((one) => one === name)
  if (column !== undefined) return Effect.succeed(column)
  const meant = nearest(name, names)
  const given = `${clip(name, 60)}${meant === undefined ? "" : `: did you mean ${meant}?`}`
  return new InvalidOption({ setting, expected: `one of ${names.join(", ")}`, given })
}
