/**
 * `narrative runs`: the runs of a folder.
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as commandOptions from "./commandOptions.js"
import { needing } from "./missingPackage.js"

/** Each by its name, and what it does. */
export const actions: ReadonlyArray<readonly [name: string, meaning: string]> = [
  ["list", "Runs, the newest first. The default."],
  ["show <id>", "One run in full: what happened in it, its stages and failures."],
  ["edit <id>", "Corrects a run: --set field=value, --clear field."],
  ["sweep", "Ends the runs that nothing will end any more."],
  ["post", "Posts the runs that have ended and were not posted, as METRICS_API_URL says."],
  ["import <file>", "Takes over the runs of a database of local-telemetry, or of another folder."],
  ["check", "Says how the folder is: integrity, settings, disk, rights, journal against database."],
  ["recover", "Puts the database together from the journal, whatever became of it."],
  ["backup", "Copies the database while programs write to it, and checks the copy."],
  ["restore <file>", "Puts a backup in place, and takes in what the journal has since."],
  ["export", "The runs of a filter as CSV, NDJSON or JSON."]
]

const action = Args.text({ name: "action" }).pipe(
  Args.withDescription("What to do; list, unless one is given."),
  Args.optional
)

const target = Args.text({ name: "source" }).pipe(
  Args.withDescription(
    "For show and edit: the run's id or event id, or as much of its beginning or end as no other one has. For import and restore: a file."
  ),
  Args.optional
)

export const baseDir = Options.file("base-dir").pipe(
  Options.withPseudoName("folder"),
  Options.withDescription("The folder of the runs, .telemetry by default, or what TELEMETRY_BASE_DIR names."),
  Options.withFallbackConfig(Config.nonEmptyString("TELEMETRY_BASE_DIR")),
  Options.withDefault(".telemetry")
)

export const db = Options.text("db").pipe(
  Options.withPseudoName("url"),
  Options.withDescription(
    "The runs of a schema of PostgreSQL instead: postgres://user@host/database?schema=narrative. PGPASSWORD has the password."
  ),
  Options.optional
)

const agent = Options.text("agent").pipe(
  Options.withPseudoName("name"),
  Options.withDescription("Of this agent only."),
  Options.optional
)

const job = Options.text("job").pipe(
  Options.withPseudoName("type"),
  Options.withDescription("Of this job type only."),
  Options.optional
)

const status = Options.text("status").pipe(
  Options.withPseudoName("status"),
  Options.withDescription(
    "With this status, or with several after commas: running, success, failed, partial, timeout, cancelled."
  ),
  Options.optional
)

const olderThan = Options.text("older-than").pipe(
  Options.withPseudoName("duration"),
  Options.withDescription(
    "For sweep: also runs of other machines of which nothing was written for so long, such as 1h."
  ),
  Options.optional
)

const last = Options.integer("last").pipe(
  Options.withAlias("n"),
  Options.withPseudoName("count"),
  Options.withDescription("How many runs, the newest first. By default list shows 20, and export has all."),
  Options.optional
)

// Not a map of pairs: its values could not begin with = or break a line.
const set = Options.text("set").pipe(
  Options.withPseudoName("field=value"),
  Options.withDescription("For edit: the new value of a field. May be given more than once."),
  Options.repeated
)

const clear = Options.text("clear").pipe(
  Options.withPseudoName("field"),
  Options.withDescription("For edit: a field to empty. May be given more than once."),
  Options.repeated
)

const format = Options.choice("format", ["csv", "ndjson", "json"]).pipe(
  Options.withPseudoName("name"),
  Options.withDescription("For export: csv, ndjson or json; by default as the file's name says, else csv."),
  Options.optional
)

const output = Options.file("output").pipe(
  Options.withAlias("o"),
  Options.withPseudoName("file"),
  Options.withDescription(
    "For export: the file to write; standard output by default, or by -. For backup: the file, instead of one in the folder backups."
  ),
  Options.optional
)

const keep = Options.integer("keep").pipe(
  Options.withPseudoName("count"),
  Options.withDescription("For backup: how many stay in the folder of backups. Default 7."),
  Options.optional
)

const url = Options.text("url").pipe(
  Options.withPseudoName("address"),
  Options.withDescription("For post: the address, instead of METRICS_API_URL. METRICS_API_TOKEN is sent, too."),
  Options.optional
)

const runActions = needing(() => import("./runActions.js"))

export const command = Command.make(
  "runs",
  {
    action,
    target,
    last,
    agent,
    job,
    status,
    since: commandOptions.since,
    olderThan,
    set,
    clear,
    format,
    output,
    keep,
    url,
    baseDir,
    db,
    json: commandOptions.json
  },
  (given) => Effect.flatMap(runActions, ({ perform }) => perform(given))
).pipe(Command.withDescription("Lists the runs of a folder or a server, shows, corrects, ends and exports them."))
