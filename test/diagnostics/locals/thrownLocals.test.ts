import { execFile } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { compiled } from "../../fixtures/compiled.js"

// In a process of its own: a pause stops the whole thread, and Vitest's with it.
const run = (...flags: ReadonlyArray<string>) =>
  Effect.flatMap(compiled("test/diagnostics/fixtures/throwingPrograms.ts"), (program) =>
    Effect.async<Record<string, unknown>>((resume) => {
      execFile(process.execPath, [...flags, "--enable-source-maps", program], { timeout: 110_000 }, (error, stdout) => {
        resume(error === null ? Effect.succeed(JSON.parse(stdout)) : Effect.die(error))
      })
    })
  )

const ran = Effect.runSync(Effect.cached(run()))

const parse = ["parse", { text: "ok,x", part: "x", version: "2", after: "<unassigned>" }]
const caller = ["caller", { reqId: "r-1", limit: 3 }]

describe("ThrownLocals", () => {
  it.live("shows what the functions held that an error was thrown through", () =>
    Effect.gen(function* () {
      const recorded = yield* ran
      assert.deepStrictEqual(recorded["plain"], [parse, caller])
      assert.deepStrictEqual(recorded["inEffect"], [parse, caller])
      assert.deepStrictEqual(recorded["afterAwait"], [["load", { id: 3, key: "k3" }]])
      assert.deepStrictEqual(recorded["rethrown"], [parse, caller])
      assert.strictEqual(recorded["line"], recorded["expectedLine"])
    })
  )

  it.live("lets a burst of exceptions pass, and is back a second later", () =>
    Effect.gen(function* () {
      const recorded = yield* ran
      assert.isAtMost(recorded["seenOfBurst"] as number, 5)
      assert.strictEqual(recorded["afterwards"], 2)
    })
  )

  it.live("spends its pauses on the app's own throws, not on those of a library that loads", () =>
    Effect.gen(function* () {
      const shown = yield* ran
      assert.deepStrictEqual(shown["afterLibrary"], [parse, caller])
    })
  )

  it.live("is over when it is uninstalled, and forgets what was released", () =>
    Effect.gen(function* () {
      const recorded = yield* ran
      assert.strictEqual(recorded["uninstalled"], 0)
      assert.strictEqual(recorded["released"], 0)
    })
  )

  it.live("refuses where a debugger may be attached, and says so", () =>
    Effect.gen(function* () {
      const recorded = yield* run("--inspect=127.0.0.1:0")
      assert.deepInclude(recorded["status"], { available: false })
      assert.match(JSON.stringify(recorded["status"]), /debugger/)
      assert.deepStrictEqual(recorded["plain"], [])
    })
  )
})
