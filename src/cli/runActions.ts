/**
 * What `narrative runs` does.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { InvalidOption } from "../plain/InvalidOption.js"
import { nearest } from "../plain/nearest.js"
import type { Theme } from "../renderer/console/theme.js"
import * as embedded from "../runs/embedded.js"
import { RunRecord } from "../runs/RunRecord.js"
import * as Runs from "../runs/Runs.js"
import * as runQuery from "../runs/runQuery.js"
import * as runReader from "../runs/runReader.js"
import { Output, writeJson } from "./output.js"
import { ago, took } from "./relativeTime.js"
import { check } from "./runCheck.js"
import { type EditOptions, edit } from "./runEdit.js"
import { type ExportOptions, exportRuns } from "./runExport.js"
import { type FilterOptions, filterOf } from "./runFilter.js"
import { importRuns } from "./runImport.js"
import * as runPlace from "./runPlace.js"
import { type PostOptions, postPending } from "./runPost.js"
import { backup, type RecoveryOptions, recover, restore } from "./runRecovery.js"
import { show } from "./runShow.js"
import * as shortDuration from "./shortDuration.js"
import { type Column, table } from "./table.js"

export interface RunsOptions extends FilterOptions, EditOptions, ExportOptions, PostOptions, RecoveryOptions {
  readonly action: Option.Option<string>
  readonly olderThan: Option.Option<string>
  readonly baseDir: string
  readonly db: Option.Option<string>
}

/** What an action takes, and what it does. */
interface Action {
  /** What is typed behind its name. */
  readonly target?: "<id>" | "<file>" | undefined
  readonly options: ReadonlyArray<OptionName>
  readonly perform: (given: RunsOptions) => Effect.Effect<void, Error, Output>
}

/** The options that only some actions take, and whether one is given. */
const optionsGiven = {
  "--db": ({ db }) => Option.isSome(db),
  "--last": ({ last }) => Option.isSome(last),
  "--agent": ({ agent }) => Option.isSome(agent),
  "--job": ({ job }) => Option.isSome(job),
  "--status": ({ status }) => Option.isSome(status),
  "--since": ({ since }) => Option.isSome(since),
  "--older-than": ({ olderThan }) => Option.isSome(olderThan),
  "--set": ({ set }) => set.length > 0,
  "--clear": ({ clear }) => clear.length > 0,
  "--format": ({ format }) => Option.isSome(format),
  "--url": ({ url }) => Option.isSome(url),
  "--keep": ({ keep }) => Option.isSome(keep),
  "--output": ({ output }) => Option.isSome(output)
} satisfies Readonly<Record<string, (given: RunsOptions) => boolean>>

type OptionName = keyof typeof optionsGiven

const filtering: ReadonlyArray<OptionName> = ["--db", "--last", "--agent", "--job", "--status", "--since"]

/** Does something with the runs. */
const withRuns =
  <E extends Error>(use: (opened: embedded.Embedded, given: RunsOptions) => Effect.Effect<void, E, Output>) =>
  (given: RunsOptions) =>
    Effect.scoped(
      Effect.flatMap(runPlace.open({ baseDir: given.baseDir, db: Option.getOrUndefined(given.db) }), (opened) =>
        use(opened, given)
      )
    )

/** Does something with the files of the folder. */
const withFiles =
  <E extends Error>(
    use: (places: embedded.Places, given: RunsOptions) => Effect.Effect<void, E, Output | Scope.Scope>
  ) =>
  (given: RunsOptions) =>
    Effect.scoped(Effect.flatMap(runPlace.filesIn(given.baseDir), (places) => use(places, given)))

