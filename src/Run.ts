/**
 * Runs: stories with a record that people query, correct and export. What an agent, a pipeline or a job did, how many items,
 * what broke and which commit came of it, kept whatever becomes of the process.
 *
 * Nothing here fails or is missed where no layer is provided: a tracked effect is then only a story. What cannot be kept is
 * counted (`stats`) and logged; the program goes on.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { DefinedAt } from "./diagnostics/source/callSite.js"
import type { HistoryError } from "./history/HistoryError.js"
import { storyInit, withSettings } from "./narration/combinators.js"
import { note } from "./narration/recording.js"
import { regionFor } from "./narration/region.js"
import { outcomeOf } from "./narration/runOutcome.js"
import type { Story } from "./narration/Story.js"
import * as storyRegion from "./narration/storyRegion.js"
import * as redactor from "./redaction/redactor.js"
import type { ActiveRun, Commit, RunRef, StartOptions } from "./runs/activeRun.js"
import * as activeRun from "./runs/activeRun.js"
import type { RunFields, RunPatch } from "./runs/RunFields.js"
import type { RunEvent, RunRecord } from "./runs/RunRecord.js"
import { type RunStats, Runs } from "./runs/Runs.js"
import type { SweepOptions } from "./runs/sweep.js"
import { withFiber } from "./runtime/fiber.js"
import { isEnabled } from "./runtime/muting.js"
import * as Correlation from "./tracing/Correlation.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  ActiveRun,
  /**
   * @since 0.1.0
   * @category models
   */
  Commit,
  /**
   * @since 0.1.0
   * @category models
   */
  RunRef,
  /**
   * @since 0.1.0
   * @category models
   */
  StartOptions
} from "./runs/activeRun.js"
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  RunPgOptions
} from "./runs/pgSettings.js"
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  RunFields,
  /**
   * @since 0.1.0
   * @category models
   */
  RunPatch
} from "./runs/RunFields.js"
export {
  /**
   * @since 0.1.0
   * @category models
   */
  type RunStats,
  /**
   * @since 0.1.0
   * @category services
   */
  Runs
} from "./runs/Runs.js"
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  PostTarget,
  /**
   * @since 0.1.0
   * @category models
   */
  RemoteOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  RunOptions
} from "./runs/settings.js"
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  SweepOptions
} from "./runs/sweep.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface TrackOptions extends StartOptions {
  /** How many stages its story is going to have. */
  readonly totalStages?: number | undefined
  /** Labels of its story. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/**
 * Records a run around an effect, which is also a story of that name. The run ends as the effect ends: `success`, `failed`,
 * `cancelled`, `timeout`, or what `Narrative.setStatus` says. Items, tokens, cost and quality recorded by `Work` are part of
 * it, unless {@link metrics} said otherwise.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Run } from "effect-narrative/runs"
 *
 * const program = Effect.gen(function* () {
 *   yield* Run.event("checkpoint", { step: 1 })
 *   yield* Run.metrics({ itemsDiscovered: 10, itemsSucceeded: 10 })
 * }).pipe(Run.track("importer", "nightly", { product: "docs" }))
 *
 * program.pipe(Effect.provide(Run.layer({ baseDir: ".telemetry" })), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category runs
 */
export const track: {
  (
    agentName: string,
    jobType: string,
    options?: TrackOptions
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    agentName: string,
    jobType: string,
    options?: TrackOptions
  ): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = ((...args: ReadonlyArray<unknown>) => {
  // `withSettings` knows a name and options; a run has two names.
  const isDataFirst = Effect.isEffect(args[0])
  const [agentName, jobType, options] = (isDataFirst ? args.slice(1) : args) as [string, string, TrackOptions?]
  const combinator = tracked(agentName, { ...options, jobType })
  return isDataFirst ? combinator(args[0]) : combinator
  // biome-ignore lint/suspicious/noExplicitAny: the overloads are its type.
}) as any

interface Settings {
  readonly agentName: string
  readonly options: TrackOptions & { readonly jobType: string }
  readonly definedAt: DefinedAt
}

const tracked = withSettings(
  (agentName: string, options: (TrackOptions & { readonly jobType: string }) | undefined, definedAt): Settings => ({
    agentName,
    options: options ?? { jobType: "" },
    definedAt
  }),
  (self, { agentName, definedAt, options }) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const run = yield* activeRun.begin(agentName, options.jobType, options, true)
        const init = storyInit(
          run.agentName,
          {
            kind: "run",
            id: run.eventId,
            totalStages: options.totalStages,
            labels: { job_type: run.jobType, ...options.labels }
          },
          definedAt
        )
        let story: Story | undefined
        const body = withFiber((fiber) => {
          story = isEnabled(fiber) ? regionFor(fiber)?.story : undefined
          return Effect.provideService(restore(self), activeRun.CurrentRun, run)
        })
        const exit = yield* Effect.exit(Correlation.with(storyRegion.run(body, init), { runId: run.runId }))
        yield* activeRun.finish(run, {}, outcomeOf(exit, story, yield* redactor.current))
        return yield* exit
      })
    )
)

