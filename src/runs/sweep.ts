/**
 * Runs that nothing will end any more: their process is gone, or they are too old for it to be otherwise.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HistoryError } from "../history/HistoryError.js"
import type { Write } from "./journalLine.js"
import type { RunRecord } from "./RunRecord.js"
import * as revision from "./revision.js"
import { timeText } from "./runColumns.js"
import * as runProcess from "./runProcess.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface SweepOptions {
  /**
   * How long nothing was written of a run whose process cannot be asked for, because it is elsewhere: such runs are left as they are
   * without it.
   */
  readonly olderThan?: Duration.DurationInput | undefined
  /** Of this agent only. */
  readonly agentName?: string | undefined
}

/** What says whether a run is stale. */
export type LifeSigns = Pick<RunRecord, "createdAt" | "process" | "startTime" | "updatedAt">

/** Where runs are found, and written. */
export interface SweptRuns {
  /** Those that run, of an agent or of all. Where there are many, those of which `isWanted` says no may be left out. */
  readonly running: (
    agentName: string | undefined,
    isWanted?: (run: LifeSigns) => boolean
  ) => Effect.Effect<ReadonlyArray<RunRecord>, HistoryError>
  readonly write: (write: Write) => Effect.Effect<void>
}

/**
 * Ends them as cancelled. An end that the run itself, or a person, wrote or is going to write stays over this.
 *
 * @internal
 */
export const sweep = (
  sink: SweptRuns,
  { agentName, olderThan }: SweepOptions
): Effect.Effect<ReadonlyArray<RunRecord>, HistoryError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const patience = olderThan === undefined ? Number.POSITIVE_INFINITY : Duration.toMillis(olderThan)
    const isWanted = (run: LifeSigns) => isStale(run, now, patience)
    const running = yield* sink.running(agentName, isWanted)
    const stale = running.filter(isWanted)
    yield* Effect.forEach(
      stale,
      (run) =>
        sink.write({
          record_type: "run",
          revision: revision.next(now, 1),
          event_id: run.eventId,
          changes: {
            run_id: run.runId,
            status: "cancelled",
            end_time: timeText(now) ?? null,
            error_summary: `Stale run cleaned up (created at ${timeText(run.createdAt ?? now)})`
          }
        }),
      { concurrency: 64, discard: true }
    )
    return stale
  })

const isStale = (run: LifeSigns, now: number, patience: number): boolean => {
  const life = runProcess.lifeOf(run.process)
  if (life !== "unknown") return life === "dead"
  const isOld = (sign: number | null) => now - (sign ?? 0) > patience
  // Of most the first says enough, and the others need not be read.
  return isOld(run.updatedAt) && isOld(run.createdAt) && isOld(run.startTime)
}
