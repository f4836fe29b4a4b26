/**
 * Metrics of stories, stages and work, as metrics of Effect: whatever exports those exports these, to OpenTelemetry, to
 * Prometheus, or to both. The names, labels and buckets are those of `Instruments`.
 *
 * Metrics are no place to read stories in: if no other renderer was chosen, the default one stays beside them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { globalValue } from "effect/GlobalValue"
import type * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Renderer from "../delivery/Renderer.js"
import { InvalidOption } from "../plain/InvalidOption.js"
import { withoutHoldingProcess } from "../runtime/unheldTimers.js"
import { MetricRecorder } from "./metricRecorder.js"
import { type MetricsOptions, type MetricsSettings, parse } from "./metricsSettings.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  HistogramName,
  /**
   * @since 0.1.0
   * @category models
   */
  MetricsOptions
} from "./metricsSettings.js"

/**
 * Makes metrics of what the stories do that the layer is provided to, and of the work they record with
 * `Work`. Dry runs are not counted.
 *
 * However often a layer with one prefix is provided, everything is counted once; two with one prefix have to have the
 * same settings.
 *
 * @example
 * ```ts
 * import { Otlp } from "@effect/opentelemetry"
 * import { FetchHttpClient } from "@effect/platform"
 * import { Effect, Layer } from "effect"
 * import { Narrative, NarrativeMetrics } from "effect-narrative"
 *
 * const Telemetry = Otlp.layerProtobuf({
 *   baseUrl: "http://localhost:4318",
 *   resource: { serviceName: "importer" }
 * }).pipe(Layer.provide(FetchHttpClient.layer))
 *
 * const program = Effect.void.pipe(Narrative.stage("Load"), Narrative.story("Import"))
 *
 * export const counted = program.pipe(
 *   Effect.provide([NarrativeMetrics.layer({ storyLabels: ["region"] }), Telemetry])
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: MetricsOptions = {}): Layer.Layer<never, InvalidOption> =>
  Renderer.layerAlongside(
    Effect.gen(function* () {
      const settings = yield* parse(options)
      const { renderer } = yield* recorder(settings)
      return renderer
    })
  )

interface Known {
  readonly settings: string
  readonly recorder: MetricRecorder
  users: number
}

// What was counted stays in Effect's registry, so what is known of it stays as well: a few series by prefix.
const recorders = globalValue("effect-narrative/metricRecorders", () => new Map<string, Known>())

/** The one recorder of a prefix, for as long as the scope is open. */
const recorder = (settings: MetricsSettings): Effect.Effect<MetricRecorder, InvalidOption, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const known = yield* enter(settings)
    // Not by `Effect.acquireRelease`, whose finalizer brings back the renderers of its acquisition.
    yield* Scope.addFinalizer(scope, leave(known))
    yield* Effect.sync(() => known.recorder.poll()).pipe(
      Effect.repeat(Schedule.spaced("1 second")),
      withoutHoldingProcess,
      Effect.interruptible,
      Effect.forkScoped
    )
    return known.recorder
  }).pipe(Effect.uninterruptible)

const leave = (known: Known): Effect.Effect<void> =>
  Effect.sync(() => {
    known.users -= 1
    if (known.users === 0) known.recorder.close()
    else known.recorder.poll()
  })

const enter = (settings: MetricsSettings): Either.Either<Known, InvalidOption> => {
  const text = JSON.stringify({ ...settings, buckets: Array.from(settings.buckets).sort() })
  const known = recorders.get(settings.prefix)
  if (known?.settings === text) {
    known.users += 1
    return Either.right(known)
  }
  if (known !== undefined && known.users > 0) {
    return Either.left(
      new InvalidOption({
        module: "NarrativeMetrics",
        setting: "prefix",
        expected: "one that is not in use with other settings",
        given: settings.prefix,
        advice: "Give both layers the same settings, or one of them another prefix"
      })
    )
  }
  const made = { settings: text, recorder: new MetricRecorder(settings), users: 1 }
  recorders.set(settings.prefix, made)
  return Either.right(made)
}

/**
 * Counts what became of the events that wait in queues up to now, as is done every second otherwise.
 *
 * @internal
 */
export const poll: Effect.Effect<void> = Effect.sync(() => {
  for (const { recorder, users } of recorders.values()) if (users > 0) recorder.poll()
})
