/**
 * Runs as the program that has them sees them: what is written when one begins, goes on and ends.
 */
import { hostname } from "node:os"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { clip, type PlainRecord, text } from "../plain/PlainValue.js"
import * as redactor from "../redaction/redactor.js"
import { warnOnce } from "../runtime/warnOnce.js"
import { changesOf, type RunFields, type RunPatch } from "./RunFields.js"
import { Runs } from "./Runs.js"
import * as revision from "./revision.js"
import { type Changes, cut, timeText, valueFor } from "./runColumns.js"
import * as runId from "./runId.js"
import * as runProcess from "./runProcess.js"

/**
 * What names a run, from any process and at any time.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunRef {
  readonly eventId: string
  readonly runId: string
}

/**
 * A run that was begun here.
 *
 * @since 0.1.0
 * @category models
 */
export interface ActiveRun extends RunRef {
  readonly agentName: string
  readonly jobType: string
  /** UTC, in milliseconds since the epoch. */
  readonly startTime: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StartOptions extends RunFields {
  /**
   * What to call it, at most 255 characters without `/` and `\` (default: time, agent and a random end). One that cannot be
   * used is replaced, and counted in {@link stats}; one that a run of this process has already gets another end.
   */
  readonly runId?: string | undefined
}

/**
 * The commit that came of a run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Commit {
  /** 7 to 40 hexadecimal digits. */
  readonly hash: string
  /** Who made it (default `manual`). */
  readonly source?: "manual" | "llm" | "ci" | undefined
  readonly author?: string | undefined
  /** Milliseconds since the epoch, or a `Date`. */
  readonly timestamp?: number | Date | undefined
}

/** The run that a fiber is in. */
export class CurrentRun extends Context.Tag("effect-narrative/Run")<CurrentRun, ActiveRun>() {}

/** What this process knows of a run that it began. */
interface Open {
  readonly startNanos: bigint
  /** The columns that the program itself set. */
  readonly said: Set<string>
  metrics: PlainRecord
  context: PlainRecord
}

const openRuns = new WeakMap<RunRef, Open>()

export const current: Effect.Effect<Option.Option<ActiveRun>> = Effect.serviceOption(CurrentRun)

/** Begins a run. `hasStory`: whether it is a story, too, of the same id. */
export const begin = (agentName: string, jobType: string, options: StartOptions, hasStory: boolean) =>
  Effect.gen(function* () {
    const runs = yield* Runs
    const now = yield* Clock.currentTimeMillis
    const startNanos = yield* Clock.currentTimeNanos
    const around = Option.getOrUndefined(yield* current)
    const { changes, faults } = changesOf(options, yield* redactor.current)
    for (const fault of faults) yield* warn(`Run.start: ${fault}`)
    const [agent, job] = [yield* nameOf("agent name", agentName), yield* nameOf("job type", jobType)]
    const run: ActiveRun = {
      eventId: runId.eventId(now),
      runId: runs.claim(options.runId, agent, now),
      agentName: agent,
      jobType: job,
      startTime: now
    }
    const opened: Open = { startNanos, said: new Set(), metrics: {}, context: {} }
    openRuns.set(run, opened)
    yield* runs.write({
      record_type: "run",
      revision: revision.next(now, 0),
      event_id: run.eventId,
      changes: {
        host: hostname(),
        process: runProcess.own(),
        ...(around === undefined ? {} : { parent_run_id: around.runId }),
        ...(hasStory ? { story_id: run.eventId } : {}),
        ...(yield* runs.defaults),
        ...gathered(opened, changes),
        ...identityOf(run),
        status: "running",
        created_at: timeText(now) ?? null
      }
    })
    return run
  })

/** What every line says of its run, so that each alone says which it is. */
const identityOf = (run: ActiveRun): Changes => ({
  run_id: run.runId,
  agent_name: run.agentName,
  job_type: run.jobType,
  start_time: timeText(run.startTime) ?? null
})

/** What is no name becomes `unknown`. */
const nameOf = (what: string, given: unknown): Effect.Effect<string> =>
  typeof given === "string" && given.trim() !== ""
    ? Effect.map(redactor.current, (hide) => cut(hide.text(given), 255))
    : Effect.as(
        warn(`A run takes a text for its ${what}, not ${clip(text(given), 60)}; it is called unknown`),
        "unknown"
      )

