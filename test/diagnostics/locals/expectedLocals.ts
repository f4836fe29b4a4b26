/**
 * What `fixtures/suspendedPrograms.ts` has to write, however it is run: the locals of its frames.
 */
import { readFileSync } from "node:fs"
import { assert } from "@effect/vitest"
import type { GeneratorFrame } from "../../../src/diagnostics/locals/locals.js"

/** By the comment that marks its line: the function's name and what it holds. */
type Expected = readonly [mark: string, functionName: string, locals: Readonly<Record<string, unknown>>]

const unassigned = "<unassigned>"
const findUser = (id: number): Expected => [
  "findUser",
  "findUser",
  { id, table: "users", password: "a Redacted", row: { id, token: "t-1" }, after: unassigned }
]
const batch: Expected = ["concurrent", "concurrent", { batch: 7 }]
const failingFinalizer: Expected = ["failingFinalizer", "failingFinalizer", { open: true }]

/** For each program its failures in the cause's order, each with its frames, innermost first. */
const table: Readonly<Record<string, ReadonlyArray<ReadonlyArray<Expected>>>> = {
  taggedError: [[findUser(42), ["taggedError", "taggedError", { reqId: "r-1", user: unassigned }]]],
  thrownInSync: [[["thrownInSync", "thrownInSync", { text: "  " }]]],
  wrapped: [[["wrapped", "wrapped", { body: "{" }]]],
  noSuchElement: [[["noSuchElement", "noSuchElement", { wanted: "header" }]]],
  timedOut: [[["timedOut", "timedOut", { host: "db-1" }]]],
  concurrent: [
    [["left", "left", { side: "left" }], batch],
    [["right", "right", { side: "right" }], batch]
  ],
  failingFinalizer: [[failingFinalizer], [["finalizer", "finalizer", { file: "a.csv" }], failingFinalizer]],
  primitive: [[["primitive", "primitive", { known: 1 }]]],
  acrossFibers: [[findUser(9), ["acrossFibers", "acrossFibers", { parent: "p-1" }]]],
  loop: [[findUser(9), ["loop", "loop", { id: 9, customer: unassigned, total: unassigned }]]],
  shadowing: [[["shadowing", "shadowing", { version: "inner", most: 1, rest: { extra: [true] } }]]],
  closure: [[["closure", "closure", { length: 4, used: "used" }]]],
  severalLines: [[["severalLines", "severalLines", { query: { limit: 10 } }]]],
  getters: [[["getters", "getters", { order: "a getter" }]]],
  switches: [[["switches", "switches", { kind: "second", found: "<unknown>" }]]],
  late: [[["late", "late", { attempts: 1, answer: "<unknown>", old: 1 }]]],
  method: [[["method", "load", { id: 3, table: "orders" }]]]
}

type Told = Omit<GeneratorFrame, "locals"> & { readonly locals: Readonly<Record<string, unknown>> }

export interface Outcome {
  readonly status: { readonly available: boolean; readonly reason: string }
  readonly interrupted: string
  readonly gettersRun: number
  readonly [program: string]: unknown
}

/** The frames it wrote have their places in `file`. */
export const checkLocals = (outcome: Outcome, file: string, mapped: boolean) => {
  assert.deepStrictEqual(outcome.status.available, true, outcome.status.reason)
  const lines = readFileSync(file, "utf8").split("\n")
  const recorded = Object.fromEntries(
    Object.keys(table).map((name) => {
      const failures = (outcome[name] ?? []) as ReadonlyArray<ReadonlyArray<Told>>
      return [name, failures.map((frames) => frames.map((frame) => pictureOf(frame, lines)))]
    })
  )
  const expected = Object.fromEntries(
    Object.entries(table).map(([name, failures]) => [
      name,
      failures.map((frames) =>
        frames.map(([mark, functionName, locals]) => {
          const line = lines.findIndex((text) => text.endsWith(`// @${mark}`)) + 1
          return { file, line, column: columnOf(lines, line), functionName, within: true, mapped, locals }
        })
      )
    ])
  )
  assert.deepStrictEqual(recorded, expected)
  assert.strictEqual(outcome.interrupted, "interrupted")
  assert.strictEqual(outcome.gettersRun, 0)
}

const columnOf = (lines: ReadonlyArray<string>, line: number): number => (lines[line - 1]?.indexOf("yield*") ?? -1) + 1

const pictureOf = ({ functionRange, ...frame }: Told, lines: ReadonlyArray<string>) => ({
  ...frame,
  within:
    functionRange.file === frame.file &&
    functionRange.startLine < frame.line &&
    frame.line < functionRange.endLine &&
    /\*/.test(lines[functionRange.startLine - 1] ?? "") &&
    (lines[functionRange.endLine - 1] ?? "").trim().startsWith("}")
})
