/**
 * `narrative failures`: what failed lately, one line each.
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import type { ErrorCode } from "../event/FailureReport.js"
import * as commandOptions from "./commandOptions.js"

const stage = Options.text("stage").pipe(
  Options.withPseudoName("name"),
  Options.withDescription("In stages of this name only."),
  Options.optional
)

const type = Options.text("type").pipe(
  Options.withPseudoName("name"),
  Options.withDescription("Of this error type only, such as SqlError."),
  Options.optional
)

const codes: { readonly [Code in ErrorCode]: true } = {
  TIMEOUT: true,
  CIRCUIT_OPEN: true,
  RATE_LIMITED: true,
  INVALID_INPUT: true,
  NOT_FOUND: true,
  UNAUTHORIZED: true,
  CONFLICT: true,
  UNAVAILABLE: true,
  CANCELLED: true,
  UNKNOWN: true
}

const code = Options.choice("code", commandOptions.namesOf(codes)).pipe(
  Options.withDescription(`Of this kind only: ${Object.keys(codes).join(", ")}.`),
  Options.optional
)

export const command = Command.make(
  "failures",
  {
    last: commandOptions.last("failures", 10),
    story: commandOptions.story,
    stage,
    type,
    code,
    since: commandOptions.since,
    db: commandOptions.db,
    json: commandOptions.json
  },
  (given) =>
    Effect.flatMap(
      Effect.promise(() => import("./failureList.js")),
      ({ list }) => list(given)
    )
).pipe(Command.withDescription("Lists what failed, the newest first."))
