import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, FastCheck as fc } from "effect"
import * as evidenceIndex from "../../../src/analysis/prompt/evidenceIndex.js"
import { type Failure, FailureReport } from "../../../src/event/FailureReport.js"
import { failureReport } from "../../fixtures/events.js"

const [known] = failureReport.failures
const frame = {
  file: "src/db.ts",
  line: 20,
  column: 1,
  function: "insert",
  origin: "app" as const,
  suspended: false,
  locals: null
}

const reportOf = (...failures: ReadonlyArray<Partial<Failure>>): FailureReport => {
  const [first = {}, ...rest] = failures
  return { ...failureReport, failures: [{ ...known, ...first }, ...rest.map((failure) => ({ ...known, ...failure }))] }
}

const textsOf = (index: evidenceIndex.EvidenceIndex) => index.entries.map(({ id, text }) => `${id} ${text}`)

describe("EvidenceIndex", () => {
  it("gives out ids for frames, stages, errors and values, each counted from 1", () => {
    const report: FailureReport = {
      ...reportOf({
        errorType: "LoadError",
        errorMessage: "cannot load",
        exceptionChain: "LoadError: cannot load <- Error: connect ECONNREFUSED",
        facts: { code: "ECONNREFUSED", port: 5432 },
        stageAttributes: { order: "A-1" },
        stackFrames: [
          { ...frame, file: "node_modules/pg/index.js", origin: "dependency" },
          { ...frame, locals: { row: { id: 7 } } }
        ]
      }),
      timeline: [
        { name: "Load", index: 0, depth: 0, status: "completed", durationSeconds: 0.5 },
        { name: "Insert", index: 1, depth: 0, status: "running", durationSeconds: null }
      ]
    }
    assert.deepStrictEqual(textsOf(evidenceIndex.of(report)), [
      "F1 load src/load.ts:7 [app]: yield* parse(row)",
      "F2 insert src/db.ts:20 [app]",
      "F3 insert node_modules/pg/index.js:20 [dependency]",
      "S1 Load: completed (0.500s)",
      "S2 Insert: running",
      "E1 LoadError: cannot load",
      "E2 Error: connect ECONNREFUSED",
      'V1 code = "ECONNREFUSED"',
      "V2 port = 5432",
      'V3 order = "A-1"',
      'V4 row = {"id":7} in insert'
    ])
  })

  it("finds an entry by its id, however it is written, and by its name", () => {
    const index = evidenceIndex.of(reportOf({ facts: { code: "EPERM" } }, { facts: { code: "EPIPE" } }))
    assert.strictEqual(index.get(" v2 ")?.text, 'code = "EPIPE"')
    assert.strictEqual(index.find(1, "fact code")?.id, "V2")
    assert.strictEqual(index.find(0, "location")?.id, "F1")
    assert.isUndefined(index.get("V3"))
    assert.isUndefined(index.find(2, "fact code"))
  })

  it("lists a frame that is the failure's place once", () => {
    const index = evidenceIndex.of(reportOf({ stackFrames: [{ ...frame, file: "src/load.ts", line: 7 }] }))
    assert.lengthOf(
      index.entries.filter(({ kind }) => kind === "frame"),
      1
    )
  })

  it("gives each of several failures its share of the frames", () => {
    const stackFrames = Array.from({ length: 30 }, (_, i) => ({ ...frame, line: 100 + i }))
    const index = evidenceIndex.of(reportOf({ stackFrames }, { stackFrames }, { stackFrames }))
    const owners = index.entries.filter(({ kind }) => kind === "frame").map(({ failure }) => failure)
    assert.deepStrictEqual(owners, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
  })

  it("is bounded, without double ids, and finds each entry again, whatever the report", () => {
    fc.assert(
      fc.property(Arbitrary.make(FailureReport), (report) => {
        const index = evidenceIndex.of(report)
        const count = (kind: evidenceIndex.EvidenceKind) => index.entries.filter((entry) => entry.kind === kind).length
        assert.isAtMost(count("frame"), 12)
        assert.isAtMost(count("stage"), 20)
        assert.isAtMost(count("error"), 40)
        assert.isAtMost(count("value"), 40)
        for (const entry of index.entries) {
          assert.strictEqual(index.get(entry.id), entry)
          assert.isAtMost(entry.text.length, 240)
          assert.notInclude(entry.text, "\n")
        }
      }),
      { numRuns: 50 }
    )
  })
})
