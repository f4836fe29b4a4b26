import * as OtelLogger from "@effect/opentelemetry/Logger"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as Resource from "@effect/opentelemetry/Resource"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http"
import { BatchLogRecordProcessor } from "@opentelemetry/sdk-logs"
import { Effect, FastCheck as fc, Layer, Logger } from "effect"
import { failureTime } from "../../src/event/failureTime.js"
import { Narrative } from "../../src/index.js"
import { NarrativeTracing, OtelLogRenderer } from "../../src/otel/index.js"
import * as logRecord from "../../src/otel/logRecord.js"
import { anyEvent } from "../fixtures/events.js"
import * as Collector from "./Collector.js"

type Way = (url: string) => Layer.Layer<never, OtelLogRenderer.SdkMissing>

const ways: { readonly [name: string]: Way } = {
  "the SDK": (url) =>
    OtelLogRenderer.layer.pipe(
      Layer.provide(
        OtelLogger.layerLoggerProvider(
          new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${url}/v1/logs` }) })
        )
      ),
      Layer.provide(Resource.layer({ serviceName: "importer" }))
    ),
  "OTLP, JSON": (url) => otlp(url, OtlpSerialization.layerJson),
  "OTLP, protobuf": (url) => otlp(url, OtlpSerialization.layerProtobuf)
}

const otlp = (url: string, serialization: Layer.Layer<OtlpSerialization.OtlpSerialization>) =>
  Layer.orDie(
    OtelLogRenderer.layerOtlp({
      url: `${url}/v1/logs`,
      resource: { serviceName: "importer" },
      // Real sockets know nothing of the test's clock.
      timeout: "1 day"
    }).pipe(Layer.provide([NodeHttpClient.layer, serialization]))
  )

const quiet = Logger.remove(Logger.defaultLogger)

const traces = (url: string) =>
  NarrativeTracing.layerOtlp({ url: `${url}/v1/traces`, timeout: "1 day" }).pipe(
    Layer.provide([NodeHttpClient.layer, OtlpSerialization.layerJson])
  )

const recorded = <E>(program: Effect.Effect<unknown, E>, layer: Way) =>
  Effect.gen(function* () {
    const collector = yield* Collector.make
    yield* program.pipe(
      Effect.exit,
      Effect.provide(Layer.mergeAll(layer(collector.url), traces(collector.url), Narrative.logger, quiet))
    )
    return collector
  })

const failing = Effect.logError("row 7 looks odd").pipe(
  Effect.annotateLogs("row", 7),
  Effect.zipRight(Narrative.note("checkpoint", { row: 7 })),
  Effect.zipRight(Effect.fail({ _tag: "CsvError", message: "bad row", password: "hunter2hunter2" })),
  Narrative.stage("Load"),
  Narrative.story("Import", { labels: { region: "eu" } })
)

const nameOf = (log: Collector.ReceivedLog) => (log.eventName === "" ? log.attributes["event.name"] : log.eventName)

for (const [name, layer] of Object.entries(ways)) {
  describe(`OtelLogRenderer by ${name}`, () => {
    it.scopedLive("records every event, in order, with its severity", () =>
      Effect.gen(function* () {
        const { logs } = yield* recorded(failing, layer)
        const bySequence = logs.toSorted(
          (a, b) => Number(a.attributes["narrative.sequence"]) - Number(b.attributes["narrative.sequence"])
        )
        assert.deepStrictEqual(
          bySequence.map((log) => [nameOf(log), log.severityText, log.severityNumber]),
          [
            ["narrative.story.started", "INFO", 9],
            ["narrative.stage.started", "DEBUG", 5],
            ["narrative.log", "ERROR", 17],
            ["narrative.note", "INFO", 9],
            ["narrative.stage.failed", "WARN", 13],
            ["narrative.failure", "ERROR", 17],
            ["narrative.story.completed", "INFO", 9]
          ]
        )
      })
    )

    it.scopedLive("ties each record to the span it belongs to", () =>
      Effect.gen(function* () {
        const { logs, spans } = yield* recorded(failing, layer)
        const idOf = (span: string) => spans.find(({ name }) => name === span)?.spanId
        for (const log of logs) {
          const expected = String(nameOf(log)).match(/stage|log|note/) ? idOf("Load") : idOf("Import")
          assert.strictEqual(log.spanId, expected, String(nameOf(log)))
          assert.strictEqual(log.traceId, spans[0]?.traceId)
        }
      })
    )

    it.scopedLive("records numbers of either sign and any texts", () =>
      Effect.gen(function* () {
        const attributes = { debt: -5, ratio: -0.5, text: "数😀", none: "" }
        const { logs } = yield* recorded(Narrative.story(Effect.void, "Import", { attributes }), layer)
        assert.lengthOf(logs, 2)
        for (const log of logs) assert.deepInclude(log.attributes, attributes)
      })
    )

    it.scopedLive("records a failure by OpenTelemetry's names, without its secrets", () =>
      Effect.gen(function* () {
        const { bodies, logs, resource } = yield* recorded(failing, layer)
        const failure = logs.find((log) => nameOf(log) === "narrative.failure")
        assert.deepInclude(failure?.attributes, {
          "error.type": "CsvError",
          "exception.type": "CsvError",
          "narrative.story.name": "Import",
          "narrative.stage.name": "Load"
        })
        assert.include(String(failure?.attributes["code.file.path"]), "OtelLogRenderer.test.ts")
        assert.isAbove(Number(failure?.attributes["code.line.number"]), 0)
        assert.notInclude(bodies.join(), "hunter2")
        assert.strictEqual(resource["service.name"], "importer")
      })
    )
  })
}

describe("A log record", () => {
  it("belongs to a span only if every endpoint can read its ids", () => {
    const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }
    const unreadable = [{ traceId: "a trace" }, { spanId: "12" }, { spanId: "0".repeat(16) }, { traceId: null }]
    fc.assert(
      fc.property(anyEvent, fc.constantFrom(...unreadable), (event, odd) => {
        assert.deepStrictEqual(logRecord.of({ ...event, ...ids }).span, ids)
        assert.isUndefined(logRecord.of({ ...event, ...ids, ...odd }).span)
      })
    )
  })

  it("is made of any event: a known name, a severity of the data model, nothing null", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const record = logRecord.of(event)
        assert.match(record.eventName, /^narrative\.[a-z.]+$/)
        assert.include([1, 5, 9, 13, 17, 21], record.severity.number)
        assert.strictEqual(record.attributes["narrative.story.id"] === undefined, false)
        assert.strictEqual(record.timestamp, event._tag === "FailureOccurred" ? failureTime(event) : event.timestamp)
        if (record.span !== undefined) assert.deepInclude(event, record.span)
      })
    )
  })
})
