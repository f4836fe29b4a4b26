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
  it.live("tells what the functions held that an error was thrown through", () =>
    Effect.gen(function* () {
      const told = yield* ran
      assert.deepStrictEqual(told["plain"], [parse, caller])
      assert.deepStrictEqual(told["inEffect"], [parse, caller])
      assert.deepStrictEqual(told["afterAwait"], [["load", { id: 3, key: "k3" }]])
      assert.deepStrictEqual(told["rethrown"], [parse, caller])
      assert.strictEqual(told["line"], told["expectedLine"])
    })
  )

  it.live("lets a burst of exceptions pass, and is back a second later", () =>
    Effect.gen(function* () {
      const told = yield* ran
      assert.isAtMost(told["seenOfBurst"] as number, 5)
      assert.strictEqual(told["afterwards"], 2)
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
      const told = yield* ran
      assert.strictEqual(told["uninstalled"], 0)
      assert.strictEqual(told["released"], 0)
    })
  )

  it.live("refuses where a debugger may be attached, and says so", () =>
    Effect.gen(function* () {
      const told = yield* run("--inspect=127.0.0.1:0")
      assert.deepInclude(told["status"], { available: false })
      assert.match(JSON.stringify(told["status"]), /debugger/)
      assert.deepStrictEqual(told["plain"], [])
    })
  )
})
