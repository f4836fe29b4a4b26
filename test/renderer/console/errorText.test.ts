import { assert, describe, it } from "@effect/vitest"
import { causeText, errorText } from "../../../src/renderer/console/errorText.js"

const schema = `{ readonly actor: { readonly name: NonEmptyString }; ${"readonly id: string; ".repeat(10)}}`
const tree = [schema, '└─ ["actor"]', '   └─ ["name"]', '      └─ Expected a non empty string, actual ""'].join("\n")
const why = { exactCause: 'ParseError at actor.name: Expected a non empty string, actual ""', ellipsis: "…" }
const unknown = { exactCause: "the service is down", ellipsis: "…" }
const parseError = { errorType: "ParseError", errorMessage: tree }

describe("ErrorText", () => {
  it("leaves the tree of a schema's issue out where a sentence says it, and cuts the schema", () => {
    const text = errorText(parseError, why)
    assert.match(text, /^ParseError - \{ readonly actor: .*…$/)
    assert.isAtMost(text.length, 180)
  })

  it("keeps what is said before the schema", () => {
    const text = errorText({ errorType: "InvalidJob", errorMessage: `the job J-1 is not valid\n${tree}` }, why)
    assert.deepStrictEqual(text.split("\n")[0], "InvalidJob - the job J-1 is not valid")
    assert.lengthOf(text.split("\n"), 2)
  })

  it("keeps the tree where no sentence says the issue, and a list that is none", () => {
    assert.strictEqual(errorText(parseError, unknown), `ParseError - ${tree}`)
    const listed = { errorType: "Error", errorMessage: "in\n- a\n- b" }
    assert.strictEqual(errorText(listed, why), "Error - in\n- a\n- b")
  })

  it("does not repeat in what it came from the long message that an error took over", () => {
    const outer = { errorType: "GetPreprintError", errorMessage: `{ "path": "a", "cause": ${tree} }` }
    assert.strictEqual(causeText(parseError, [outer], unknown), "ParseError")
    assert.strictEqual(
      causeText({ errorType: "Error", errorMessage: "no table" }, [outer], unknown),
      "Error - no table"
    )
    const short = { errorType: "Error", errorMessage: "Not a preprint" }
    assert.strictEqual(
      causeText(short, [{ ...outer, errorMessage: "Not a preprint" }], unknown),
      "Error - Not a preprint"
    )
  })
})
