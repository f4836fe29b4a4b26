/**
 * `narrative stories`: what ran, one line each.
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import type { StoryState } from "../history/StoryRecord.js"
import * as commandOptions from "./commandOptions.js"

const states: { readonly [State in StoryState]: true } = {
  running: true,
  success: true,
  failed: true,
  cancelled: true,
  timeout: true,
  partial: true,
  interrupted: true
}

const status = Options.choice("status", commandOptions.namesOf(states)).pipe(
  Options.withDescription(
    `With one of these statuses: ${Object.keys(states).join(", ")}. May be given more than once.`
  ),
  Options.repeated
)

const label = Options.keyValueMap("label").pipe(
  Options.withPseudoName("name=value"),
  Options.withDescription("With this label. May be given more than once: with all of them."),
  Options.optional
)

const request = Options.text("request").pipe(
  Options.withPseudoName("id"),
  Options.withDescription("Asked for with this id: of a request, a correlation, a trace, a run, a tenant, …"),
  Options.optional
)

const roots = Options.boolean("roots").pipe(Options.withDescription("Without sub-stories."))

export const command = Command.make(
  "stories",
  {
    last: commandOptions.last("stories", 20),
    status,
    story: commandOptions.story,
    label,
    request,
    roots,
    since: commandOptions.since,
    db: commandOptions.db,
    json: commandOptions.json
  },
  (given) =>
    Effect.flatMap(
      Effect.promise(() => import("./storyList.js")),
      ({ list }) => list(given)
    )
).pipe(Command.withDescription("Lists stories, the newest first."))
