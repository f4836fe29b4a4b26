import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc, Option, Schema } from "effect"
import { Answer } from "../../../src/analysis/index.js"
import { FailureAnalysis } from "../../../src/index.js"
import { text } from "../../fixtures/events.js"
import { processorMillis } from "../../fixtures/processorTime.js"

const index = new Map([
  ["F1", "load src/load.ts:7"],
  ["S1", "Load: failed (0.500s)"],
  ["E1", "CsvError: bad row 7"]
])

const decode = (answer: string) => Answer.decode(answer, { analyzer: "test", model: "llama3", index })

const some = (answer: string) => Option.getOrThrow(decode(answer))

const form: typeof Answer.Form.Type = {
  exact_why: "Row 7 has two cells",
  evidence: [{ text: "the row is short", cites: ["E1", "F1"] }],
  targeted_fix: "Check the length first",
  code_changes: "src/load.ts:7: check row.length"
}

const analysis: FailureAnalysis.FailureAnalysis = {
  analyzer: "test",
  model: "llama3",
  exactWhy: "Row 7 has two cells",
  evidence: [
    {
      text: "the row is short",
      cites: [
        { id: "E1", text: "CsvError: bad row 7" },
        { id: "F1", text: "load src/load.ts:7" }
      ]
    }
  ],
  targetedFix: "Check the length first",
  codeChanges: "src/load.ts:7: check row.length",
  rawText: null,
  droppedCitations: 0
}

const asked = JSON.stringify(form)

/** Texts that are nearly an answer. */
const nearly = fc.oneof(
  text,
  fc.json({ depthSize: "large" }),
  fc.tuple(text, fc.nat(asked.length), text).map(([before, end, after]) => before + asked.slice(0, end) + after),
  fc
    .array(
      fc.constantFrom("{", "}", "[", "]", '"', "\\", ",", ":", "exact_why", "evidence", "F1", "\n", "<think>", "```")
    )
    .map((parts) => parts.join("")),
  fc
    .record({
      exact_why: fc.jsonValue(),
      evidence: fc.jsonValue(),
      targeted_fix: fc.jsonValue(),
      cites: fc.jsonValue()
    })
    .map((value) => JSON.stringify(value))
)