export const perform = (given: RunsOptions) =>
  Effect.gen(function* () {
    const name = Option.getOrElse(given.action, () => "list")
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    const isComplete = action?.target === undefined ? Option.isNone(given.target) : Option.isSome(given.target)
    if (action === undefined || !isComplete) {
      const meant = nearest(name, Object.keys(actions))
      const not =
        action !== undefined ? {} : { given: `${name}${meant === undefined ? "" : `: did you mean ${meant}?`}` }
      return yield* new InvalidOption({ setting: "runs", expected: usage, ...not })
    }
    for (const [option, isGiven] of Object.entries(optionsGiven)) {
      if (!isGiven(given) || action.options.some((known) => known === option)) continue
      const instead = option === "--db" && Object.hasOwn(onServer, name) ? onServer[name] : undefined
      if (instead !== undefined) return yield* new NotForServers({ action: name, instead })
      const others = Object.entries(actions).flatMap(([other, { options }]) =>
        options.some((known) => known === option) ? [other] : []
      )
      return yield* new NotItsOption({ action: name, option, others })
    }
    return yield* action.perform(given)
  })

/** What a server of databases has for what these do with files. */
const onServer: Readonly<Record<string, string>> = {
  check: "pg_amcheck checks a database of PostgreSQL, and `GET /health` of narrative serve asks it",
  recover:
    "a program with Run.layerPg and a journalDir takes its journal in again when it starts; pg_restore restores what pg_dump wrote",
  backup: "pg_dump --schema=narrative --format=custom writes a copy of the schema",
  restore: "pg_restore puts back what pg_dump wrote"
}

/** What is done with the files of a folder only. */
class NotForServers extends Data.TaggedError("NotForServers")<{
  readonly action: string
  readonly instead: string
}> {
  override get message(): string {
    return `runs ${this.action} is for the files of a folder, and not for PostgreSQL: ${this.instead}`
  }
}

/** An option that another action takes. */
class NotItsOption extends Data.TaggedError("NotItsOption")<{
  readonly action: string
  readonly option: string
  readonly others: ReadonlyArray<string>
}> {
  override get message(): string {
    const have = this.others.length === 1 ? "has" : "have"
    return `runs ${this.action} has no option ${this.option}, but ${this.others.join(", ")} ${have}`
  }
}

const list = ({ store }: embedded.Embedded, given: RunsOptions) =>
  Effect.gen(function* () {
    const filter = yield* filterOf(
      given,
      Option.getOrElse(given.last, () => 20)
    )
    const { rows } = yield* store.use((sql) => runQuery.page(sql, filter))
    return yield* print(rows.map(runReader.recordOf), given.json, "No runs.")
  })

const encodeRun = Schema.encodeSync(RunRecord)

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

const sweep = ({ sink }: embedded.Embedded, { agent, json, olderThan }: RunsOptions) =>
  Effect.gen(function* () {
    const patience = yield* shortDuration.read("--older-than", olderThan)
    const swept = yield* Runs.make(sink).sweep({
      agentName: Option.getOrUndefined(agent),
      olderThan: patience
    })
    if (json) return yield* writeJson({ swept: swept.map(({ eventId }) => eventId) })
    return yield* print(swept, false, "No stale runs.")
  })

const actions: Readonly<Record<string, Action>> = {
  list: { options: filtering, perform: withRuns(list) },
  show: { target: "<id>", options: ["--db"], perform: withRuns(show) },
  edit: { target: "<id>", options: ["--db", "--set", "--clear"], perform: withRuns(edit) },
  sweep: { options: ["--db", "--agent", "--older-than"], perform: withRuns(sweep) },
  import: {
    target: "<file>",
    options: [],
    perform: (given) =>
      Effect.scoped(Effect.flatMap(runPlace.openNew(given.baseDir), (opened) => importRuns(opened, given)))
  },
  check: { options: [], perform: withFiles(check) },
  recover: { options: [], perform: withFiles(recover) },
  backup: { options: ["--output", "--keep"], perform: withFiles(backup) },
  restore: {
    target: "<file>",
    options: [],
    perform: (given) => Effect.scoped(restore(embedded.placesIn(given.baseDir), given))
  },
  post: { options: ["--db", "--url"], perform: withRuns(postPending) },
  export: { options: [...filtering, "--format", "--output"], perform: withRuns(exportRuns) }
}

const usage = Object.entries(actions)
  .map(([name, { target }]) => (target === undefined ? name : `${name} ${target}`))
  .join(", ")
  .replace(/, (?=[^,]*$)/, " or ")
