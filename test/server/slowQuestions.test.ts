/**
 * What a server of a file answers while the threads that read are busy with questions that take long. PostgreSQL has no such threads:
 * it works elsewhere.
 */
import { Worker } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { started } from "./serving.js"
import { validRun } from "./wrongRequests.js"

/** What threads are asked from now on waits until it is let through. */
const heldBack = Effect.acquireRelease(
  Effect.sync(() => {
    const { postMessage } = Worker.prototype
    const waiting: Array<() => void> = []
    Worker.prototype.postMessage = function (...message: Parameters<Worker["postMessage"]>) {
      waiting.push(() => postMessage.apply(this, message))
    }
    const letThrough = Effect.sync(() => {
      Worker.prototype.postMessage = postMessage
      for (const send of waiting.splice(0)) send()
    })
    return { isWaiting: () => waiting.length > 0, letThrough }
  }),
  ({ letThrough }) => letThrough
)

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

const slow = [
  "/api/v1/stats?since=2026-01-01&until=2026-02-01",
  "/api/v1/stories?text=rare",
  "/api/v1/failures",
  "/api/v1/failures/groups",
  "/api/v1/compare/groups?a.since=2026-01-01&b.since=2026-01-02",
  "/api/v1/runs/count",
  "/api/v1/runs/analytics",
  "/api/v1/runs?text=rare",
  "/metrics"
]

describe("A server of a file", () => {
  it.scopedLive.each(slow)("answers its health, reads and writes of runs while %s takes long", (path) =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: { ...validRun, event_id: "a" } })
      const { isWaiting, letThrough } = yield* heldBack
      const asked = yield* Effect.fork(ask(path))
      yield* Effect.repeat(turn, { until: () => isWaiting() || asked.unsafePoll() !== null })
      assert.deepInclude((yield* ask("/health")).json, { status: "ok", database: "ok" })
      assert.deepInclude((yield* ask("/api/v1/runs/a")).json, { event_id: "a" })
      assert.strictEqual((yield* ask("/api/v1/runs", { body: { ...validRun, event_id: "b" } })).status, 201)
      assert.lengthOf((yield* ask("/api/v1/runs?limit=10")).json, 2)
      assert.isNull(asked.unsafePoll())
      yield* letThrough
      assert.strictEqual((yield* Fiber.join(asked)).status, 200)
    })
  )
})
