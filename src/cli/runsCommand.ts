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

const action = Args.text({ name: "action" }).pipe(
  Args.withDescription("list (the default), show or sweep."),
  Args.optional
)

const id = Args.text({ name: "id" }).pipe(
  Args.withDescription("For show: the run's id or event id, or as much of its beginning or end as no other one has."),
  Args.optional
)

export const baseDir = Options.file("base-dir").pipe(
  Options.withPseudoName("folder"),
  Options.withDescription("The folder of the runs, .telemetry by default, or what TELEMETRY_BASE_DIR names."),
  Options.withFallbackConfig(Config.nonEmptyString("TELEMETRY_BASE_DIR")),
  Options.withDefault(".telemetry")
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

const actions = needing(() => import("./runActions.js"))

export const command = Command.make(
  "runs",
  {
    action,
    id,
    last: commandOptions.last("runs", 20),
    agent,
    job,
    status,
    olderThan,
    baseDir,
    json: commandOptions.json
  },
  (given) => Effect.flatMap(actions, ({ perform }) => perform(given))
).pipe(
  Command.withDescription("Lists runs, the newest first; shows one in full; ends those that nothing will end any more.")
)
