/**
 * Takes the pictures of the dashboard in `docs/images`, of the month of `npm run demo`, in a real browser.
 *
 *     npm run docs:dashboard
 */
import { createServer } from "node:http"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Context, Effect, Layer, Logger } from "effect"
import { Diagnostics, Narrative } from "effect-narrative"
import { Run } from "effect-narrative/runs"
import type { Page } from "playwright-core"
import * as Dashboard from "../../src/dashboard/Dashboard.js"
import { fillMonth } from "../demo/month.js"
import { Chromium } from "../web/Chromium.js"
import { root } from "./ChildProgram.js"

interface Picture {
  readonly name: string
  readonly path: string
  readonly colorScheme: "light" | "dark"
  readonly height: number
  /** Brings what the picture is of into sight. */
  readonly at?: (page: Page) => Promise<void>
}

const openFirst = async (page: Page): Promise<void> => {
  await page.locator("tbody a").first().click()
  await page.locator(".run-detail .stages").waitFor()
  await page.mouse.move(0, 0)
}

const previewChange = async (page: Page): Promise<void> => {
  await page.getByLabel("Choose every run of this page").check()
  await page.getByRole("button", { name: "Change…" }).click()
  await page.getByLabel("Field to change").selectOption("status")
  await page.getByLabel("Status", { exact: true }).last().selectOption("cancelled")
  await page.getByRole("button", { name: "Preview" }).click()
  await page.locator(".bulk-preview").waitFor()
}

const pictures: ReadonlyArray<Picture> = [
  { name: "dashboard-runs", path: "/runs", colorScheme: "light", height: 820 },
  { name: "dashboard-run", path: "/runs?status=failed", colorScheme: "light", height: 900, at: openFirst },
  {
    name: "dashboard-bulk",
    path: "/runs?status=partial&limit=10",
    colorScheme: "dark",
    height: 820,
    at: previewChange
  },
  { name: "dashboard-stories", path: "/stories", colorScheme: "dark", height: 820 },
  { name: "dashboard-failures", path: "/failures", colorScheme: "light", height: 820 },
  {
    name: "dashboard-compare",
    path: "/compare?a.name=catalogue-importer&b.name=catalogue-importer&a.label.version=1.4.2&b.label.version=1.5.0",
    colorScheme: "light",
    height: 820
  },
  { name: "dashboard-analytics", path: "/analytics", colorScheme: "light", height: 1_200 }
]

const telemetry = (baseDir: string) =>
  Layer.mergeAll(
    Run.layer({ baseDir, git: false, sweep: false }),
    Diagnostics.layer({ mode: "rich" }),
    Narrative.logger,
    Logger.remove(Logger.defaultLogger)
  )

const screenshots = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const baseDir = yield* fs.makeTempDirectoryScoped()
  yield* fillMonth({ until: Date.now() }).pipe(Effect.provide(telemetry(baseDir)))
  const http = NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })
  const context = yield* Layer.build(Layer.provideMerge(Dashboard.layer({ baseDir }), http))
  const url = HttpServer.formatAddress(Context.get(context, HttpServer.HttpServer).address)
  const { browser } = yield* Chromium
  for (const { at, colorScheme, height, name, path } of pictures) {
    const file = `${root}docs/images/${name}.png`
    yield* Effect.promise(async () => {
      const viewport = { width: 1_400, height }
      const page = await browser.newPage({ colorScheme, viewport, reducedMotion: "reduce", timezoneId: "UTC" })
      await page.goto(`${url}${path}`)
      await page.waitForLoadState("networkidle")
      await at?.(page)
      await page.screenshot({ path: file, animations: "disabled" })
      await page.close()
    })
    yield* Console.log(`docs/images/${name}.png: ${(Number((yield* fs.stat(file)).size) / 1_000).toFixed(0)} kB`)
  }
})

screenshots.pipe(Effect.scoped, Effect.provide(Layer.merge(Chromium.layer, NodeContext.layer)), NodeRuntime.runMain)
