import { execFile } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { bundled } from "../fixtures/compiled.js"

interface Ended {
  readonly code: number
  readonly lines: ReadonlyArray<string>
  readonly stderr: string
}

const run = (way: string, env: Readonly<Record<string, string>> = {}, args: ReadonlyArray<string> = []) =>
  Effect.flatMap(bundled("test/fixtures/mainProgram.ts"), (program) =>
    Effect.async<Ended>((resume) => {
      const options = { timeout: 110_000, env: { ...process.env, ...env } }
      execFile(process.execPath, [program, way, ...args], options, (error, stdout, stderr) =>
        resume(
          Effect.succeed({
            code: error === null ? 0 : Number(error.code ?? -1),
            lines: stdout.split("\n").filter((line) => line !== ""),
            stderr
          })
        )
      )
    })
  )

describe("Narrative.runMain", () => {
  it.live("leaves a program that succeeds as it is", () =>
    Effect.gen(function* () {
      const { code, lines } = yield* run("succeeds")
      assert.deepStrictEqual([code, lines], [0, ["StoryStarted Fine", "StoryCompleted Fine"]])
    })
  )

  it.live("reports a failure outside any story like any other, to the renderers of its layer, and exits with 1", () =>
    Effect.gen(function* () {
      const { code, lines, stderr } = yield* run("outside")
      assert.strictEqual(code, 1)
      assert.deepStrictEqual(lines, [
        "StoryStarted mainProgram.js",
        "FailureOccurred mainProgram.js Broken lean",
        "StoryCompleted mainProgram.js"
      ])
      assert.notInclude(stderr, "Broken")
    })
  )

  it.live("reports a failure that its story reported only there, without a raw stack beside it", () =>
    Effect.gen(function* () {
      const { code, lines, stderr } = yield* run("inside")
      assert.strictEqual(code, 1)
      assert.deepStrictEqual(lines, ["StoryStarted Inner", "FailureOccurred Inner Broken lean", "StoryCompleted Inner"])
      assert.notInclude(stderr, "    at ")
    })
  )

  it.live(
    "reports a layer that cannot be built as the console would, beside the output, where a renderer was chosen",
    () =>
      Effect.gen(function* () {
        for (const way of ["unbuilt", "unbuiltOutside"]) {
          const { code, lines, stderr } = yield* run(way)
          assert.deepStrictEqual([code, lines], [1, []], way)
          assert.match(stderr, /Broken[\s\S]*mainProgram\.[jt]s:\d+/, way)
          assert.notInclude(stderr, '{"event"', way)
        }
      })
  )

  it.live("reports what fails in lines of JSON where nothing was chosen and the output is no terminal", () =>
    Effect.gen(function* () {
      const { code, lines } = yield* run("unbuiltWithoutRenderer")
      assert.strictEqual(code, 1)
      assert.deepStrictEqual(
        lines.map((line) => JSON.parse(line).event),
        ["StoryStarted", "FailureOccurred", "StoryCompleted"]
      )
    })
  )

  it.live("leaves what @effect/cli printed of a wrong argument at that, and exits with 1", () =>
    Effect.gen(function* () {
      const { code, lines, stderr } = yield* run("misused")
      assert.strictEqual(code, 1)
      assert.include(`${lines.join()}${stderr}`, "many")
      assert.notInclude(lines.join(), "Story")
    })
  )

  it.live("is one story around all that happens in it, from the first of that on", () =>
    Effect.gen(function* () {
      const { code, lines } = yield* run("command", {}, ["--stage"])
      assert.deepStrictEqual(
        [code, lines],
        [0, ["StoryStarted gen", "StageStarted gen", "StageCompleted gen", "StoryCompleted gen"]]
      )
    })
  )

  it.live("is a story that fails, also where nothing else happened in it", () =>
    Effect.gen(function* () {
      const { code, lines } = yield* run("command", {}, ["--fail"])
      assert.deepStrictEqual(
        [code, lines],
        [1, ["StoryStarted gen", "FailureOccurred gen Broken lean", "StoryCompleted gen"]]
      )
    })
  )

  it.live("is a story that is cancelled where the command is interrupted", () =>
    Effect.gen(function* () {
      const { lines } = yield* run("command", {}, ["--stage", "--interrupt"])
      assert.deepStrictEqual(lines, [
        "StoryStarted gen",
        "StageStarted gen",
        "StageCompleted gen",
        "StoryCompleted gen cancelled"
      ])
    })
  )

  it.live("is no story where it only prints its help, refuses its arguments, or does nothing", () =>
    Effect.gen(function* () {
      for (const [args, expected] of [
        [["--help"], 0],
        [["--version"], 0],
        [["--stage", "--nope"], 1],
        [[], 0]
      ] as const) {
        const { code, lines } = yield* run("command", {}, args)
        assert.strictEqual(code, expected, args.join(" "))
        assert.notMatch(lines.join("\n"), /Story|Failure/, args.join(" "))
      }
    })
  )

  it.live("reads locals from the first failure on where the environment asks for it", () =>
    Effect.gen(function* () {
      const { lines } = yield* run("outside", { RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS: "rich" })
      assert.include(lines, "FailureOccurred mainProgram.js Broken rich")
    })
  )

  it.live("warns of an invalid setting in the environment, and goes on lean", () =>
    Effect.gen(function* () {
      const { lines, stderr, code } = yield* run("outside", { RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS: "rihc" })
      assert.strictEqual(code, 1)
      assert.include(lines.join("\n"), "FailureOccurred mainProgram.js Broken lean")
      assert.include(`${lines.join("\n")}${stderr}`, "RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS takes lean or rich")
    })
  )

  it.live("ends its stories when it is interrupted by a signal", () =>
    Effect.gen(function* () {
      const { lines } = yield* run("interrupted")
      assert.deepStrictEqual(lines, ["StoryStarted Waiting", "StoryCompleted Waiting cancelled"])
    })
  )

  it.live("reports a finalizer that fails when the program is interrupted by a signal", () =>
    Effect.gen(function* () {
      const { lines } = yield* run("finalizer")
      assert.deepStrictEqual(lines, [
        "StoryStarted mainProgram.js",
        "FailureOccurred mainProgram.js Broken lean",
        "StoryCompleted mainProgram.js"
      ])
    })
  )

  it.live("explains a failure outside any story by the analyzer of its layer", () =>
    Effect.gen(function* () {
      const { code, lines } = yield* run("explained")
      assert.strictEqual(code, 1)
      assert.include(lines, "FailureOccurred mainProgram.js Broken lean because")
    })
  )

  it.live("waits for the analyses in the background before it exits", () =>
    Effect.gen(function* () {
      const { code, lines } = yield* run("explainedLater")
      assert.strictEqual(code, 1)
      assert.deepStrictEqual(lines.slice(-3), [
        "FailureOccurred Inner Broken lean",
        "StoryCompleted Inner",
        "AnalysisReady Inner because"
      ])
    })
  )

  it.live("ends at once when it is interrupted by a signal while it waits for an analysis", () =>
    Effect.gen(function* () {
      const { lines } = yield* run("interruptedAnalysis")
      assert.deepStrictEqual(lines, ["StoryStarted Inner", "FailureOccurred Inner Broken lean", "StoryCompleted Inner"])
    })
  )
})
