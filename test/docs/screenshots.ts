/**
 * Takes the pictures of `docs/images` from real reports in a real browser.
 *
 *     npm run docs:screenshots
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import * as HtmlReportRenderer from "../../src/renderer/html/HtmlReportRenderer.js"
import { Chromium, open } from "../web/Chromium.js"
import { failedImport, longStory } from "../web/report/stories.js"
import * as ChildProgram from "./ChildProgram.js"

interface Picture {
  readonly name: string
  readonly report: "example" | "analysis" | "long"
  readonly colorScheme: "light" | "dark"
  readonly width?: number
  readonly height: number
  /** Brings what the picture is of into sight. */
  readonly at: (page: Page) => Promise<void>
}

const nothing = () => Promise.resolve()

const pictures: ReadonlyArray<Picture> = [
  { name: "html-report-failure", report: "example", colorScheme: "light", height: 980, at: nothing },
  {
    name: "html-report-waterfall",
    report: "example",
    colorScheme: "dark",
    width: 1_520,
    height: 860,
    at: async (page) => {
      await page.locator(".row", { hasText: "Fetch Feed" }).nth(1).click()
      await page.evaluate("document.querySelector('.stages').scrollIntoView()")
      await page.mouse.move(0, 0)
    }
  },
  {
    name: "html-report-analysis",
    report: "analysis",
    colorScheme: "light",
    height: 1_020,
    at: async (page) => {
      await page.evaluate("document.querySelector('.failure').scrollIntoView()")
    }
  },
  {
    name: "html-report-long",
    report: "long",
    colorScheme: "light",
    height: 720,
    at: async (page) => {
      await page.keyboard.press("f")
      await page.mouse.move(0, 0)
    }
  }
]

const write = (path: string, events: ReadonlyArray<NarrativeEvent>) =>
  Effect.scoped(
    Effect.flatMap(HtmlReportRenderer.make({ path }), (renderer) =>
      Effect.forEach(events, (event) => Effect.suspend(() => renderer.handle(event) ?? Effect.void), { discard: true })
    )
  )

const screenshots = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped()
  yield* ChildProgram.runExample("examples/html-report.ts", { NARRATIVE_DIR: folder })
  yield* write(`${folder}/analysis.html`, failedImport())
  yield* write(`${folder}/long.html`, longStory(19_998))
  const files = { example: "report.html", analysis: "analysis.html", long: "long.html" }
  yield* fs.makeDirectory(`${ChildProgram.root}docs/images`, { recursive: true })
  for (const { at, colorScheme, height, name, report, width = 1_280 } of pictures) {
    const { page } = yield* open(`${folder}/${files[report]}`, { colorScheme, viewport: { width, height } })
    const path = `${ChildProgram.root}docs/images/${name}.png`
    yield* Effect.promise(async () => {
      await at(page)
      await page.screenshot({ path, animations: "disabled" })
    })
    yield* Console.log(`docs/images/${name}.png: ${(Number((yield* fs.stat(path)).size) / 1_000).toFixed(0)} kB`)
  }
})

screenshots.pipe(Effect.scoped, Effect.provide(Layer.merge(Chromium.layer, NodeContext.layer)), NodeRuntime.runMain)
