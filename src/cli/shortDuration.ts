/**
 * Durations as they are given on a command line.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { InvalidOption } from "../plain/InvalidOption.js"

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** The duration of an option such as `--older-than 1h`. `undefined`: it was not given. */
export const read = (
  setting: string,
  given: Option.Option<string>
): Effect.Effect<Duration.Duration | undefined, InvalidOption> => {
  if (Option.isNone(given)) return Effect.succeed(undefined)
  const [, count, unit = ""] = /^(\d{1,9})([smhdw])$/.exec(given.value.trim()) ?? []
  const millis = units[unit]
  return millis === undefined
    ? new InvalidOption({ setting, expected: "a duration such as 90s, 15m, 1h or 7d", given: given.value })
    : Effect.succeed(Duration.millis(Number(count) * millis))
}
