import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Predicate } from "effect"
import { Instruments } from "../../src/index.js"

describe("Instruments", () => {
  it("no two have one name, in either of their worlds", () => {
    for (const nameOf of [Instruments.nameOf, Instruments.prometheusNameOf]) {
      const names = Instruments.all.map((instrument) => nameOf(instrument))
      assert.strictEqual(new Set(names).size, names.length)
    }
  })

  it("all of the module's instruments are in the list", () => {
    const defined = Object.values<unknown>(Instruments).filter(Predicate.hasProperty("kind"))
    assert.sameMembers<unknown>([...Instruments.all], defined)
  })

  it("are known to Prometheus by the names that dashboards made for runtime-narrative and narra-forge ask for", () => {
    const names = Instruments.all.map((instrument) => Instruments.prometheusNameOf(instrument))
    assert.includeMembers(names, [
      "narrative_story_duration_seconds",
      "narrative_stage_duration_seconds",
      "narrative_story_failures_total",
      "narrative_story_total",
      "narrative_agent_duration_seconds",
      "narrative_agent_errors_total",
      "narrative_api_calls_total",
      "narrative_api_call_duration_seconds",
      "narrative_api_errors_total",
      "narrative_tokens_used_total",
      "narrative_cost_usd_total",
      "narrative_quality_score",
      "narrative_retry_attempts_total"
    ])
  })

  it("the bounds of every histogram ascend, and only histograms have some", () => {
    for (const { buckets, kind, name } of Instruments.all) {
      assert.strictEqual(buckets !== undefined, kind === "histogram", name)
      const bounds = buckets ?? []
      assert.deepStrictEqual(
        [...new Set(bounds)].sort((a, b) => a - b),
        [...bounds],
        name
      )
    }
  })

  it.effect("docs/metrics.md has a row for each", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const page = yield* fs.readFileString(fileURLToPath(new URL("../../docs/metrics.md", import.meta.url)))
      for (const instrument of Instruments.all) assert.include(page, row(instrument))
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})

const row = (instrument: Instruments.Instrument): string => {
  const { buckets, description, kind, labels, unit } = instrument
  const what = buckets === undefined ? description : `${description}. Buckets: ${buckets.join(", ")}`
  return `| \`${Instruments.nameOf(instrument)}\` | \`${Instruments.prometheusNameOf(instrument)}\` | ${kind}, \`${unit}\` | ${labels.join(", ")} | ${what} |`
}
