/**
 * `narrative prune`: deletes old stories.
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { InvalidOption } from "../plain/InvalidOption.js"
import * as commandOptions from "./commandOptions.js"
import * as historyFile from "./historyFile.js"
import { Output, writeJson } from "./output.js"

const keepDays = Options.float("keep-days").pipe(
  Options.withPseudoName("days"),
  Options.withDescription("Keep the stories that ended within so many days."),
  Options.optional
)

const keepStories = Options.integer("keep-stories").pipe(
  Options.withPseudoName("count"),
  Options.withDescription("Keep so many of the newest stories."),
  Options.optional
)

const dryRun = Options.boolean("dry-run").pipe(Options.withDescription("Only say how many stories it would delete."))

export const command = Command.make(
  "prune",
  { keepDays, keepStories, dryRun, db: commandOptions.db, json: commandOptions.json },
  ({ db, dryRun, json, keepDays, keepStories }) =>
    Effect.gen(function* () {
      if (Option.isNone(keepDays) && Option.isNone(keepStories)) {
        return yield* new InvalidOption({ setting: "prune", expected: "--keep-days, --keep-stories or both" })
      }
      const retention = { keepDays: Option.getOrUndefined(keepDays), keepStories: Option.getOrUndefined(keepStories) }
      const stories = yield* historyFile.read(
        db,
        (history) => (dryRun ? history.prunable(retention) : history.prune(retention)),
        { readonly: dryRun }
      )
      if (json) return yield* writeJson({ stories, dry_run: dryRun })
      const { write } = yield* Output
      const what = `${stories} ${stories === 1 ? "story" : "stories"}`
      return yield* write(dryRun ? `Would delete ${what}.\n` : `Deleted ${what}.\n`)
    })
).pipe(Command.withDescription("Deletes old stories, and all that is kept of them. Those that are running stay."))
