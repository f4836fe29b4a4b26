/**
 * What hides secrets is loaded by what makes outputs. Here nothing makes any: a tracer of the program's own reads its spans.
 */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { compiled } from "../fixtures/compiled.js"

const run = promisify(execFile)

const readBy = (...args: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.flatMap(compiled("test/fixtures/tracedProgram.ts"), (program) =>
    Effect.promise(async () =>
      JSON.parse((await run(process.execPath, [program, ...args])).stdout.split("\n").at(-1) ?? "")
    )
  )

describe("A tracer of the program's own, without any renderer", () => {
  it.live("reads everything but the secrets", () =>
    Effect.gen(function* () {
      const read = yield* readBy()
      assert.includeMembers([...read], ["Load https://<redacted>@db", "Connect", "password=<redacted>", "host=db"])
      assert.notInclude(read.join(), "hunter22")
    })
  )

  it.live("reads no value of a synchronous program, which cannot wait until it is known what is secret", () =>
    Effect.gen(function* () {
      const read = yield* readBy("sync")
      assert.includeMembers([...read], ["Connect", "password=<redacted>", "host=<redacted>"])
      assert.notInclude(read.join(), "hunter22")
    })
  )
})
