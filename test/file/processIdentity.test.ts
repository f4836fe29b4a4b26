import { spawn, spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as processIdentity from "../../src/file/processIdentity.js"

/** A child that lives until the scope closes, and the identity it gives itself. */
const child = Effect.acquireRelease(
  Effect.sync(() => spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" })),
  (process) => Effect.sync(() => process.kill("SIGKILL"))
)

const own = processIdentity.own()
const hasProc = own.boot !== ""

describe("the identity of a process", () => {
  it("names a process that lives for as long as it lives", () => {
    assert.strictEqual(processIdentity.lifeOf(own), hasProc ? "alive" : "unknown")
  })

  it("names a process that has ended as dead", () => {
    const { pid } = spawnSync(process.execPath, ["-e", "0"])
    assert.strictEqual(processIdentity.lifeOf({ ...own, pid }), "dead")
  })

  it("is not that of a later process with the same pid", () => {
    if (hasProc) assert.strictEqual(processIdentity.lifeOf({ ...own, startedAt: "1" }), "dead")
  })

  it.scoped("is unknown of a living pid without a time of its start", () =>
    Effect.map(child, ({ pid = 0 }) => {
      assert.strictEqual(processIdentity.lifeOf({ ...own, pid, startedAt: "" }), "unknown")
    })
  )

  it("is unknown of a process of another boot, of another container, and of another machine without /proc", () => {
    assert.strictEqual(processIdentity.lifeOf({ ...own, boot: "of another time" }), "unknown")
    assert.strictEqual(processIdentity.lifeOf({ ...own, namespace: "pid:[1]" }), "unknown")
    assert.strictEqual(processIdentity.lifeOf({ ...own, boot: "", namespace: "", host: "elsewhere" }), "unknown")
  })

  it("takes a pid that can be none for a process that is gone, and signals no group of processes", () => {
    for (const pid of [0, -1, Number.NaN, 1.5]) assert.strictEqual(processIdentity.lifeOf({ ...own, pid }), "dead")
  })
})
