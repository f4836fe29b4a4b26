import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ConsoleRenderer, Narrative, Work } from "../../../src/index.js"
import { FakeTerminal, Recording } from "./FakeTerminal.js"

/** What the console writes of a program. */
const recorded = <A, E>(program: Effect.Effect<A, E>, stream: Recording = new Recording()) =>
  program.pipe(
    Effect.exit,
    Effect.provide(ConsoleRenderer.layer({ stream, env: {} })),
    Effect.map(() => stream.lines.map((line) => line.replace(/\((?:\d+\.\d{3}|\d+µ)s\)$/, "(<seconds>s)")))
  )

const chat = { operation: "chat", provider: "openai", model: "gpt-4o" }

const ask = Work.providerCall(Effect.succeed({ prompt: 1000, completion: 500 }), {
  ...chat,
  usage: (usage) => usage,
  cost: () => 0.05
})

const work = Effect.all([
  Work.recordItems({ discovered: 12, succeeded: 9, failed: 1, skipped: 2 }),
  ask,
  Effect.ignore(Work.providerCall(Effect.fail("refused"), chat)),
  Work.recordQuality("coherence", 0.9),
  Work.recordQuality("logic", 0.86)
])

const line = "Work: 12 items (1 failed, 2 skipped) · 2 calls (1 failed) · 1,500 tokens (gpt-4o) · $0.05 · quality 0.88"

describe("the line of a story's work", () => {
  it.effect("comes right before the story's end, and says all of it", () =>
    Effect.gen(function* () {
      const lines = yield* recorded(work.pipe(Narrative.story("Produce")))
      assert.deepStrictEqual(lines.slice(-2), [line, "▶ Story ended: SUCCESS - Produce (<seconds>s)"])
    })
  )

  it.effect("says no more than there was", () =>
    Effect.gen(function* () {
      const lines = yield* recorded(
        Work.recordItems({ succeeded: 1 }).pipe(Narrative.stage("Load"), Narrative.story("Import"))
      )
      assert.deepStrictEqual(lines, [
        "▶ Story started: Import",
        "✔ Stage completed: Load (<seconds>s)",
        "Work: 1 item",
        "▶ Story ended: SUCCESS - Import (<seconds>s)"
      ])
    })
  )

  it.effect("is not there without work, nor where all of it is 0", () =>
    Effect.gen(function* () {
      for (const nothing of [
        Effect.void,
        Work.recordTokens("gpt-4o", { prompt: 0 }),
        Work.recordItems({ succeeded: 0 })
      ]) {
        assert.deepStrictEqual(yield* recorded(nothing.pipe(Narrative.story("Import"))), [
          "▶ Story started: Import",
          "▶ Story ended: SUCCESS - Import (<seconds>s)"
        ])
      }
    })
  )

  it.effect("is among the stages of a sub-story, and of the story around it with all of its work", () =>
    Effect.gen(function* () {
      const lines = yield* recorded(
        Work.recordCost("gpt-4o", 1).pipe(
          Narrative.story("Inner"),
          Effect.zipRight(Work.recordCost("gpt-4o", 2)),
          Narrative.story("Outer")
        )
      )
      assert.deepStrictEqual(lines, [
        "▶ Story started: Outer",
        "  ▶ Story started: Inner",
        "    Work: $1.00",
        "  ▶ Story ended: SUCCESS - Inner (<seconds>s)",
        "Work: $3.00",
        "▶ Story ended: SUCCESS - Outer (<seconds>s)"
      ])
    })
  )

  it.effect("is printed of a story that fails, after the failure", () =>
    Effect.gen(function* () {
      const lines = yield* recorded(
        work.pipe(Effect.zipRight(Effect.fail("out of paper")), Narrative.stage("Write"), Narrative.story("Produce"))
      )
      assert.isAtLeast(lines.indexOf("❌ Failure detected"), 0)
      assert.deepStrictEqual(lines.slice(-2), [line, "▶ Story ended: FAILED - Produce (<seconds>s)"])
    })
  )

  for (const columns of [120, 80, 40, 24, 10]) {
    it.effect(`is whole on a terminal of ${columns} columns, and nothing is cut off`, () =>
      Effect.gen(function* () {
        const terminal = new FakeTerminal({ columns, rows: 40 })
        yield* recorded(work.pipe(Narrative.story("Produce")), terminal)
        const plain = terminal.screen.join("").replaceAll(/\s/g, "")
        assert.include(plain, `${line}▶ Story ended: SUCCESS`.replaceAll(/\s/g, ""))
        assert.strictEqual(plain.split("Work:").length, 2)
      })
    )
  }

  it.effect("lets no control sequence through", () =>
    Effect.gen(function* () {
      const lines = yield* recorded(
        Work.recordTokens("gpt\u001b[2J-4o\n▶ Story ended: FAILED", { prompt: 1 }).pipe(Narrative.story("Produce"))
      )
      assert.strictEqual(lines.length, 3)
      assert.notInclude(lines.join(""), "\u001b")
      assert.match(lines[1] ?? "", /^Work: 1 token \(gpt.*-4o.*\)$/)
    })
  )
})
