import { FetchHttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Option, Redacted } from "effect"
import { AnthropicAnalyzer } from "../../../src/analysis/index.js"
import { FailureAnalyzer } from "../../../src/index.js"
import { failureReport } from "../../fixtures/events.js"
import { anthropic } from "../../fixtures/modelApis.js"
import * as ModelServer from "../../fixtures/modelServer.js"

const answer = '{"exact_why": "Row 7"}'

const ask = (url: string, options: AnthropicAnalyzer.AnthropicOptions = {}) =>
  Effect.flatMap(AnthropicAnalyzer.make({ apiKey: Redacted.make("sk-ant-1"), endpoint: url, ...options }), (analyzer) =>
    analyzer.analyze(failureReport)
  ).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map())))

const message = (content: ReadonlyArray<object>, stop_reason: string) => ({
  id: "msg_01",
  type: "message",
  role: "assistant",
  model: "claude-haiku-4-5-20251001",
  content,
  stop_reason,
  stop_sequence: null,
  usage: { input_tokens: 412, output_tokens: 88 }
})

const asked = (body: unknown) => Effect.flatMap(ModelServer.serve(ModelServer.json(body)), ({ url }) => ask(url))

layer(FetchHttpClient.layer)("AnthropicAnalyzer", (it) => {
  it.scoped("asks Claude Haiku for at most 1,024 tokens at temperature 0, with its key and version", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(anthropic.saying(answer)))
      yield* ask(url)
      const { body, headers } = yield* request
      assert.deepInclude(body, { model: "claude-haiku-4-5-20251001", max_tokens: 1_024, temperature: 0 })
      assert.include(String(body["system"]), "exact_why")
      const [first] = body["messages"] as ReadonlyArray<{ readonly role: string; readonly content: string }>
      assert.strictEqual(first?.role, "user")
      assert.include(first?.content, "CsvError: bad row 7")
      assert.deepInclude(headers, { "x-api-key": "sk-ant-1", "anthropic-version": "2023-06-01" })
    })
  )

  it.scoped("takes its key from ANTHROPIC_API_KEY, or from a Config", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(anthropic.saying(answer)))
      const environment = ConfigProvider.fromMap(
        new Map([
          ["ANTHROPIC_API_KEY", " sk-ant-2\n"],
          ["SHOP_KEY", "sk-ant-3"]
        ])
      )
      const analyze = Effect.flatMap(FailureAnalyzer.FailureAnalyzer, ({ analyze }) => analyze(failureReport))
      yield* analyze.pipe(
        Effect.provide(AnthropicAnalyzer.layer({ endpoint: url })),
        Effect.withConfigProvider(environment)
      )
      assert.strictEqual((yield* request).headers["x-api-key"], "sk-ant-2")
      const options = { endpoint: Config.succeed(url), apiKey: Config.redacted("SHOP_KEY") }
      yield* analyze.pipe(
        Effect.provide(AnthropicAnalyzer.layerConfig(options)),
        Effect.withConfigProvider(environment)
      )
      assert.strictEqual((yield* request).headers["x-api-key"], "sk-ant-3")
    })
  )

  it.scoped("reads the text, and not what the model thought", () =>
    Effect.gen(function* () {
      const content = [
        { type: "thinking", thinking: '{"exact_why": "no"}', signature: "EqQB" },
        { type: "text", text: '{"exact_why": ' },
        { type: "text", text: '"Row 7"}' }
      ]
      const { exactWhy, model } = Option.getOrThrow(yield* asked(message(content, "end_turn")))
      assert.deepStrictEqual([exactWhy, model], ["Row 7", "claude-haiku-4-5-20251001"])
    })
  )

  it.scoped("keeps an answer that was cut at its token limit", () =>
    Effect.gen(function* () {
      const cut = message([{ type: "text", text: '{"exact_why": "Row' }], "max_tokens")
      assert.strictEqual(Option.getOrThrow(yield* asked(cut)).rawText, '{"exact_why": "Row')
    })
  )

  it.scoped("reports a refusal as refused, and an answer without text as invalid", () =>
    Effect.gen(function* () {
      const refusal = yield* Effect.flip(asked(message([], "refusal")))
      assert.deepStrictEqual([refusal.reason, refusal.description], ["Refused", "the model declined to answer"])
      const empty = yield* Effect.flip(asked(message([], "end_turn")))
      assert.strictEqual(empty.reason, "InvalidAnswer")
    })
  )

  it.scoped("says which settings help against a wrong key and an unknown model", () =>
    Effect.gen(function* () {
      const serve = (message: string, type: string, status: number) =>
        Effect.flatMap(ModelServer.serve(ModelServer.json(anthropic.error(message, type), status)), ({ url }) =>
          Effect.flip(ask(url, { model: "claude-none" }))
        )
      assert.include((yield* serve("invalid x-api-key", "authentication_error", 401)).advice, "ANTHROPIC_API_KEY")
      const unknown = yield* serve("model: claude-none", "not_found_error", 404)
      assert.include(unknown.message, "status 404: model: claude-none")
      assert.include(unknown.advice, "RUNTIME_NARRATIVE_MODEL")
    })
  )

  it.scoped("reports that the API is overloaded as worth another try", () =>
    Effect.gen(function* () {
      const { url } = yield* ModelServer.serve(ModelServer.json(anthropic.error("Overloaded", "overloaded_error"), 529))
      const error = yield* Effect.flip(ask(url))
      assert.strictEqual(error.description, "status 529: Overloaded")
      assert.isTrue(error.retryable)
    })
  )
})
