/**
 * The options that more than one subcommand takes.
 */
import * as Options from "@effect/cli/Options"
import * as Config from "effect/Config"

/** What every command that reads a history is given. */
export interface HistoryOptions {
  readonly db: string
  readonly json: boolean
}

/** The names a choice is made from, of a record that the compiler keeps complete. */
export const namesOf = <Name extends string>(names: { readonly [N in Name]: true }): ReadonlyArray<Name> =>
  // The keys of a literal that has no others.
  Object.keys(names) as Array<Name>

export const db = Options.file("db").pipe(
  Options.withPseudoName("file"),
  Options.withDescription(
    "The history to read: a file, or postgres://user@host/database. .narrative/history.db by default, or what NARRATIVE_DB names."
  ),
  Options.withFallbackConfig(Config.nonEmptyString("NARRATIVE_DB")),
  Options.withDefault(".narrative/history.db")
)

export const json = Options.boolean("json").pipe(Options.withDescription("Print JSON, for programs."))

/** Checked by the history itself, which knows what it takes. */
export const since = Options.text("since").pipe(
  Options.withPseudoName("when"),
  Options.withDescription("Not older than this: 15m, 24h, 7d, 2w, or a date such as 2026-01-31 or 2026-01-31T08:00Z."),
  Options.optional
)

export const last = (what: string, byDefault: number) =>
  Options.integer("last").pipe(
    Options.withAlias("n"),
    Options.withPseudoName("count"),
    Options.withDescription(`How many ${what}, the newest first. Default ${byDefault}.`),
    Options.withDefault(byDefault)
  )

export const story = Options.text("story").pipe(
  Options.withPseudoName("name"),
  Options.withDescription("Of stories of this name only."),
  Options.optional
)
