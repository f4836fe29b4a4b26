import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import type { Failure, StackFrame } from "../../../src/event/FailureReport.js"
import type { PlainRecord } from "../../../src/plain/PlainValue.js"
import * as frameList from "../../../src/renderer/console/frameList.js"
import * as textLayout from "../../../src/renderer/console/textLayout.js"
import * as Theme from "../../../src/renderer/console/theme.js"
import { ofAllCodePoints } from "../../fixtures/codePoints.js"
import { failure, location } from "./events.js"

const frame = (more: Partial<StackFrame> = {}): StackFrame => ({
  file: "app/db.ts",
  line: 47,
  column: 9,
  function: "insertRow",
  origin: "app",
  suspended: false,
  locals: null,
  ...more
})

const library = frame({ file: "node_modules/pg/client.js", origin: "dependency" })

const theme = Theme.make(true, { NO_COLOR: "1" })

const list = (stackFrames: ReadonlyArray<StackFrame>, columns?: number, more: Partial<Failure> = {}) =>
  frameList.frameList(failure({ stackFrames, ...more }), { theme, columns })

/** Records with the names that V8 may give to variables, and anything in them. */
const anyText = FastCheck.string({
  unit: FastCheck.oneof(
    FastCheck.constantFrom("a", " ", '"', "\\", "数", "\u001b[2J", "\u009b", "\n", "\u202e"),
    ofAllCodePoints({ minLength: 1, maxLength: 1 })
  )
})
const locals = FastCheck.dictionary(
  anyText,
  FastCheck.oneof(anyText, FastCheck.double({ noNaN: true }), FastCheck.array(anyText))
)

describe("FrameList", () => {
  it("shows nothing where the place of the failure is all there is", () => {
    assert.deepStrictEqual(list([]), [])
    assert.deepStrictEqual(list([frame()]), [])
    assert.deepStrictEqual(list([library, frame(), library]), [])
  })

  it("shows each call with its values, names and values in columns", () => {
    const waiting = frame({ line: 12, function: "main", suspended: true, locals: { rows: [1, 2], next: "<redacted>" } })
    assert.deepStrictEqual(list([frame({ locals: { id: 7, customer: "Ada" } }), waiting]), [
      "  at insertRow app/db.ts:47",
      "      id        7",
      '      customer  "Ada"',
      "  waiting in main app/db.ts:12",
      "      rows  [1,2]",
      "      next  <redacted>"
    ])
  })

  it("puts no quotes around what only names a value that cannot be shown", () => {
    const locals = { insert: "[Effect]", run: "[Function run]", next: "<not assigned yet>", text: "[x]", tags: "[A] b" }
    assert.deepStrictEqual(list([frame({ locals }), frame()]).slice(1, 6), [
      "      insert  [Effect]",
      "      run     [Function run]",
      "      next    <not assigned yet>",
      '      text    "[x]"',
      '      tags    "[A] b"'
    ])
  })

  it("says the column where the line is one of a minified bundle", () => {
    assert.deepStrictEqual(list([frame({ line: 1, column: 48_211 }), frame()]).slice(0, 2), [
      "  at insertRow app/db.ts:1:48211",
      "  at insertRow app/db.ts:47"
    ])
  })

  it("says of a generator that failed by itself where it failed, and of the others that they waited", () => {
    const both = [frame({ suspended: true }), frame({ suspended: true, line: 12, function: "main" })]
    assert.deepStrictEqual(list(both, undefined, { location, locationReason: "app_frame" }), [
      "  at insertRow app/db.ts:47",
      "  waiting in main app/db.ts:12"
    ])
    const [first] = list(both, undefined, { location, locationReason: "generator" })
    assert.strictEqual(first, "  waiting in insertRow app/db.ts:47")
  })

  it("folds what is not the app's own, and what is too much", () => {
    assert.strictEqual(list([frame(), library, library, frame()]).at(-1), "  … 2 frame(s) of libraries and the runtime")
    const many = list([...Array.from({ length: 14 }, () => frame()), library])
    assert.deepStrictEqual(many.slice(-2), ["  … 2 more frame(s)", "  … 1 frame(s) of libraries and the runtime"])
    assert.lengthOf(many, 14)
    const crowded: PlainRecord = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`v${i}`, i]))
    assert.strictEqual(list([frame({ locals: crowded })]).at(-1), "      +3 more")
  })

  it("cuts names and values to 80 columns, in line with each other", () => {
    const [, ...table] = list(
      [frame({ locals: { id: 7, 数据: "数".repeat(80), ["n".repeat(30)]: "x".repeat(200) } })],
      80
    )
    assert.strictEqual(table[0], `      id${" ".repeat(20)}7`)
    assert.strictEqual(table[2], `      ${"n".repeat(19)}…  "${"x".repeat(50)}…`)
    for (const line of table) assert.isAtMost(textLayout.width(line), 80)
    const valueColumns = table.map((line) => textLayout.width(line.replace(/\S+$/, "")))
    assert.deepStrictEqual(valueColumns, [28, 28, 28])
  })

  it.prop(
    "lets no control character through, and no value past the columns",
    [locals, anyText, FastCheck.option(FastCheck.integer({ min: 40, max: 120 }), { nil: undefined })],
    ([locals, name, columns]) => {
      const lines = list([frame({ locals, function: name, file: name })], columns)
      for (const line of lines) assert.notMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/)
      if (columns !== undefined) for (const line of lines.slice(1)) assert.isAtMost(textLayout.width(line), columns)
    }
  )
})
