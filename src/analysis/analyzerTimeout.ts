/**
 * How long an analyzer may take that sets no limit of its own, as the environment has it.
 */
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"

/** The variable, in the messages of those who advise to change it. */
export const variable = "RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS"

/** What holds where nothing is set. */
export const usual = Duration.seconds(30)

/** Longest that a timer can be set, in seconds. */
const mostSeconds = 2_147_483

/** The limit, or that other one where nothing is set. An invalid value is an error that names the variable and the values it takes. */
export const orElse = (other: Duration.Duration): Config.Config<Duration.Duration> =>
  Config.string(variable).pipe(
    Config.mapOrFail((text): Either.Either<Duration.Duration, ConfigError.ConfigError> => {
      const seconds = text.trim() === "" ? Number.NaN : Number(text)
      return seconds > 0 && seconds <= mostSeconds
        ? Either.right(Duration.seconds(seconds))
        : Either.left(
            ConfigError.InvalidData(
              [variable],
              `${variable} takes a number of seconds above 0, up to ${mostSeconds}, not "${text}"`
            )
          )
    }),
    Config.withDefault(other)
  )

/** What a story waits for an analyzer. */
export const fromEnvironment: Config.Config<Duration.Duration> = orElse(usual)
