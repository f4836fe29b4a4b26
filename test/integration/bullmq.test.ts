import { assert, describe, it } from "@effect/vitest"
import {
  DelayedError,
  FlowProducer,
  type Job,
  type Processor,
  Queue,
  QueueEvents,
  UnrecoverableError,
  WaitingChildrenError,
  Worker
} from "bullmq"
import { Effect, Queue as Given } from "effect"
import { afterAll, beforeAll } from "vitest"
import { nameWithId, narrativeProcessor, narrativeTelemetry } from "../../src/integration/bullmq/index.js"
import { type Redis, startRedis } from "../fixtures/redis.js"
import { type Recorded, recorded } from "../promise/narrators.js"
import { wait } from "./requestSuite.js"

let redis: Redis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

class StockError extends Error {
  override readonly name = "StockError"
}

interface Bench extends Recorded {
  readonly queue: Queue
  readonly work: (processor: Processor, options?: Parameters<typeof narrativeProcessor>[2]) => Worker
  /** Waits until so many stories have ended. */
  readonly ended: (count: number) => Promise<void>
  readonly connection: { readonly port: number }
  readonly telemetry: ReturnType<typeof narrativeTelemetry>
}

let queues = 0

/** A queue, and workers that are closed afterwards. */
const withQueue = (f: (bench: Bench) => Promise<void>): Promise<void> =>
  recorded(async (recorded) => {
    const { events, narrator } = recorded
    const connection = { port: redis.port }
    const telemetry = narrativeTelemetry(narrator)
    const queue = new Queue(`queue-${queues++}`, { connection, telemetry })
    const workers: Array<Worker> = []
    const work: Bench["work"] = (processor, options) => {
      const worker = new Worker(queue.name, narrativeProcessor(narrator, processor, options), {
        connection,
        telemetry,
        drainDelay: 0.05
      })
      worker.on("error", () => undefined)
      workers.push(worker)
      return worker
    }
    const ended = async (count: number) => {
      while (events().filter(({ _tag }) => _tag === "StoryCompleted").length < count) await wait(5)
    }
    try {
      await f({ ...recorded, queue, work, ended, connection, telemetry })
    } finally {
      for (const worker of workers) await worker.close()
      await queue.obliterate({ force: true })
      await queue.close()
    }
  })

const outcomesOf = ({ stories }: Recorded) => stories().map(({ name, outcome, status }) => [name, status, outcome])

