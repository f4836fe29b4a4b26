/**
 * The failures that were sent to a destination without an analysis, which may still be made.
 */
import type { AnalysisReady } from "../../event/NarrativeEvent.js"
import type { Alert, AnalysisAlert } from "./Alert.js"

type Explained = Omit<AnalysisAlert, "_tag" | "version" | "id" | "llmAnalysis" | "latencySeconds">

/** Most failures remembered; beyond it the oldest one's analysis is not sent. */
const maxRemembered = 1_000

export class PendingAnalyses {
  readonly #failures = new Set<Explained>()

  /** Remembers what an analysis needs to name its failure by, and no more: there may be no analyzer at all. */
  sent(alert: Alert): void {
    if (alert._tag !== "FailureAlert" || alert.llmAnalysis !== null) return
    const { errorMessage, errorType, fingerprint, id, stageName, status, storyId, storyName, storyPath, timestamp } =
      alert
    this.#failures.add({
      failureId: id,
      status,
      storyId,
      storyName,
      storyPath,
      timestamp,
      fingerprint,
      stageName,
      errorType,
      errorMessage
    })
    if (this.#failures.size <= maxRemembered) return
    for (const oldest of this.#failures) {
      this.#failures.delete(oldest)
      break
    }
  }

  /** The alert an analysis is, if its failure was sent. */
  take(event: AnalysisReady): AnalysisAlert | undefined {
    const failure = this.#failureOf(event)
    if (failure === undefined) return undefined
    this.#failures.delete(failure)
    return {
      _tag: "AnalysisAlert",
      version: 1,
      ...failure,
      id: `${event.storyId}/${event.sequence}`,
      timestamp: event.timestamp,
      llmAnalysis: event.llmAnalysis,
      latencySeconds: event.latencySeconds
    }
  }

  /** A stage may have reported several failures that it handled: the one that is as old as the question. */
  #failureOf({ latencySeconds, stageName, storyId, timestamp }: AnalysisReady): Explained | undefined {
    const askedAt = timestamp - latencySeconds * 1_000
    let found: Explained | undefined
    let distance = Number.POSITIVE_INFINITY
    for (const failure of this.#failures) {
      if (failure.storyId !== storyId || failure.stageName !== stageName) continue
      const apart = Math.abs(failure.timestamp - askedAt)
      if (apart >= distance) continue
      found = failure
      distance = apart
    }
    return found
  }
}
