/**
 * How deep a failure is looked into, and who may ask for it.
 */
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as options from "../plain/options.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface DiagnosticsConfig {
  /**
   * `lean` (default) gives type, message, place, chain and timeline; `rich` also the local variables of every generator
   * on the way to the failure. In production `rich` becomes `lean`, unless it is allowed.
   */
  readonly mode?: "lean" | "rich" | undefined
  /**
   * `generators` (default) reads suspended generators after the fact; `throws` also pauses on every thrown exception, for
   * the locals of plain functions. It makes exceptions 1–3 ms slower each: not for production.
   */
  readonly locals?: "generators" | "throws" | undefined
  /** `production` or any other name (default `development`). */
  readonly environment?: string | undefined
  /** Lifts the production rule (default `false`). */
  readonly allowRichInProduction?: boolean | undefined
  /** Folders of the app's own files (default: the working directory). Never anything under `node_modules`. */
  readonly appRoots?: ReadonlyArray<string> | undefined
  /**
   * In rich mode, whether V8 keeps variables that its optimised code no longer reads (default `true`). That sets two flags of V8
   * for the whole process; `docs/benchmarks.md` says what they cost. Without them, such a variable is `<optimised out>`.
   */
  readonly keepVariables?: boolean | undefined
}

/** @throws InvalidOption */
export const decode = options.decodeOrThrow(
  "Diagnostics",
  Schema.Struct({
    mode: Schema.optional(options.oneOf("lean", "rich")),
    locals: Schema.optional(options.oneOf("generators", "throws")),
    environment: Schema.optional(Schema.String.pipe(options.takes("the name of an environment"))),
    allowRichInProduction: Schema.optional(options.flag),
    appRoots: Schema.optional(Schema.Array(options.nonEmptyText).pipe(options.takes("a list of folders"))),
    keepVariables: Schema.optional(options.flag)
  })
)

/** The settings in force, after the production rule. */
export interface Settings {
  readonly requested: "lean" | "rich"
  readonly mode: "lean" | "rich"
  readonly locals: "generators" | "throws"
  readonly environment: string
  readonly appRoots: ReadonlyArray<string> | undefined
  readonly keepVariables: boolean
  /** Longest stack text of a failure, in UTF-16 code units. */
  readonly maxStackText: number
}

export const settingsOf = (config: DiagnosticsConfig): Settings => {
  const environment = config.environment ?? "development"
  const isProduction = environment === "production"
  const requested = config.mode ?? "lean"
  return {
    requested,
    mode: isProduction && config.allowRichInProduction !== true ? "lean" : requested,
    locals: config.locals ?? "generators",
    environment,
    appRoots: config.appRoots,
    keepVariables: config.keepVariables ?? true,
    maxStackText: isProduction ? 8_000 : 12_000
  }
}

const oneOf = <const Values extends ReadonlyArray<string>>(name: string, values: Values) =>
  Config.string(name).pipe(
    Config.mapOrFail((text): Either.Either<Values[number], ConfigError.ConfigError> => {
      const value = values.find((value) => value === text.trim().toLowerCase())
      return value === undefined
        ? Either.left(ConfigError.InvalidData([name], `${name} takes ${values.join(" or ")}, not "${text}"`))
        : Either.right(value)
    })
  )

const flag = (name: string) =>
  oneOf(name, ["1", "true", "yes", "on", "0", "false", "no", "off"]).pipe(
    Config.map((value) => ["1", "true", "yes", "on"].includes(value))
  )

const orUndefined = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.map(Config.option(config), Option.getOrUndefined)

/** The variables of `fromEnvironment`. */
export const variables: ReadonlyArray<string> = [
  "RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS",
  "RUNTIME_NARRATIVE_LOCALS",
  "RUNTIME_NARRATIVE_ENV",
  "NODE_ENV",
  "RUNTIME_NARRATIVE_ALLOW_RICH_IN_PRODUCTION"
]

/**
 * The settings as the environment has them: `RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS` (`lean` | `rich`),
 * `RUNTIME_NARRATIVE_ENV` (else `NODE_ENV`), `RUNTIME_NARRATIVE_ALLOW_RICH_IN_PRODUCTION`,
 * `RUNTIME_NARRATIVE_LOCALS` (`generators` | `throws`). An invalid value is an error that names the variable and the
 * values it takes.
 *
 * @since 0.1.0
 * @category config
 */
export const fromEnvironment: Config.Config<DiagnosticsConfig> = Config.all({
  mode: orUndefined(oneOf("RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS", ["lean", "rich"])),
  locals: orUndefined(oneOf("RUNTIME_NARRATIVE_LOCALS", ["generators", "throws"])),
  environment: orUndefined(Config.string("RUNTIME_NARRATIVE_ENV").pipe(Config.orElse(() => Config.string("NODE_ENV")))),
  allowRichInProduction: orUndefined(flag("RUNTIME_NARRATIVE_ALLOW_RICH_IN_PRODUCTION"))
})
