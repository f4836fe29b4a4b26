/**
 * How much of what is secret is hidden, and how much of what is not: both have to hold, since a report that hides the one
 * value that matters is as useless as one that shows a password is harmful.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Redaction from "../../src/redaction/Redaction.js"
import { harmlesses, type Sample, secrets } from "./corpus.js"

const redactor = Redaction.make()

/** What leaves of a sample. */
const shown = (sample: Sample): string => {
  if ("text" in sample) return redactor.text(sample.text)
  if ("source" in sample) return redactor.source(sample.source)
  const known = new Redaction.Secrets()
  const value = JSON.stringify(redactor.value(sample.value, known))
  return sample.later === undefined ? value : `${value}\n${redactor.text(sample.later, known)}`
}

describe("A corpus of secrets, and of texts and values without any", () => {
  it("has a hundred of each at least", () => {
    assert.isAtLeast(secrets.length, 100)
    assert.isAtLeast(harmlesses.length, 100)
  })

  it("shows no secret", () => {
    const misses = secrets.flatMap(({ keeps, sample }) => (shown(sample).includes(keeps) ? [shown(sample)] : []))
    assert.deepStrictEqual(misses, [])
  })

  it("hides nothing that is no secret", () => {
    const misses = harmlesses.flatMap(({ says, sample }) =>
      shown(sample).includes(says) ? [] : [`${says}: ${shown(sample)}`]
    )
    assert.deepStrictEqual(misses, [])
  })
})
