/**
 * Has an analyzer explain programs that really fail, and prints how well it did.
 *
 *     npm run eval:analyzers
 *
 * That is the rule book, which needs no network; its score is written into `docs/analyzers.md`, its rules into
 * `docs/rule-book.md`. `RUNTIME_NARRATIVE_EVAL_ANALYZER` chooses another, whose score is only printed:
 *
 *     RUNTIME_NARRATIVE_EVAL_ANALYZER=ollama RUNTIME_NARRATIVE_MODEL=llama3 npm run eval:analyzers
 *
 * `openai` reads `OPENAI_API_KEY`, `anthropic` reads `ANTHROPIC_API_KEY`; `RUNTIME_NARRATIVE_EVAL_ENDPOINT` is the address
 * of a server of your own.
 */
import { FetchHttpClient } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Option } from "effect"
import { AnthropicAnalyzer, OllamaAnalyzer, OpenAiCompatibleAnalyzer } from "../../src/analysis/index.js"
import { RuleBookAnalyzer } from "../../src/index.js"
import { evaluate, summaryOf } from "./Evaluation.js"
import * as pages from "./pages.js"

const settings = Config.all({
  analyzer: Config.literal(
    "rule-book",
    "ollama",
    "openai",
    "anthropic"
  )("RUNTIME_NARRATIVE_EVAL_ANALYZER").pipe(Config.withDefault("rule-book" as const)),
  endpoint: Config.option(Config.string("RUNTIME_NARRATIVE_EVAL_ENDPOINT")),
  openAiKey: Config.option(Config.redacted("OPENAI_API_KEY"))
})

const chosen = Effect.gen(function* () {
  const { analyzer, endpoint, openAiKey } = yield* settings
  const address = Option.match(endpoint, { onNone: () => ({}), onSome: (endpoint) => ({ endpoint }) })
  const key = Option.match(openAiKey, { onNone: () => ({}), onSome: (apiKey) => ({ apiKey }) })
  switch (analyzer) {
    case "ollama":
      return { name: analyzer, analyzer: yield* OllamaAnalyzer.make(address) }
    case "openai":
      return { name: analyzer, analyzer: yield* OpenAiCompatibleAnalyzer.make({ ...address, ...key }) }
    case "anthropic":
      return { name: analyzer, analyzer: yield* AnthropicAnalyzer.make(address) }
    case "rule-book":
      return { name: analyzer, analyzer: RuleBookAnalyzer.analyzer }
  }
})

const main = Effect.gen(function* () {
  const { analyzer, name } = yield* chosen
  const scores = yield* evaluate(analyzer)
  yield* Console.log(summaryOf(name, scores))
  if (name !== "rule-book") return
  yield* pages.write(pages.scoreSection(scores))
  yield* pages.write(pages.rulesSection)
})

main.pipe(Effect.provide([NodeContext.layer, FetchHttpClient.layer]), NodeRuntime.runMain)
