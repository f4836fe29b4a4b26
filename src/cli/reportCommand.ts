/**
 * `narrative report`: one story as a page for a browser.
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as commandOptions from "./commandOptions.js"
import { id } from "./storyCommand.js"

const output = Options.file("output").pipe(
  Options.withAlias("o"),
  Options.withPseudoName("file"),
  Options.withDescription("Where to write the page, or - for standard output. By default story-<id>.html, here."),
  Options.optional
)

const open = Options.boolean("open").pipe(Options.withDescription("Show the page in the browser."))

export const command = Command.make(
  "report",
  { id, output, open, db: commandOptions.db, json: commandOptions.json },
  (given) =>
    Effect.flatMap(
      Effect.promise(() => import("./storyPageFile.js")),
      ({ write }) => write(given)
    )
).pipe(
  Command.withDescription(
    "Writes one story, with its sub-stories, as a page for a browser: one file that needs no network."
  )
)
