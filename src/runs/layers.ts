/**
 * The layers of `Run`. None of them fails: a program runs without its telemetry, and a warning says so.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { HistoryError } from "../history/HistoryError.js"
import * as HistoryRenderer from "../history/HistoryRenderer.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import { withoutNarration } from "../runtime/muting.js"
import { warning } from "../runtime/warnOnce.js"
import * as embedded from "./embedded.js"
import type { Server } from "./httpJson.js"
import * as inMemory from "./inMemory.js"
import * as onPostgres from "./onPostgres.js"
import * as pgSettings from "./pgSettings.js"
import * as posting from "./posting.js"
import * as Runs from "./Runs.js"
import * as remote from "./remote.js"
import * as settings from "./settings.js"

/**
 * Keeps runs in a folder: each write goes to the journal, and is on the disk when it returns; from there into the database
 * `db/telemetry.sqlite`. Stories, stages and failures are kept beside them. Several processes may share a folder.
 *
 * The layer never fails: what is wrong with its options is a warning, and runs are not kept then.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: settings.RunOptions = {}): Layer.Layer<Runs.Runs> =>
  Layer.unwrapEffect(
    Effect.suspend(() =>
      Either.match(settings.decode(options), {
        onLeft: (error) => Effect.as(unused(error.message), nothing),
        onRight: (decoded) => Effect.succeed(ofSettings(settings.settingsOf(decoded)))
      })
    )
  )

/**
 * Keeps runs in a schema of PostgreSQL, which any number of programs on any number of machines share. With a `baseDir` each write is on
 * this machine's disk when it returns, in a journal, and goes to the server from there. Without one it is committed by the server when it
 * returns; while the server is out of reach, writes wait in memory, and the program does not wait for them. Needs `@effect/sql-pg`.
 *
 * The layer never fails: what is wrong with its options is a warning, and runs are not kept then.
 *
 * @example
 * ```ts
 * import { Config, Effect, Layer } from "effect"
 * import { Run } from "effect-narrative/runs"
 *
 * const Runs = Layer.unwrapEffect(
 *   Effect.map(Config.redacted("DATABASE_URL"), (url) => Run.layerPg({ url, baseDir: ".telemetry" }))
 * )
 *
 * Effect.void.pipe(Run.track("importer", "nightly"), Effect.provide(Runs), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPg = (options: pgSettings.RunPgOptions = {}): Layer.Layer<Runs.Runs> =>
  Layer.unwrapEffect(
    Effect.suspend(() =>
      Either.match(pgSettings.decode(options), {
        onLeft: (error) => Effect.as(unused(error.message), nothing),
        onRight: (given) =>
          Effect.succeed(
            recorded(
              Effect.map(onPostgres.open(given), ({ sink }) => sink),
              given,
              given.history ? HistoryRenderer.layerPg(connectionOf(options)) : undefined
            )
          )
      })
    )
  )

/** What a history has besides is its own. */
const connectionOf = ({ capacity: _, reconnectTimeout: __, ...options }: pgSettings.RunPgOptions) => options

const unused = (why: string) => warning(`Runs are not recorded; the program goes on: ${why}`)

const nothing: Layer.Layer<Runs.Runs> = Layer.sync(Runs.Runs, () => Runs.Runs.defaultValue())

const ofSettings = (given: settings.Settings): Layer.Layer<Runs.Runs> =>
  recorded(embedded.make(given), given, given.history ? HistoryRenderer.layer({ path: given.database }) : undefined)

const recorded = (
  sink: Effect.Effect<Runs.RunSink, never, Scope.Scope>,
  { postTo, sweep }: Pick<settings.Settings, "postTo" | "sweep">,
  history: Layer.Layer<never, HistoryError | InvalidOption> | undefined
): Layer.Layer<Runs.Runs> => {
  const runs = Layer.scoped(
    Runs.Runs,
    Effect.gen(function* () {
      const made = yield* withPosting(yield* sink, postTo)
      // A database that cannot be used is no reason to wait, nor to say so twice.
      if (sweep) yield* Effect.forkScoped(withoutNarration(Effect.ignore(made.sweep({}))))
      return made
    })
  )
  if (history === undefined) return runs
  const stories = Layer.catchAll(history, (error) =>
    Layer.effectDiscard(warning(`Stories are not kept beside the runs; the program goes on: ${error.message}`))
  )
  return Layer.merge(runs, stories)
}

/** The service of a sink, which posts runs when they end where there is an address for that. */
const withPosting = (sink: Runs.RunSink, server: Server | undefined) =>
  server === undefined
    ? Effect.succeed(Runs.make(sink))
    : Effect.map(Effect.provide(posting.make(sink, server), FetchHttpClient.layer), (made) => Runs.make(sink, made))

/**
 * Sends runs to a server (`narrative serve`). A write counts when it is on this disk, in a folder of its own, from which it is
 * sent in order: at once, or when the server can be reached again, also by the next start of a program with that folder. The program
 * never waits for the server, and each write arrives once. Stories and stages are not sent: provide a renderer or a tracer for them.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Run } from "effect-narrative/runs"
 *
 * const program = Run.track(Effect.void, "importer", "nightly")
 *
 * program.pipe(Effect.provide(Run.layerRemote({ url: "http://127.0.0.1:8765" })), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerRemote = (options: settings.RemoteOptions): Layer.Layer<Runs.Runs> =>
  Layer.unwrapEffect(
    Effect.suspend(() =>
      Either.match(settings.decodeRemote(options), {
        onLeft: (error) => Effect.as(unused(error.message), nothing),
        onRight: (decoded) => Effect.succeed(ofServer(settings.remoteSettingsOf(decoded)))
      })
    )
  )

const ofServer = (given: settings.RemoteSettings): Layer.Layer<Runs.Runs> =>
  recorded(Effect.provide(remote.make(given), FetchHttpClient.layer), given, undefined)

/**
 * {@link layer}, or {@link layerRemote} where `TELEMETRY_API_URL` names a server, with what the environment says:
 * `TELEMETRY_BASE_DIR`, `TELEMETRY_DB_PATH`, `TELEMETRY_NDJSON_DIR`, `TELEMETRY_API_TOKEN`, `AGENT_OWNER`, and where runs are posted to:
 * `METRICS_API_URL`, `METRICS_API_TOKEN`, unless `METRICS_API_ENABLED` says no.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEnvironment: Layer.Layer<Runs.Runs> = Layer.suspend(() => {
  const server = settings.remoteIn()
  return server === undefined ? layer(settings.fromEnvironment()) : layerRemote(server)
})

/**
 * Keeps runs in memory, for tests: `Run.records` has them as a database would.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerTest: Layer.Layer<Runs.Runs> = Layer.effect(
  Runs.Runs,
  Effect.map(inMemory.make, (sink) => Runs.make(sink))
)
