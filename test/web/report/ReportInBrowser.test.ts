/**
 * Reports as their readers see them, in a real browser.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, layer } from "@effect/vitest"
import { Console, Effect, Layer } from "effect"
import type { BrowserContextOptions, Locator, Page } from "playwright-core"
import type { NarrativeEvent } from "../../../src/event/NarrativeEvent.js"
import type { HtmlReportSettings } from "../../../src/renderer/html/HtmlReportRenderer.js"
import * as ChildProgram from "../../docs/ChildProgram.js"
import { failureReport, Narrator } from "../../fixtures/events.js"
import { write } from "../../renderer/html/writtenPage.js"
import { Chromium, type Opened, open } from "../Chromium.js"
import { failedImport, hostileStory, longStory } from "./stories.js"

/** Writes the events to a file and opens it. */
const opened = (
  events: ReadonlyArray<NarrativeEvent>,
  options: BrowserContextOptions & { readonly settings?: HtmlReportSettings } = {}
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = `${yield* fs.makeTempDirectoryScoped()}/report.html`
    const { settings, ...rest } = options
    yield* write({ path, ...settings }, events)
    return yield* open(path, rest)
  })

const look = (opened: Opened, at: (page: Page) => Promise<void>): Effect.Effect<void> =>
  Effect.promise(async () => {
    await at(opened.page)
    assert.deepStrictEqual(await opened.trouble(), [])
  })

/** Until what was done last is drawn: a read by itself waits for nothing. */
const drawn = (page: Page): Promise<unknown> => page.evaluate(nextFrame)

const textsOf = async (page: Page, selector: string): Promise<ReadonlyArray<string>> => {
  await drawn(page)
  return page.locator(selector).allInnerTexts()
}

/** As it is to be seen, once it is. */
const textOf = async (locator: Locator): Promise<string> => {
  await locator.waitFor()
  await drawn(locator.page())
  return (await locator.allInnerTexts()).join("\n")
}

const nextFrame = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

const names = ".row .name"
const selected = (page: Page) => textOf(page.locator(".row.selected .name"))

