import { PassThrough } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { ConsoleRenderer, Narrative } from "../../src/index.js"
import { environment } from "../../src/plain/environment.js"

/** As Deno has it without `--allow-env`. */
const refuse = (): never => {
  throw new Error("Requires env access")
}

const withoutEnvironment = Effect.acquireRelease(
  Effect.sync(() => {
    const own = process.env
    process.env = new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse })
    return own
  }),
  (own) =>
    Effect.sync(() => {
      process.env = own
    })
)

describe("The environment", () => {
  it("has the variables of the process, as they are now", () => {
    assert.deepStrictEqual({ ...environment }, { ...process.env })
    assert.isUndefined(environment["NARRATIVE_NOT_SET"])
  })

  it.scoped("has none that may not be read", () =>
    Effect.gen(function* () {
      yield* withoutEnvironment
      assert.isUndefined(environment["PATH"])
      assert.deepStrictEqual({ ...environment }, {})
    })
  )

  it.scopedLive("that may not be read ends no program, and loses no failure", () =>
    Effect.gen(function* () {
      yield* withoutEnvironment
      const stream = new PassThrough()
      const chunks: Array<string> = []
      stream.on("data", (chunk) => chunks.push(String(chunk)))
      const exit = yield* Effect.fail("refused").pipe(
        Narrative.stage("Load"),
        Narrative.story("Import"),
        Effect.provide(ConsoleRenderer.layer({ stream })),
        Effect.exit
      )
      assert.deepStrictEqual(exit, Exit.fail("refused"))
      assert.include(chunks.join(""), "Stage:         Load")
    })
  )
})
