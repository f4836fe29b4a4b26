/**
 * `narrative story`: everything kept of one story.
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as commandOptions from "./commandOptions.js"

export const id = Args.text({ name: "id" }).pipe(
  Args.withDescription("The story's id, or as much of its beginning as no other story's id has.")
)

export const command = Command.make("story", { id, db: commandOptions.db, json: commandOptions.json }, (given) =>
  Effect.flatMap(
    Effect.promise(() => import("./storyDetail.js")),
    ({ show }) => show(given)
  )
).pipe(Command.withDescription("Shows one story in full: its stages, its failures with their values, its log."))