layer(Layer.merge(Chromium.layer, NodeContext.layer), { timeout: 300_000 })("a report", (it) => {
  it.scoped("shows how the story ended, what it did, and what it was given", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        assert.strictEqual(await page.title(), "Import Catalogue – failed")
        assert.strictEqual(await textOf(page.locator(".badge")), "Failed")
        assert.strictEqual(await textOf(page.locator("h1")), "Import Catalogue")
        assert.include(await textOf(page.locator(".hero")), "12 items (1 failed) · 3,400 tokens (gpt-4o) · $0.05")
        const stats = Object.fromEntries((await textsOf(page, ".stat")).map((text) => text.split("\n")))
        assert.deepInclude(stats, {
          Duration: "442 ms",
          Failed: "3",
          Cancelled: "2",
          Retries: "1",
          "Sub-stories": "1",
          Started: "2026-11-20 13:07:29 UTC"
        })
        assert.deepStrictEqual(await textsOf(page, ".chip.label"), ["region\nnordic"])
      })
    })
  )

  it.scoped("shows each stage and sub-story where it stood, with its status, in the order of starting", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        const rows = await page
          .locator(".row")
          .evaluateAll((rows) =>
            rows.map((row) => [
              row.getAttribute("aria-level"),
              row.querySelector(".name")?.textContent,
              row.querySelector(".mark")?.getAttribute("title")
            ])
          )
        assert.deepStrictEqual(rows, [
          ["1", "Import Catalogue", "failed"],
          ["2", "Load Suppliers", "completed"],
          ["3", "Import Supplier", "completed"],
          ["4", "Fetch Feed", "completed"],
          ["2", "Price Products", "failed"],
          ["3", "Convert Price", "failed"],
          ["2", "Build Index", "failed"],
          ["2", "Render Pictures", "cancelled"],
          ["2", "Warm Cache", "cancelled"]
        ])
        assert.deepStrictEqual(await textsOf(page, ".row:has-text('Warm Cache') .tag"), ["orphaned"])
        assert.deepStrictEqual(await textsOf(page, ".row:has-text('Fetch Feed') .tag.retry"), ["1"])
        assert.strictEqual(await page.locator(".retry-mark").count(), 1)
      })
    })
  )

  it.scoped("draws each bar as long and as far from the left as the time that it shows", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        const lane = await page.locator(".row .lane").first().boundingBox()
        const bar = await page.locator(".row:has-text('Build Index') .bar").boundingBox()
        if (lane === null || bar === null) throw new Error("both are to be seen")
        assert.closeTo((bar.x - lane.x) / lane.width, 230 / 442, 0.005)
        assert.closeTo(bar.width / lane.width, 195 / 442, 0.005)
      })
    })
  )

  it.scoped("shows the error, its place in the source, the values that stood there, and why", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        const failure = page.locator("#failure-0-panel-0")
        assert.strictEqual(await textOf(failure.locator(".error-type")), "MissingRate")
        assert.strictEqual(
          await textOf(failure.locator(".error-message")),
          "No exchange rate from ISK to EUR for RS-40"
        )
        assert.strictEqual(await textOf(failure.locator(".location code")), "src/pricing.ts:42:22")
        const failing = failure.locator(".source-line.failing")
        assert.strictEqual(await failing.getAttribute("data-line"), "42")
        assert.include(await textOf(failing), "if (rate === undefined) return yield* new MissingRate")
        assert.includeMembers([...(await failing.locator(".t-keyword").allInnerTexts())], ["if", "return", "new"])
        assert.strictEqual(
          await textOf(failure.locator(".source-line .t-comment")),
          "// Rates are refreshed every night at 4."
        )
        assert.include(
          await textOf(failure.locator(".frame.with-locals[open]").first()),
          '{ sku: "RS-40", amount: 1490, currency: "ISK" }'
        )
        assert.include(await textOf(failure.locator(".callout.why")), "ISK is none of them")
        assert.include(await textOf(failure.locator(".callout.hint")), "Refresh the table of rates")
        assert.include(await textOf(failure.locator(".annotated").first()), "rates-2026")
        assert.deepStrictEqual(await textsOf(page, "#failure-0-panel-0 .chain li"), [
          "MissingRate: No exchange rate from ISK to EUR for RS-40",
          "NotFound: ISK"
        ])
      })
    })
  )

  it.scoped("shows every failure of several at once, behind tabs that keys reach", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        assert.deepStrictEqual(await textsOf(page, ".tab"), ["1\nConvert Price", "2\nBuild Index"])
        assert.isFalse(await page.getByText("Shard 3 is down").first().isVisible())
        await page.locator(".tab").first().focus()
        await page.keyboard.press("ArrowRight")
        assert.strictEqual(await textOf(page.locator(".failure-panel:visible .error-type")), "ShardDown")
        assert.strictEqual(await textOf(page.locator(".tab[aria-selected=true]")), "2\nBuild Index")
      })
    })
  )

  it.scoped("shows the analysis, each citation leading to what it cites where that is on the page", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        const analysis = page.locator(".analysis")
        assert.include(await textOf(analysis), "The table of rates has no entry for ISK")
        assert.include(await textOf(analysis), "anthropic · claude-haiku-4-5")
        assert.deepStrictEqual(await textsOf(page, "button.citation"), ["F1", "V2", "S1"])
        assert.deepStrictEqual(await textsOf(page, "span.citation"), ["X9"])
        await page.locator("button.citation", { hasText: "V2" }).click()
        assert.strictEqual(await page.locator(".value-row.flash").getAttribute("data-name"), "known")
        await page.locator("button.citation", { hasText: "S1" }).click()
        assert.strictEqual(await selected(page), "Price Products")
      })
    })
  )

  it.scoped("describes the stage that is chosen, by mouse and by the keys j and k", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        await page.locator(".row:has-text('Fetch Feed')").click()
        const inspector = page.locator(".inspector")
        for (const part of [
          "206 ms",
          "Import Catalogue › Load Suppliers › Import Supplier",
          "FeedUnavailable: 503",
          "products",
          "d338be40deb0c693"
        ]) {
          assert.include(await textOf(inspector), part)
        }
        await page.keyboard.press("j")
        assert.strictEqual(await selected(page), "Price Products")
        await page.keyboard.press("k")
        await page.keyboard.press("k")
        assert.strictEqual(await selected(page), "Import Supplier")
        assert.strictEqual(
          await page.locator("#waterfall").getAttribute("aria-activedescendant"),
          await page.locator(".row.selected").getAttribute("id")
        )
        await page.keyboard.press("Escape")
        assert.isFalse(await inspector.isVisible())
      })
    })
  )

  it.scoped("closes and opens what is inside, and never hides a failure without a word", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        await page.locator(".row:has-text('Price Products') .twist").click()
        assert.notInclude(await textsOf(page, names), "Convert Price")
        assert.include(await textOf(page.locator(".row:has-text('Price Products')")), "failure inside")
        await page.locator(".stage-link").first().click()
        assert.strictEqual(await selected(page), "Convert Price")
      })
    })
  )

  it.scoped("finds stages, log lines and failures, keeps what is around a stage, and clears with Esc", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        await page.keyboard.press("/")
        await page.keyboard.type("fetch")
        await page.locator("#found", { hasText: "1 stage" }).waitFor()
        assert.deepStrictEqual(await textsOf(page, names), [
          "Import Catalogue",
          "Load Suppliers",
          "Import Supplier",
          "Fetch Feed"
        ])
        assert.deepStrictEqual(await textsOf(page, ".row.hit .name"), ["Fetch Feed"])
        await page.locator("#search").fill("shard 3")
        await page.locator("#found", { hasText: "1 line" }).waitFor()
        assert.strictEqual(await textOf(page.locator("#found")), "1 stage · 1 line · 1 failure")
        assert.deepStrictEqual(await textsOf(page, ".entry-text"), ["Shard 3 does not answer"])
        await page.keyboard.press("Escape")
        assert.strictEqual(await page.locator(".row").count(), 9)
        assert.strictEqual(await page.locator(".entry").count(), 3)
      })
    })
  )

  it.scoped("goes to the next failure with f, lists its keys with ?, and zooms by dragging over the time", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        await page.keyboard.press("f")
        assert.strictEqual(await page.evaluate("document.activeElement.id"), "failure-0")
        await page.keyboard.press("?")
        assert.include(await textOf(page.locator("#help")), "Next failure")
        await page.keyboard.press("Escape")
        assert.isFalse(await page.locator("#help").isVisible())
        await page.locator(".ruler").scrollIntoViewIfNeeded()
        const ruler = await page.locator(".ruler").boundingBox()
        if (ruler === null) throw new Error("it is to be seen")
        await page.mouse.move(ruler.x + ruler.width / 2, ruler.y + 10)
        await page.mouse.down()
        await page.mouse.move(ruler.x + ruler.width - 1, ruler.y + 10)
        await page.mouse.up()
        assert.isTrue(await page.getByRole("button", { name: "Reset zoom" }).isVisible())
        assert.strictEqual(await page.locator(".row:has-text('Load Suppliers') .beyond").count(), 1)
        await page.keyboard.press("0")
        assert.strictEqual(await page.locator(".beyond").count(), 0)
      })
    })
  )

  it.scoped("filters the log by level, and leads from a line to its stage", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        assert.deepStrictEqual(await textsOf(page, ".entry .level"), ["WARN", "NOTE", "ERROR"])
        await page.getByRole("button", { name: "WARN" }).click()
        assert.deepStrictEqual(await textsOf(page, ".entry .level"), ["NOTE", "ERROR"])
        await page.locator(".entry-stage", { hasText: "Build Index" }).click()
        assert.strictEqual(await selected(page), "Build Index")
      })
    })
  )

  it.scoped("is dark where the system is, and the other way at a click", () =>
    Effect.gen(function* () {
      const background = (page: Page) => page.evaluate("getComputedStyle(document.body).backgroundColor")
      const dark = yield* opened(failedImport(), { colorScheme: "dark" })
      yield* look(dark, async (page) => {
        assert.strictEqual(await background(page), "rgb(14, 16, 20)")
        await page.locator("#theme").click()
        assert.strictEqual(await background(page), "rgb(246, 246, 244)")
        await page.reload()
        assert.strictEqual(await background(page), "rgb(246, 246, 244)")
      })
    })
  )

  it.scoped("prints on white, with every failure open and every row, and nothing that needs a mouse", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport(), { colorScheme: "dark" })
      yield* look(report, async (page) => {
        const closed = await page.locator("#failure-0-panel-0 details:not([open])").count()
        assert.isAbove(closed, 0)
        await page.emulateMedia({ media: "print" })
        await page.locator(".stack pre").first().waitFor()
        assert.strictEqual(await page.locator(".failure details:not([open])").count(), 0)
        assert.strictEqual(await page.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")
        assert.strictEqual(await page.locator(".failure-panel:visible").count(), 2)
        assert.isFalse(await page.locator(".topbar").isVisible())
        assert.strictEqual(await page.locator(".row:visible").count(), 9)
        await page.emulateMedia({ media: "screen" })
        await page.locator("#failure-0-panel-1").waitFor({ state: "hidden" })
        assert.strictEqual(await page.locator("#failure-0-panel-0 details:not([open])").count(), closed)
      })
    })
  )

  it.scoped("fits its width, from a phone to a wide screen", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport(), { deviceScaleFactor: 1 })
      yield* look(report, async (page) => {
        for (const width of [420, 800, 1400, 1920]) {
          await page.setViewportSize({ width, height: 900 })
          // What is as wide as it was seen to be is drawn again in the next frame.
          await page.evaluate(nextFrame)
          assert.isAtMost(Number(await page.evaluate("document.documentElement.scrollWidth")), width)
        }
      })
    })
  )

  it.scoped("gives every control a name, and every text enough contrast, light and dark", () =>
    Effect.gen(function* () {
      for (const colorScheme of ["light", "dark"] as const) {
        const report = yield* opened(failedImport(), { colorScheme })
        yield* look(report, async (page) => {
          await page.locator(".row:has-text('Fetch Feed')").click()
          assert.deepStrictEqual(await page.evaluate(namelessControls), [])
          assert.deepStrictEqual(await page.evaluate(faintTexts), [])
        })
      }
    })
  )

  it.scoped("shows a running story as what it is", () =>
    Effect.gen(function* () {
      const recorded = new Narrator("Worker")
      const report = yield* opened([recorded.start(), recorded.stageStarted(recorded.stage("Poll"))])
      yield* look(report, async (page) => {
        assert.strictEqual(await textOf(page.locator(".badge")), "Unfinished")
        assert.include(await textOf(page.locator(".hero")), "The program ended before this story did.")
        assert.deepStrictEqual(await textsOf(page, ".cell-duration"), ["running", "running"])
      })
    })
  )

  it.scoped("opens the newest story that failed, and stays with it when another part of it is gone to", () =>
    Effect.gen(function* () {
      const events = (["failed", "failed", "success"] as const).flatMap((status, i) => {
        const recorded = new Narrator(`Story ${i}`)
        return [recorded.start(), recorded.end({ status })]
      })
      const report = yield* opened(events)
      yield* look(report, async (page) => {
        assert.deepStrictEqual(await textsOf(page, ".story-name"), ["Story 2", "Story 1", "Story 0"])
        assert.strictEqual(await textOf(page.locator("h1")), "Story 1")
        await page.evaluate('location.hash = "#main"')
        assert.strictEqual(await textOf(page.locator("h1")), "Story 1")
      })
    })
  )

  it.scoped("shows only the stages that failed and those around them, where that is asked for", () =>
    Effect.gen(function* () {
      const report = yield* opened(failedImport())
      yield* look(report, async (page) => {
        const failed = ["Import Catalogue", "Price Products", "Convert Price", "Build Index"]
        await page.locator(".stat.bad button").click()
        assert.deepStrictEqual(await textsOf(page, names), failed)
        await page.getByRole("button", { name: "Failed only" }).click()
        assert.include(await textsOf(page, names), "Load Suppliers")
      })
    })
  )

  it.scoped("says in words how failures came together, and shows the errors behind one with their source", () =>
    Effect.gen(function* () {
      const recorded = new Narrator("Login")
      const [first] = failureReport.failures
      const location = { file: "src/query.ts", line: 4, column: 3, function: "query", sourceLine: "" }
      const failed = recorded.failureOccurred({
        failures: [
          {
            ...first,
            path: "∥L",
            errorType: "RepoError",
            location: { ...location, file: "src/user.ts" },
            facts: { tag: "RepoError", host: "db" },
            exceptionChain: "RepoError: could not load <- Error: syntax error",
            details: { code: "APP-7", help: null, url: "https://example.com/APP-7", labels: { tenant: "acme" } },
            causes: [
              {
                depth: 1,
                relation: "cause",
                errorType: "Error",
                errorMessage: "syntax error",
                location,
                snippet: [3, 4].map((line) => ({ line, text: `line ${line}`, failing: line === 4 })),
                stackFrames: []
              }
            ]
          },
          { ...first, path: "∥R", causes: [], details: null }
        ]
      })
      const report = yield* opened([recorded.start(), failed, recorded.end({ status: "failed" })])
      yield* look(report, async (page) => {
        const panel = page.locator("#failure-0-panel-0")
        assert.includeMembers([...(await panel.locator(".eyebrow .chip").allInnerTexts())], ["APP-7", "in parallel"])
        const cause = panel.locator(".cause")
        assert.include(await textOf(cause), "Error syntax error")
        assert.include(await textOf(cause), "src/query.ts:4")
        assert.strictEqual(await cause.locator(".source-line.failing").getAttribute("data-line"), "4")
        assert.strictEqual(await panel.locator(".chain").count(), 0)
        const facts = await textOf(panel.locator(".facts-of"))
        assert.include(facts, "host")
        assert.notInclude(facts, "RepoError")
        assert.strictEqual(await panel.locator("a").getAttribute("href"), "https://example.com/APP-7")
      })
    })
  )

  it.scoped("leads from story to story, and filters them by status", () =>
    Effect.gen(function* () {
      const events = ["One", "Two", "Three"].flatMap((name, i) => {
        const recorded = new Narrator(name)
        return [
          recorded.start(),
          recorded.stageStarted(recorded.stage(`Stage of ${name}`)),
          recorded.end({ status: i === 1 ? "partial" : "success" })
        ]
      })
      const report = yield* opened(events, { settings: { title: "Last night" } })
      yield* look(report, async (page) => {
        assert.deepStrictEqual(await textsOf(page, ".story-name"), ["Three", "Two", "One"])
        await page.locator(".stories .filter", { hasText: "partial" }).click()
        await page.locator(".story-link").click()
        assert.strictEqual(await textOf(page.locator("h1")), "Two")
        assert.strictEqual(await textOf(page.locator(".badge")), "Partial")
        assert.include(await textsOf(page, names), "Stage of Two")
        await page.goBack()
        assert.strictEqual(await textOf(page.locator("h1")), "Three")
      })
    })
  )

  it.scoped("is found from the index of its folder", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const good = new Narrator("Ömlaut & <b>bold</b>")
      yield* write({ directory }, [...failedImport(), good.start(), good.end()])
      const index = yield* open(`${directory}/index.html`)
      yield* look(index, async (page) => {
        assert.deepStrictEqual(await textsOf(page, ".story-name"), ["Import Catalogue", "Ömlaut & <b>bold</b>"])
        await page.locator(".stories .filter", { hasText: "failed" }).click()
        assert.strictEqual(await page.locator(".story-link").count(), 1)
      })
      yield* Effect.promise(async () => {
        await index.page.locator(".story-link").click()
        assert.strictEqual(await textOf(index.page.locator("h1")), "Import Catalogue")
      })
    })
  )

  it.scoped("says what happened also where scripts are forbidden", () =>
    Effect.gen(function* () {
      const { page } = yield* opened(failedImport(), { javaScriptEnabled: false })
      yield* Effect.promise(async () => {
        const text = (await page.locator("body").allInnerTexts()).join("\n")
        assert.include(text, "Import Catalogue: failed, 0.442 s")
        assert.include(text, "MissingRate: No exchange rate from ISK to EUR for RS-40")
      })
    })
  )

  it.scoped("runs nothing that a program said, and shows it as it was said", () =>
    Effect.gen(function* () {
      const texts = [
        `<script>globalThis.canary = 1</script>`,
        `</script><script>globalThis.canary = 1</script>`,
        `"><img src=x onerror="globalThis.canary = 1">`,
        `<!--<script>`,
        `</title></noscript></style><svg onload="globalThis.canary = 1">`,
        "javascript:globalThis.canary=1",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: what a careless template would run
        "${globalThis.canary = 1}",
        `' onmouseover='globalThis.canary = 1`,
        "&lt;b&gt; &amp; &#x3c;",
        "\u001b[31mred\u001b]0;title\u0007",
        "user\u202e}\u2066 txt.exe",
        "__proto__",
        "\u2028\u0000\ud800"
      ]
      const report = yield* opened(texts.flatMap(hostileStory))
      yield* look(report, async (page) => {
        for (const [i, text] of texts.toReversed().entries()) {
          await page.locator(".story-link").nth(i).click()
          await page.evaluate(pokeEverything)
          assert.isUndefined(await page.evaluate("globalThis.canary"))
          assert.isUndefined(await page.evaluate("({}).canary ?? Object.keys(Object.prototype)[0]"))
          assert.strictEqual(await page.locator("script").count(), 2, "the page's own")
          assert.strictEqual(await page.locator("img, iframe, object, embed, base, svg[onload]").count(), 0)
          assert.strictEqual(await page.locator("a[href]:not([href^='#'])").count(), 0)
          const shown = inert(text)
          for (const place of ["h1", ".error-message", ".source-line.failing", ".entry-text", ".locals", ".analysis"]) {
            assert.include(await page.locator(place).first().textContent(), shown, place)
          }
          assert.include(await page.locator(".locals").first().textContent(), "__proto__")
        }
      })
    })
  )

  it.scoped("stays small in the document over 20,000 stages, whatever is scrolled to, searched or zoomed", () =>
    Effect.gen(function* () {
      const before = performance.now()
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* fs.makeTempDirectoryScoped()}/report.html`
      yield* write({ path }, longStory(19_998))
      const written = performance.now()
      const report = yield* open(path)
      let measured = ""
      yield* look(report, async (page) => {
        assert.strictEqual(await page.locator("#waterfall").getAttribute("aria-rowcount"), "19999")
        const { height, most, slowest } = (await page.evaluate(scrollThrough)) as Scrolled
        const paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        assert.isAbove(height, 500_000)
        assert.isAtMost(most, 120, "rows in the document")
        await page.keyboard.press("/")
        await page.keyboard.type("row 6665")
        await page.locator("#found", { hasText: "1 stage" }).waitFor()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Escape")
        assert.strictEqual(await selected(page), "Row 6665")
        await page.keyboard.press("f")
        assert.strictEqual(await selected(page), "Save")
        assert.isAtMost(await page.locator("*").count(), 4_000, "elements in the document")
        measured = `first paint after ${Number(paint).toFixed(0)} ms, slowest frame of a scroll to the end ${slowest.toFixed(0)} ms, ${most} rows at most`
      })
      const { size } = yield* fs.stat(path)
      yield* Console.log(
        `20,000 stages: ${(Number(size) / 1e6).toFixed(2)} MB, written in ${(written - before).toFixed(0)} ms, ${measured}`
      )
    })
  )

  it.scoped("shows what the example did", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      yield* ChildProgram.runExample("examples/html-report.ts", { NARRATIVE_DIR: folder })
      const report = yield* open(`${folder}/report.html`)
      yield* look(report, async (page) => {
        assert.deepStrictEqual(await textsOf(page, ".story-detail"), [
          "MissingRate: No exchange rate from ISK to EUR for RS-40",
          "6 prices"
        ])
        assert.include(await textOf(page.locator(".source-line.failing")), "new MissingRate")
        assert.include(await textOf(page.locator(".frame[open]").first()), 'currency: "ISK"')
        assert.include(await textOf(page.locator(".analysis")), "Add the currency to the table of rates")
        await page.locator("button.citation", { hasText: "V2" }).click()
        assert.strictEqual(await page.locator(".value-row.flash").first().getAttribute("data-name"), "sku")
        await page.locator(".hero-attributes summary").click()
        assert.include(await textOf(page.locator(".hero-attributes")), "<redacted>")
        await page.locator(".story-link").nth(1).click()
        assert.strictEqual(await textOf(page.locator(".badge")), "Success")
        assert.deepStrictEqual(await textsOf(page, ".row .detail"), ["Fjord Tea", "Söder Kaffe", "Humble Honey"])
        assert.strictEqual(await page.locator(".failure").count(), 0)
      })
    })
  )
})

/** How the page shows a text: what is not to be seen is shown as its escape. */
const inert = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u202e\u2066]/g, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`
  })

