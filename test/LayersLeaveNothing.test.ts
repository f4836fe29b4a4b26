import { createServer } from "node:http"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FiberRef, Layer } from "effect"
import { HistoryRenderer } from "../src/history/index.js"
import {
  AlertRenderer,
  ConsoleRenderer,
  HtmlReportRenderer,
  JsonRenderer,
  Narrative,
  NarrativeMetrics,
  PrometheusRenderer,
  RotatingJsonRenderer,
  WideEventRenderer
} from "../src/index.js"
import * as renderers from "../src/internal/renderers.js"
import { OtelLogRenderer } from "../src/otel/index.js"

/** Every renderer that has something to close, writing to a folder. */
const layersIn = (folder: string) => ({
  json: JsonRenderer.layerFile(`${folder}/a.jsonl`),
  rotating: RotatingJsonRenderer.layer(`${folder}/b.jsonl`),
  html: HtmlReportRenderer.layer({ path: `${folder}/c.html` }),
  wide: WideEventRenderer.layerFile(`${folder}/d.jsonl`),
  alerts: AlertRenderer.layer({ destinations: [AlertRenderer.destination("none", () => Effect.void)] }),
  history: HistoryRenderer.layer({ filename: `${folder}/e.db` }),
  logs: Layer.provide(OtelLogRenderer.layerOtlp({ url: "http://127.0.0.1:9/v1/logs", retries: 0 }), [
    NodeHttpClient.layer,
    OtlpSerialization.layerJson
  ]),
  metrics: NarrativeMetrics.layer(),
  prometheus: Layer.provide(
    PrometheusRenderer.layer(),
    NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })
  ),
  console: ConsoleRenderer.layer()
})

describe("Renderer layers", () => {
  it.scopedLive("leave nothing behind in the fiber they were provided to, alone or merged", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())
      const before = yield* FiberRef.get(renderers.current)
      const layers = layersIn(folder)
      const all: ReadonlyArray<Layer.Layer<unknown, unknown, never>> = Object.values(layers).map((layer) =>
        Layer.provide(layer as Layer.Layer<unknown, unknown, FileSystem.FileSystem>, NodeContext.layer)
      )
      const told: Effect.Effect<void> = Narrative.story(Effect.void, "Told")
      const merged = [mergeAll(all), mergeAll(all.toReversed()), mergeAll(all.slice(0, 3))]
      for (const [at, layer] of [...all, ...merged].entries()) {
        yield* Effect.provide(told, layer)
        const after = yield* FiberRef.get(renderers.current)
        assert.deepStrictEqual(
          after.map(({ name }) => name),
          before.map(({ name }) => name),
          `layer ${at}`
        )
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

const mergeAll = (layers: ReadonlyArray<Layer.Layer<unknown, unknown, never>>): Layer.Layer<unknown, unknown, never> =>
  layers.reduce((left, right) => Layer.merge(left, right))