describe("A job", () => {
  it("is a story of its name, with its progress and its result, in the trace of whoever added it", () =>
    withQueue(async (bench) => {
      const { ended, events, narrator, queue, stories, work } = bench
      const traceIds: Array<string | undefined> = []
      await narrator.story("Order", { correlation: { correlationId: "c-1", tenant: "Fjord Tea" } }, async () => {
        traceIds.push(narrator.correlation().traceId)
        await queue.add("charge", { order: 7 })
      })
      const seen: Array<string | undefined> = []
      const results: Array<unknown> = []
      const worker = work(async (job: Job) => {
        seen.push(narrator.correlation().correlationId, narrator.correlation().tenant)
        await job.updateProgress(50)
        return narrator.stage("Charge", async () => ({ charged: true }))
      })
      worker.on("completed", (_job, result) => results.push(result))
      await ended(2)
      await worker.close()
      assert.deepStrictEqual(seen, ["c-1", "Fjord Tea"])
      assert.deepStrictEqual(results, [{ charged: true }])
      assert.deepStrictEqual(outcomesOf(bench)[1], ["charge", "success", undefined])
      const story = stories()[1]
      assert.strictEqual(story?.kind, "job")
      assert.deepInclude(story?.attributes, { "job.attempt": 1, "job.queue": queue.name })
      assert.deepStrictEqual(
        story?.stages.map(({ name, stages }) => [name, stages.map(({ name }) => name)]),
        [["Process", ["Charge"]]]
      )
      const progress = events().find(({ _tag }) => _tag === "StageProgressed")
      assert.deepInclude(progress, { done: 50, total: 100, stageName: "Process" })
      const started = events().filter(({ _tag }) => _tag === "StoryStarted")
      assert.deepStrictEqual(
        started.map(({ traceId }) => traceId),
        [traceIds[0] ?? null, traceIds[0] ?? null]
      )
    }))

  it("that fails is tried again in a story of its own, that says so, with a trace of its own", () =>
    withQueue(async (bench) => {
      const { ended, events, queue, stories, work } = bench
      await queue.add("charge", {}, { attempts: 3, backoff: { type: "fixed", delay: 10 } })
      work(async (job) => {
        if (job.attemptsMade < 2) throw new StockError(`no stock ${job.attemptsMade + 1}`)
      })
      await ended(3)
      assert.deepStrictEqual(outcomesOf(bench), [
        ["charge", "failed", "attempt 1 of 3"],
        ["charge", "failed", "attempt 2 of 3"],
        ["charge", "success", undefined]
      ])
      assert.strictEqual(stories()[0]?.failure?.failures[0].errorType, "StockError")
      assert.match(stories()[0]?.failure?.failures[0].location?.sourceLine ?? "", /throw new StockError/)
      const retries = events().filter((event) => event._tag === "StageRetried")
      assert.deepStrictEqual(
        retries.map(({ attempt, reason }) => [attempt, reason]),
        [
          [2, "no stock 1"],
          [3, "no stock 2"]
        ]
      )
      const traces = new Set(events().flatMap((event) => (event._tag === "StoryStarted" ? [event.traceId] : [])))
      assert.strictEqual(traces.size, 3)
    }))

  it("rejects with its own error, and is not tried again where that says so", () =>
    withQueue(async (bench) => {
      const { ended, queue, work } = bench
      const errors: Array<unknown> = []
      const error = new UnrecoverableError("never")
      await queue.add("charge", {}, { attempts: 3 })
      const worker = work(async () => Promise.reject(error))
      worker.on("failed", (_job, error) => errors.push(error))
      await ended(1)
      await worker.close()
      assert.deepStrictEqual(errors, [error])
      assert.deepStrictEqual(outcomesOf(bench), [["charge", "failed", "attempt 1 of 3"]])
    }))

  it("that puts itself off is no failure", () =>
    withQueue(async (bench) => {
      const { ended, queue, stories, work } = bench
      await queue.add("later", { step: 0 })
      work(async (job, token) => {
        if (job.data.step === 1) return "done"
        await job.updateData({ step: 1 })
        await job.moveToDelayed(Date.now() + 10, token)
        throw new DelayedError()
      })
      await ended(2)
      assert.deepStrictEqual(
        outcomesOf(bench).map(([, status, outcome]) => [status, outcome]),
        [
          ["partial", "delayed"],
          ["success", undefined]
        ]
      )
      assert.deepStrictEqual(
        stories().map(({ failure, stages }) => [failure, stages.map(({ status }) => status)]),
        [
          [undefined, ["completed"]],
          [undefined, ["completed"]]
        ]
      )
      assert.deepStrictEqual(
        stories().map(({ attributes }) => attributes["job.attempt"]),
        [1, 1]
      )
      assert.isUndefined(bench.events().find(({ _tag }) => _tag === "StageRetried"))
    }))

  it("of a schedule is a story each time, in a trace of its own", () =>
    withQueue(async ({ ended, events, queue, work }) => {
      await queue.upsertJobScheduler("every", { every: 30, limit: 3 }, { name: "tick" })
      work(async () => undefined)
      await ended(3)
      const started = events().filter((event) => event._tag === "StoryStarted")
      assert.strictEqual(new Set(started.map(({ traceId }) => traceId)).size, started.length)
      for (const { attributes, storyName } of started) {
        assert.strictEqual(storyName, "tick")
        assert.property(attributes, "job.scheduler")
      }
    }))

  it("of a flow carries who asked to its children and back, and waits for them without a failure", () =>
    withQueue(async (bench) => {
      const { connection, ended, narrator, queue, stories, telemetry, work } = bench
      const flow = new FlowProducer({ connection, telemetry })
      await narrator.withCorrelation({ correlationId: "c-flow" }, () =>
        flow.add({
          name: "parent",
          queueName: queue.name,
          // BullMQ hands who asked on only to what has options.
          opts: {},
          children: [1, 2].map((n) => ({ name: "child", queueName: queue.name, data: { n }, opts: {} }))
        })
      )
      const seen: Array<string | undefined> = []
      work(async () => {
        seen.push(narrator.correlation().correlationId)
      })
      await ended(3)
      await flow.close()
      assert.deepStrictEqual(seen, ["c-flow", "c-flow", "c-flow"])
      assert.deepStrictEqual(
        stories()
          .map(({ name }) => name)
          .sort(),
        ["child", "child", "parent"]
      )
      assert.lengthOf(
        stories().filter(({ attributes }) => "job.parent" in attributes),
        2
      )
      const error = new WaitingChildrenError()
      const waiting = narrativeProcessor(narrator, async () => Promise.reject(error))
      const job = { name: "waiting", queueName: "q", opts: {}, attemptsMade: 0, attemptsStarted: 1 } as unknown as Job<
        unknown,
        never
      >
      assert.strictEqual(await waiting(job).catch((error: unknown) => error), error)
      assert.deepStrictEqual(outcomesOf(bench).at(-1), ["waiting", "partial", "waiting for children"])
    }))

  it("that a stalled worker had is taken up as a further attempt", () =>
    withQueue(async (bench) => {
      const { connection, ended, events, queue, work } = bench
      const options = { connection, lockDuration: 100, stalledInterval: 50, skipLockRenewal: true, drainDelay: 0.05 }
      const stalled = new Worker(queue.name, () => new Promise(() => undefined), options)
      stalled.on("error", () => undefined)
      const active = new Promise((resolve) => stalled.once("active", resolve))
      await queue.add("charge", {})
      await active
      await stalled.close(true)
      const checking = new Worker(queue.name, null, options)
      checking.on("error", () => undefined)
      await checking.startStalledCheckTimer()
      work(async () => "done")
      await ended(1)
      await checking.close()
      assert.deepStrictEqual(outcomesOf(bench), [["charge", "success", undefined]])
      const retried = events().find((event) => event._tag === "StageRetried")
      assert.strictEqual(retried?.reason, "The worker that had the job stalled")
    }))

  it("is finished before its worker closes", () =>
    withQueue(async (bench) => {
      const { queue, work } = bench
      await queue.add("slow", {})
      const worker = work(() => wait(50))
      await new Promise((resolve) => worker.once("active", resolve))
      await worker.close()
      assert.deepStrictEqual(outcomesOf(bench), [["slow", "success", undefined]])
    }))

  it("that is cancelled by its worker is cancelled", () =>
    withQueue(async (bench) => {
      const { ended, queue, work } = bench
      const job = await queue.add("slow", {})
      const worker = work(
        (_job, _token, signal) =>
          new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("stopped"))))
      )
      while (!worker.cancelJob(job.id ?? "")) await wait(5)
      await ended(1)
      assert.deepStrictEqual(outcomesOf(bench), [["slow", "cancelled", undefined]])
    }))

  it("can be called by its id, be skipped, and be linked or a child as its user says", () =>
    withQueue(async (bench) => {
      const { ended, events, narrator, queue, stories, work } = bench
      await queue.add("health", {})
      await narrator.story("Order", () => queue.add("charge", {}, { jobId: "j-42" }))
      work(async () => undefined, {
        naming: nameWithId,
        skip: ({ name }) => name === "health",
        trace: () => "linked"
      })
      await ended(2)
      assert.deepStrictEqual(
        stories().map(({ name }) => name),
        ["Order", "charge [task_id=j-42]"]
      )
      const started = events().filter((event) => event._tag === "StoryStarted")
      assert.notStrictEqual(started[0]?.traceId, started[1]?.traceId)
    }))

  it("does not get mixed up with a thousand others at once", () =>
    withQueue(async ({ connection, ended, narrator, queue, stories, telemetry }) => {
      const ids = Array.from({ length: 1_000 }, (_, i) => `c-${i}`)
      await Promise.all(
        ids.map((correlationId) =>
          narrator.withCorrelation({ correlationId }, () => queue.add("mixed", { correlationId }))
        )
      )
      const wrong: Array<unknown> = []
      const given = Effect.runSync(Given.unbounded<string>())
      const processor: Processor = async ({ data }) => {
        // Each of them gives, and takes what another one gave: a fiber of another job wakes this one.
        await narrator.runPromise(Effect.zipRight(Given.offer(given, "go"), Given.take(given)))
        for (let i = 0; i < 2; i++) {
          await wait(i)
          await narrator.stage("Step", () => wait(1))
          if (narrator.correlation().correlationId !== data.correlationId) wrong.push(data)
        }
      }
      const worker = new Worker(queue.name, narrativeProcessor(narrator, processor), {
        connection,
        telemetry,
        concurrency: 200
      })
      await ended(1_000)
      await worker.close()
      assert.deepStrictEqual(wrong, [])
      assert.deepStrictEqual(Array.from(new Set(stories().map(({ name }) => name))), ["mixed"])
    }))

  it("has its events as any other job's", () =>
    withQueue(async ({ connection, queue, work }) => {
      const events = new QueueEvents(queue.name, { connection })
      await events.waitUntilReady()
      work(async () => 42)
      const job = await queue.add("answer", {})
      assert.strictEqual(await job.waitUntilFinished(events), 42)
      await events.close()
    }))
})
