/**
 * What `narrative runs` does.
 */
import { existsSync } from "node:fs"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InvalidOption } from "../plain/InvalidOption.js"
import * as terminalText from "../plain/terminalText.js"
import type { Theme } from "../renderer/console/theme.js"
import * as embedded from "../runs/embedded.js"
import { RunEvent, RunRecord } from "../runs/RunRecord.js"
import * as Runs from "../runs/Runs.js"
import * as runInput from "../runs/runInput.js"
import * as runQuery from "../runs/runQuery.js"
import * as runReader from "../runs/runReader.js"
import { Output, writeJson } from "./output.js"
import { ago, took } from "./relativeTime.js"
import { type Column, table } from "./table.js"

export interface RunsOptions {
  readonly action: Option.Option<string>
  readonly id: Option.Option<string>
  readonly last: number
  readonly agent: Option.Option<string>
  readonly job: Option.Option<string>
  readonly status: Option.Option<string>
  readonly olderThan: Option.Option<string>
  readonly baseDir: string
  readonly json: boolean
}

/** There is no such folder, or no such run in it. */
export class NoRuns extends Data.TaggedError("NoRuns")<{ readonly message: string }> {}

export const perform = (given: RunsOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const action = actionOf(given)
      if (action === undefined) {
        return yield* new InvalidOption({ setting: "runs", expected: "list, show <id> or sweep" })
      }
      const places = embedded.placesIn(given.baseDir)
      if (!existsSync(places.journal) && !existsSync(places.database)) {
        return yield* new NoRuns({ message: `there are no runs in ${given.baseDir}; --base-dir names another folder` })
      }
      const opened = yield* embedded.open({ ...places, defaults: {}, repository: undefined })
      yield* opened.store.catchUp
      return yield* action(opened, given)
    })
  )

const actionOf = ({ action, id }: RunsOptions) => {
  const name = Option.getOrElse(action, () => "list")
  if (name === "show") return Option.isSome(id) ? show : undefined
  if (Option.isSome(id)) return undefined
  return name === "list" ? list : name === "sweep" ? sweep : undefined
}

const list = ({ store }: embedded.Embedded, { agent, job, json, last, status }: RunsOptions) =>
  Effect.gen(function* () {
    const filter = runQuery.parse({
      limit: String(last),
      agent_name: Option.getOrUndefined(agent),
      job_type: Option.getOrUndefined(job),
      status: Option.getOrUndefined(status)
    })
    if (runInput.isFaulty(filter)) return yield* inOptions(filter.faults)
    const rows = yield* store.use((sql) => runQuery.page(sql, filter.value))
    return yield* print(rows.map(runReader.recordOf), json, "No runs.")
  })

/** What one types for the parameters of a query. */
const optionNames: Readonly<Record<string, string>> = { limit: "--last", status: "--status" }

const inOptions = ([fault]: ReadonlyArray<runInput.InputFault>) =>
  new InvalidOption({
    setting: optionNames[String(fault?.loc[1])] ?? String(fault?.loc[1]),
    expected: fault?.msg.replace(/^takes /, "") ?? ""
  })

const encodeRun = Schema.encodeSync(RunRecord)
const encodeEvent = Schema.encodeSync(RunEvent)

const print = (runs: ReadonlyArray<RunRecord>, json: boolean, otherwise: string) =>
  Effect.gen(function* () {
    if (json) return yield* Effect.forEach(runs, (run) => writeJson(encodeRun(run)), { discard: true })
    const output = yield* Output
    if (runs.length === 0) return yield* output.note(otherwise)
    const now = yield* Clock.currentTimeMillis
    return yield* output.write(table(runs, columns(now, output.theme), output))
  })

