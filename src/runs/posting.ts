/**
 * Runs that are posted to an address of the user's when they end: a webhook, a sheet, a collector of metrics.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { HistoryError } from "../history/HistoryError.js"
import { retry } from "../outbound/retry.js"
import type { PlainValue } from "../plain/PlainValue.js"
import { withoutNarration } from "../runtime/muting.js"
import { isDue } from "../runtime/warningCadence.js"
import { warning } from "../runtime/warnOnce.js"
import * as httpJson from "./httpJson.js"
import type { Write } from "./journalLine.js"
import type { RunRecord } from "./RunRecord.js"
import * as revision from "./revision.js"
import { timeText } from "./runColumns.js"

/** 1, 2 and 4 seconds, as `local-telemetry` has it. */
const schedule = Schedule.exponential("1 second", 2).pipe(Schedule.intersect(Schedule.recurs(3)))
/** How long an answer is waited for. */
const timeout = "10 seconds"
/** Most runs that wait; `narrative runs post` posts what is beyond that. */
const mostWaiting = 10_000
const workers = 4
/** How long what is being posted is waited for when the scope is closed. */
const shutdownTimeout = "5 seconds"

/** Where runs are found, and written. */
interface PostedRuns {
  readonly run: (eventId: string) => Effect.Effect<RunRecord | undefined, HistoryError>
  readonly write: (write: Write) => Effect.Effect<void, Error>
}

export interface Posting {
  /** Posts a run that has ended, in the background. */
  readonly ended: (eventId: string) => Effect.Effect<void>
  readonly counts: () => { readonly posted: number; readonly unposted: number }
}

/** @internal */
export const make = (
  sink: PostedRuns,
  server: httpJson.Server
): Effect.Effect<Posting, never, HttpClient.HttpClient | Scope.Scope> =>
  Effect.gen(function* () {
    const waiting = yield* Queue.dropping<string>(mostWaiting)
    const counts = { posted: 0, unposted: 0 }
    const idle = yield* Effect.makeLatch(true)
    let pending = 0
    const fail = (error: Error) => {
      counts.unposted += 1
      return isDue(counts.unposted)
        ? warning(`A run is not posted (${counts.unposted} so far); narrative runs post tries again: ${error.message}`)
        : Effect.void
    }
    const one = (eventId: string) =>
      Effect.gen(function* () {
        const run = yield* sink.run(eventId)
        if (run === undefined || run.apiPosted) return
        yield* post(sink, server, run)
        counts.posted += 1
      }).pipe(Effect.catchAll(fail))
    const work = Effect.gen(function* () {
      yield* one(yield* Queue.take(waiting))
      pending -= 1
      if (pending === 0) yield* idle.open
    })
    for (let i = 0; i < workers; i++) {
      yield* work.pipe(Effect.forever, withoutNarration, Effect.interruptible, Effect.forkScoped)
    }
    yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(Effect.interruptible(idle.await), shutdownTimeout)))
    const ended: Posting["ended"] = (eventId) =>
      Effect.gen(function* () {
        pending += 1
        yield* idle.close
        if (yield* Queue.offer(waiting, eventId)) return
        pending -= 1
        yield* fail(new TooManyRuns())
      })
    return { ended, counts: () => ({ ...counts }) }
  })

class TooManyRuns extends Data.TaggedError("TooManyRuns") {
  override get message(): string {
    return `${mostWaiting.toLocaleString("en")} runs wait already`
  }
}

/** Posts a run, and writes down what came of it. */
export const post = (sink: Pick<PostedRuns, "write">, server: httpJson.Server, run: RunRecord) => {
  let failures = 0
  const marked = (changes: { readonly api_posted?: true; readonly api_posted_at?: string | null }, now: number) =>
    Effect.ignore(
      sink.write({
        record_type: "run",
        revision: revision.next(now, 2),
        event_id: run.eventId,
        changes: { run_id: run.runId, api_retry_count: run.apiRetryCount + failures, ...changes }
      })
    )
  return httpJson.request(server, "POST", "", timeout, JSON.stringify(payloadOf(run))).pipe(
    Effect.tapError(() => Effect.sync(() => failures++)),
    retry<httpJson.RequestFailed>(schedule, ({ reason }) => reason !== "Refused"),
    Effect.tapBoth({
      onSuccess: () =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          marked({ api_posted: true, api_posted_at: timeText(now) ?? null }, now)
        ),
      onFailure: () => Effect.flatMap(Clock.currentTimeMillis, (now) => marked({}, now))
    }),
    Effect.asVoid
  )
}

/** What is posted: the fields that receivers of `local-telemetry` know, and the id by which one knows a run again. */
const payloadOf = (run: RunRecord): Readonly<Record<string, PlainValue>> => {
  const time = (millis: number | null) => (millis === null ? null : (timeText(millis) ?? null))
  const fields = {
    event_id: run.eventId,
    run_id: run.runId,
    agent_name: run.agentName,
    agent_owner: run.agentOwner,
    job_type: run.jobType,
    trigger_type: run.triggerType,
    start_time: time(run.startTime),
    end_time: time(run.endTime),
    status: run.status,
    items_discovered: run.itemsDiscovered,
    items_succeeded: run.itemsSucceeded,
    items_failed: run.itemsFailed,
    items_skipped: run.itemsSkipped,
    duration_ms: run.durationMs,
    error_summary: run.errorSummary,
    product: run.product,
    platform: run.platform,
    product_family: run.productFamily,
    subdomain: run.subdomain,
    git_repo: run.gitRepo,
    git_branch: run.gitBranch,
    host: run.host
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}
