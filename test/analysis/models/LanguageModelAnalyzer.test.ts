import { AiError, LanguageModel, type Response } from "@effect/ai"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Fiber, Layer, Option, Stream, TestClock } from "effect"
import * as LanguageModelAnalyzer from "../../../src/analysis/models/LanguageModelAnalyzer.js"
import { FailureAnalyzer } from "../../../src/index.js"
import { failureReport } from "../../fixtures/events.js"
import * as ModelServer from "../../fixtures/modelServer.js"

const answer = {
  exact_why: "Row 7",
  evidence: [{ text: "short", cites: ["E1", "F9"] }],
  targeted_fix: "",
  code_changes: ""
}

/** A provider as a program may have: it sends the prompt to a server, which answers with the parts of a response. */
const provider = (url: string) =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    return yield* LanguageModel.make({
      generateText: ({ prompt, responseFormat }) =>
        client
          .execute(
            HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(url), {
              messages: prompt.content,
              format: responseFormat.type
            })
          )
          .pipe(
            Effect.flatMap((response) => response.json),
            // The server of the test answers with such parts.
            Effect.map((parts) => parts as Array<Response.PartEncoded>),
            Effect.catchTag("RequestError", (error) =>
              AiError.HttpRequestError.fromRequestError({ module: "Mine", method: "generateText", error })
            ),
            Effect.catchTag("ResponseError", (error) =>
              AiError.HttpResponseError.fromResponseError({ module: "Mine", method: "generateText", error })
            )
          ),
      streamText: () => Stream.empty
    })
  })

const parts = (text: string, reason = "stop") => [
  { type: "response-metadata", id: "r1", modelId: "mine-70b", timestamp: "2026-01-01T00:00:00.000Z" },
  { type: "reasoning", text: "hm" },
  ...(text === "" ? [] : [{ type: "text", text }]),
  { type: "finish", reason, usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }
]

const ask = (url: string, options?: LanguageModelAnalyzer.LanguageModelOptions) =>
  Effect.flatMap(FailureAnalyzer.FailureAnalyzer, ({ analyze }) => analyze(failureReport)).pipe(
    Effect.provide(
      LanguageModelAnalyzer.layer(options).pipe(Layer.provide(Layer.effect(LanguageModel.LanguageModel, provider(url))))
    ),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["RUNTIME_NARRATIVE_MODEL", "from-environment"]])))
  )

const asked = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(ModelServer.serve(ModelServer.json(body, status, headers)), ({ url }) => ask(url))

/** A model that was made without a server. */
const failing = (error: Effect.Effect<never, AiError.AiError>) =>
  LanguageModel.make({ generateText: () => error, streamText: () => Stream.empty }).pipe(
    Effect.flatMap((model) => Effect.provideService(LanguageModelAnalyzer.make(), LanguageModel.LanguageModel, model)),
    Effect.flatMap(({ analyze }) => Effect.flip(analyze(failureReport)))
  )

layer(FetchHttpClient.layer)("LanguageModelAnalyzer", (it) => {
  it.scoped("asks for an object by two messages, and gives the answer by the model's own name", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(parts(JSON.stringify(answer))))
      const analysis = Option.getOrThrow(yield* ask(url))
      assert.deepStrictEqual(analysis, {
        analyzer: "language-model",
        model: "mine-70b",
        exactWhy: "Row 7",
        evidence: [{ text: "short", cites: [{ id: "E1", text: "CsvError: bad row 7" }] }],
        targetedFix: "",
        codeChanges: "",
        rawText: null,
        droppedCitations: 1
      })
      const { body, headers } = yield* request
      assert.strictEqual(body["format"], "json")
      const messages = body["messages"] as ReadonlyArray<{ readonly role: string }>
      assert.deepStrictEqual(
        messages.map(({ role }) => role),
        ["system", "user"]
      )
      assert.isUndefined(headers["traceparent"])
    }).pipe(Effect.withSpan("story"))
  )

  it.scoped("has the provider follow no redirection", () =>
    Effect.gen(function* () {
      const elsewhere = yield* ModelServer.serve(ModelServer.json(parts(JSON.stringify(answer))))
      const error = yield* Effect.flip(asked({}, 307, { location: elsewhere.url }))
      assert.strictEqual(error.reason, "InvalidAnswer")
      assert.strictEqual(elsewhere.count(), 0)
    })
  )

  for (const [what, text, why] of [
    ["in prose", `Here: ${JSON.stringify(answer)}`, "Row 7"],
    ["of another form", '{"exactWhy": "Row 7"}', "Row 7"]
  ] as const) {
    it.scoped(`reads an object ${what}, which the schema refuses`, () =>
      Effect.gen(function* () {
        const analysis = Option.getOrThrow(yield* asked(parts(text)))
        assert.strictEqual(analysis.exactWhy, why)
        assert.strictEqual(analysis.model, "from-environment")
      })
    )
  }

  it.scoped("keeps an answer that is no object as it came", () =>
    Effect.gen(function* () {
      assert.strictEqual(Option.getOrThrow(yield* asked(parts("The row is short."))).rawText, "The row is short.")
    })
  )

  it.scoped("reports an answer without text as invalid", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(asked(parts("")))
      assert.strictEqual(error.reason, "InvalidAnswer")
      assert.include(error.description, "No object was generated")
    })
  )

  it.scoped("reports parts that are none as an invalid answer", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(asked([{ type: "nothing" }]))).reason, "InvalidAnswer")
    })
  )

  it.scoped("reports that there is no connection", () =>
    Effect.gen(function* () {
      const { url } = yield* Effect.scoped(ModelServer.serve(ModelServer.silent))
      assert.strictEqual((yield* Effect.flip(ask(url))).reason, "Unreachable")
    })
  )

  it.effect("reports a status as every other analyzer does", () =>
    Effect.gen(function* () {
      const request = { method: "POST", url: "https://x", urlParams: [], hash: Option.none(), headers: {} } as const
      const error = yield* failing(
        Effect.fail(
          new AiError.HttpResponseError({
            module: "Mine",
            method: "generateText",
            reason: "StatusCode",
            description: "slow down, sk-test-5f0c2b7d9e4a41c8b6a3",
            request,
            response: { status: 429, headers: { "retry-after": "7" } }
          })
        )
      )
      assert.deepStrictEqual([error.reason, error.status], ["RateLimited", 429])
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(7))
      assert.strictEqual(error.description, "status 429: slow down, <redacted>")
    })
  )

  it.effect("makes an error of whatever a provider does", () =>
    Effect.gen(function* () {
      const unknown = new AiError.UnknownError({ module: "Mine", method: "generateText", description: "odd" })
      assert.include((yield* failing(Effect.fail(unknown))).description, "odd")
      const died = yield* failing(Effect.die(new Error("bug")))
      assert.strictEqual(died.reason, "Unknown")
      assert.strictEqual(died.cause instanceof Error ? died.cause.message : "", "bug")
    })
  )

  it.effect("waits no longer than it may, also for what cannot be interrupted", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.fork(failing(Effect.uninterruptible(Effect.never)))
      yield* TestClock.adjust("12 seconds")
      assert.strictEqual((yield* Fiber.join(asking)).reason, "Timeout")
    })
  )
})
