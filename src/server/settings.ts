/**
 * The options of a server of runs.
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { PgConnection } from "../history/database/pgOptions.js"
import * as options from "../plain/options.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions {
  /** The folder with `raw` (the journal) and `db/telemetry.sqlite` (default `.telemetry`). */
  readonly baseDir?: string | undefined
  /** The database, where it is to be elsewhere. */
  readonly databasePath?: string | undefined
  /** The folder of the journal, where it is to be elsewhere. */
  readonly journalDir?: string | undefined
  /**
   * A schema of PostgreSQL instead of these files, which is made if it is not there. Any number of servers and programs may share it. A run is
   * answered when it is committed there. Needs `@effect/sql-pg`.
   */
  readonly postgres?: PgConnection | undefined
  /** What callers have to send as `Authorization: Bearer …`; `/health` is open all the same. */
  readonly token?: Redacted.Redacted<string> | string | undefined
  /** More host names that callers may ask for, besides those of this machine's loopback; `*` for any. */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /** Longest body of a request, in bytes (default 10 MiB). */
  readonly maxBodyBytes?: number | undefined
  /** Most runs of a batch (default 1,000). */
  readonly maxBatch?: number | undefined
  /** Most requests a minute of one address (default: any number). */
  readonly rateLimit?: number | undefined
  /**
   * How often runs that nothing will end any more are ended as cancelled: at the start, and then again and again (default `10 minutes`;
   * `Infinity` for never). A run of this machine is stale when its process is gone, and never before.
   */
  readonly sweepEvery?: Duration.DurationInput | undefined
  /**
   * How long nothing was written of a run whose process cannot be asked for, because it is on another machine or is not known, until it is
   * taken for stale. Without it such runs are left as they are.
   */
  readonly staleAfter?: Duration.DurationInput | undefined
}

const token = Schema.Union(options.nonEmptyText, Schema.RedactedFromSelf(options.nonEmptyText)).pipe(
  options.takes("a text that is not empty, or Redacted of one"),
  options.secret
)

const Options = Schema.Struct({
  baseDir: options.withDefault(options.nonEmptyText, ".telemetry"),
  databasePath: Schema.optional(options.nonEmptyText),
  journalDir: Schema.optional(options.nonEmptyText),
  postgres: Schema.optional(
    options
      .like((value): value is PgConnection => Predicate.isRecord(value), "the options of a connection")
      .pipe(options.secret)
  ),
  token: Schema.optional(token),
  allowedHosts: options.withDefault(Schema.Array(options.nonEmptyText).pipe(options.takes("a list of host names")), []),
  maxBodyBytes: options.withDefault(options.wholeNumber(1_000, 1_000_000_000), 10 * 1024 * 1024),
  maxBatch: options.withDefault(options.wholeNumber(1, 100_000), 1_000),
  rateLimit: Schema.optional(options.wholeNumber(1)),
  sweepEvery: options.withDefault(options.positiveDuration, Duration.minutes(10)),
  staleAfter: Schema.optional(options.positiveDuration)
})

/** @internal */
export const decode = options.decode("RunServer", Options)

const loopback = ["localhost", "127.0.0.1", "[::1]"]

export interface Settings {
  readonly hosts: ReadonlySet<string>
  readonly token: string | undefined
  readonly maxBodyBytes: number
  readonly maxBatch: number
  readonly rateLimit: number | undefined
}

/** @internal */
export const settingsOf = (decoded: typeof Options.Type): Settings => ({
  hosts: new Set([...loopback, ...decoded.allowedHosts.map((host) => host.toLowerCase())]),
  token: Redacted.isRedacted(decoded.token) ? Redacted.value(decoded.token) : decoded.token,
  maxBodyBytes: decoded.maxBodyBytes,
  maxBatch: decoded.maxBatch,
  rateLimit: decoded.rateLimit
})
