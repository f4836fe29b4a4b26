/**
 * `narrative copy`: the stories of one history into another one, such as of a file into PostgreSQL.
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as commandOptions from "./commandOptions.js"

const from = Options.file("from").pipe(
  Options.withPseudoName("history"),
  Options.withDescription("The history to read: a file, or postgres://user@host/database.")
)

const to = Options.file("to").pipe(
  Options.withPseudoName("history"),
  Options.withDescription("The history to write to, which is made if it is not there.")
)

export const command = Command.make("copy", { from, to, json: commandOptions.json }, (given) =>
  Effect.flatMap(
    Effect.promise(() => import("./historyCopy.js")),
    ({ copy }) => copy(given)
  )
).pipe(Command.withDescription("Copies stories into another history. Run it again to go on where it broke off."))
