/**
 * The failures on a page: the first and the last reports, as far as there is room for them, each with its analysis.
 */
import { annotationsOf } from "../../event/annotations.js"
import type { Failure } from "../../event/FailureReport.js"
import type { AnalysisReady, FailureOccurred } from "../../event/NarrativeEvent.js"
import { BoundedList } from "./boundedList.js"
import type { PageFailure, PageNode } from "./pageData.js"
import { TextBudget } from "./textBudget.js"

const bounds = { first: 20, last: 20, between: 0 }
/** Most text of the reports on one page. */
const maxText = 16 * 1024 * 1024

export class PageFailures {
  readonly #failures = new BoundedList<PageFailure & { readonly storyId: string }>(bounds, () => false)
  readonly #text = new TextBudget(maxText)

  /** `stages`: the node of the stage each failure came from, where it is known. */
  add(event: FailureOccurred, node: PageNode, stages: ReadonlyArray<PageNode | undefined>, now: number): void {
    const report = this.#text.take(reportOf(event))
    if (report === undefined) return
    const [stage] = stages
    this.#failures.add({
      storyId: event.storyId,
      // The report comes when the story ends, the failure came before.
      at: stage?.seconds === undefined ? now : Math.min(now, stage.start + stage.seconds * 1_000),
      node: node.id,
      ...(event.handled ? { handled: true } : {}),
      stages: stages.map((stage) => stage?.id ?? null),
      report,
      ...(event.analysis === null ? {} : { analysis: event.analysis })
    })
  }

  /** An analysis that came later. */
  explain(event: AnalysisReady): void {
    const candidates = this.#failures.entries.filter(
      (failure) => failure.storyId === event.storyId && failure.analysis === undefined
    )
    const failure =
      candidates.find(({ report }) => report.failures[0].stageName === event.stageName) ?? candidates.at(-1)
    if (failure === undefined) return
    failure.analysis = event.analysis
    failure.latencySeconds = event.latencySeconds
  }

  get entries(): ReadonlyArray<PageFailure> {
    return this.#failures.entries.map(({ storyId: _, ...failure }) => failure)
  }

  get omitted(): number {
    return this.#failures.omitted + this.#text.refused
  }

  /** Whether one of them may still be analysed. */
  get isAwaitingAnalysis(): boolean {
    return this.#failures.entries.some((failure) => failure.handled !== true && failure.analysis === undefined)
  }
}

const reportOf = (event: FailureOccurred): PageFailure["report"] => ({
  storyName: event.storyName,
  diagnosticsMode: event.diagnosticsMode,
  diagnosticsTruncated: event.diagnosticsTruncated,
  redactedValues: event.redactedValues,
  failures: failuresOf(event),
  interruptors: event.interruptors,
  timeline: event.timeline,
  timelineOmitted: event.timelineOmitted,
  progress: event.progress
})

/** The page shows what was annotated in one table. */
const failuresOf = ({ failures: [first, ...others] }: FailureOccurred): PageFailure["report"]["failures"] => {
  const annotated = (failure: Failure): Failure => ({ ...failure, stageAttributes: annotationsOf(failure) })
  return [annotated(first), ...others.map(annotated)]
}
