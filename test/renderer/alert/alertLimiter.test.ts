import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { type Alert, fromFailure, type OccurrenceAlert, type SummaryAlert } from "../../../src/renderer/alert/Alert.js"
import { AlertLimiter, type LimiterConfig, type Verdict } from "../../../src/renderer/alert/alertLimiter.js"
import { failure } from "../../fixtures/alerts.js"
import { Narrator } from "../../fixtures/events.js"

const alertOf = (fingerprint: string, ...others: ReadonlyArray<string>): OccurrenceAlert => {
  const [first, ...rest] = [fingerprint, ...others].map((fingerprint) => failure({ fingerprint }))
  return fromFailure(new Narrator().failureOccurred({ failures: [first ?? failure(), ...rest] }), {
    path: ["Import"],
    labels: {}
  })
}

const sentOf = (verdicts: ReadonlyArray<Verdict>): ReadonlyArray<Alert> =>
  verdicts.flatMap((verdict) => (verdict._tag === "Send" ? [verdict.alert] : []))

const summariesOf = (verdicts: ReadonlyArray<Verdict>): ReadonlyArray<SummaryAlert> =>
  sentOf(verdicts).filter((alert) => alert._tag === "SummaryAlert")

/** Feeds alerts to a gate as a destination does, and closes it. */
const run = (config: LimiterConfig, alerts: ReadonlyArray<readonly [at: number, fingerprint: string]>) => {
  const gate = new AlertLimiter(config)
  const verdicts: Array<readonly [at: number, verdict: Verdict]> = []
  for (const [at, fingerprint] of alerts) {
    for (const verdict of [...gate.due(at), gate.admit(alertOf(fingerprint), at)]) verdicts.push([at, verdict])
  }
  const end = alerts.at(-1)?.[0] ?? 0
  const closing = gate.close(end)
  return { verdicts, closing, gate }
}

const steps = fc.array(fc.tuple(fc.nat(400), fc.constantFrom("a", "b", "c", "d")), { maxLength: 60 }).map((steps) => {
  let at = 0
  return steps.map(([delay, fingerprint]) => {
    at += delay
    return [at, fingerprint] as const
  })
})

const configs = fc.record({
  window: fc.option(fc.integer({ min: 1, max: 1_000 })),
  limit: fc.option(fc.record({ alerts: fc.integer({ min: 1, max: 4 }), per: fc.integer({ min: 1, max: 1_000 }) }))
})

describe("AlertLimiter", () => {
  it.prop(
    "every alert is sent, or counted in exactly one summary that is sent",
    [configs, steps],
    ([config, alerts]) => {
      const { closing, verdicts } = run(config, alerts)
      const all = [...verdicts.map(([, verdict]) => verdict), ...closing]
      const occurrences = sentOf(all).filter((alert) => alert._tag !== "SummaryAlert").length
      const recorded = summariesOf(all).reduce((sum, { count }) => sum + count, 0)
      assert.strictEqual(occurrences + recorded, alerts.length)
    }
  )

  it.prop("within a window, one kind is sent once", [fc.integer({ min: 1, max: 1_000 }), steps], ([window, alerts]) => {
    const { verdicts } = run({ window, limit: null }, alerts)
    const last = new Map<string, number>()
    for (const [at, verdict] of verdicts) {
      if (verdict._tag !== "Send" || verdict.alert._tag !== "FailureAlert") continue
      const before = last.get(verdict.alert.fingerprint)
      if (before !== undefined) assert.isAtLeast(at - before, window)
      last.set(verdict.alert.fingerprint, at)
    }
  })

  it.prop(
    "no interval, wherever it begins, sees more than twice the limit",
    [fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 500 }), steps],
    ([most, per, alerts]) => {
      const { verdicts } = run({ window: null, limit: { alerts: most, per } }, alerts)
      const times = verdicts.flatMap(([at, verdict]) => (verdict._tag === "Send" ? [at] : []))
      for (const begin of times) assert.isAtMost(times.filter((at) => at >= begin && at < begin + per).length, 2 * most)
    }
  )

  it("reports what was held back when its window ends", () => {
    const gate = new AlertLimiter({ window: 1_000, limit: null })
    for (const at of [0, 10, 20]) gate.admit(alertOf("a"), at)
    assert.strictEqual(gate.deadline, 1_000)
    assert.deepStrictEqual(gate.due(999), [])
    const [summary] = summariesOf(gate.due(1_000))
    assert.deepInclude(summary, { reason: "duplicates", count: 2, since: 0, until: 1_000 })
    assert.deepInclude(summary?.heldBack[0], { fingerprint: "a", storyName: "Import", errorType: "CsvError", count: 2 })
    assert.isUndefined(gate.deadline)
  })

  it("says how often a kind was seen, windows ago included", () => {
    const gate = new AlertLimiter({ window: 1_000, limit: null })
    for (const at of [0, 10, 20]) gate.admit(alertOf("a"), at)
    gate.due(5_000)
    const verdict = gate.admit(alertOf("a"), 5_000)
    assert.deepStrictEqual(
      sentOf([verdict]).map((alert) => alert._tag === "FailureAlert" && alert.occurrences),
      [4]
    )
  })

  it("takes parallel failures for the same whichever came first, and for others when one is new", () => {
    const gate = new AlertLimiter({ window: 1_000, limit: null })
    const tags = [alertOf("a", "b"), alertOf("b", "a"), alertOf("a"), alertOf("a", "b", "c")].map(
      (alert) => gate.admit(alert, 0)._tag
    )
    assert.deepStrictEqual(tags, ["Send", "HoldBack", "Send", "Send"])
  })

  it("a handled failure holds back no unhandled one", () => {
    const gate = new AlertLimiter({ window: 1_000, limit: null })
    gate.admit({ ...alertOf("a"), status: "handled" }, 0)
    assert.strictEqual(gate.admit(alertOf("a"), 0)._tag, "Send")
  })

  it("reports what was one too many as one summary, which names ten kinds and counts all", () => {
    const gate = new AlertLimiter({ window: null, limit: { alerts: 1, per: 1_000 } })
    for (let i = 0; i < 30; i++) gate.admit(alertOf(`kind ${i}`), i)
    assert.strictEqual(gate.deadline, 1_000)
    const [summary] = summariesOf(gate.due(1_000))
    assert.deepInclude(summary, { reason: "rate_limit", count: 29, since: 0 })
    assert.lengthOf(summary?.heldBack ?? [], 10)
  })

  it("remembers a bounded number of kinds, and reports early what it has to forget", () => {
    const gate = new AlertLimiter({ window: 1_000_000, limit: null })
    gate.admit(alertOf("first"), 0)
    gate.admit(alertOf("first"), 0)
    const early: Array<Verdict> = []
    for (let i = 0; i < 5_000; i++) early.push(...gate.due(1), gate.admit(alertOf(`kind ${i}`), 1))
    assert.deepStrictEqual(
      summariesOf(early).map(({ count, heldBack }) => [count, heldBack[0]?.fingerprint]),
      [[1, "first"]]
    )
    assert.strictEqual(gate.admit(alertOf("kind 0"), 2)._tag, "Send")
    assert.strictEqual(gate.admit(alertOf("kind 4999"), 2)._tag, "HoldBack")
  })
})
