import { FetchHttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Option } from "effect"
import { OllamaAnalyzer } from "../../../src/analysis/index.js"
import { FailureAnalyzer } from "../../../src/index.js"
import { failureReport } from "../../fixtures/events.js"
import { ollama } from "../../fixtures/modelApis.js"
import * as ModelServer from "../../fixtures/modelServer.js"

const answer = '{"exact_why": "Row 7"}'

const ask = (url: string, options: OllamaAnalyzer.OllamaOptions = {}) =>
  Effect.flatMap(OllamaAnalyzer.make({ model: "llama3", endpoint: url, ...options }), (analyzer) =>
    analyzer.analyze(failureReport)
  )

layer(FetchHttpClient.layer)("OllamaAnalyzer", (it) => {
  it.scoped("asks for one answer in the form of a JSON Schema, at temperature 0", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(ollama.saying(answer)))
      yield* ask(url)
      const { body } = yield* request
      assert.deepInclude(body, { model: "llama3", stream: false, options: { temperature: 0, num_predict: 1_024 } })
      const format = body["format"] as { readonly required: ReadonlyArray<string> }
      assert.deepStrictEqual(format.required, ["exact_why", "evidence", "targeted_fix", "code_changes"])
      assert.include(String(body["prompt"]), "CsvError: bad row 7")
      assert.include(String(body["system"]), "exact_why")
    })
  )

  it.scoped("asks for a context that holds a long prompt, which would be cut else", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(ollama.saying(answer)))
      yield* ask(url, { maxContextChars: 30_000, maxTokens: 2_000 })
      assert.deepInclude((yield* request).body, { options: { temperature: 0, num_predict: 2_000, num_ctx: 12_288 } })
    })
  )

  it.scoped("reads an answer behind its reasoning", () =>
    Effect.gen(function* () {
      const { url } = yield* ModelServer.serve(ModelServer.json(ollama.saying(`<think>\nHm {\n</think>\n\n${answer}`)))
      assert.strictEqual(Option.getOrThrow(yield* ask(url)).exactWhy, "Row 7")
    })
  )

  it.scoped("says how to get a model that is not there", () =>
    Effect.gen(function* () {
      const { url } = yield* ModelServer.serve(ModelServer.json({ error: "model 'llama3' not found" }, 404))
      const error = yield* Effect.flip(ask(url))
      assert.strictEqual(
        error.message,
        `ollama (llama3) at ${url}/api/generate: status 404: model 'llama3' not found. ` +
          "Run `ollama pull llama3`, or set RUNTIME_NARRATIVE_MODEL to a model that `ollama list` shows"
      )
    })
  )

  it.scoped("says what helps where there is no Ollama, and where the model is too large", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(ModelServer.serve(ModelServer.silent))
      assert.include((yield* Effect.flip(ask(closed.url))).advice, "ollama serve")
      const tooLarge = { error: "model requires more system memory (8.4 GiB) than is available (3.1 GiB)" }
      const { url } = yield* ModelServer.serve(ModelServer.json(tooLarge, 500))
      assert.include((yield* Effect.flip(ask(url))).advice, "smaller model")
    })
  )

  it.scoped("reports that a model was loaded, and asked nothing, as an answer that says nothing", () =>
    Effect.gen(function* () {
      const loaded = {
        model: "llama3",
        created_at: "2025-10-17T23:14:07Z",
        response: "",
        done: true,
        done_reason: "load"
      }
      const { url } = yield* ModelServer.serve(ModelServer.json(loaded))
      assert.strictEqual((yield* Effect.flip(ask(url))).reason, "InvalidAnswer")
    })
  )

  it.scoped("is a layer whose options may be settings of the program", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(ollama.saying(answer)))
      const Live = OllamaAnalyzer.layerConfig({
        endpoint: Config.string("OLLAMA_URL"),
        model: Config.string("OLLAMA_MODEL"),
        maxTokens: Config.withDefault(Config.integer("OLLAMA_TOKENS"), 500)
      }).pipe(
        Layer.provide(
          Layer.setConfigProvider(
            ConfigProvider.fromMap(
              new Map([
                ["OLLAMA_URL", url],
                ["OLLAMA_MODEL", "phi-4"]
              ])
            )
          )
        )
      )
      const { analyze } = yield* Effect.provide(FailureAnalyzer.FailureAnalyzer, Live)
      yield* analyze(failureReport)
      assert.deepInclude((yield* request).body, { model: "phi-4", options: { temperature: 0, num_predict: 500 } })
    })
  )

  it.effect("fails its layer with the setting that a Config misses", () =>
    Effect.gen(function* () {
      const error = yield* Effect.scoped(
        Layer.build(OllamaAnalyzer.layerConfig({ model: Config.string("NO_SUCH") }))
      ).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map())), Effect.flip)
      assert.include(String(error), "NO_SUCH")
    })
  )
})
