import { assert, describe, it } from "@effect/vitest"
import { signal } from "@preact/signals"
import { VirtualRows } from "../../../src/web/kit/virtualRows.js"

const scroller = (scrollTop: number) => ({ scrollTop, clientHeight: 200 })

const at = (rows: VirtualRows): readonly [first: number, end: number] => [rows.first.value, rows.end.value]

describe("Rows of which those in sight are in the document", () => {
  it("are those in sight and ten on either side", () => {
    const rows = new VirtualRows(20, signal(1_000), signal(false))
    rows.measure(scroller(0))
    assert.deepStrictEqual(at(rows), [0, 20])
    rows.measure(scroller(190))
    rows.measure(scroller(380))
    assert.deepStrictEqual(at(rows), [9, 39])
    rows.measure(scroller(580))
    assert.deepStrictEqual(at(rows), [19, 49])
  })

  it("are few where all of them are others, and the rest when it is scrolled on", () => {
    const rows = new VirtualRows(20, signal(1_000), signal(false))
    rows.measure(scroller(0))
    rows.measure(scroller(10_000))
    assert.deepStrictEqual(at(rows), [498, 512])
    rows.measure(scroller(4_000))
    assert.deepStrictEqual(at(rows), [198, 212])
    rows.measure(scroller(4_020))
    assert.deepStrictEqual(at(rows), [191, 221])
  })
})
