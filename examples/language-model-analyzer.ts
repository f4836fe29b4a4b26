/**
 * A failure explained by a `LanguageModel` of `@effect/ai`: here one of the program's own, which asks a llama.cpp server.
 *
 *     LLAMA_URL=http://localhost:8080 npx tsx examples/language-model-analyzer.ts
 */
import { AiError, LanguageModel } from "@effect/ai"
import { FetchHttpClient, HttpBody, HttpClient } from "@effect/platform"
import { Config, Console, Effect, Layer, pipe, Schema, Stream } from "effect"
import { ConsoleRenderer, FailureAnalyzer, Narrative, RuleBookAnalyzer } from "effect-narrative"
import { LanguageModelAnalyzer } from "effect-narrative/ai"

const average = Effect.fn("average")(function* (ratings: ReadonlyArray<number>) {
  const sum = ratings.reduce((sum, rating) => sum + rating, 0)
  return yield* Schema.decode(Schema.Finite)(sum / ratings.length)
})

const rateShop = average([]).pipe(Narrative.stage("Average"), Narrative.story("Rate Shop"))

const Completion = Schema.parseJson(Schema.Struct({ content: Schema.String }))

const Llama = Layer.effect(
  LanguageModel.LanguageModel,
  Effect.gen(function* () {
    const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    const url = yield* Config.withDefault(Config.string("LLAMA_URL"), "http://localhost:8080")
    const unknown = (cause: unknown) => new AiError.UnknownError({ module: "Llama", method: "completion", cause })
    return yield* LanguageModel.make({
      generateText: ({ prompt }) =>
        Effect.gen(function* () {
          const text = prompt.content.map(({ content, role }) => `${role}: ${JSON.stringify(content)}`).join("\n")
          const response = yield* client.post(`${url}/completion`, { body: HttpBody.unsafeJson({ prompt: text }) })
          const { content } = yield* Schema.decode(Completion)(yield* response.text)
          return [{ type: "text" as const, text: content }]
        }).pipe(Effect.mapError(unknown)),
      streamText: () => Stream.fail(unknown("This model does not stream"))
    })
  })
)

const Analyzer = pipe(
  LanguageModelAnalyzer.layer({ model: "llama.cpp" }),
  FailureAnalyzer.mapLayer(FailureAnalyzer.withFallback(RuleBookAnalyzer.analyzer)),
  Layer.provide(Llama),
  Layer.provide(FetchHttpClient.layer)
)

const program = rateShop.pipe(
  Effect.catchTag("ParseError", () => Console.log("Nobody has rated this shop.")),
  Effect.provide(Layer.merge(ConsoleRenderer.layer(), Analyzer))
)

program.pipe(Narrative.runMain)
