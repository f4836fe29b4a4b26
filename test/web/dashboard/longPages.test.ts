/**
 * A page of hundreds of runs in a real browser: little of it is in the document, and all of it is at hand.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Page } from "playwright-core"
import { folder } from "../../history/histories.js"
import { Chromium } from "../Chromium.js"
import { answered, barriers, serve, visit } from "./served.js"

const count = 500

const idOf = (i: number): string => `e${String(i).padStart(3, "0")}`

const served = Effect.gen(function* () {
  const url = yield* serve(yield* folder)
  yield* Effect.promise(() =>
    fetch(`${url}/api/v1/runs/batch`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(
        Array.from({ length: count }, (_, i) => ({
          event_id: idOf(i),
          run_id: `run-${i}`,
          agent_name: `agent-${i}`,
          job_type: "nightly",
          status: "success",
          start_time: new Date(Date.UTC(2026, 0, 31, 12) - i * 60_000).toISOString()
        }))
      )
    })
  )
  return url
})

const idsOf = (page: Page): Promise<ReadonlyArray<string>> =>
  page.locator("tr[data-run]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-run") ?? ""))

/** Scrolls by pages, and waits for the rows of each. */
const scrollThrough = (page: Page) =>
  page.evaluate<{ readonly ids: ReadonlyArray<string>; readonly most: number }>(`(async () => {
    const scroller = document.querySelector(".grid-scroll")
    const ids = new Set()
    let most = 0
    for (let top = 0; ; top += 300) {
      scroller.scrollTop = top
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
      const rows = [...scroller.querySelectorAll("tr[data-run]")]
      most = Math.max(most, rows.length)
      for (const row of rows) ids.add(row.dataset.run)
      if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1) return { ids: [...ids], most }
    }
  })()`)

layer(Chromium.layer, { excludeTestServices: true })("A page of hundreds of runs", (it) => {
  it.scoped("has the rows near what is in sight in the document, and each of them when it is scrolled to", () =>
    Effect.gen(function* () {
      const { page, trouble } = yield* visit(yield* served, `/runs?limit=${count}`)
      yield* Effect.promise(async () => {
        await answered(page)
        assert.strictEqual(await page.locator("table").getAttribute("aria-rowcount"), String(count + 1))
        const { ids, most } = await scrollThrough(page)
        assert.isBelow(most, 100)
        assert.deepStrictEqual(
          ids,
          Array.from({ length: count }, (_, i) => idOf(i))
        )
        assert.strictEqual(await page.locator(`[data-run=${idOf(count - 1)}]`).getAttribute("aria-rowindex"), "501")
        // Not a pixel is off: the rows left out are as high as they would be.
        const heights = await page.evaluate<ReadonlyArray<number>>(
          "[document.querySelector('.grid').offsetHeight - document.querySelector('thead').offsetHeight, document.querySelector('tr[data-run]').offsetHeight]"
        )
        assert.strictEqual(heights[0], count * (heights[1] ?? 0))
        assert.deepStrictEqual(await barriers(page), [])
      })
      assert.deepStrictEqual(trouble, [])
    })
  )

  it.scoped("keeps the row that has the focus and the one that is open, and goes on from there by keys", () =>
    Effect.gen(function* () {
      const { page, trouble } = yield* visit(yield* served, `/runs?limit=${count}&run=${idOf(300)}`)
      yield* Effect.promise(async () => {
        await page.getByRole("heading", { name: "agent-300", exact: true }).waitFor()
        await answered(page)
        await page.keyboard.press("j")
        await page.getByRole("heading", { name: "agent-301", exact: true }).waitFor()
        assert.isTrue(await page.locator(`[data-run=${idOf(301)}]`).isVisible())
        await page.locator(`[data-run=${idOf(301)}] .run-link`).focus()
        await page.locator(".grid-scroll").evaluate((scroller) => {
          scroller.scrollTop = 0
        })
        await page.locator(`[data-run=${idOf(0)}]`).waitFor()
        assert.strictEqual(await page.evaluate("document.activeElement.closest('tr').dataset.run"), idOf(301))
        await page.keyboard.press("Tab")
        assert.strictEqual(await page.evaluate("document.activeElement.closest('tr').dataset.run"), idOf(302))
      })
      assert.deepStrictEqual(trouble, [])
    })
  )

  it.scoped("is chosen as a whole, and printed as a whole", () =>
    Effect.gen(function* () {
      const { page, trouble } = yield* visit(yield* served, `/runs?limit=${count}`)
      yield* Effect.promise(async () => {
        await answered(page)
        await page.getByLabel("Choose every run of this page").check()
        await page.getByText(`${count} runs chosen`).waitFor()
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        await page.locator(`[data-run=${idOf(count - 1)}]`).waitFor()
        assert.strictEqual((await idsOf(page)).length, count)
      })
      assert.deepStrictEqual(trouble, [])
    })
  )
})
