import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { pathOf } from "../../../../src/web/dashboard/charts/linePath.js"
import {
  bands,
  durationScale,
  labelled,
  linear,
  niceTicks,
  wholeTicks
} from "../../../../src/web/dashboard/charts/scale.js"
import { stacked, sum } from "../../../../src/web/dashboard/charts/stack.js"
import { type Box, treemap } from "../../../../src/web/dashboard/charts/treemap.js"

const counts = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 40 })
const size = fc.integer({ min: 20, max: 2_000 })

const areaOf = ({ height, width }: Box): number => height * width

describe("a treemap", () => {
  it.prop("gives each value its share of the whole, and no more", [counts, size, size], ([values, width, height]) => {
    const boxes = treemap(values, width, height)
    const total = sum(values)
    assert.lengthOf(boxes, values.length)
    for (const [i, value] of values.entries()) {
      const share = total === 0 ? 0 : value / total
      assert.closeTo(areaOf(boxes[i] ?? { x: 0, y: 0, width: 0, height: 0 }) / (width * height), share, 1e-6)
    }
  })

  it.prop("keeps its boxes within its frame and off one another", [counts, size, size], ([values, width, height]) => {
    const sorted = values.filter((value) => value > 0).sort((a, b) => b - a)
    const boxes = treemap(sorted, width, height)
    for (const [i, a] of boxes.entries()) {
      assert.isAtLeast(a.x, -1e-6)
      assert.isAtLeast(a.y, -1e-6)
      assert.isAtMost(a.x + a.width, width + 1e-6)
      assert.isAtMost(a.y + a.height, height + 1e-6)
      for (const b of boxes.slice(i + 1)) {
        const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
        const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
        assert.isTrue(across < 1e-6 || down < 1e-6)
      }
    }
  })

  it("makes boxes that are near to squares, as in the paper's example", () => {
    const boxes = treemap([6, 6, 4, 3, 2, 2, 1], 600, 400)
    assert.deepStrictEqual(
      boxes.slice(0, 2).map(({ height, width }) => [Math.round(width), Math.round(height)]),
      [
        [300, 200],
        [300, 200]
      ]
    )
    const worst = Math.max(...boxes.map(({ height, width }) => Math.max(height / width, width / height)))
    assert.isBelow(worst, 3)
  })
})

describe("a stack", () => {
  it.prop("covers its values without a gap", [counts], ([values]) => {
    const segments = stacked(values)
    assert.strictEqual(segments.at(-1)?.to ?? 0, sum(values))
    for (const [i, { from, series, to, value }] of segments.entries()) {
      assert.strictEqual(from, segments[i - 1]?.to ?? 0)
      assert.strictEqual(to - from, value)
      assert.strictEqual(value, values[series])
    }
  })
})

describe("ticks", () => {
  it.prop(
    "go from 0 to the largest value in equal steps of 1, 2 or 5",
    [fc.double({ min: 1e-3, max: 1e12, noNaN: true })],
    ([most]) => {
      const ticks = niceTicks(most)
      const step = ticks[1] ?? 0
      assert.strictEqual(ticks[0], 0)
      assert.isAtLeast((ticks.at(-1) ?? 0) * (1 + 1e-9), most)
      assert.isBelow((ticks.at(-2) ?? 0) * (1 - 1e-9), most)
      assert.isAtMost(ticks.length, 6)
      const leading = step / 10 ** Math.floor(Math.log10(step) + 1e-9)
      assert.isTrue(
        [1, 2, 5, 10].some((one) => Math.abs(leading - one) < 1e-6),
        `${step}`
      )
      for (const [i, tick] of ticks.entries()) assert.closeTo(tick, i * step, step * 1e-6)
    }
  )

  it.prop("of counts are whole", [fc.integer({ min: 0, max: 1_000_000 })], ([most]) => {
    const ticks = wholeTicks(most)
    assert.isTrue(ticks.every(Number.isInteger))
    assert.isAtLeast(ticks.at(-1) ?? 0, most)
  })

  it.prop(
    "of durations hold all of them",
    [fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1 })],
    ([values]) => {
      const scale = durationScale(Math.min(...values), Math.max(...values), 200, 10)
      assert.isAtLeast(scale.ticks.length, 1)
      for (const value of values) {
        assert.isAtMost(scale.at(value), 200 + 1e-6)
        assert.isAtLeast(scale.at(value), 10 - 1e-6)
      }
    }
  )

  it("are where their values are", () => {
    const scale = linear([0, 50, 100], 200, 0)
    assert.deepStrictEqual([0, 25, 100].map(scale.at), [200, 150, 0])
  })
})

describe("bands", () => {
  it.prop("share a width", [fc.integer({ min: 1, max: 130 }), size], ([count, width]) => {
    const { left, middle, step, width: inner } = bands(count, 10, 10 + width, 6)
    assert.closeTo(step * count, width, 1e-6)
    for (let at = 0; at < count; at += 1) {
      assert.isAtLeast(left(at), 10)
      assert.closeTo(left(at) + inner / 2, middle(at), 1)
    }
  })

  it.prop("have no more names than there is room for", [fc.integer({ min: 0, max: 500 }), size], ([count, width]) => {
    assert.isAtMost(labelled(count, width, 56).length, Math.max(1, Math.ceil(width / 56)))
  })
})

describe("a line", () => {
  it("has a gap where there is no value", () => {
    const path = pathOf(
      [{ values: [1] }, { values: [2] }, { values: null }, { values: [3] }],
      0,
      linear([0, 10], 100, 0),
      (at) => at
    )
    assert.strictEqual(path, "M0.0 90.0L1.0 80.0M3.0 70.0")
  })
})
