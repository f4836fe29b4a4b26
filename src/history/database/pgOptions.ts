/**
 * How a history on PostgreSQL is reached: options, checked before anything is connected.
 */
import type { ConnectionOptions } from "node:tls"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { InvalidOption } from "../../plain/InvalidOption.js"
import { misspeltIn } from "../../plain/misspelt.js"
import * as options from "../../plain/options.js"

/**
 * Where a PostgreSQL server is, and how it is talked to.
 *
 * @since 0.1.0
 * @category models
 */
export interface PgConnection {
  /**
   * `postgres://user@host:5432/database?schema=narrative`. What other options give wins over what it says; `sslmode` and
   * what else `pg` knows is passed on. With any `sslmode` but `disable` and `no-verify`, the server's certificate is checked.
   */
  readonly url?: string | Redacted.Redacted | undefined
  /** A name, an address, or the folder of a socket (default `localhost`, or `PGHOST`). */
  readonly host?: string | undefined
  /** 1–65,535 (default 5432, or `PGPORT`). */
  readonly port?: number | undefined
  /** Default: the name of the user, or `PGDATABASE`. */
  readonly database?: string | undefined
  /** Default: the user of the operating system, or `PGUSER`. */
  readonly username?: string | undefined
  /** It is in no error, log or span. Default: `PGPASSWORD`, or what `.pgpass` says. */
  readonly password?: string | Redacted.Redacted | undefined
  /** `true` for TLS with a certificate that the machine trusts, or the options of `node:tls` (default: what `url` says, or none). */
  readonly ssl?: boolean | ConnectionOptions | undefined
  /** The schema of the tables, which is made if it is not there (default `narrative`). */
  readonly schema?: string | undefined
  /** Most connections: 1–1,000 (default 4). */
  readonly maxConnections?: number | undefined
  /** What `pg_stat_activity` shows (default `effect-narrative`). */
  readonly applicationName?: string | undefined
  /** How long a statement may take before the server ends it (default 30 seconds). */
  readonly statementTimeout?: Duration.DurationInput | undefined
  /** How long a connection may take to come about (default 5 seconds). */
  readonly connectTimeout?: Duration.DurationInput | undefined
}

const secretText = Schema.Union(Schema.String, Schema.RedactedFromSelf(Schema.String)).pipe(
  options.takes("a text, or a Redacted one"),
  options.secret
)

const name = options.nonEmptyText

/** A name that needs no quotes, so that it is the same to whoever types it. */
const schemaName = Schema.String.pipe(
  Schema.filter((value) => /^[a-z_][a-z0-9_]{0,62}$/.test(value) && !value.startsWith("pg_")),
  options.takes("a name of at most 63 small letters, digits and underscores")
)

const Connection = Schema.Struct({
  url: Schema.optional(secretText),
  host: Schema.optional(name),
  port: Schema.optional(options.wholeNumber(1, 65_535)),
  database: Schema.optional(name),
  username: Schema.optional(name),
  password: Schema.optional(secretText),
  ssl: Schema.optional(
    options.like(
      (value): value is boolean | ConnectionOptions => Predicate.isBoolean(value) || Predicate.isRecord(value),
      "true, false, or options of node:tls"
    )
  ),
  schema: Schema.optional(schemaName),
  maxConnections: options.withDefault(options.wholeNumber(1, 1_000), 4),
  applicationName: Schema.optional(name),
  statementTimeout: options.withDefault(options.positiveDuration, Duration.seconds(30)),
  connectTimeout: options.withDefault(options.positiveDuration, Duration.seconds(5))
})

/** What a client is made of. */
export interface PgTarget {
  /** With the password, and with what each connection of ours is set to. */
  readonly url: Redacted.Redacted
  /** Without the password, for people. */
  readonly shown: string
  readonly schema: string
  readonly ssl: boolean | ConnectionOptions | undefined
  readonly maxConnections: number
  readonly connectTimeout: Duration.Duration
}

const decoded = options.decode("History", Connection)

/** @internal */
export const names: ReadonlyArray<string> = Object.keys(Connection.fields)

/**
 * `also` are the names of what the same options say of something else.
 *
 * @internal
 */
