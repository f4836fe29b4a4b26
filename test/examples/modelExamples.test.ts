import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as modelApis from "../fixtures/modelApis.js"
import * as ModelServer from "../fixtures/modelServer.js"
import { assertPrinted } from "./assertPrinted.js"
import { outcomeWith } from "./Examples.js"

const timeout = 300_000

layer(NodeContext.layer)("examples of analyzers", (it) => {
  it.scoped(
    "ollama-analyzer shows what a model says of a missing file, with what that cites",
    () =>
      Effect.gen(function* () {
        const model = yield* ModelServer.serve(
          ModelServer.json(
            modelApis.ollama.saying(
              JSON.stringify({
                exact_why: "Nobody has written the prices of tomorrow yet",
                evidence: [{ text: "The file is not there", cites: ["E2"] }],
                targeted_fix: "Wait for the file",
                code_changes: ""
              })
            )
          )
        )
        assertPrinted(yield* outcomeWith("ollama-analyzer", { OLLAMA_URL: model.url }), [
          "❌ Failure detected",
          "Analysis:      by llama3",
          "Exact why:     Nobody has written the prices of tomorrow yet",
          /^Evidence: {6}- The file is not there \[E2: .*ENOENT/,
          "Targeted fix:  Wait for the file",
          /^▶ Story ended: FAILED - /,
          "Keeping the prices of today."
        ])
        assert.strictEqual((yield* model.request).body["model"], "llama3")
      }),
    timeout
  )

  it.scoped(
    "openai-compatible-analyzer asks again where the server is busy",
    () =>
      Effect.gen(function* () {
        let asked = 0
        const model = yield* ModelServer.serve((request, response) =>
          ++asked === 1
            ? ModelServer.json({ error: { message: "busy" } }, 503)(request, response)
            : ModelServer.json(modelApis.openAi.saying('{"exact_why": "The bank said no"}'))(request, response)
        )
        assertPrinted(yield* outcomeWith("openai-compatible-analyzer", { MODEL_URL: model.url }), [
          "Exact why:     The bank said no",
          /^▶ Story ended: FAILED - /,
          "Giving up after 3 attempts."
        ])
        assert.strictEqual(model.count(), 2)
      }),
    timeout
  )

  it.scoped(
    "anthropic-analyzer ends its story at once, and its program when the failure is explained",
    () =>
      Effect.gen(function* () {
        const model = yield* ModelServer.serve(
          ModelServer.json(modelApis.anthropic.saying('{"exact_why": "A parcel of 0 g weighs nothing"}'))
        )
        assertPrinted(
          yield* outcomeWith("anthropic-analyzer", { ANTHROPIC_URL: model.url, ANTHROPIC_API_KEY: "sk-ant-1" }),
          [/^▶ Story ended: FAILED - /, "Parcel P-1 stays here.", "Exact why:     A parcel of 0 g weighs nothing"]
        )
        assert.strictEqual((yield* model.request).headers["x-api-key"], "sk-ant-1")
      }),
    timeout
  )

  it.effect(
    "anthropic-analyzer says which key it misses, and goes by the rule book",
    () =>
      Effect.map(outcomeWith("anthropic-analyzer", { ANTHROPIC_API_KEY: "" }), (outcome) =>
        assertPrinted(outcome, [
          /^No Claude\. anthropic: there is no API key\. Set ANTHROPIC_API_KEY/,
          /^Exact why: +ParseError at grams/
        ])
      ),
    timeout
  )

  it.scoped(
    "language-model-analyzer shows what a program's own model says",
    () =>
      Effect.gen(function* () {
        const model = yield* ModelServer.serve(
          ModelServer.json({ content: 'Well: {"exact_why": "Nothing is divided by nothing"}', stop: true })
        )
        assertPrinted(yield* outcomeWith("language-model-analyzer", { LLAMA_URL: model.url }), [
          /^Exact why: +Nothing is divided by nothing$/,
          "Nobody has rated this shop."
        ])
      }),
    timeout
  )
})