/**
 * Begins a run that ends with {@link end}. Where an effect is the run, prefer {@link track}: it cannot forget the end.
 *
 * @since 0.1.0
 * @category runs
 */
export const start = (agentName: string, jobType: string, options: StartOptions = {}): Effect.Effect<ActiveRun> =>
  Effect.uninterruptible(activeRun.begin(agentName, jobType, options, false))

/**
 * Ends a run that was begun with {@link start}: with `success`, unless a status is given.
 *
 * @since 0.1.0
 * @category runs
 */
export const end = (run: ActiveRun, result: RunPatch = {}): Effect.Effect<void> =>
  Effect.uninterruptible(activeRun.finish(run, { status: "success", ...result }, {}))

/**
 * Records something that happened in the current run, or in the run given first. In a tracked effect it is a note of the
 * story, too. `payload` is copied at once, without secrets.
 *
 * @since 0.1.0
 * @category runs
 */
export const event: {
  (type: string, payload?: unknown): Effect.Effect<void>
  (run: RunRef, type: string, payload?: unknown): Effect.Effect<void>
} = (first: string | RunRef, second?: unknown, third?: unknown): Effect.Effect<void> =>
  typeof first !== "string"
    ? activeRun.writeEvent(first, String(second), third)
    : Effect.flatMap(
        current,
        Option.match({
          onNone: () => note(first, second),
          onSome: (run) => Effect.zipRight(note(first, second), activeRun.writeEvent(run, first, second))
        })
      )

/**
 * Says something of the current run: items, summaries, figures of your own. It is kept at once. Outside a run it does nothing.
 *
 * @since 0.1.0
 * @category runs
 */
export const metrics = (fields: RunFields): Effect.Effect<void> =>
  Effect.flatMap(
    current,
    Option.match({ onNone: () => Effect.void, onSome: (run) => activeRun.write(run, fields, "Run.metrics") })
  )

/**
 * Changes a run, also after its end, and also one of another process: `null` clears a field.
 *
 * @since 0.1.0
 * @category runs
 */
export const patch = (run: RunRef, changes: RunPatch): Effect.Effect<void> => activeRun.write(run, changes, "Run.patch")

/**
 * Says which commit came of a run, at any time. The hash that the run began at is replaced.
 *
 * @since 0.1.0
 * @category runs
 */
export const associateCommit = (run: RunRef, commit: Commit): Effect.Effect<void> =>
  activeRun.associateCommit(run, commit)

/**
 * The run that this is in.
 *
 * @since 0.1.0
 * @category reading
 */
export const current: Effect.Effect<Option.Option<ActiveRun>> = activeRun.current

/**
 * The runs as they are kept now, the newest first, at most 1,000.
 *
 * @since 0.1.0
 * @category reading
 */
export const records: Effect.Effect<ReadonlyArray<RunRecord>, HistoryError> = Effect.flatMap(
  Runs,
  (runs) => runs.records
)

/**
 * What happened in a run, in the order in which it happened.
 *
 * @since 0.1.0
 * @category reading
 */
export const eventsOf = (run: Pick<RunRef, "runId">): Effect.Effect<ReadonlyArray<RunEvent>, HistoryError> =>
  Effect.flatMap(Runs, (runs) => runs.events(run.runId))

/**
 * Ends the runs that nothing will end any more, as `cancelled`: those whose process on this machine is gone, and, with `olderThan`,
 * those of other machines of which nothing was written for so long. It gives them as they were. What lives is left alone; an end that
 * the run itself writes later stays over this one.
 *
 * @since 0.1.0
 * @category runs
 */
export const sweep = (options: SweepOptions = {}): Effect.Effect<ReadonlyArray<RunRecord>, HistoryError> =>
  Effect.flatMap(Runs, (runs) => runs.sweep(options))

/**
 * How many writes were accepted, and how many are lost.
 *
 * @since 0.1.0
 * @category reading
 */
export const stats: Effect.Effect<RunStats> = Effect.flatMap(Runs, (runs) => runs.stats)

export {
  /**
   * @since 0.1.0
   * @category layers
   */
  layer,
  /**
   * @since 0.1.0
   * @category layers
   */
  layerEnvironment,
  /**
   * @since 0.1.0
   * @category layers
   */
  layerPg,
  /**
   * @since 0.1.0
   * @category layers
   */
  layerRemote,
  /**
   * @since 0.1.0
   * @category layers
   */
  layerTest
} from "./runs/layers.js"
