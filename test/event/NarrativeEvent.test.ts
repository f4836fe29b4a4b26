import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc, Schema } from "effect"
import { fromWire, NarrativeEvent, toWire } from "../../src/event/NarrativeEvent.js"
import { eventOf, Narrator } from "../fixtures/events.js"

const rawOnTerminals = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

describe("NarrativeEvent", () => {
  for (const [tag, event] of Object.entries(eventOf)) {
    describe(tag, () => {
      it("comes back from the wire as it was", () => {
        fc.assert(fc.property(event, (event) => assert.deepStrictEqual(fromWire(toWire(event)), Either.right(event))))
      })

      it("is one line of JSON without a raw control character", () => {
        fc.assert(
          fc.property(event, (event) => {
            const line = toWire(event)
            assert.notMatch(line, rawOnTerminals)
            assert.doesNotThrow(() => JSON.parse(line))
          })
        )
      })

      it("has every field its Schema encodes to, with the same value", () => {
        const encode = Schema.encodeSync(NarrativeEvent)
        fc.assert(
          fc.property(event, (event) => {
            const line: Record<string, unknown> = JSON.parse(toWire(event))
            const encoded = Object.entries(encode(event))
            assert.deepStrictEqual(
              encoded.map(([name]) => [name, line[name]]),
              encoded
            )
          })
        )
      })
    })
  }

  it("keeps an attribute named __proto__", () => {
    const attributes = JSON.parse('{"__proto__":{"admin":true},"nested":{"__proto__":1}}')
    const event = new Narrator().start({ attributes, labels: JSON.parse('{"__proto__":"label"}') })
    const read = Either.getOrThrow(fromWire(toWire(event)))
    assert.strictEqual(toWire(read), toWire(event))
    assert.include(toWire(read), '"attributes":{"__proto__":{"admin":true},"nested":{"__proto__":1}}')
    assert.include(toWire(read), '"labels":{"__proto__":"label"}')
  })

  it("refuses a line that is nested without end instead of overflowing the stack", () => {
    const line = toWire(new Narrator().start()).replace(
      '"attributes":{}',
      `"attributes":{"deep":${"[".repeat(5_000)}${"]".repeat(5_000)}}`
    )
    assert.isTrue(Either.isLeft(fromWire(line)))
  })

  it("can say what is wrong with a line that is nested where a number belongs", () => {
    const line = toWire(new Narrator().start()).replace('"sequence":0', `"sequence":${"[".repeat(100_000)}`)
    const refused = Either.flip(fromWire(`${line}${"]".repeat(100_000)}`))
    assert.match(Either.getOrThrow(refused).message, /JSON nested deeper than 512 levels/)
  })

  it("refuses a depth below that of an outermost stage", () => {
    const narrator = new Narrator()
    const line = toWire(narrator.completed(narrator.stage("Load")))
    assert.isTrue(Either.isRight(fromWire(line)))
    assert.isTrue(Either.isLeft(fromWire(line.replace('"depth":0', '"depth":-1'))))
  })

  it("leaves nothing in a line that turns the direction of text", () => {
    const line = toWire(new Narrator("\u202egnp.exe\u2066").start())
    assert.include(line, '"story_name":"\\u202egnp.exe\\u2066"')
    assert.strictEqual(Either.getOrThrow(fromWire(line)).storyName, "\u202egnp.exe\u2066")
  })

  it("writes a failure with the keys that log pipelines know at the top level", () => {
    const line: Record<string, unknown> = JSON.parse(toWire(new Narrator("Process Payment").failureOccurred()))
    assert.includeMembers(Object.keys(line), [
      "event",
      "story_id",
      "story_name",
      "stage_name",
      "error_type",
      "error_message",
      "location",
      "llm_analysis",
      "diagnostics_mode",
      "stack_frames",
      "compressed_stack_summary",
      "stage_timeline",
      "exception_chain",
      "traceback_text",
      "source_snippet",
      "progress"
    ])
    assert.deepInclude(line, {
      event: "FailureOccurred",
      location: { filename: "src/load.ts", lineno: 7, column: 3, function: "load", source_line: "  yield* parse(row)" }
    })
  })
})