const warn = (message: string): Effect.Effect<void> => Effect.suspend(() => warnOnce(message) ?? Effect.void)

/** What is written of changes: keys of metrics and of the context add up. */
const gathered = (opened: Open | undefined, changes: Changes): Changes => {
  if (opened === undefined) return changes
  for (const column of Object.keys(changes)) opened.said.add(column)
  const merged: { metrics_json?: PlainRecord; context_json?: PlainRecord } = {}
  const { context_json: context, metrics_json: metrics } = changes
  if (isRecord(metrics)) merged.metrics_json = opened.metrics = { ...opened.metrics, ...metrics }
  if (isRecord(context)) merged.context_json = opened.context = { ...opened.context, ...context }
  return { ...changes, ...merged }
}

const isRecord = (value: unknown): value is PlainRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Ends a run. `otherwise`: what holds unless the program said something else. */
export const finish = (run: ActiveRun, result: RunPatch, otherwise: Changes) =>
  Effect.gen(function* () {
    const runs = yield* Runs
    const now = yield* Clock.currentTimeMillis
    const nanos = yield* Clock.currentTimeNanos
    const opened = openRuns.get(run)
    const { changes, faults } = changesOf(result, yield* redactor.current)
    for (const fault of faults) yield* warn(`Run.end: ${fault}`)
    const { metrics_json: work, ...columns } = otherwise
    const unsaid = Object.fromEntries(Object.entries(columns).filter(([column]) => opened?.said.has(column) !== true))
    const metrics = isRecord(work) ? { metrics_json: { ...work, ...opened?.metrics } } : {}
    const elapsed = opened === undefined ? now - run.startTime : Number((nanos - opened.startNanos) / 1_000_000n)
    yield* runs.write({
      record_type: "run",
      revision: revision.next(now, 2),
      event_id: run.eventId,
      changes: {
        ...identityOf(run),
        end_time: timeText(now) ?? null,
        duration_ms: Math.max(0, elapsed),
        ...unsaid,
        ...metrics,
        ...gathered(opened, changes)
      }
    })
    runs.release(run.runId)
  })

export const writeEvent = (run: RunRef, type: string, payload: unknown) =>
  Effect.gen(function* () {
    const runs = yield* Runs
    const now = yield* Clock.currentTimeMillis
    const hide = yield* redactor.current
    yield* runs.write({
      record_type: "event",
      id: runId.eventId(now),
      run_id: run.runId,
      event_type: cut(hide.text(type), 255),
      timestamp: new Date(now).toISOString(),
      payload_json: payload === undefined ? null : JSON.stringify(hide.value(payload))
    })
  }).pipe(Effect.uninterruptible)

/** Writes what a program says of a run; `what` names the function it says it by. */
export const write = (run: RunRef, fields: RunPatch, what: string) =>
  Effect.gen(function* () {
    const { changes, faults } = changesOf(fields, yield* redactor.current)
    for (const fault of faults) yield* warn(`${what}: ${fault}`)
    yield* writeChanges(run, gathered(openRuns.get(run), changes))
  }).pipe(Effect.uninterruptible)

const writeChanges = (run: RunRef, changes: Changes) =>
  Effect.gen(function* () {
    const runs = yield* Runs
    const now = yield* Clock.currentTimeMillis
    yield* runs.write({
      record_type: "run",
      revision: revision.next(now, 2),
      event_id: run.eventId,
      changes: { run_id: run.runId, ...changes }
    })
  })

const hash = /^[0-9a-f]{7,40}$/i

export const associateCommit = (run: RunRef, commit: Commit): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (!hash.test(String(commit.hash))) {
      return yield* warn(`Run.associateCommit takes 7 to 40 hexadecimal digits, not ${clip(text(commit.hash), 60)}`)
    }
    const hide = yield* redactor.current
    const timestamp = valueFor("git_commit_timestamp", commit.timestamp, true)
    return yield* writeChanges(run, {
      git_commit_hash: commit.hash.toLowerCase(),
      git_commit_source: commit.source ?? "manual",
      ...(commit.author === undefined ? {} : { git_commit_author: cut(hide.text(commit.author), 255) }),
      ...(typeof timestamp === "string" ? { git_commit_timestamp: timestamp } : {})
    })
  }).pipe(Effect.uninterruptible)
