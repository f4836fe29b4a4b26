import { assert, describe, it } from "@effect/vitest"
import { failedInYield } from "../../../src/diagnostics/source/translator.js"

/** The line of the step that fails, where a generator waits at its `yield*`. */
const stepOf = (waits: string, isOfSchema = false): string | undefined => {
  const lines = ["const settings = Effect.gen(function* () {", ...waits.split("\n"), "})"]
  const line = lines.findIndex((one) => one.includes("yield*")) + 1
  const column = (lines[line - 1] ?? "").indexOf("yield*") + "yield* ".length + 1
  const place = failedInYield(lines, { line, column }, isOfSchema)
  return place && lines[place.line - 1]?.trim()
}

describe("what fails of what a generator waits for", () => {
  it("is the one step that can fail", () => {
    assert.strictEqual(
      stepOf(
        "return yield* _(\n  Effect.promise(() => parse(path)).pipe(\n    Effect.map(keys),\n    Effect.orDie\n  )\n)"
      ),
      "Effect.promise(() => parse(path)).pipe("
    )
    assert.strictEqual(
      stepOf("const a = yield* pipe(\n  crossref.work(id),\n  Effect.mapError(toError)\n)"),
      "crossref.work(id),"
    )
  })

  it("is not known where several can", () => {
    assert.isUndefined(stepOf("const a = yield* pipe(\n  get(url),\n  client.execute,\n  Effect.flatMap(decode)\n)"))
  })

  it("is the one step that decodes where a value is not what its schema says", () => {
    const decoding = "const a = yield* pipe(\n  ask(model),\n  Effect.flatMap(Schema.decode(Thread))\n)"
    assert.strictEqual(stepOf(decoding, true), "Effect.flatMap(Schema.decode(Thread))")
    assert.isUndefined(stepOf(decoding))
  })
})
