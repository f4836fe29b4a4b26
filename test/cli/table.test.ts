import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { type Column, table } from "../../src/cli/table.js"
import * as textLayout from "../../src/renderer/console/textLayout.js"
import * as theme from "../../src/renderer/console/theme.js"
import { text } from "../fixtures/events.js"

const plain = theme.make(false, {})
const coloured = theme.make(true, { FORCE_COLOR: "1" })

interface Row {
  readonly id: string
  readonly story: string
  readonly error: string
}

const columns: ReadonlyArray<Column<Row>> = [
  { title: "When", cell: () => ({ text: "2m ago", paint: coloured.colours.dim, value: "2026-11-20T10:00:00.000Z" }) },
  { title: "Id", cell: ({ id }) => ({ text: id.slice(0, 8), value: id }) },
  { title: "Story", cell: ({ story }) => ({ text: story, paint: coloured.colours.bold }), least: 8 },
  { title: "Count", cell: () => ({ text: "7" }), align: "right", dispensable: 2 },
  { title: "Error", cell: ({ error }) => ({ text: error, paint: coloured.colours.bad }), least: 10 },
  {
    title: "Where",
    cell: ({ error }) => ({ text: error.startsWith("at ") ? error : "src/a.ts:7" }),
    cut: "start",
    least: 8,
    dispensable: 1
  }
]

/** Text that terminals obey, and characters that take two columns or none. */
const hostile = fc.oneof(
  text,
  fc
    .array(
      fc.constantFrom(
        "数据",
        "👩‍👩‍👧",
        "é",
        "\u0301",
        "\u200d",
        "\u202e",
        "\x1b]0;title\x07",
        "\x1b[2J",
        "\n",
        "\r",
        "\t",
        "ab",
        " "
      )
    )
    .map((parts) => parts.join(""))
)

const rows = fc.array(
  fc.record({
    id: hostile,
    story: hostile,
    error: fc.oneof(
      hostile,
      hostile.map((text) => `at ${text}`)
    )
  }),
  { maxLength: 4 }
)

const linesOf = (printed: string): ReadonlyArray<string> => {
  assert.match(printed, /\n$/)
  return printed.slice(0, -1).split("\n")
}

const widthOf = (line: string) => textLayout.width(line.replaceAll(/\x1b\[\d+m/g, ""))

describe("table", () => {
  it("never exceeds the terminal's columns, whatever the text, and has a line for each row", () => {
    fc.assert(
      fc.property(rows, fc.oneof(fc.constantFrom(80, 120), fc.integer({ min: 1, max: 200 })), (rows, room) => {
        const lines = linesOf(table(rows, columns, { theme: coloured, columns: room }))
        assert.strictEqual(lines.length, rows.length + 1)
        for (const line of lines) assert.isAtMost(widthOf(line), room, JSON.stringify(line))
      })
    )
  })

  it("lets no control character through but its own colours", () => {
    fc.assert(
      fc.property(rows, fc.option(fc.constantFrom(80, 120), { nil: undefined }), (rows, room) => {
        const printed = table(rows, columns, { theme: coloured, columns: room })
        const own = printed.replaceAll(/\x1b\[\d+m/g, "").replaceAll(/[\t\n]/g, "")
        assert.notMatch(own, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/)
      })
    )
  })

  it("keeps every column where there is room for all of them", () => {
    const [heading, line] = linesOf(
      table([{ id: "0123456789", story: "Import", error: "boom" }], columns, { theme: plain, columns: 80 })
    )
    assert.strictEqual(heading, "When    Id        Story   Count  Error  Where")
    assert.match(
      line?.replaceAll(/\x1b\[\d+m/g, "") ?? "",
      /^2m ago {2}01234567 {2}Import {6}7 {2}boom {3}src\/a\.ts:7$/
    )
  })

  it("cuts what may be cut before it leaves a column out", () => {
    const row = { id: "0123456789", story: "Import Customers Nightly", error: "a long message that needs room" }
    const at = (room: number) => linesOf(table([row], columns, { theme: plain, columns: room }))[0]?.split(/ +/)
    assert.deepStrictEqual(at(70), ["When", "Id", "Story", "Count", "Error", "Where"])
    assert.deepStrictEqual(at(53), ["When", "Id", "Story", "Error", "Where"])
    assert.deepStrictEqual(at(44), ["When", "Id", "Story", "Error"])
  })

  it("is tab-separated values without a terminal: no heading, nothing cut, the exact values", () => {
    const row = { id: "0123456789", story: "Import\tCustomers", error: "x".repeat(500) }
    assert.strictEqual(
      table([row], columns, { theme: plain, columns: undefined }),
      `2026-11-20T10:00:00.000Z\t0123456789\tImport\\tCustomers\t7\t${"x".repeat(500)}\tsrc/a.ts:7\n`
    )
  })
})
