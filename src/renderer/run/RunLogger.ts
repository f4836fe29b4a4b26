/**
 * A log of runs, for a table of your own: one call when a story begins, and one when it has ended, whether it completed, failed, or was
 * cancelled.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative, RunLogger } from "effect-narrative"
 *
 * declare const query: (sql: string, ...values: ReadonlyArray<unknown>) => Effect.Effect<void, Error>
 *
 * const Runs = RunLogger.layer({
 *   logRunStarted: (run) => query("insert into runs values (?, ?, 'running')", run.runId, run.name),
 *   logRunCompleted: (run) => query("update runs set status = ? where id = ?", run.status, run.runId),
 *   logRunFailed: (run) => query("update runs set status = 'failed', error = ? where id = ?", run.error, run.runId)
 * })
 *
 * export const program = Effect.void.pipe(Narrative.story("chat_fast"), Effect.provide(Runs))
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Renderer from "../../delivery/Renderer.js"
import { type Correlation, idsOf } from "../../event/correlationFields.js"
import type * as Event from "../../event/NarrativeEvent.js"
import type { StoryStatus } from "../../event/NarrativeEvent.js"
import { OpenStories } from "../../event/openStories.js"
import * as options from "../../plain/options.js"
import type { PlainRecord } from "../../plain/PlainValue.js"

/**
 * A run that began. `topology` and `executionMode` are the labels of these names; `ids` those of its correlation, in snake_case
 * (`request_id`, …), of which `userId` is one.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunStarted {
  readonly runId: string
  readonly parentRunId: string | null
  readonly name: string
  readonly kind: string
  readonly topology: string | null
  readonly executionMode: string | null
  readonly userId: string | null
  readonly ids: { readonly [name: string]: string }
  readonly labels: { readonly [name: string]: string }
  readonly attributes: PlainRecord
  readonly startedAt: Date
}

/**
 * How a stage of a run ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageResult {
  readonly status: "completed" | "failed" | "cancelled"
  readonly durationMs: number
  readonly error: string | null
}

interface RunEnded {
  readonly runId: string
  readonly name: string
  readonly status: StoryStatus
  readonly durationMs: number
  readonly endedAt: Date
  /** By the names of its stages, of the first 250 to end; of several of one name that of the last. */
  readonly stageResults: { readonly [stage: string]: StageResult }
}

/**
 * A run that ended without failing. `status`: `success`, `partial`, `cancelled`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunCompleted extends RunEnded {
  readonly outcome: string | null
}

/**
 * A run that failed, or timed out. `stage`: the innermost one that failed.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunFailed extends RunEnded {
  readonly error: string
  readonly errorType: string | null
  readonly stage: string | null
}

/**
 * What is logged of runs. A fault of a method is isolated, counted (`Renderer.stats`), and logged at its 1st, 2nd, 4th, 8th, … time.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunLogger {
  readonly logRunStarted: (run: RunStarted) => Effect.Effect<void, unknown>
  readonly logRunCompleted: (run: RunCompleted) => Effect.Effect<void, unknown>
  readonly logRunFailed: (run: RunFailed) => Effect.Effect<void, unknown>
}

/**
 * Logs nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: RunLogger = {
  logRunStarted: () => Effect.void,
  logRunCompleted: () => Effect.void,
  logRunFailed: () => Effect.void
}

/** Most results of stages kept of a run. */
const maxResults = 250

interface State {
  readonly results: Map<string, StageResult>
  failure: Event.FailureOccurred | undefined
}

const statuses = { StageCompleted: "completed", StageFailed: "failed", StageCancelled: "cancelled" } as const

/**
 * Logs every story as a run. Calls wait in a queue, one at a time and in order, so that a slow table slows no stage; closing the layer
 * waits for them for 5 seconds.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  logger: RunLogger,
  given: { /** Whether sub-stories are left out (default `false`). */ readonly roots?: boolean } = {}
): Layer.Layer<never> =>
  Renderer.layerAlongside(
    Effect.suspend(() => {
      const { roots } = decode(given)
      const open = new OpenStories<State>({
        beginStory: () => ({ results: new Map(), failure: undefined }),
        beginStage: () => undefined
      })
      const log = (event: Event.NarrativeEvent): Effect.Effect<void> | undefined => {
        if (event._tag === "AnalysisReady") return undefined
        const { state } = open.take(event).story
        if (event._tag === "FailureOccurred" && !event.handled) state.failure = event
        if (
          (event._tag === "StageCompleted" || event._tag === "StageFailed" || event._tag === "StageCancelled") &&
          state.results.size < maxResults
        ) {
          state.results.set(event.stageName, {
            status: statuses[event._tag],
            durationMs: Math.round(event.durationSeconds * 1_000),
            error: event._tag === "StageFailed" ? `${event.errorType}: ${event.errorMessage}` : null
          })
        }
        if (roots && event.parentStoryId !== null) return undefined
        if (event._tag === "StoryStarted") return safe(logger.logRunStarted(started(event)))
        return event._tag === "StoryCompleted" ? safe(ended(logger, event, state)) : undefined
      }
      return Renderer.buffered(Renderer.make("run-logger", log), { capacity: 8_192, strategy: "suspend" })
    })
  )

const decode = options.decodeOrThrow("RunLogger", Schema.Struct({ roots: options.withDefault(options.flag, false) }))

// The queue counts what fails, whatever it fails with.
const safe = (effect: Effect.Effect<void, unknown>): Effect.Effect<void> => Effect.orDie(effect)

const started = (event: Event.StoryStarted): RunStarted => ({
  runId: event.storyId,
  parentRunId: event.parentStoryId,
  name: event.storyName,
  kind: event.kind,
  topology: event.labels["topology"] ?? null,
  executionMode: event.labels["execution_mode"] ?? null,
  userId: event.correlation?.userId ?? null,
  ids: ids(event.correlation),
  labels: event.labels,
  attributes: event.attributes,
  startedAt: new Date(event.timestamp)
})

const ids = (correlation: Correlation | null) => (correlation === null ? {} : Object.fromEntries(idsOf(correlation)))

const ended = (logger: RunLogger, event: Event.StoryCompleted, { failure, results }: State) => {
  const run: RunEnded = {
    runId: event.storyId,
    name: event.storyName,
    status: event.status,
    durationMs: Math.round(event.durationSeconds * 1_000),
    endedAt: new Date(event.timestamp),
    stageResults: Object.fromEntries(results)
  }
  if (event.status !== "failed" && event.status !== "timeout") {
    return logger.logRunCompleted({ ...run, outcome: event.outcome })
  }
  const first = failure?.failures[0]
  return logger.logRunFailed({
    ...run,
    error: first?.errorMessage ?? event.causedBy?.errorType ?? event.status,
    errorType: first?.errorType ?? event.causedBy?.errorType ?? null,
    stage: first?.stageName ?? event.causedBy?.stageName ?? null
  })
}
