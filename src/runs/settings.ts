/**
 * The options of `Run.layer`, and the environment variables that set them.
 */
import { join, resolve } from "node:path"
import * as Schema from "effect/Schema"
import { type Environment, environment } from "../plain/environment.js"
import * as options from "../plain/options.js"
import type { EmbeddedOptions } from "./embedded.js"
import { placesIn } from "./embedded.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface RunOptions {
  /** The folder with `raw` (the journal) and `db/telemetry.sqlite` (default `.telemetry`). */
  readonly baseDir?: string | undefined
  /** The database, where it is to be elsewhere. */
  readonly databasePath?: string | undefined
  /** The folder of the journal, where it is to be elsewhere. */
  readonly journalDir?: string | undefined
  /** Who is responsible for the agents, unless a run says otherwise. */
  readonly agentOwner?: string | undefined
  /** `production`, `ci`, …, unless a run says otherwise. */
  readonly environment?: string | undefined
  /** Whether repository, branch and commit are noted (default `true`). */
  readonly git?: boolean | undefined
  /** Whether stories, stages and failures are kept in the same database (default `true`). */
  readonly history?: boolean | undefined
  /** Whether runs whose process on this machine is gone are ended as `cancelled` at the start (default `true`). */
  readonly sweep?: boolean | undefined
}

const Options = Schema.Struct({
  baseDir: options.withDefault(options.nonEmptyText, ".telemetry"),
  databasePath: Schema.optional(options.nonEmptyText),
  journalDir: Schema.optional(options.nonEmptyText),
  agentOwner: Schema.optional(options.nonEmptyText),
  environment: Schema.optional(options.nonEmptyText),
  git: options.withDefault(options.flag, true),
  history: options.withDefault(options.flag, true),
  sweep: options.withDefault(options.flag, true)
})

/** @internal */
export const decode = options.decode("Run", Options)

export interface Settings extends EmbeddedOptions {
  readonly history: boolean
  readonly sweep: boolean
}

/** @internal */
export const settingsOf = (decoded: typeof Options.Type): Settings => {
  const places = placesIn(decoded.baseDir)
  return {
    database: decoded.databasePath === undefined ? places.database : resolve(decoded.databasePath),
    journal: decoded.journalDir === undefined ? places.journal : resolve(decoded.journalDir),
    // The program may change its folder.
    repository: decoded.git ? process.cwd() : undefined,
    history: decoded.history,
    sweep: decoded.sweep,
    defaults: {
      ...(decoded.agentOwner === undefined ? {} : { agent_owner: decoded.agentOwner }),
      ...(decoded.environment === undefined ? {} : { environment: decoded.environment })
    }
  }
}

const nonEmpty = (text: string | undefined): string | undefined => (text?.trim() === "" ? undefined : text)

/**
 * What the environment says: `TELEMETRY_BASE_DIR`, `TELEMETRY_DB_PATH`, `TELEMETRY_NDJSON_DIR`, `AGENT_OWNER`.
 *
 * @internal
 */
export const fromEnvironment = (env: Environment = environment): RunOptions => ({
  baseDir: nonEmpty(env["TELEMETRY_BASE_DIR"]),
  databasePath: nonEmpty(env["TELEMETRY_DB_PATH"]),
  journalDir: nonEmpty(env["TELEMETRY_NDJSON_DIR"]),
  agentOwner: nonEmpty(env["AGENT_OWNER"])
})

/** Where a command looks for runs. */
export const placesOf = (given: Pick<RunOptions, "baseDir" | "databasePath" | "journalDir">) => {
  const base = join(given.baseDir ?? ".telemetry")
  const places = placesIn(base)
  return {
    base: resolve(base),
    database: given.databasePath ?? places.database,
    journal: given.journalDir ?? places.journal
  }
}
