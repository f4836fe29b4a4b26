import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import * as timeBudget from "../../src/diagnostics/timeBudget.js"

/** Lets time pass without using any of the processor, as a machine does that is busy with something else. */
const stall = (millis: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)

describe("TimeBudget", () => {
  it("is spent by work", () => {
    const time = timeBudget.start(20)
    let turns = 0
    while (!time.isSpent()) turns += 1
    assert.isAbove(turns, 1)
  })

  it("is not spent while the process had no processor, but does not wait for ever either", () => {
    const time = timeBudget.start(200)
    stall(250)
    assert.isFalse(time.isSpent())
    stall(1_800)
    assert.isTrue(time.isSpent())
  })

  it("is not spent by what is done once a file", () => {
    const time = timeBudget.start(20)
    const end = performance.now() + 300
    let turns = 0
    timeBudget.preparing(() => {
      while (performance.now() < end) turns += 1
    })
    assert.isFalse(time.isSpent())
    while (!time.isSpent()) turns += 1
    assert.isAbove(turns, 1)
  })

  it("is not spent by what other threads work, where Node can distinguish them", async () => {
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(
      `const { workerData } = require("node:worker_threads")
       Atomics.wait(workerData, 0, 0)
       const before = process.cpuUsage().user
       while (process.cpuUsage().user - before < 100_000);
       Atomics.store(workerData, 0, 2)
       Atomics.notify(workerData, 0)`,
      { eval: true, workerData: shared }
    )
    await once(worker, "online")
    const before = timeBudget.workedMillis()
    Atomics.store(shared, 0, 1)
    Atomics.notify(shared, 0)
    Atomics.wait(shared, 0, 1)
    const worked = timeBudget.workedMillis() - before
    await worker.terminate()
    assert.strictEqual(worked < 100, "threadCpuUsage" in process)
  })

  it("is spent from the beginning when there is none", () => {
    assert.isTrue(timeBudget.start(-1).isSpent())
  })
})
