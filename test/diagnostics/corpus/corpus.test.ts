/**
 * What reports say of many small programs, each failing in its own way: the line, the value that decides, and the cause.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Renderer from "../../../src/delivery/Renderer.js"
import * as Diagnostics from "../../../src/diagnostics/Diagnostics.js"
import type { Failure } from "../../../src/event/FailureReport.js"
import type { NarrativeEvent } from "../../../src/event/NarrativeEvent.js"
import * as Narrative from "../../../src/Narrative.js"
import { combinators } from "./combinators.js"
import type { Failing } from "./Failing.js"
import { modules } from "./modules.js"

const failureOf = (program: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const events: Array<NarrativeEvent> = []
    yield* program.pipe(
      Narrative.stage("Works"),
      Narrative.story("Fails"),
      Effect.exit,
      Effect.provide(Renderer.replace(Renderer.make("kept", (event) => void events.push(event))))
    )
    const report = events.find((event) => event._tag === "FailureOccurred")
    return report?.failures[0] ?? assert.fail("no failure was reported")
  })

const suite = (file: string, programs: Readonly<Record<string, Failing>>) => {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const lines = readFileSync(path, "utf8").split("\n")
  const lineOf = (name: string) => lines.findIndex((line) => new RegExp(`// .*@${name}\\b`).test(line)) + 1
  const placeOf = ({ location }: Failure) => (location?.file.endsWith(file.slice(2)) ? location.line : location?.file)

  // The debugger looks through all scripts of the process when it begins: once for all programs.
  layer(Diagnostics.layer({ mode: "rich" }), { excludeTestServices: true })("in rich mode", (it) => {
    for (const [name, { cause, program, type, value = {} }] of Object.entries(programs)) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const failure = yield* failureOf(program)
          assert.strictEqual(failure.errorType, type)
          assert.match(`${failure.exactCause} ${failure.errorMessage}`, cause)
          assert.strictEqual(placeOf(failure), lineOf(name))
          const locals = failure.stackFrames.flatMap(({ locals }) => Object.entries(locals ?? {}))
          for (const [variable, expected] of Object.entries(value)) {
            const held = locals.flatMap(([name, value]) => (name === variable ? [value] : []))
            assert.deepInclude(held, expected)
          }
        })
      )
    }
  })

  layer(Diagnostics.layer({ mode: "lean" }), { excludeTestServices: true })("in lean mode", (it) => {
    for (const [name, { cause, program, type }] of Object.entries(programs)) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const failure = yield* failureOf(program)
          assert.strictEqual(failure.errorType, type)
          assert.match(`${failure.exactCause} ${failure.errorMessage}`, cause)
          assert.strictEqual(placeOf(failure), lineOf(name))
        })
      )
    }
  })
}

describe("a program that fails in a combinator", () => suite("./combinators.ts", combinators))
describe("a program that fails in a module of Effect's", () => suite("./modules.ts", modules))
