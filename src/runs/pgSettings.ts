/**
 * The options of runs on PostgreSQL.
 */
import { join } from "node:path"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import {
  names as connectionNames,
  decode as decodeConnection,
  type PgConnection
} from "../history/database/pgOptions.js"
import { ofPg } from "../history/database/source.js"
import { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import type { Server } from "./httpJson.js"
import type { PgRunsOptions } from "./onPostgres.js"
import type { RunOptions } from "./settings.js"
import { common, defaultsOf, postedTo, repositoryOf } from "./settings.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface RunPgOptions
  extends PgConnection,
    Pick<RunOptions, "agentOwner" | "environment" | "git" | "history" | "postTo" | "sweep"> {
  /**
   * A folder of this machine, in whose `raw` each write is kept (the journal) before it counts; from there it goes to the server, however
   * long that is out of reach. Without one, a write counts when the server has it, and waits for that in memory.
   */
  readonly baseDir?: string | undefined
  /** The folder of the journal, where it is to be elsewhere. */
  readonly journalDir?: string | undefined
  /** Without a journal, most writes that wait for the server: 1–1,000,000 (default 10,000). What comes besides is lost, and counted. */
  readonly capacity?: number | undefined
  /** Without a journal, how long a server out of reach is waited for before writes are given up (default 2 minutes). */
  readonly reconnectTimeout?: Duration.DurationInput | undefined
}

const Options = Schema.Struct({
  baseDir: Schema.optional(options.nonEmptyText),
  journalDir: Schema.optional(options.nonEmptyText),
  history: options.withDefault(options.flag, true),
  ...common,
  capacity: options.withDefault(options.wholeNumber(1, 1_000_000), 10_000),
  reconnectTimeout: options.withDefault(options.duration, Duration.minutes(2))
})

export interface PgSettings extends PgRunsOptions {
  readonly history: boolean
  readonly postTo: Server | undefined
  readonly sweep: boolean
}

const decoded = options.decode("Run", Options, connectionNames)

/** @internal */
export const decode = (given: RunPgOptions): Either.Either<PgSettings, InvalidOption> =>
  Either.gen(function* () {
    const { baseDir, capacity, history, journalDir, reconnectTimeout, sweep, ...rest } = yield* decoded(given)
    const target = yield* Either.mapLeft(
      decodeConnection(given, Object.keys(Options.fields)),
      (error) => new InvalidOption({ ...error, module: "Run" })
    )
    return {
      source: ofPg(target),
      journal: journalDir ?? (baseDir === undefined ? undefined : join(baseDir, "raw")),
      capacity,
      reconnectTimeout: Duration.toMillis(reconnectTimeout),
      repository: repositoryOf(rest.git),
      history,
      postTo: postedTo(rest.postTo),
      sweep,
      defaults: defaultsOf(rest)
    }
  })
