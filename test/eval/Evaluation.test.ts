import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { FailureAnalysis } from "../../src/event/FailureAnalysis.js"
import { RuleBookAnalyzer } from "../../src/index.js"
import { cases, evaluate } from "./Evaluation.js"
import * as pages from "./pages.js"

const answer = (more: Partial<FailureAnalysis>): FailureAnalysis => ({
  analyzer: "test",
  model: null,
  exactWhy: "",
  evidence: [],
  targetedFix: "",
  codeChanges: "",
  rawText: null,
  droppedCitations: 0,
  ...more
})

const always = (analysis: FailureAnalysis) => ({ analyze: () => Effect.succeed(Option.some(analysis)) })

const named = (name: string) => cases.filter((one) => one.name === name)

describe("the evaluation of analyzers", () => {
  it("has at least thirty cases, each by a name of its own, and hard ones among them", () => {
    assert.isAtLeast(cases.length, 30)
    assert.strictEqual(new Set(cases.map(({ name }) => name)).size, cases.length)
    assert.isAtLeast(cases.filter(({ hard }) => hard !== undefined).length, 10)
  })

  it.live(
    "finds for the rule book the score that the documentation shows",
    () =>
      Effect.gen(function* () {
        const scores = yield* evaluate(RuleBookAnalyzer.analyzer)
        const section = pages.scoreSection(scores)
        assert.strictEqual(yield* pages.read(section), section.text, "the page is old: npm run eval:analyzers")
      }).pipe(Effect.provide(NodeContext.layer)),
    300_000
  )

  it.effect("has the rules of the documentation as they are", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* pages.read(pages.rulesSection),
        pages.rulesSection.text,
        "the page is old: npm run eval:analyzers"
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.live("counts neither an answer that misses a part of the cause, nor one that blames the innocent", () =>
    Effect.gen(function* () {
      const one = named("a missing cache, then a missing price")
      const causes = yield* Effect.forEach(
        [
          "prices.get(article) is undefined",
          "a value is null",
          "prices.get(article) is undefined, since cache.json does not exist"
        ],
        (exactWhy) => evaluate(always(answer({ exactWhy })), one)
      )
      assert.deepStrictEqual(
        causes.flat().map(({ cause }) => cause),
        [true, false, false]
      )
    })
  )

  it.live("counts a line only if it is cited, and a citation only if it holds", () =>
    Effect.gen(function* () {
      const one = named("a plug-in without its method")
      const [silent] = yield* evaluate(always(answer({})), one)
      assert.isFalse(silent?.place)
      assert.isFalse(silent?.citations)
      const invented = { text: "it is", cites: [{ id: "F1", text: "somewhere else" }] }
      const [wrong] = yield* evaluate(always(answer({ evidence: [invented] })), one)
      assert.isTrue(wrong?.place)
      assert.isFalse(wrong?.citations)
      const [none] = yield* evaluate({ analyze: () => Effect.succeed(Option.none()) }, one)
      assert.isFalse(none?.answered)
    })
  )
})
