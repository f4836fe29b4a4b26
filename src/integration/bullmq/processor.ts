/**
 * What a worker does with a job, as a story.
 */
import type { Job, Processor } from "bullmq"
import * as Tracer from "effect/Tracer"
import { attempt, isObject, propertyOf } from "../../plain/untrusted.js"
import type { Narrator } from "../../promise/Narrator.js"
import { openRootBy } from "../../promise/openers.js"
import type { Correlation } from "../../tracing/Correlation.js"
import { readMetadata } from "./metadata.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface JobOptions<in Data = unknown> {
  /** Jobs that are no story. */
  readonly skip?: ((job: Job<Data>) => boolean) | undefined
  /** What a job's story is called (default: the job's name). Names become labels of metrics: there should be few. */
  readonly naming?: ((job: Job<Data>) => string) | undefined
  /** What to know of the job: span attributes, shown in failure reports. */
  readonly attributes?: ((job: Job<Data>) => Readonly<Record<string, unknown>>) | undefined
  /**
   * Whether a job is in the trace of whoever added it, or in one of its own that is linked to it. By default the first attempt
   * is in it, and further attempts and repeated jobs are linked: one trace would not end otherwise.
   */
  readonly trace?: ((job: Job<Data>) => "child" | "linked") | undefined
}

/**
 * The name of a job with its id, as runtime-narrative had it for Celery: `charge [task_id=42]`. For logs; as the label of a
 * metric it has a value for every job.
 *
 * @since 0.1.0
 * @category naming
 */
export const nameWithId = (job: Pick<Job, "name" | "id">): string => `${job.name} [task_id=${job.id}]`

/**
 * A processor whose every attempt at a job is a story, named by the job's name, with its work in a stage `Process`. It
 * resolves and rejects as the given one does, with the same value and the same error.
 *
 * `job.updateProgress` is progress of the stage, a further attempt a retry of it. A job that asks to be delayed, to wait for its
 * children or for the rate limit ends `partial`, one that was cancelled `cancelled`.
 *
 * @example
 * ```ts
 * import { Worker } from "bullmq"
 * import { narrativeProcessor, narrativeTelemetry } from "effect-narrative/bullmq"
 * import { Narrator } from "effect-narrative/promise"
 *
 * const narrator = await Narrator.make()
 *
 * export const worker = new Worker<{ order: string }>(
 *   "orders",
 *   narrativeProcessor(narrator, async (job) => {
 *     await narrator.stage("Charge", async () => job.data.order)
 *     await job.updateProgress(100)
 *   }),
 *   { connection: { port: 6379 }, telemetry: narrativeTelemetry(narrator) }
 * )
 * ```
 *
 * @since 0.1.0
 * @category processors
 */
export const narrativeProcessor = <Data, Result, Name extends string>(
  narrator: Pick<Narrator, "open" | "stage" | "progress" | "retried">,
  processor: Processor<Data, Result, Name>,
  options: JobOptions<Data> = {}
): Processor<Data, Result, Name> => {
  const process: Processor<Data, Result, Name> = (job, token, signal) => {
    if (options.skip !== undefined && attempt(() => options.skip?.(job) === true, false)) {
      return processor(job, token, signal)
    }
    const { correlation, link } = askerOf(job, options)
    const story = openRootBy(narrator)(
      nameOf(job, options),
      {
        kind: "job",
        labels: { queue: job.queueName },
        attributes: { ...attributesOf(job), ...(options.attributes && attempt(() => options.attributes?.(job), {})) },
        ...(correlation === undefined ? {} : { correlation })
      },
      link
    )
    return story.run(async () => {
      try {
        const done = await narrator.stage("Process", () => {
          sayAttempt(narrator, job)
          return withProgress(narrator, job, () => settled(() => processor(job, token, signal)))
        })
        // What only puts a job off is no failure of the stage, and still has to reach BullMQ.
        if ("deferred" in done) throw done.deferred
        story.end({ status: "success" })
        return done.result
      } catch (error) {
        story.end(endOf(job, error, signal))
        throw error
      }
    })
  }
  // BullMQ makes a signal for a processor that takes three arguments.
  return Object.defineProperty(process, "length", { value: processor.length, configurable: true })
}

type Done<Result> = { readonly result: Result } | { readonly deferred: unknown }

const settled = async <Result>(f: () => Promise<Result>): Promise<Done<Result>> => {
  try {
    return { result: await f() }
  } catch (error) {
    if (deferralOf(error) !== undefined) return { deferred: error }
    throw error
  }
}

