/**
 * The views of stories, failures, comparisons, figures and what runs, as people use them: by mouse, and by keyboard alone.
 */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Layer, Logger } from "effect"
import type { Page } from "playwright-core"
import { Narrative } from "../../../src/index.js"
import { Run } from "../../../src/runs.js"
import { telemetry } from "../../demo/month.js"
import { answered, assertFits, barriers, visit } from "./served.js"
import { asked, eventually, look, Shop, shop } from "./shop.js"

const pathOf = (page: Page): string => new URL(page.url()).pathname

const rows = ".list tbody tr"

/** What a page's thread does for a step of scrolling. */
const works = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"]

const expectBarrierFree = async (page: Page): Promise<void> => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme })
    assert.deepStrictEqual(await barriers(page), [], colorScheme)
  }
}

interface View {
  readonly name: string
  readonly path: Effect.Effect<string, never, Shop>
  /** What is there when all of it is. */
  readonly shown: string
}

const idsOf = (query: string): Effect.Effect<ReadonlyArray<string>, never, Shop> =>
  Effect.map(asked(`/stories?roots=true&${query}`), ({ stories }) =>
    stories.map(({ story_id }: { readonly story_id: string }) => story_id)
  )

const views: ReadonlyArray<View> = [
  { name: "the list of stories", path: Effect.succeed("/stories"), shown: rows },
  {
    name: "a story that failed",
    path: Effect.map(idsOf("limit=1&status=failed"), (ids) => `/stories/${ids[0]}`),
    shown: ".waterfall .row"
  },
  { name: "the kinds of failures", path: Effect.succeed("/failures"), shown: rows },
  {
    name: "a kind of failure",
    path: Effect.map(asked("/failures/groups"), ({ groups }) => `/failures/${groups[0].fingerprint}`),
    shown: ".chart svg a"
  },
  { name: "what is to be compared", path: Effect.succeed("/compare"), shown: "form" },
  {
    name: "a comparison of stories",
    path: Effect.map(idsOf("limit=3&name=catalogue-importer"), (ids) => `/compare?ids=${ids.join(",")}`),
    shown: ".compared-stages tbody tr"
  },
  {
    name: "a comparison of groups",
    path: Effect.succeed("/compare?a.name=catalogue-importer&b.name=link-checker"),
    shown: ".chart svg a"
  },
  { name: "what runs now", path: Effect.succeed("/live"), shown: ".connection.open" },
  { name: "figures", path: Effect.succeed("/analytics"), shown: ".chart svg a" }
]

