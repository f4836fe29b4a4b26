/**
 * `narrative run`: a program that knows nothing of this library, narrated.
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"

const command_ = Args.text({ name: "command" }).pipe(
  Args.withDescription("The program and its arguments: node, tsx, npx, npm run or whatever starts a Node process."),
  Args.atLeast(1)
)

const history = Options.file("history").pipe(
  Options.withPseudoName("file"),
  Options.withDescription(
    "Where to keep its history. .narrative/history.db by default, or the file that NARRATIVE_DB names."
  ),
  Options.withFallbackConfig(Config.nonEmptyString("NARRATIVE_DB")),
  Options.withDefault(".narrative/history.db")
)

const noHistory = Options.boolean("no-history").pipe(Options.withDescription("Keep no history."))

const noAuto = Options.boolean("no-auto").pipe(
  Options.withDescription("Narrate its Effect spans only, not its functions and classes.")
)

const paths = (name: string, description: string) =>
  Options.text(name).pipe(
    Options.withPseudoName("path"),
    Options.withDescription(`${description} May be given more than once.`),
    Options.repeated
  )

const include = paths("include", "Narrate functions of these files and folders only.")
const exclude = paths("exclude", "Leave the functions of these files and folders alone.")

const lean = Options.boolean("lean").pipe(
  Options.withDescription("Report failures without local variables, which takes less of the program's time.")
)

export const command = Command.make(
  "run",
  { history, noHistory, noAuto, include, exclude, lean, command: command_ },
  (given) =>
    Effect.flatMap(
      Effect.promise(() => import("./programRun.js")),
      ({ runProgram }) => runProgram(given)
    )
).pipe(Command.withDescription("Runs a program and narrates it, though nothing in it knows of this library."))
