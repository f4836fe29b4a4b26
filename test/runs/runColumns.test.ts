import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc, Schema, SchemaAST } from "effect"
import * as RunRecord from "../../src/runs/RunRecord.js"
import * as runColumns from "../../src/runs/runColumns.js"

const valueFor = (column: runColumns.RunColumn, given: unknown) => runColumns.valueFor(column, given, false)

describe("The columns of a run", () => {
  it("are those of a RunRecord on the wire", () => {
    const { ast } = Schema.encodedSchema(RunRecord.RunRecord)
    const wire = SchemaAST.getPropertySignatures(ast).map(({ name }) => String(name))
    assert.sameMembers(wire, [...runColumns.columnNames])
  })

  it("read a time in every form that other programs write it", () => {
    const noon = "2026-01-31T12:00:00.000Z"
    for (const text of [
      "2026-01-31T12:00:00Z",
      "2026-01-31T12:00:00.000000+00:00",
      "2026-01-31 12:00:00",
      "2026-01-31T12:00:00",
      "2026-01-31T13:00:00+01:00",
      "2026-01-31T12:00:00 00:00",
      "2026-01-31T07:30:00-0430",
      "2026-01-31T12:00Z"
    ]) {
      assert.strictEqual(valueFor("start_time", text), noon, text)
    }
    assert.strictEqual(valueFor("end_time", new Date(noon)), noon)
    assert.strictEqual(valueFor("end_time", "2026-01-31"), "2026-01-31T00:00:00.000Z")
  })

  it("refuse what is no time", () => {
    for (const text of [
      "2026-02-30T00:00:00Z",
      "2026-13-01",
      "yesterday",
      "",
      "1738324800",
      "2026-01-31T25:00:00Z",
      {}
    ]) {
      assert.isTrue(runColumns.isFault(valueFor("start_time", text)), String(text))
    }
  })

  it("order times as texts as they are ordered in time", () => {
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 })
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [one, other] = [runColumns.timeText(a) ?? "", runColumns.timeText(b) ?? ""]
        assert.strictEqual(one < other, a < b)
        assert.strictEqual(runColumns.millisOf(one), a)
      })
    )
  })

  it("take the words of other programs for a status", () => {
    assert.deepStrictEqual(["failure", "completed", "succeeded", "canceled", "timeout"].map(RunRecord.parseStatus), [
      "failed",
      "success",
      "success",
      "cancelled",
      "timeout"
    ])
    assert.isUndefined(RunRecord.parseStatus("done"))
    assert.isTrue(runColumns.isFault(valueFor("status", "toString")))
  })

  it("refuse a text that is too long, or cut it for a program", () => {
    const long = "x".repeat(501)
    assert.isTrue(runColumns.isFault(valueFor("error_summary", long)))
    const cut = runColumns.valueFor("error_summary", long, true)
    assert.isString(cut)
    assert.isAtMost(String(cut).length, 500)
  })

  it("take whole numbers of 0 or more for counts, and JSON for the rest", () => {
    assert.strictEqual(valueFor("items_failed", 0), 0)
    for (const given of [-1, 1.5, Number.NaN, "3", 2 ** 53]) {
      assert.isTrue(runColumns.isFault(valueFor("items_failed", given)), String(given))
    }
    assert.deepStrictEqual(valueFor("metrics_json", '{"a":1}'), { a: 1 })
    assert.deepStrictEqual(valueFor("metrics_json", {}), {})
    assert.isTrue(runColumns.isFault(valueFor("metrics_json", "{")))
  })
})
