/**
 * The analyzer that needs no model and no network: the rule book, with what in the report shows that a rule fits.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RuleBook from "../diagnostics/rules/RuleBook.js"
import type { Citation, Evidence, FailureAnalysis } from "../event/FailureAnalysis.js"
import type { Failure, FailureReport } from "../event/FailureReport.js"
import { type Analyzer, FailureAnalyzer } from "./FailureAnalyzer.js"
import * as evidenceIndex from "./prompt/evidenceIndex.js"

/**
 * - `rules`: rules of the program's own. They are asked before the built-in ones, in their order; one that has the id of
 *   a built-in rule replaces it.
 *
 * @since 0.1.0
 * @category models
 */
export interface RuleBookAnalyzerOptions {
  readonly rules?: ReadonlyArray<RuleBook.Rule>
}

/**
 * An analyzer that answers by rules, and has no answer where none fits. It never fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ rules = [] }: RuleBookAnalyzerOptions = {}): Analyzer => {
  const book = rules.length === 0 ? RuleBook.builtIn : RuleBook.make([...rules, ...RuleBook.rules])
  return { name: "rule-book", analyze: (report) => Effect.sync(() => analysisOf(report, book)) }
}

/**
 * The analyzer of the built-in rules, to be used by itself or behind a model that may not answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const analyzer: Analyzer = make()

/**
 * Explains failures by the built-in rules, and by those given.
 *
 * @example
 * ```ts
 * import { Data, Effect } from "effect"
 * import { Narrative, RuleBookAnalyzer } from "effect-narrative"
 *
 * class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly article: string }> {}
 *
 * export const program = Effect.fail(new OutOfStock({ article: "A-1" })).pipe(
 *   Narrative.story("Ship Order"),
 *   Effect.provide(
 *     RuleBookAnalyzer.layer({
 *       rules: [
 *         {
 *           id: "stock-empty",
 *           when: "An article is not in stock.",
 *           match: { types: ["OutOfStock"] },
 *           hint: "Order more of it, or offer another one.",
 *           evidence: ["article"]
 *         }
 *       ]
 *     })
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: RuleBookAnalyzerOptions): Layer.Layer<FailureAnalyzer> =>
  Layer.sync(FailureAnalyzer, () => make(options))

/** Most failures of a report that are explained. */
const maxFailures = 3

interface Explained {
  readonly failure: Failure
  /** Its place in the report. */
  readonly index: number
  readonly finding: RuleBook.Finding
}

const analysisOf = (report: FailureReport, book: RuleBook.RuleBook): Option.Option<FailureAnalysis> => {
  const explained = report.failures.flatMap((failure, index): ReadonlyArray<Explained> => {
    const finding = book.consult(failure)
    return finding === undefined ? [] : [{ failure, index, finding }]
  })
  if (explained.length === 0) return Option.none()
  const shown = explained.slice(0, maxFailures)
  const evidence = evidenceIndex.of(report)
  const text = (say: (one: Explained) => string) => {
    if (report.failures.length === 1) return shown.map(say).join("\n")
    const distinct = new Map(shown.map((one) => [say(one), one]))
    return Array.from(distinct, ([said, one]) => `${nameOf(one)}: ${said}`).join("\n")
  }
  return Option.some({
    analyzer: "rule-book",
    model: null,
    exactWhy: text(({ finding }) => finding.exactCause),
    evidence: shown.flatMap((one) => evidenceOf(one, evidence)),
    targetedFix: text(({ finding }) => finding.hint),
    codeChanges: "",
    rawText: null,
    droppedCitations: 0
  })
}

const nameOf = ({ failure, index }: Explained): string => failure.stageName ?? `${failure.errorType} (${index + 1})`

const evidenceOf = (
  { failure, finding, index }: Explained,
  { entries, find }: evidenceIndex.EvidenceIndex
): ReadonlyArray<Evidence> => {
  const errors = entries.filter((entry) => entry.kind === "error" && entry.failure === index)
  const stage = failure.stageName === null ? undefined : find(null, failure.stageName)
  const observations: ReadonlyArray<readonly [string, ReadonlyArray<evidenceIndex.EvidenceEntry | undefined>]> = [
    [errors.length > 1 ? "The innermost error of the chain says it" : "The error says it", errors.slice(-1)],
    ["The error carries it", (finding.rule.evidence ?? []).map((name) => find(index, `fact ${name}`))],
    [placeSays[failure.locationReason], [find(index, "location")]],
    ["It came from this stage", [stage]]
  ]
  return observations.flatMap(([text, found]) => {
    const cites = found.flatMap(
      (entry): ReadonlyArray<Citation> => (entry === undefined ? [] : [{ id: entry.id, text: entry.text }])
    )
    return cites.length === 0 ? [] : [{ text, cites }]
  })
}

const placeSays: Readonly<Record<Failure["locationReason"], string>> = {
  app_frame: "This line of the program was running",
  effect: "The effect that failed is made at this line",
  called: "The program was waiting for what this line is part of, and it is what fails most likely there",
  generator: "The program was waiting at this line",
  span: "The nearest span is made here; the line that failed in it is not known",
  bundle: "This line of a bundle without a source map was running; it may be a library's",
  stage: "The stage is made here; the line that failed is not known",
  innermost_frame: "No line of the program is on the stack; this is the innermost",
  unknown: "The place is not known"
}
