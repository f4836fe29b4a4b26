import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { ComparedStageJson } from "../../../../src/server/readModels.js"
import { stageRows } from "../../../../src/web/dashboard/compare/stageRows.js"

const stage = (differs: boolean, parent: number | null): ComparedStageJson => ({
  name: "Stage",
  path: ["Stage"],
  depth: parent === null ? 0 : 1,
  occurrence: 1,
  parent,
  cells: [],
  differs: differs ? ["duration"] : []
})

const stages = fc
  .array(fc.record({ differs: fc.boolean(), parent: fc.option(fc.nat()) }), { maxLength: 60 })
  .map((all) => all.map(({ differs, parent }, at) => stage(differs, parent === null || at === 0 ? null : parent % at)))

describe("compared stages", () => {
  it.prop("are each in one row, in their order, whether folded or not", [stages, fc.boolean()], ([all, isFolding]) => {
    const places = stageRows(all, new Set(), isFolding).flatMap((row) =>
      row.kind === "stage" ? [row.at] : Array.from({ length: row.count }, (_, i) => row.from + i)
    )
    assert.deepStrictEqual(
      places,
      all.map((_, at) => at)
    )
  })

  it.prop("that differ are never folded, nor is what is around them", [stages], ([all]) => {
    const shown = new Set(stageRows(all, new Set(), true).flatMap((row) => (row.kind === "stage" ? [row.at] : [])))
    for (const [at, { differs }] of all.entries()) {
      if (differs.length === 0) continue
      for (let around: number | null = at; around !== null; around = all[around]?.parent ?? null) {
        assert.isTrue(shown.has(around))
      }
    }
  })

  it("are unfolded where the reader asks for it", () => {
    const all = Array.from({ length: 5 }, () => stage(false, null))
    assert.deepStrictEqual(stageRows(all, new Set(), true), [{ kind: "equal", from: 0, count: 5 }])
    assert.lengthOf(stageRows(all, new Set([0]), true), 5)
    assert.lengthOf(stageRows(all, new Set(), false), 5)
  })
})
