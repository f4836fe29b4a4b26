import { FetchHttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { OpenAiCompatibleAnalyzer } from "../../../src/analysis/index.js"
import { failureReport } from "../../fixtures/events.js"
import { openAi } from "../../fixtures/modelApis.js"
import * as ModelServer from "../../fixtures/modelServer.js"

const answer = '{"exact_why": "Row 7"}'

const ask = (url: string, options: OpenAiCompatibleAnalyzer.OpenAiCompatibleOptions = {}) =>
  Effect.flatMap(OpenAiCompatibleAnalyzer.make({ model: "llama3", endpoint: url, ...options }), (analyzer) =>
    analyzer.analyze(failureReport)
  )

const completion = (message: object, finish_reason = "stop") => ({
  id: "chatcmpl-123",
  object: "chat.completion",
  created: 1741569952,
  model: "llama3-70b-0924",
  choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason }]
})

const asked = (body: unknown, options?: OpenAiCompatibleAnalyzer.OpenAiCompatibleOptions) =>
  Effect.flatMap(ModelServer.serve(ModelServer.json(body)), ({ url }) => ask(url, options))

layer(FetchHttpClient.layer)("OpenAiCompatibleAnalyzer", (it) => {
  it.scoped("sends the messages, at temperature 0, and no key where it has none", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(openAi.saying(answer)))
      yield* ask(url)
      const { body, headers } = yield* request
      assert.deepInclude(body, { model: "llama3", temperature: 0, max_tokens: 1_024, stream: false })
      const messages = body["messages"] as ReadonlyArray<{ readonly role: string }>
      assert.deepStrictEqual(
        messages.map(({ role }) => role),
        ["system", "user"]
      )
      assert.notProperty(headers, "authorization")
      assert.notProperty(body, "response_format")
    })
  )

  it.scoped("sends its key, and the headers it is given, which come first", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(openAi.saying(answer)))
      yield* ask(url, { apiKey: Redacted.make("key-1"), headers: { "X-Title": "shop" } })
      assert.deepInclude((yield* request).headers, { authorization: "Bearer key-1", "x-title": "shop" })
      yield* ask(url, { apiKey: Redacted.make("key-1"), headers: { authorization: Redacted.make("Api-Key key-2") } })
      assert.deepInclude((yield* request).headers, { authorization: "Api-Key key-2" })
    })
  )

  it.scoped("holds the model to the form where it is asked to", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(openAi.saying(answer)))
      yield* ask(url, { structured: true })
      const { body } = yield* request
      assert.deepInclude(body["response_format"], { type: "json_schema" })
      assert.include(JSON.stringify(body["response_format"]), '"additionalProperties":false')
    })
  )

  for (const [what, message] of [
    ["a text", { content: answer, refusal: null }],
    [
      "parts",
      {
        content: [
          { type: "text", text: '{"exact_why": ' },
          { type: "text", text: '"Row 7"}' }
        ]
      }
    ],
    ["a text beside its reasoning", { content: answer, reasoning_content: 'It may be {"exact_why": "no"}' }],
    ["a text behind its reasoning", { content: `<think>{"exact_why": "no"}</think>${answer}` }]
  ] as const) {
    it.scoped(`reads ${what}, and who said it`, () =>
      Effect.gen(function* () {
        const { exactWhy, model } = Option.getOrThrow(yield* asked(completion(message)))
        assert.deepStrictEqual([exactWhy, model], ["Row 7", "llama3-70b-0924"])
      })
    )
  }

  for (const [what, body] of [
    ["a refusal", completion({ content: null, refusal: "I cannot help with that." })],
    ["a refusal among the parts", completion({ content: [{ type: "refusal", refusal: "No." }] })],
    ["a filtered answer", completion({ content: "" }, "content_filter")]
  ] as const) {
    it.scoped(`reports ${what} as refused`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(asked(body))
        assert.strictEqual(error.reason, "Refused")
        assert.include(error.description, "declined")
        assert.isFalse(error.retryable)
      })
    )
  }

  for (const [error, reason, status] of [
    [{ message: "Rate limit exceeded", code: 429 }, "RateLimited", 429],
    [{ message: "No auth credentials found", code: 401 }, "Unauthorized", 401],
    [{ message: "Provider returned error", code: 502 }, "Refused", 502],
    [{ message: "no such model", type: "invalid_request_error", code: "model_not_found" }, "NotFound", undefined],
    [{ message: "over", type: "insufficient_quota", code: "insufficient_quota" }, "RateLimited", undefined]
  ] as const) {
    it.scoped(`reports an error of ${error.code} inside an answer as ${reason}`, () =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(asked({ error }))
        assert.deepStrictEqual([failure.reason, failure.status], [reason, status])
        assert.include(failure.description, error.message)
      })
    )
  }

  for (const [what, body] of [
    ["vLLM", { object: "error", message: "too long", type: "BadRequestError", param: null, code: 400 }],
    ["FastAPI", { detail: [{ loc: ["body"], msg: "too long", type: "value_error" }] }],
    ["Gemini", [{ error: { code: 400, message: "too long", status: "INVALID_ARGUMENT" } }]],
    ["LM Studio", { error: "too long" }]
  ] as const) {
    it.scoped(`reads the error body of ${what}`, () =>
      Effect.gen(function* () {
        const { url } = yield* ModelServer.serve(ModelServer.json(body, 400))
        const error = yield* Effect.flip(ask(url))
        assert.strictEqual(error.description, "status 400: too long")
        assert.include(error.advice, "body")
      })
    )
  }

  it.effect("refuses an empty key at once", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ask("http://localhost", { apiKey: Redacted.make("") }))
      assert.deepStrictEqual([error.reason, error.description], ["Misconfigured", "apiKey is empty"])
    })
  )
})
