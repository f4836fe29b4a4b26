/**
 * `narrative tail`: what is happening now, in the form of the console.
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as commandOptions from "./commandOptions.js"

const source = Args.file({ name: "source" }).pipe(
  Args.withDescription("A file of JSON lines, a history, or - for standard input. The history of --db by default."),
  Args.optional
)

const lines = Options.integer("lines").pipe(
  Options.withPseudoName("count"),
  Options.withDescription("How many events of the past to begin with. Default 20."),
  Options.withDefault(20)
)

const noFollow = Options.boolean("no-follow").pipe(Options.withDescription("End with what is there already."))

const timestamps = Options.boolean("timestamps").pipe(
  Options.withAlias("t"),
  Options.withDescription("Begin each line with the event's time, in UTC.")
)

export const command = Command.make(
  "tail",
  { source, lines, noFollow, timestamps, db: commandOptions.db, json: commandOptions.json },
  (given) =>
    Effect.flatMap(
      Effect.promise(() => import("./liveLines.js")),
      ({ follow }) => follow(given)
    )
).pipe(Command.withDescription("Follows a file of JSON lines or a history, in the form of the console."))