describe("Answer", () => {
  for (const [where, answer] of [
    ["alone", asked],
    ["with line breaks", JSON.stringify(form, null, 2)],
    ["in a fence", `\`\`\`json\n${asked}\n\`\`\``],
    ["in prose", `Sure, here it is:\n\n${asked}\n\nHope this {helps}!`],
    ["behind braces of prose", `In a set {a, b} and {"x": we see:\n${asked}`],
    ["behind reasoning", `<think>\nMaybe {"exact_why": "no"}?\n</think>\n${asked}`],
    ["behind reasoning whose beginning was eaten", `Maybe it is {so}.\n</think>\n${asked}`],
    ["behind the form that was asked for", `{"exact_why": "…", "evidence": []}\n${asked}`],
    ["as a string of JSON", JSON.stringify(asked)],
    ["in a list", `[${asked}]`],
    [
      "with bare line breaks in a string, and a trailing comma",
      asked.replace("Row 7 has", "Row 7\nhas").replace("}]", "},]")
    ]
  ] as const) {
    it(`is found ${where}`, () => {
      const found = some(answer)
      assert.deepStrictEqual({ ...found, exactWhy: found.exactWhy.replace("\n", " ") }, analysis)
    })
  }

  for (const [keys, answer] of [
    [
      "camelCase",
      {
        exactWhy: form.exact_why,
        evidence: form.evidence,
        targetedFix: form.targeted_fix,
        codeChanges: form.code_changes
      }
    ],
    [
      "titles",
      {
        "Exact Why": form.exact_why,
        Evidence: form.evidence,
        "Targeted Fix": form.targeted_fix,
        "Code Changes": form.code_changes
      }
    ]
  ] as const) {
    it(`is read by ${keys}`, () => assert.deepStrictEqual(some(JSON.stringify(answer)), analysis))
  }

  for (const [shape, evidence] of [
    ["a string", "the row is short [E1, F1]"],
    ["a list of strings", ["the row is short (E1 and F1)"]],
    ["a list with marks", ["- the row is short [E1] [F1]"]],
    ["a list of objects with other names", [{ observation: "the row is short", citations: "E1, F1" }]],
    ["one object", { text: "the row is short", cites: [{ id: "E1" }, { id: "[f1]" }] }]
  ] as const) {
    it(`takes evidence as ${shape}`, () => {
      assert.deepStrictEqual(some(JSON.stringify({ ...form, evidence })), analysis)
    })
  }

  it("takes every line of a text as an observation of its own", () => {
    const { evidence } = some(JSON.stringify({ ...form, evidence: "1. first [E1]\n2. second" }))
    assert.deepStrictEqual(
      evidence.map(({ text }) => text),
      ["first", "second"]
    )
  })

  it("takes code changes as a list of strings or of objects", () => {
    const change = (code_changes: unknown) => some(JSON.stringify({ ...form, code_changes })).codeChanges
    assert.strictEqual(change(["a.ts:1: this", "b.ts:2: that"]), "a.ts:1: this\nb.ts:2: that")
    assert.strictEqual(change([{ file: "a.ts", line: 1, change: "this" }]), "file: a.ts, line: 1, change: this")
    assert.strictEqual(change(null), "")
  })

  it("drops and counts citations of what was not given out", () => {
    const answer = some(
      JSON.stringify({
        ...form,
        exact_why: "Row 7 [F1] is short [F99]",
        evidence: [{ text: "so [E7]", cites: ["E1", "V3", "the stack"] }]
      })
    )
    assert.strictEqual(answer.droppedCitations, 4)
    assert.strictEqual(answer.exactWhy, "Row 7 [F1] is short")
    assert.deepStrictEqual(answer.evidence, [{ text: "so", cites: [{ id: "E1", text: "CsvError: bad row 7" }] }])
  })

  it("keeps the parts that are there where others are missing or of another kind", () => {
    const answer = some('{"exact_why": "Row 7", "evidence": 42, "targeted_fix": {"do": "check"}}')
    assert.deepStrictEqual([answer.exactWhy, answer.evidence, answer.targetedFix], ["Row 7", [], "do: check"])
  })

  for (const raw of [
    "42",
    "true",
    "The row is short.",
    "<html><body>502 Bad Gateway</body></html>",
    '{"exact_why": "Row 7 has',
    '{"answer": "Row 7"}',
    "{{{{",
    "]"
  ]) {
    it(`keeps ${raw} as it came`, () => {
      const answer = some(raw)
      assert.strictEqual(answer.rawText, raw)
      assert.strictEqual(FailureAnalysis.format(answer), raw)
    })
  }

  for (const nothing of [
    "",
    " \n\t",
    "null",
    '""',
    "{}",
    "[]",
    '{"exact_why": "", "evidence": []}',
    "<think>so long",
    " ".repeat(10_000_000)
  ]) {
    it(`finds nothing in ${JSON.stringify(nothing.slice(0, 40))}`, () => assert.isTrue(Option.isNone(decode(nothing))))
  }

  it("clips what is long", () => {
    const raw = some("no JSON ".repeat(10_000))
    assert.strictEqual(raw.rawText?.length, 8_000)
    const answer = some(
      JSON.stringify({
        ...form,
        exact_why: "so ".repeat(9_000),
        evidence: Array.from({ length: 40 }, () => "this ".repeat(900))
      })
    )
    assert.strictEqual(answer.exactWhy.length, 4_000)
    assert.strictEqual(answer.evidence.length, 20)
    assert.isAtMost(answer.evidence[0]?.text.length ?? 0, 1_000)
  })

  for (const [what, answer] of [
    ["of 10 MB without an end", '{"exact_why": "'.padEnd(10_000_000, "x")],
    ["of 10 MB of opened objects", '{"a":'.repeat(2_000_000)],
    ["of 10 MB of braces", "{".repeat(10_000_000)],
    ["of 10 MB of quotes", '{"'.repeat(5_000_000)],
    ["of 10 MB of commas", `{${",".repeat(10_000_000)}`],
    ["nested a million deep", `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`],
    ["with a part nested 100,000 deep", `{"exact_why": ${"[".repeat(100_000)}1${"]".repeat(100_000)}}`]
  ] as const) {
    it(`reads an answer ${what} within a second`, () => {
      const took = processorMillis(() => decode(answer))
      assert.isBelow(took, 1_000)
    })
  }

  it.prop(
    "is an analysis or nothing, whatever was said, and never throws",
    [nearly],
    ([said]) => {
      const answer = decode(said)
      if (Option.isNone(answer)) return
      const wire = Schema.encodeSync(FailureAnalysis.FailureAnalysis)(answer.value)
      assert.deepStrictEqual(Schema.decodeUnknownSync(FailureAnalysis.FailureAnalysis)(wire), answer.value)
      assert.isNotEmpty(FailureAnalysis.format(answer.value))
      for (const { cites } of answer.value.evidence) for (const { id } of cites) assert.isTrue(index.has(id))
    },
    { fastCheck: { numRuns: 500 } }
  )

  it.prop(
    "gives back what was said in the form that was asked for",
    [
      fc.array(fc.stringMatching(/^[a-z][a-z ]{0,30}[a-z]$/), { minLength: 4, maxLength: 4 }),
      fc.subarray([...index.keys()])
    ],
    ([[exact_why = "", observation = "", targeted_fix = "", code_changes = ""], cites]) => {
      const said = JSON.stringify({ exact_why, evidence: [{ text: observation, cites }], targeted_fix, code_changes })
      assert.deepStrictEqual(some(said), {
        analyzer: "test",
        model: "llama3",
        exactWhy: exact_why,
        evidence: [{ text: observation, cites: cites.map((id) => ({ id, text: index.get(id) ?? "" })) }],
        targetedFix: targeted_fix,
        codeChanges: code_changes,
        rawText: null,
        droppedCitations: 0
      })
    }
  )
})
