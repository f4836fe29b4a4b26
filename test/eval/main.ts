/**
 * Has an analyzer explain programs that really fail, and prints how well it did.
 *
 *     npm run eval:analyzers
 *
 * Without more it is the rule book, which needs no network, and its score is written into `docs/analyzers.md`.
 * `RUNTIME_NARRATIVE_EVAL_ANALYZER` chooses another: `ollama`, `openai` or `anthropic`, with the model of
 * `RUNTIME_NARRATIVE_MODEL`, `RUNTIME_NARRATIVE_EVAL_ENDPOINT` and the usual keys.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect } from "effect"
import { RuleBookAnalyzer } from "../../src/index.js"
import { evaluate, told } from "./Evaluation.js"
import * as pages from "./pages.js"

const name = Config.literal("rule-book")("RUNTIME_NARRATIVE_EVAL_ANALYZER").pipe(
  Config.withDefault("rule-book" as const)
)

const main = Effect.gen(function* () {
  const chosen = yield* name
  const scores = yield* evaluate(RuleBookAnalyzer.analyzer)
  yield* Console.log(told(chosen, scores))
  yield* pages.write(pages.scoreSection(scores))
  yield* pages.write(pages.rulesSection)
})

main.pipe(Effect.provide(NodeContext.layer), NodeRuntime.runMain)
