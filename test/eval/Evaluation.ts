/**
 * How well an analyzer explains failures whose cause is known: whether it answers, finds the cause and the place, blames
 * no innocent, and cites only what is there.
 */
import { Effect, Either, Option, Ref } from "effect"
import type { Analyzer } from "../../src/analysis/FailureAnalyzer.js"
import * as evidenceIndex from "../../src/analysis/prompt/evidenceIndex.js"
import type { FailureAnalysis } from "../../src/event/FailureAnalysis.js"
import type { FailureReport } from "../../src/event/FailureReport.js"
import { Diagnostics, NarrativeEvent, Renderer } from "../../src/index.js"
import { codeCases } from "./cases/codeCases.js"
import { dataCases } from "./cases/dataCases.js"
import { fileCases } from "./cases/fileCases.js"
import { networkCases } from "./cases/networkCases.js"
import { tangledCases } from "./cases/tangledCases.js"
import type { EvalCase, Truth } from "./EvalCase.js"

export const cases: ReadonlyArray<EvalCase> = [
  ...fileCases,
  ...networkCases,
  ...dataCases,
  ...codeCases,
  ...tangledCases
]

export interface Score {
  readonly name: string
  readonly hard: string | undefined
  readonly answered: boolean
  /** Why the analyzer could not be asked. */
  readonly fault?: string
  /** It says the cause, and blames nothing else. */
  readonly cause: boolean
  /** It cites the line that failed. */
  readonly place: boolean
  /** Every citation is of the report and says what is there. */
  readonly citations: boolean
  /** The report's rule is the one that was expected. */
  readonly rule: boolean
  readonly said: string
}

/** Runs each case, one after the other, and has the analyzer explain it from what is on the wire. */
export const evaluate = (analyzer: Analyzer, chosen: ReadonlyArray<EvalCase> = cases) =>
  Effect.forEach(chosen, (one) =>
    Effect.gen(function* () {
      const report = yield* failing(one)
      const analysis = yield* Effect.either(analyzer.analyze(report))
      return Either.match(analysis, {
        onLeft: (error): Score => ({ ...scoreOf(one, report, undefined), fault: error.message }),
        onRight: (answer) => scoreOf(one, report, Option.getOrUndefined(answer))
      })
    })
  ).pipe(Effect.provide(Diagnostics.layer({ mode: "rich" })))

/** The report of a case, written and read back. */
const failing = Effect.fnUntraced(function* ({ name, program }: EvalCase) {
  const recorded = yield* Ref.make<ReadonlyArray<FailureReport>>([])
  const recorder = Renderer.make("evaluation", (event) =>
    event._tag === "FailureOccurred" ? Ref.update(recorded, (reports) => [...reports, event]) : undefined
  )
  yield* Effect.scoped(program).pipe(
    Effect.timeout("20 seconds"),
    Effect.exit,
    Effect.provide(Renderer.replace(recorder))
  )
  const [report] = yield* recorded
  if (report === undefined) return yield* Effect.dieMessage(`The case "${name}" did not fail`)
  const read = yield* NarrativeEvent.fromWire(NarrativeEvent.toWire(report as NarrativeEvent.NarrativeEvent))
  return read as NarrativeEvent.FailureOccurred as FailureReport
})

export const scoreOf = (
  { hard, name, truth }: EvalCase,
  report: FailureReport,
  analysis: FailureAnalysis | undefined
): Score => {
  const rule = (report.failures[0].rule ?? null) === truth.rule
  if (analysis === undefined)
    return { name, hard, answered: false, cause: false, place: false, citations: true, rule, said: "" }
  const said = analysis.rawText ?? `${analysis.exactWhy}\n${analysis.evidence.map(({ text }) => text).join("\n")}`
  return {
    name,
    hard,
    answered: true,
    // A rule that hits by the words of another is no hit.
    cause: saysCause(said, analysis.targetedFix, truth) && (rule || analysis.analyzer !== "rule-book"),
    place: showsPlace(analysis, report, truth),
    citations: citationsHold(analysis, report),
    rule,
    said: analysis.rawText ?? analysis.exactWhy
  }
}

const saysCause = (said: string, fix: string, { cause, innocent = [] }: Truth): boolean => {
  const words = said.toLowerCase()
  const all = `${words}\n${fix.toLowerCase()}`
  return (
    cause.every((group) => group.some((word) => words.includes(word))) && !innocent.some((word) => all.includes(word))
  )
}

const showsPlace = (analysis: FailureAnalysis, report: FailureReport, { line }: Truth): boolean => {
  const cited = analysis.evidence.flatMap(({ cites }) => cites)
  const index = evidenceIndex.of(report)
  if (cited.some(({ id }) => id.startsWith("F") && index.get(id)?.text.includes(line) === true)) return true
  // A model may name the line in place of citing it.
  return report.failures.some(
    ({ location }) =>
      location?.sourceLine?.includes(line) === true &&
      `${analysis.exactWhy}${analysis.rawText ?? ""}`.includes(`${location.file.split("/").at(-1)}:${location.line}`)
  )
}

const citationsHold = (analysis: FailureAnalysis, report: FailureReport): boolean => {
  const index = evidenceIndex.of(report)
  const cites = analysis.evidence.flatMap(({ cites }) => cites)
  return (
    analysis.droppedCitations === 0 && cites.length > 0 && cites.every(({ id, text }) => index.get(id)?.text === text)
  )
}

/** The scores as Markdown: a table, and what was missed. */
export const summaryOf = (analyzer: string, scores: ReadonlyArray<Score>): string => {
  const plain = scores.filter(({ hard }) => hard === undefined)
  const hard = scores.filter((score) => score.hard !== undefined)
  const missed = scores.filter(({ cause, place }) => !cause || !place)
  return [
    `| ${analyzer} | cases | answered | right cause | right line | citations hold |`,
    "|---|--:|--:|--:|--:|--:|",
    row("plain cases", plain),
    row("hard cases", hard),
    row("all", scores),
    "",
    "What it missed:",
    "",
    ...missed.map(missOf)
  ].join("\n")
}

const row = (title: string, scores: ReadonlyArray<Score>): string => {
  const answered = scores.filter((score) => score.answered)
  const count = (is: (score: Score) => boolean) => answered.filter(is).length
  return `| ${title} | ${scores.length} | ${answered.length} | ${count(({ cause }) => cause)} | ${count(({ place }) => place)} | ${count(({ citations }) => citations)} of ${answered.length} |`
}

const missOf = ({ answered, cause, fault, hard, name, place }: Score): string => {
  const what = !answered
    ? `no answer${fault === undefined ? "" : `: ${fault}`}`
    : [cause ? "" : "not the cause", place ? "" : "not the line"].filter((part) => part !== "").join(", ")
  return `- ${name}: ${what}${hard === undefined ? "" : ` (${hard})`}`
}