/** What a processor throws to put a job off. */
const deferrals: ReadonlyMap<unknown, string> = new Map([
  ["DelayedError", "delayed"],
  ["WaitingError", "waiting"],
  ["WaitingChildrenError", "waiting for children"],
  ["RateLimitError", "rate limited"]
])

const deferralOf = (error: unknown): string | undefined =>
  propertyOf(error, "message") === "bullmq:rateLimitExceeded"
    ? "rate limited"
    : deferrals.get(propertyOf(error, "name"))

const endOf = (job: Job, error: unknown, signal: AbortSignal | undefined) => {
  const deferral = deferralOf(error)
  if (deferral !== undefined) return { status: "partial" as const, outcome: deferral }
  if (signal?.aborted === true) return { status: "cancelled" as const }
  return { error, outcome: `attempt ${attemptOf(job)} of ${job.opts?.attempts ?? 1}` }
}

/** The number of this attempt, the first is 1: after the ones that failed, and the ones that stalled. One that put itself off goes on. */
const attemptOf = ({ attemptsMade, stalledCounter }: Job): number => attemptsMade + (stalledCounter ?? 0) + 1

const sayAttempt = (narrator: Pick<Narrator, "retried">, job: Job): void => {
  const number = attemptOf(job)
  if (number <= 1) return
  const hasFailed = job.attemptsMade > 0 && typeof job.failedReason === "string"
  const reason = hasFailed ? job.failedReason : "The worker that had the job stalled"
  narrator.retried(number, undefined, { delaySeconds: hasFailed ? backoffOf(job) / 1000 : 0, reason })
}

/** How long the attempt had to wait, in milliseconds: a job keeps the rule, not the time. */
const backoffOf = ({ attemptsMade, opts }: Job): number => {
  const backoff = opts?.backoff
  if (typeof backoff !== "object") return backoff ?? 0
  return (backoff.delay ?? 0) * (backoff.type === "exponential" ? 2 ** (attemptsMade - 1) : 1)
}

/** Calls a processor, with what the job says of its progress as progress of the stage. */
const withProgress = async <A>(narrator: Pick<Narrator, "progress">, job: Job, f: () => Promise<A>): Promise<A> => {
  const updateProgress = job.updateProgress
  const value: Job["updateProgress"] = function (this: Job, progress) {
    const { done, total } = amountOf(progress)
    if (done !== undefined) narrator.progress(done, total)
    return updateProgress.call(this, progress)
  }
  Object.defineProperty(job, "updateProgress", { value, configurable: true, writable: true, enumerable: false })
  try {
    return await f()
  } finally {
    Reflect.deleteProperty(job, "updateProgress")
  }
}

/** A number is of a hundred, as BullMQ's own pages have it; a record may say `done` and `total`. */
const amountOf = (progress: unknown): { readonly done?: number; readonly total?: number } => {
  if (typeof progress === "number") return { done: progress, total: 100 }
  if (!isObject(progress)) return {}
  const done = propertyOf(progress, "done")
  const total = propertyOf(progress, "total")
  if (typeof done !== "number") return {}
  return typeof total === "number" ? { done, total } : { done }
}

const nameOf = <Data>(job: Job<Data>, { naming }: JobOptions<Data>): string => {
  const name: unknown = naming && attempt(() => naming(job), undefined)
  return typeof name === "string" && name !== "" ? name : job.name
}

const attributesOf = (job: Job): Record<string, unknown> => ({
  "job.id": job.id,
  "job.queue": job.queueName,
  "job.attempt": attemptOf(job),
  ...(job.repeatJobKey === undefined ? {} : { "job.scheduler": job.repeatJobKey }),
  ...(job.parentKey === undefined ? {} : { "job.parent": job.parentKey })
})

interface JobAsker {
  readonly correlation?: Correlation
  readonly link?: Tracer.AnySpan
}

/** Who asked for a job, and whether its trace goes on in it. */
const askerOf = <Data>(job: Job<Data>, { trace }: JobOptions<Data>): JobAsker => {
  const said = readMetadata(job.opts?.telemetry?.metadata)
  const { parentSpanId: _, sampled, spanId, traceId, traceState: __, ...rest } = said
  // A job may put itself off without end.
  const isFirst = Math.max(attemptOf(job), job.attemptsStarted ?? 0) === 1 && job.repeatJobKey === undefined
  const chosen = (trace && attempt(() => trace(job), undefined)) ?? (isFirst ? "child" : "linked")
  if (chosen === "child" || traceId === undefined || spanId === undefined) return { correlation: said }
  return { correlation: rest, link: Tracer.externalSpan({ traceId, spanId, sampled: sampled !== false }) }
}