interface Scrolled {
  readonly height: number
  readonly most: number
  readonly slowest: number
}

// What runs in the page is text: these tests know no DOM.
const pokeEverything = `(() => {
  for (const element of document.querySelectorAll("*")) {
    if (element.localName === "details") element.open = true
    for (const type of ["mouseover", "mouseenter", "focus", "load", "error"]) element.dispatchEvent(new Event(type))
  }
  for (const element of document.querySelectorAll("button.citation, .row")) element.click()
})()`

const scrollThrough = `(async () => {
  const scroller = document.getElementById("waterfall")
  let most = 0
  let slowest = 0
  let last = performance.now()
  for (let step = 0; step <= 60; step++) {
    scroller.scrollTop = (scroller.scrollHeight * step) / 60
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    most = Math.max(most, document.querySelectorAll(".row").length)
    slowest = Math.max(slowest, performance.now() - last)
    last = performance.now()
  }
  return { height: scroller.scrollHeight, most, slowest }
})()`

const namelessControls = `Array.from(document.querySelectorAll("button, input, a[href], [role=tab], [role=treegrid]"))
  .filter((element) => !(element.getAttribute("aria-label") || element.textContent.trim() || element.getAttribute("title")))
  .map((element) => element.outerHTML)`

/** Texts in sight whose contrast to what is behind them is below 4.5, or below 3 where they are large. */
const faintTexts = `(() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1)
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1)
  const luminance = (colour) => {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    const layers = []
    for (let at = element; at; at = at.parentElement) layers.unshift(rgba(getComputedStyle(at).backgroundColor))
    return layers.reduce((below, top) => over(top, below), [255, 255, 255, 1])
  }
  const faint = new Set()
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("noscript, script, style, .bar-label.inside, dialog, [aria-hidden=true]")) continue
    if (!Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim())) continue
    if (!element.checkVisibility() || element.classList.contains("sr-only")) continue
    const style = getComputedStyle(element)
    const below = behind(element)
    const [a, b] = [luminance(over(rgba(style.color), below)), luminance(below)]
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 600)
    if (contrast < (isLarge ? 3 : 4.5)) faint.add(element.className + ": " + contrast.toFixed(2) + " " + element.textContent.slice(0, 30))
  }
  return Array.from(faint)
})()`