export const decode = (given: PgConnection, also: ReadonlyArray<string> = []): Either.Either<PgTarget, InvalidOption> =>
  Either.gen(function* () {
    const mistake = misspeltIn("History", given, [...names, ...also])
    if (mistake !== undefined) return yield* Either.left(mistake)
    const {
      applicationName,
      connectTimeout,
      database,
      host,
      maxConnections,
      password,
      port,
      schema,
      ssl,
      statementTimeout,
      url,
      username
    } = yield* decoded(picked(given))
    const parts = yield* partsOf(url === undefined ? "postgres:///" : textOf(url))
    const named = schema ?? parts.parameters.get("schema") ?? "narrative"
    yield* decoded({ schema: named })
    const where: Parts = {
      host: host ?? parts.host,
      port: port === undefined ? parts.port : String(port),
      database: database ?? parts.database,
      username: username ?? parts.username,
      password: password === undefined ? parts.password : textOf(password),
      parameters: new URLSearchParams(parts.parameters)
    }
    const { parameters } = where
    parameters.delete("schema")
    if (ssl !== undefined) for (const name of tlsParameters) parameters.delete(name)
    const shown = `${urlOf({ ...where, password: "", parameters: new URLSearchParams() })}?schema=${named}`
    const millis = Duration.toMillis(statementTimeout)
    parameters.set("application_name", applicationName ?? parameters.get("application_name") ?? "effect-narrative")
    parameters.set("statement_timeout", String(Math.ceil(millis)))
    // The server may be out of reach, so that only we end the statement.
    parameters.set("query_timeout", String(Math.ceil(millis + 5_000)))
    // A transaction whose client is gone holds its locks no longer than this.
    parameters.set("idle_in_transaction_session_timeout", "15000")
    parameters.set("keepAlive", "true")
    parameters.set("options", `${parameters.get("options") ?? ""} ${settingsOf(named)}`.trim())
    return { url: Redacted.make(urlOf(where)), shown, schema: named, ssl, maxConnections, connectTimeout }
  })

/** Of each connection, whatever its role or its database is set to. */
const settingsOf = (schema: string): string =>
  [
    // Our queries read little: compiling one takes longer than running it.
    "jit=off",
    // Numbers as they were written, and not rounded.
    "extra_float_digits=1",
    // A backslash is one.
    "standard_conforming_strings=on",
    `search_path=${schema}`
  ]
    .map((setting) => `-c ${setting}`)
    .join(" ")

const tlsParameters = ["ssl", "sslmode", "sslcert", "sslkey", "sslrootcert"]

const textOf = (given: string | Redacted.Redacted): string =>
  Predicate.isString(given) ? given : Redacted.value(given)

/** The options of a connection, among those of a renderer. */
const picked = (given: PgConnection): PgConnection =>
  Object.fromEntries(Object.entries(given).filter(([option]) => option in Connection.fields))

interface Parts {
  readonly host: string
  readonly port: string
  readonly database: string
  readonly username: string
  readonly password: string
  readonly parameters: URLSearchParams
}

/** Not its own error: that has the text, and the text the password. */
const partsOf = (given: string): Either.Either<Parts, InvalidOption> =>
  Either.try({
    try: () => {
      const { hostname, password, pathname, port, protocol, searchParams, username } = new URL(given)
      if (!/^postgres(ql)?:$/.test(protocol)) throw new Error("another protocol")
      return {
        host: searchParams.get("host") ?? decodeURIComponent(hostname),
        port,
        database: decodeURIComponent(pathname.slice(1)),
        username: decodeURIComponent(username),
        password: decodeURIComponent(password),
        parameters: searchParams
      }
    },
    catch: () =>
      new InvalidOption({
        module: "History",
        setting: "url",
        expected: "a URL such as postgres://user@host:5432/database"
      })
  })

const urlOf = ({ database, host, parameters, password, port, username }: Parts): string => {
  const secret = password === "" ? "" : `:${encodeURIComponent(password)}`
  const user = username === "" && secret === "" ? "" : `${encodeURIComponent(username)}${secret}@`
  // The folder of a socket, or an address of IPv6, which the client takes for a name in its brackets.
  const isParameter = /[/:]/.test(host)
  const all = new URLSearchParams(parameters)
  all.delete("host")
  if (isParameter) all.set("host", host.replaceAll(/[[\]]/g, ""))
  if (isParameter && port !== "") all.set("port", port)
  const query = all.size === 0 ? "" : `?${all.toString().replaceAll("+", "%20")}`
  const server = isParameter ? "" : `${host}${port === "" ? "" : `:${port}`}`
  return `postgres://${user}${server}/${encodeURIComponent(database)}${query}`
}
