import type { AnyValue } from "@effect/opentelemetry/OtlpResource"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as otlpAttributes from "../../src/otel/otlpAttributes.js"
import { thrownValue } from "../cause/thrownValues.js"
import { anything } from "../fixtures/events.js"

const valueOf = (value: unknown, maxLength?: number): AnyValue => {
  const [attribute] = otlpAttributes.of([["it", value]], maxLength)
  assert(attribute?.key === "it")
  return attribute.value
}

/** That it is of one kind, and holds what both JSON and protobuf have. */
const assertWritable = (value: AnyValue): void => {
  const kinds = Object.keys(value)
  assert.lengthOf(kinds, 1, String(kinds))
  if (value.arrayValue !== undefined) {
    for (const item of value.arrayValue.values) assertWritable(item)
  } else if (value.intValue !== undefined) {
    // A number where that is exact, else decimal digits, which the type leaves out.
    const given: unknown = value.intValue
    assert(typeof given === "number" || typeof given === "string")
    const int = BigInt(given)
    if (typeof given === "string") assert.strictEqual(given, String(int))
    assert.strictEqual(BigInt.asIntN(64, int), int)
  } else if (typeof value.doubleValue === "number") {
    assert.isTrue(Number.isFinite(value.doubleValue))
  } else {
    assert.isTrue(typeof value.stringValue === "string" || typeof value.boolValue === "boolean", String(kinds))
  }
}

const self: Array<unknown> = [1]
self.push(self, self)

describe("Attributes in OTLP", () => {
  it("are of a kind that can be written, whatever they were", () => {
    const odd = fc.oneof(
      fc.double(),
      fc.double().map(Math.trunc),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
      fc.constantFrom(
        Number.NaN,
        Number.NEGATIVE_INFINITY,
        2 ** 63,
        -(2 ** 63),
        -(2 ** 63) - 2_048,
        10n ** 400n,
        Symbol("it"),
        self
      )
    )
    const values = fc.oneof(
      thrownValue,
      fc.oneof(anything, odd, fc.array(odd)).map((value) => () => value)
    )
    fc.assert(
      fc.property(values, (value) => {
        assertWritable(valueOf(value()))
        assertWritable(valueOf([value()]))
      })
    )
  })

  it("are what they were, where the protocol has it", () => {
    assert.deepStrictEqual(valueOf("text"), { stringValue: "text" })
    assert.deepStrictEqual(valueOf(false), { boolValue: false })
    assert.deepStrictEqual(valueOf(-7), { intValue: -7 })
    assert.deepStrictEqual(valueOf(7n), { intValue: 7 })
    assert.deepStrictEqual(valueOf(-0.5), { doubleValue: -0.5 })
    assert.deepStrictEqual(valueOf([1, ["a"]]), {
      arrayValue: { values: [{ intValue: 1 }, { arrayValue: { values: [{ stringValue: "a" }] } }] }
    })
  })

  it("are doubles or texts where it has not", () => {
    assert.deepStrictEqual(valueOf(2 ** 63), { doubleValue: 2 ** 63 })
    assert.deepStrictEqual(valueOf(2n ** 64n), { stringValue: "18446744073709551616" })
    assert.deepStrictEqual(valueOf(Number.NaN), { stringValue: "NaN" })
    assert.deepStrictEqual(valueOf(null), { stringValue: "null" })
    assert.deepStrictEqual(valueOf({ row: 7 }), { stringValue: '{\n  "row": 7\n}' })
    assert.deepStrictEqual(valueOf(Object.create(null, { at: { value: 1n, enumerable: true } })), {
      stringValue: "<unreadable>"
    })
  })

  it("are cut at any depth", () => {
    const cut = { stringValue: "xxxx… (+5 characters)" }
    const long = "x".repeat(9)
    assert.deepStrictEqual(valueOf(long, 4), cut)
    assert.deepStrictEqual(valueOf([[long]], 4), { arrayValue: { values: [{ arrayValue: { values: [cut] } }] } })
    assert.deepStrictEqual(valueOf(2n ** 64n, 4).stringValue?.slice(0, 5), "1844…")
    assert.deepStrictEqual(valueOf(new Date(0), 4).stringValue?.slice(0, 5), '"197…')
  })
})
