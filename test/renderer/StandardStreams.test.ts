import { spawn } from "node:child_process"
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { bundled } from "../fixtures/compiled.js"

type Output = "closed socket" | "closed pipe" | "full device"

interface Ended {
  /** `null` when it had to be killed. */
  readonly code: number | null
  readonly stderr: string
  /** What the program wrote when it was done with its own work. */
  readonly wrote: string | undefined
}

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "narrative-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const run = (renderer: "default" | "console", output: Output) =>
  Effect.flatMap(Effect.all([folder, bundled("test/fixtures/narratingProgram.ts")]), ([folder, program]) =>
    Effect.async<Ended>((resume) => {
      const file = join(folder, "done")
      const command = [process.execPath, program, renderer, file]
      const full = output === "full device" ? openSync("/dev/full", "w") : undefined
      // `sh` has no `pipefail`: the program's own exit code goes through a file descriptor.
      const piped = ["sh", "-c", '{ "$@"; echo "exit code $?" >&2; } | true', "sh", ...command]
      const [executable = "", ...args] = output === "closed pipe" ? piped : command
      const child = spawn(executable, args, { stdio: ["ignore", full ?? "pipe", "pipe"], timeout: 110_000 })
      if (full !== undefined) closeSync(full)
      child.stdout?.destroy()
      let stderr = ""
      child.stderr?.setEncoding("utf8").on("data", (text) => {
        stderr += text
      })
      child.once("close", (code) => {
        const recorded = /exit code (\d+)\n$/.exec(stderr)?.[1]
        const wrote = existsSync(file) ? readFileSync(file, "utf8") : undefined
        resume(Effect.succeed({ code: recorded === undefined ? code : Number(recorded), stderr, wrote }))
      })
    })
  )

describe("A program whose standard output is lost", () => {
  for (const renderer of ["default", "console"] as const) {
    for (const output of ["closed socket", "closed pipe", "full device"] as const) {
      it.scopedLive(`does its work, ends well and is warned a few times: ${renderer} renderer, ${output}`, () =>
        Effect.gen(function* () {
          const { code, stderr, wrote } = yield* run(renderer, output)
          assert.strictEqual(code, 0, stderr)
          assert.strictEqual(wrote, "done")
          const warnings = stderr.split("\n").filter((line) => line.includes("the program goes on"))
          // At its 1st, 2nd, 4th, 8th, … lost event, of 4,002.
          assert.isAtLeast(warnings.length, 1, stderr)
          assert.isAtMost(warnings.length, 12, stderr)
        })
      )
    }
  }
})
