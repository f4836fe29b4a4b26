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
import * as settings from "./settings.js"

/** @internal */
export const layer = (options: settings.RunOptions): Layer.Layer<Runs.Runs> =>
  Layer.unwrapEffect(
    Effect.suspend(() =>
      Either.match(settings.decode(options), {
        onLeft: (error) => Effect.as(unused(error.message), nothing),
        onRight: (decoded) => Effect.succeed(ofSettings(settings.settingsOf(decoded)))
      })
    )
  )

/** @internal */
export const layerPg = (options: pgSettings.RunPgOptions): Layer.Layer<Runs.Runs> =>
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

/** @internal */
export const layerEnvironment: Layer.Layer<Runs.Runs> = Layer.suspend(() => layer(settings.fromEnvironment()))

/** @internal */
export const layerTest: Layer.Layer<Runs.Runs> = Layer.effect(
  Runs.Runs,
  Effect.map(inMemory.make, (sink) => Runs.make(sink))
)
