import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Option, Schema } from "effect"
import { FailureAnalyzer } from "../../src/analysis/FailureAnalyzer.js"
import * as evidenceIndex from "../../src/analysis/prompt/evidenceIndex.js"
import * as RuleBookAnalyzer from "../../src/analysis/RuleBookAnalyzer.js"
import * as Diagnostics from "../../src/diagnostics/Diagnostics.js"
import { type Failure, FailureReport } from "../../src/event/FailureReport.js"
import { failureReport } from "../fixtures/events.js"

class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly article: string }> {}

const refused = (port: number) =>
  Object.assign(new Error(`connect ECONNREFUSED 127.0.0.1:${port}`), {
    code: "ECONNREFUSED",
    address: "127.0.0.1",
    port
  })

const analysisOf = (report: FailureReport, options: RuleBookAnalyzer.RuleBookAnalyzerOptions = {}) =>
  Effect.flatten(RuleBookAnalyzer.make(options).analyze(report))

const explained = (cause: Cause.Cause<unknown>, options?: RuleBookAnalyzer.RuleBookAnalyzerOptions) =>
  Effect.flatMap(Diagnostics.describe(cause), (report) => analysisOf(report, options))

const wire = Schema.parseJson(FailureReport)

describe("RuleBookAnalyzer", () => {
  it.effect("says why, how to fix it, and what in the report shows it", () =>
    Effect.gen(function* () {
      const error = new Error("cannot load", { cause: refused(5432) })
      const report = yield* Diagnostics.describe(Cause.fail(error))
      const analysis = yield* analysisOf(report)
      assert.strictEqual(analysis.analyzer, "rule-book")
      assert.isNull(analysis.model)
      assert.strictEqual(
        analysis.exactWhy,
        "the connection was refused: nothing listens at 127.0.0.1:5432 (ECONNREFUSED)"
      )
      assert.include(analysis.targetedFix, "Port 5432 is by default that of PostgreSQL.")
      assert.deepStrictEqual(
        analysis.evidence.map(({ cites, text }) => [text, ...cites.map(({ id }) => id)]),
        [
          ["The innermost error of the chain says it", "E2"],
          ["The error carries it", "V1", "V2", "V3"],
          ["This line of the program was running", "F1"]
        ]
      )
      const index = evidenceIndex.of(report)
      for (const { cites } of analysis.evidence) {
        for (const { id, text } of cites) assert.strictEqual(index.get(id)?.text, text)
      }
    })
  )

  it.effect("has no answer where no rule fits", () =>
    Effect.gen(function* () {
      const report = yield* Diagnostics.describe(Cause.fail(new Error("row 41 has no e-mail address")))
      assert.isTrue(Option.isNone(yield* RuleBookAnalyzer.analyzer.analyze(report)))
    })
  )

  it.effect("says the same of a report that was read back", () =>
    Effect.gen(function* () {
      const report = yield* Diagnostics.describe(Cause.fail(refused(1)))
      const read = yield* Schema.decode(wire)(yield* Schema.encode(wire)(report))
      assert.deepStrictEqual(yield* analysisOf(read), yield* analysisOf(report))
    })
  )

  it.effect("explains each of several failures by its stage, and what is the same once", () =>
    Effect.gen(function* () {
      const [first] = (yield* Diagnostics.describe(Cause.fail(refused(1)))).failures
      const [other] = (yield* Diagnostics.describe(Cause.fail(refused(2)))).failures
      const [unknown] = (yield* Diagnostics.describe(Cause.fail(new Error("who knows")))).failures
      const inStage = (failure: Failure, stageName: string) => ({ ...failure, stageName })
      const analysis = yield* analysisOf({
        ...failureReport,
        failures: [inStage(unknown, "Load"), inStage(first, "Ask Bring"), inStage(other, "Ask Posten")]
      })
      assert.strictEqual(
        analysis.exactWhy,
        [
          "Ask Bring: the connection was refused: nothing listens at 127.0.0.1:1 (ECONNREFUSED)",
          "Ask Posten: the connection was refused: nothing listens at 127.0.0.1:2 (ECONNREFUSED)"
        ].join("\n")
      )
      assert.lengthOf(analysis.targetedFix.split("\n"), 1)
    })
  )

  it.effect("cites the stage it came from, and calls a place that is only near the failure so", () =>
    Effect.gen(function* () {
      const [failure] = (yield* Diagnostics.describe(Cause.fail(refused(1)))).failures
      const analysis = yield* analysisOf({
        ...failureReport,
        failures: [{ ...failure, stageName: "Load", locationReason: "stage" }],
        timeline: [{ name: "Load", index: 0, depth: 0, status: "failed", durationSeconds: 0.1 }]
      })
      const recorded = analysis.evidence.map(({ text }) => text)
      assert.include(recorded, "The stage is made here; the line that failed is not known")
      assert.include(recorded, "It came from this stage")
    })
  )

  it.effect("asks a program's own rules first, and lets one stand in for a built-in one", () =>
    Effect.gen(function* () {
      const own = (id: string, type: string) => ({
        id,
        when: "An article is not in stock.",
        match: { types: [type] },
        hint: "Order more of it.",
        evidence: ["article"]
      })
      const analysis = yield* explained(Cause.fail(new OutOfStock({ article: "A-1" })), {
        rules: [own("stock-empty", "OutOfStock")]
      })
      assert.strictEqual(analysis.exactWhy, 'OutOfStock: article is "A-1"')
      assert.strictEqual(analysis.targetedFix, "Order more of it.")
      assert.include(JSON.stringify(analysis.evidence), 'article = \\"A-1\\"')
      const replaced = yield* explained(Cause.fail(refused(1)), { rules: [own("connection-refused", "Error")] })
      assert.strictEqual(replaced.targetedFix, "Order more of it.")
    })
  )

  it.effect("RuleBookAnalyzer.layer provides the analyzer to stories that fail", () =>
    Effect.gen(function* () {
      const { analyze } = yield* FailureAnalyzer
      const report = yield* Diagnostics.describe(Cause.fail(refused(1)))
      assert.isTrue(Option.isSome(yield* analyze(report)))
    }).pipe(Effect.provide(RuleBookAnalyzer.layer()))
  )
})
