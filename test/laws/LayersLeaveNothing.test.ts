import { createServer } from "node:http"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FiberRef, Layer } from "effect"
import * as rendererSet from "../../src/delivery/rendererSet.js"
import { HistoryRenderer } from "../../src/history/index.js"
import {
  AlertRenderer,
  ConsoleRenderer,
  HtmlReportRenderer,
  JsonRenderer,
  Narrative,
  NarrativeMetrics,
  PrometheusRenderer,
  Renderer,
  RotatingJsonRenderer,
  WideEventRenderer
} from "../../src/index.js"
import { logging } from "../../src/narration/storyLogger.js"
import { OtelLogRenderer } from "../../src/otel/index.js"
import { muted } from "../../src/runtime/muting.js"
import * as switches from "../../src/runtime/switches.js"

/** Every layer that changes who is delivered a story, those that have something to close writing to a folder. */
const layersIn = (folder: string) => ({
  json: JsonRenderer.layerFile({ path: `${folder}/a.jsonl` }),
  rotating: RotatingJsonRenderer.layer({ path: `${folder}/b.jsonl` }),
  html: HtmlReportRenderer.layer({ path: `${folder}/c.html` }),
  wide: WideEventRenderer.layerFile({ path: `${folder}/d.jsonl` }),
  alerts: AlertRenderer.layer({ destinations: [AlertRenderer.destination("none", () => Effect.void)] }),
  history: HistoryRenderer.layer({ path: `${folder}/e.db` }),
  logs: Layer.provide(OtelLogRenderer.layerOtlp({ url: "http://127.0.0.1:9/v1/logs", retries: 0 }), [
    NodeHttpClient.layer,
    OtlpSerialization.layerJson
  ]),
  metrics: NarrativeMetrics.layer(),
  prometheus: Layer.provide(
    PrometheusRenderer.layer(),
    NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })
  ),
  console: ConsoleRenderer.layer(),
  none: Renderer.layerNone,
  disabled: Narrative.disabled,
  logger: Narrative.logger,
  other: Layer.scopedDiscard(Effect.addFinalizer(() => Effect.void))
})

/** Who would hear of a story here, and of what is logged in it. */
const received = Effect.all({
  renderers: Effect.map(FiberRef.get(rendererSet.current), (current) => current.map(({ name }) => name)),
  muted: Effect.map(FiberRef.get(muted), switches.isOn),
  logging: Effect.map(FiberRef.get(logging), switches.isOn)
})

describe("Renderer layers", () => {
  it.scopedLive("renderer layers leave nothing behind in the fiber they were provided to, alone or merged", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())
      const before = yield* received
      const layers = layersIn(folder)
      const all: ReadonlyArray<Layer.Layer<unknown, unknown, never>> = Object.values(layers).map((layer) =>
        Layer.provide(layer as Layer.Layer<unknown, unknown, FileSystem.FileSystem>, NodeContext.layer)
      )
      const recorded: Effect.Effect<void> = Narrative.story(Effect.void, "Told")
      // What closes beside those that close nothing themselves decides what is joined back.
      const pairs = all.slice(-4).flatMap((layer) =>
        all.flatMap((other) => [
          [layer, other],
          [other, layer]
        ])
      )
      const merged = [all, all.toReversed(), ...pairs].map(mergeAll)
      for (const [at, layer] of [...all, ...merged].entries()) {
        // In a fiber of its own: fiber refs that another layer has set already hide what this one leaves.
        const fiber = yield* Effect.fork(Effect.zipRight(Effect.provide(recorded, layer), received))
        assert.deepStrictEqual(yield* Fiber.await(fiber), Exit.succeed(before), `layer ${at}`)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

const mergeAll = (layers: ReadonlyArray<Layer.Layer<unknown, unknown, never>>): Layer.Layer<unknown, unknown, never> =>
  layers.reduce((left, right) => Layer.merge(left, right))