layer(shop, { timeout: 240_000, excludeTestServices: true })("the dashboard", (it) => {
  for (const { name, path, shown } of views) {
    it.scoped(`has no barrier, light or dark, and fits every screen: ${name}`, () =>
      Effect.gen(function* () {
        yield* look(yield* path, async ({ page }) => {
          await page.locator(shown).first().waitFor()
          await expectBarrierFree(page)
          await assertFits(page)
        })
      })
    )
  }

  it.scoped("finds stories by their error, their status and their label, and keeps that in its address", () =>
    look("/stories", async ({ page }) => {
      await page.locator(rows).first().waitFor()
      await page.getByRole("button", { name: "failed" }).click()
      await page.waitForURL(/status=failed/)
      await answered(page)
      const error = (await page.locator(".error-name").first().textContent()) ?? ""
      await page.keyboard.press("/")
      await page.keyboard.type(error)
      await page.waitForURL(new RegExp(`text=${error}`))
      await answered(page)
      const before = await page.locator(rows).count()
      await page.reload()
      await answered(page)
      assert.strictEqual(await page.locator(rows).count(), before)
      assert.include(await page.locator(rows).first().textContent(), error)
      await page.goto(`${new URL(page.url()).origin}/stories?label.version=1.5.0`)
      await answered(page)
      for (const text of await page.locator(`${rows} .label-line`).allInnerTexts()) assert.include(text, "1.5.0")
    })
  )

  it.scoped("opens a story as its report shows it, and finds a stage, with the keyboard alone", () =>
    Effect.gen(function* () {
      const { stories } = yield* asked("/stories?limit=1&name=catalogue-importer&status=success&roots=true")
      yield* look("/stories?name=catalogue-importer&status=success", async ({ page }) => {
        await page.locator(rows).first().waitFor()
        for (let presses = 0; presses < 60; presses += 1) {
          if ((await page.evaluate("document.activeElement.className")) === "row-link") break
          await page.keyboard.press("Tab")
        }
        await page.keyboard.press("Enter")
        await page.locator(".waterfall .row").first().waitFor()
        assert.strictEqual(pathOf(page), `/stories/${stories[0].story_id}`)
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        assert.strictEqual(await page.locator(".row.selected .name").textContent(), "Fetch Feeds")
        await page.keyboard.press("/")
        await page.keyboard.type("Build Index")
        await page.keyboard.press("Enter")
        await page.locator(".row.selected:has-text('Build Index')").waitFor()
        await page.goBack()
        await page.locator(rows).first().waitFor()
      })
    })
  )

  it.scoped("follows a story while it runs, and keeps what the reader chose", () =>
    Effect.gen(function* () {
      const { baseDir } = yield* Shop
      const goOn = yield* Deferred.make<void>()
      const story = yield* Deferred.make<string>()
      yield* Effect.gen(function* () {
        const run = yield* Effect.flatten(Run.current)
        yield* Effect.void.pipe(Narrative.stage("Pack"))
        yield* Deferred.succeed(story, run.eventId)
        yield* Deferred.await(goOn).pipe(Narrative.stage("Carry"))
        yield* Effect.void.pipe(Narrative.stage("Unpack"))
      }).pipe(Run.track("mover", "house"), Effect.provide(telemetry(baseDir)), Effect.forkScoped)
      const id = yield* Deferred.await(story)
      yield* eventually(`/stories/${id}`)
      const visited = yield* visit((yield* Shop).url, `/stories/${id}`)
      const { page, trouble } = visited
      yield* Effect.promise(async () => {
        await page.locator(".live-mark").waitFor()
        await page.locator(".row:has-text('Carry')").waitFor()
        await page.locator(".row:has-text('Pack')").first().click()
      })
      yield* Deferred.succeed(goOn, undefined)
      yield* Effect.promise(async () => {
        await page.locator(".badge:has-text('Success')").waitFor()
        await page.locator(".row:has-text('Unpack')").waitFor()
        assert.strictEqual(await page.locator(".live-mark").count(), 0)
        assert.strictEqual(await page.locator(".row.selected .name").textContent(), "Pack")
      })
      assert.deepStrictEqual(trouble, [])
    })
  )

  it.scoped("scrolls through a story of 50,000 stages without blocking", () =>
    Effect.gen(function* () {
      const { baseDir } = yield* Shop
      const stage = Effect.void.pipe(Narrative.stage("Lay Stone"))
      yield* Effect.loop(0, {
        while: (n) => n < 50_000,
        step: (n) => n + 1,
        body: () => stage,
        discard: true
      }).pipe(Narrative.story("Long Wall"), Effect.provide(telemetry(baseDir)))
      const { stories } = yield* asked("/stories?name=Long%20Wall")
      yield* look(`/stories/${stories[0].story_id}`, async ({ page }) => {
        await page.locator(".waterfall .row").first().waitFor()
        const session = await page.context().newCDPSession(page)
        // Time of the processor: what others do on a busy machine is no part of it.
        await session.send("Performance.enable", { timeDomain: "threadTicks" })
        const spent = async (): Promise<number> => {
          const { metrics } = await session.send("Performance.getMetrics")
          return metrics.reduce((sum, { name, value }) => (works.includes(name) ? sum + value * 1_000 : sum), 0)
        }
        const before = await spent()
        const shown = await page.evaluate<ReadonlyArray<number>>(`(async () => {
          const scroller = document.getElementById("waterfall")
          const shown = []
          scroller.scrollTop = scroller.scrollHeight / 2
          for (let i = 1; i <= 40; i++) {
            scroller.scrollTop += 300
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
            shown.push(scroller.querySelectorAll(".row").length)
          }
          return shown
        })()`)
        for (const rows of shown) assert.isBelow(rows, 100)
        assert.isBelow(((await spent()) - before) / shown.length, 50)
      })
    })
  )

  it.scoped("leads from a kind of failure to each of its stories", () =>
    Effect.gen(function* () {
      const { groups } = yield* asked("/failures/groups?since=2020-01-01T00:00:00Z")
      const [group] = groups
      yield* look("/failures", async ({ page }) => {
        await page.locator(`${rows} .row-link`).first().click()
        await page.locator(".kind-head").waitFor()
        assert.strictEqual(pathOf(page), `/failures/${group.fingerprint}`)
        const figures = await page.locator(".figures").textContent()
        assert.include(figures, String(group.count))
        assert.include(await page.locator(".kind-body").textContent(), "version")
        await page.locator(".list-card .row-link").first().click()
        await page.locator(".failure .error-type").first().waitFor()
        assert.strictEqual(await page.locator(".failure .error-type").first().textContent(), group.error_type)
      })
    })
  )

  it.scoped("compares stories that were chosen in the list, and folds what is equal", () =>
    look("/stories?name=catalogue-importer&status=success", async ({ page }) => {
      await page.locator(rows).first().waitFor()
      await page.locator(`${rows} input`).nth(0).focus()
      await page.keyboard.press("Space")
      await page.locator(`${rows} input`).nth(2).check()
      await page.getByRole("link", { name: "Compare", exact: true }).last().click()
      await page.locator(".compared-stages tbody tr").first().waitFor()
      assert.strictEqual(await page.locator(".subject").count(), 2)
      assert.include(await page.locator(".compared-stages").textContent(), "Price Books")
      assert.include(await page.locator(".compared-stages").textContent(), "duration")
      await page.locator(".folded > summary").first().focus()
      await page.keyboard.press("Enter")
      await page.locator(".folded[open] tbody tr").first().waitFor()
    })
  )

  it.scoped("compares two groups as distributions, and says how sure the difference is", () =>
    look("/compare", async ({ page }) => {
      const form = page.locator("form:has-text('Two groups')")
      await form.getByLabel("Name of the stories").fill("catalogue-importer")
      await form.getByLabel("One value").fill("1.4.2")
      await form.getByLabel("The other").fill("1.5.0")
      await page.keyboard.press("Enter")
      await page.locator(".certainty").first().waitFor()
      assert.include(await page.locator("#main").textContent(), "version 1.4.2 and version 1.5.0")
      assert.isAbove(await page.locator(".chart svg a").count(), 2)
    })
  )

  it.scoped("leads from each mark of a chart to as many runs as it says", () =>
    Effect.gen(function* () {
      const { url } = yield* Shop
      const visited = yield* visit(url, "/analytics")
      const { page } = visited
      const marks = yield* Effect.promise(async () => {
        await page.locator(".chart svg a").first().waitFor()
        return page
          .locator(".span-8 svg a, .span-6 svg:has(.tile) a")
          .evaluateAll((all) =>
            all.map((mark) => [mark.getAttribute("href") ?? "", mark.getAttribute("aria-label") ?? ""] as const)
          )
      })
      assert.isAbove(marks.length, 8)
      for (const [href, label] of marks) {
        const listed = yield* asked(`${href}${href.includes("?") ? "&" : "?"}limit=1000`.replace("within=&", ""))
        const [, count = ""] = /: ([\d,]+) /.exec(label) ?? []
        assert.strictEqual(listed.length, Number(count.replaceAll(",", "")), `${label} at ${href}`)
      }
      assert.deepStrictEqual(visited.trouble, [])
    })
  )

  it.scoped("narrows its figures to the days that the mouse is drawn over, or to one of its table, and back", () =>
    look("/analytics", async ({ page }) => {
      const chart = page.locator(".span-8 .chart")
      await chart.locator("svg a").first().waitFor()
      const counts = await chart
        .locator("tbody tr")
        .evaluateAll((rows) =>
          rows.map((row) =>
            Array.from(row.querySelectorAll("td"), (cell: { readonly textContent: string | null }) =>
              Number(cell.textContent)
            )
          )
        )
      const total = (from: number, to: number) =>
        counts
          .slice(from, to)
          .flat()
          .reduce((sum, count) => sum + count, 0)
      const found = (count: number) => page.locator(".key-figure").first().getByText(String(count), { exact: true })
      await found(total(0, counts.length)).waitFor()
      const area = await chart.locator(".chart-area").boundingBox()
      assert.isNotNull(area)
      const [left, width] = [area.x + 48, area.width - 48 - 8]
      const middleOf = (band: number) => left + (width * (band + 0.5)) / counts.length
      await page.mouse.move(middleOf(counts.length - 3), area.y + 40)
      await page.mouse.down()
      await page.mouse.move(middleOf(counts.length - 2), area.y + 40, { steps: 4 })
      await page.mouse.up()
      await page.waitForURL(/start_time_from=.*start_time_to=/)
      await found(total(-3, -1)).waitFor()
      assert.strictEqual(await page.getByLabel("Started", { exact: true }).inputValue(), "exact")
      await page.goBack()
      await found(total(0, counts.length)).waitFor()
      await chart.locator("summary").press("Enter")
      await chart.locator("tbody a").nth(1).press("Enter")
      await found(total(1, 2)).waitFor()
    })
  )

  it.scoped("is no wider than the screen while its charts are not yet drawn for it", () =>
    look("/analytics", async ({ page }) => {
      await answered(page)
      await page.locator(".chart-area svg a").first().waitFor()
      const over = await page.evaluate(`(() => {
        for (const svg of document.querySelectorAll(".chart-area svg")) svg.setAttribute("width", "3000")
        return document.documentElement.scrollWidth - document.documentElement.clientWidth
      })()`)
      assert.strictEqual(over, 0)
    })
  )

  it.scoped("has charts that are one stop of the tab key, whose marks the arrow keys reach", () =>
    look("/analytics", async ({ page }) => {
      const chart = page.locator(".span-8 svg")
      await chart.locator("a").first().waitFor()
      assert.deepStrictEqual(
        (await chart.locator("a").evaluateAll((marks) => marks.map((mark) => mark.tabIndex))).filter((at) => at === 0),
        [0]
      )
      await chart.locator("a").first().focus()
      await page.keyboard.press("ArrowRight")
      await page.keyboard.press("ArrowRight")
      assert.strictEqual(await chart.locator("a[tabindex='0']").count(), 1)
      const label = await page.evaluate("document.activeElement.getAttribute('aria-label')")
      assert.strictEqual(await page.locator(".tip").textContent(), label)
      await page.keyboard.press("Enter")
      await page.waitForURL(/\/runs\?.*start_time_from=/)
    })
  )

  it.scoped("shows what runs with its stage and progress, and its events without a gap or a double", () =>
    Effect.gen(function* () {
      const { baseDir, cut, url } = yield* Shop
      const step = yield* Effect.makeSemaphore(1)
      yield* step.take(1)
      yield* Effect.forEach(
        Array.from({ length: 40 }, (_, i) => i + 1),
        (n) => Effect.zipRight(Effect.log(`Stone ${n}`), Effect.zipRight(Narrative.progress(n, 40), step.take(1))),
        { discard: true }
      ).pipe(
        Narrative.stage("Lay Stones"),
        Run.track("mason", "wall"),
        Effect.provide(Layer.merge(telemetry(baseDir), Logger.remove(Logger.prettyLogger()))),
        Effect.forkScoped
      )
      const { page } = yield* visit(url, "/live?story=mason")
      const stones = () => page.locator(".event-text").allInnerTexts()
      yield* Effect.promise(async () => {
        await page.locator(".running-card:has-text('mason')").waitFor()
        await page.locator(".running-stage:has-text('Lay Stones')").waitFor()
        await page.locator(".event:has-text('Stone 1')").first().waitFor()
      })
      yield* step.release(5)
      yield* Effect.promise(() => page.locator(".event:has-text('Stone 6')").waitFor())
      // The connection is lost, and things happen before it is there again.
      yield* Effect.sync(cut)
      yield* step.release(5)
      yield* Effect.promise(() => page.locator(".event:has-text('Stone 11')").waitFor())
      yield* Effect.promise(async () => {
        await page.keyboard.press("p")
        await page.getByRole("button", { name: "Resume" }).waitFor()
      })
      yield* step.release(5)
      yield* Effect.promise(async () => {
        await page.getByRole("button", { name: /Resume \(\d+ new\)/ }).waitFor()
        assert.strictEqual(await page.locator(".event:has-text('Stone 16')").count(), 0)
        await page.keyboard.press("p")
        await page.locator(".event:has-text('Stone 16')").waitFor()
        const seen = (await stones()).flatMap((text) => /Stone \d+/.exec(text) ?? [])
        assert.deepStrictEqual(
          seen,
          Array.from({ length: 16 }, (_, i) => `Stone ${16 - i}`)
        )
        assert.include(await page.locator(".running-stage").textContent(), "of 40")
      })
    })
  )
})