const columns = (now: number, { colours }: Theme): ReadonlyArray<Column<RunRecord>> => [
  {
    title: "Started",
    cell: ({ startTime }) => ({
      text: startTime === null ? "" : ago(startTime, now),
      value: startTime === null ? "" : new Date(startTime).toISOString(),
      paint: colours.dim
    })
  },
  { title: "Run", cell: ({ runId }) => ({ text: runId }), cut: "start", least: 8 },
  { title: "Agent", cell: ({ agentName }) => ({ text: agentName, paint: colours.bold }), least: 8 },
  { title: "Job", cell: ({ jobType }) => ({ text: jobType }), least: 6, dispensable: 2 },
  {
    title: "Status",
    cell: ({ status }) => ({
      text: status,
      paint: status === "success" ? colours.good : status === "running" ? colours.dim : colours.bad
    })
  },
  {
    title: "Took",
    cell: ({ durationMs }) => ({
      text: durationMs === null ? "" : took(durationMs / 1_000),
      value: durationMs === null ? "" : String(durationMs)
    }),
    align: "right"
  },
  { title: "Items", cell: (run) => ({ text: itemsOf(run) }), align: "right", dispensable: 1 },
  { title: "Outcome", cell: (run) => ({ text: run.errorSummary ?? run.outputSummary ?? "" }), least: 16 }
]

/** `9 of 10`, those that succeeded. */
const itemsOf = ({ itemsDiscovered, itemsSucceeded }: RunRecord): string => {
  if (itemsSucceeded === null) return itemsDiscovered === null ? "" : String(itemsDiscovered)
  return itemsDiscovered === null ? String(itemsSucceeded) : `${itemsSucceeded} of ${itemsDiscovered}`
}

const show = ({ store }: embedded.Embedded, { id, json }: RunsOptions) =>
  Effect.gen(function* () {
    const given = Option.getOrElse(id, () => "")
    const found = yield* store.use((sql) => runQuery.byAnyId(sql, given))
    const [row] = found
    if (row === undefined) return yield* new NoRuns({ message: `no run has an id that begins or ends with "${given}"` })
    if (found.length > 1) {
      const ids = found.map((one) => one["run_id"]).join(", ")
      return yield* new NoRuns({ message: `more than one run has an id that begins or ends with "${given}": ${ids}` })
    }
    const run = runReader.recordOf(row)
    const events = yield* store.use((sql) => runReader.events(sql, run.runId))
    if (json) return yield* writeJson({ ...encodeRun(run), events: events.map((event) => encodeEvent(event)) })
    const { theme, write } = yield* Output
    const fields = Object.entries(encodeRun(run)).flatMap(([name, value]) =>
      value === null ? [] : [`${theme.colours.dim(name.padEnd(20))} ${terminalText.line(shown(value))}\n`]
    )
    const happened = events.map(({ payload, timestamp, type }) => {
      const time = new Date(timestamp).toISOString()
      return `${theme.colours.dim(time)} ${terminalText.line(`${type}${payload === null ? "" : ` ${shown(payload)}`}`)}\n`
    })
    return yield* write(`${fields.join("")}${happened.length === 0 ? "" : "\n"}${happened.join("")}`)
  })

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

const sweep = ({ sink }: embedded.Embedded, { agent, json, olderThan }: RunsOptions) =>
  Effect.gen(function* () {
    const patience = Option.map(olderThan, durationOf)
    if (Option.isSome(patience) && patience.value === undefined) {
      const given = Option.getOrUndefined(olderThan)
      return yield* new InvalidOption({
        setting: "--older-than",
        expected: "a duration such as 90s, 15m, 1h or 7d",
        given
      })
    }
    const swept = yield* Runs.make(sink).sweep({
      agentName: Option.getOrUndefined(agent),
      olderThan: Option.getOrUndefined(patience)
    })
    if (json) return yield* writeJson({ swept: swept.map(({ eventId }) => eventId) })
    return yield* print(swept, false, "No stale runs.")
  })

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

const durationOf = (text: string): Duration.Duration | undefined => {
  const [, count, unit] = /^(\d{1,9})([smhdw])$/.exec(text.trim()) ?? []
  const millis = units[unit ?? ""]
  return millis === undefined ? undefined : Duration.millis(Number(count) * millis)
}
