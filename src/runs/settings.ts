/**
 * The options of `Run.layer`, and the environment variables that set them.
 */
import { join, resolve } from "node:path"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type Environment, environment } from "../plain/environment.js"
import * as options from "../plain/options.js"
import type { EmbeddedOptions } from "./embedded.js"
import { placesIn } from "./embedded.js"
import type { Server } from "./httpJson.js"
import type * as remote from "./remote.js"
import type { Changes } from "./runColumns.js"

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
  /** Where a run is posted to when it ends. */
  readonly postTo?: PostTarget | undefined
  /** Whether runs whose process on this machine is gone are ended as `cancelled` at the start (default `true`). */
  readonly sweep?: boolean | undefined
}

/**
 * An address that runs are posted to when they end, as JSON: a webhook, a sheet, a collector of metrics.
 *
 * @since 0.1.0
 * @category models
 */
export interface PostTarget {
  readonly url: string
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: Redacted.Redacted<string> | string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RemoteOptions extends Pick<RunOptions, "agentOwner" | "environment" | "git" | "postTo" | "sweep"> {
  /** The server, such as `http://127.0.0.1:8765`. */
  readonly url: string
  /** What the server asks for as bearer token. */
  readonly token?: Redacted.Redacted<string> | string | undefined
  /** The folder that keeps what the server has not taken yet (default `.telemetry/outbox`). */
  readonly outbox?: string | undefined
}

const url = Schema.String.pipe(
  Schema.filter((text) => /^https?:\/\//i.test(text) && URL.canParse(text)),
  options.takes("an address that begins with http:// or https://"),
  options.secret
)

const token = Schema.Union(options.nonEmptyText, Schema.RedactedFromSelf(options.nonEmptyText)).pipe(
  options.takes("a text that is not empty, or Redacted of one"),
  options.secret
)

/**
 * What is asked of runs wherever they are kept.
 *
 * @internal
 */
export const common = {
  agentOwner: Schema.optional(options.nonEmptyText),
  environment: Schema.optional(options.nonEmptyText),
  git: options.withDefault(options.flag, true),
  postTo: Schema.optional(Schema.Struct({ url, token: Schema.optional(token) })),
  sweep: options.withDefault(options.flag, true)
}

const Remote = Schema.Struct({
  url,
  token: Schema.optional(token),
  outbox: options.withDefault(options.nonEmptyText, join(".telemetry", "outbox")),
  ...common
})

/** @internal */
export const decodeRemote = options.decode("Run", Remote)

interface GivenServer {
  readonly url: string
  readonly token?: typeof token.Type | undefined
}

/** @internal */
export const targetOf = (given: GivenServer): Server => ({
  url: given.url,
  token: typeof given.token === "string" ? Redacted.make(given.token) : given.token
})

const Options = Schema.Struct({
  baseDir: options.withDefault(options.nonEmptyText, ".telemetry"),
  databasePath: Schema.optional(options.nonEmptyText),
  journalDir: Schema.optional(options.nonEmptyText),
  history: options.withDefault(options.flag, true),
  ...common
})

/** @internal */
export const decode = options.decode("Run", Options)

export interface Settings extends EmbeddedOptions {
  readonly history: boolean
  readonly sweep: boolean
  readonly postTo: Server | undefined
}

/** As it is given: what follows its path may be a key. */
export const postedTo = (given: GivenServer | undefined): Server | undefined =>
  given === undefined ? undefined : targetOf(given)

/** @internal */
export const settingsOf = (decoded: typeof Options.Type): Settings => {
  const places = placesIn(decoded.baseDir)
  return {
    database: decoded.databasePath === undefined ? places.database : resolve(decoded.databasePath),
    journal: decoded.journalDir === undefined ? places.journal : resolve(decoded.journalDir),
    repository: repositoryOf(decoded.git),
    history: decoded.history,
    sweep: decoded.sweep,
    postTo: postedTo(decoded.postTo),
    defaults: defaultsOf(decoded)
  }
}

/** The folder whose repository is noted: the program may change its own. */
export const repositoryOf = (git: boolean): string | undefined => (git ? process.cwd() : undefined)

/** What every run is given, unless it says otherwise. */
export const defaultsOf = ({ agentOwner, environment }: Pick<RunOptions, "agentOwner" | "environment">): Changes => ({
  ...(agentOwner === undefined ? {} : { agent_owner: agentOwner }),
  ...(environment === undefined ? {} : { environment })
})

const nonEmpty = (text: string | undefined): string | undefined => (text?.trim() === "" ? undefined : text)

export interface RemoteSettings extends remote.RemoteSettings {
  readonly postTo: Server | undefined
  readonly sweep: boolean
}

/** @internal */
export const remoteSettingsOf = (decoded: typeof Remote.Type): RemoteSettings => {
  const { token, url } = targetOf(decoded)
  return {
    server: { url: url.replace(/\/+$/, ""), token },
    outbox: resolve(decoded.outbox),
    defaults: defaultsOf(decoded),
    repository: decoded.git ? process.cwd() : undefined,
    sweep: decoded.sweep,
    postTo: decoded.postTo === undefined ? undefined : targetOf(decoded.postTo)
  }
}

const yes = new Set(["", "true", "1", "yes", "on"])

/** Where `METRICS_API_URL` and `METRICS_API_TOKEN` say that runs are posted to, unless `METRICS_API_ENABLED` says no. */
export const postTargetIn = (env: Environment = environment): PostTarget | undefined => {
  const url = nonEmpty(env["METRICS_API_URL"])
  const isEnabled = yes.has((env["METRICS_API_ENABLED"] ?? "").trim().toLowerCase())
  return url === undefined || !isEnabled ? undefined : { url, token: nonEmpty(env["METRICS_API_TOKEN"]) }
}

/**
 * What the environment says: `TELEMETRY_BASE_DIR`, `TELEMETRY_DB_PATH`, `TELEMETRY_NDJSON_DIR`, `AGENT_OWNER`, `METRICS_API_…`.
 *
 * @internal
 */
export const fromEnvironment = (env: Environment = environment): RunOptions => ({
  baseDir: nonEmpty(env["TELEMETRY_BASE_DIR"]),
  databasePath: nonEmpty(env["TELEMETRY_DB_PATH"]),
  journalDir: nonEmpty(env["TELEMETRY_NDJSON_DIR"]),
  agentOwner: nonEmpty(env["AGENT_OWNER"]),
  postTo: postTargetIn(env)
})

/** The server that `TELEMETRY_API_URL` and `TELEMETRY_API_TOKEN` name. */
export const remoteIn = (env: Environment = environment): RemoteOptions | undefined => {
  const url = nonEmpty(env["TELEMETRY_API_URL"])
  if (url === undefined) return undefined
  const { agentOwner, baseDir = ".telemetry", postTo } = fromEnvironment(env)
  return { url, token: nonEmpty(env["TELEMETRY_API_TOKEN"]), outbox: join(baseDir, "outbox"), agentOwner, postTo }
}
