/**
 * A dashboard in a real browser, and what it did that it should not do.
 */
import { createServer } from "node:http"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert } from "@effect/vitest"
import axe from "axe-core"
import { Context, Effect, Layer } from "effect"
import type { BrowserContextOptions, Page } from "playwright-core"
import * as Dashboard from "../../../src/dashboard/Dashboard.js"
import { Chromium } from "../Chromium.js"

/** Serves a folder for as long as the scope is open. `cut` ends every connection that there is. */
export const served = (baseDir: string, token?: string) => servedBy({ baseDir, token })

/** The same, wherever its runs and stories are. */
export const servedBy = (options: Parameters<typeof Dashboard.layer>[0]) =>
  Effect.gen(function* () {
    const server = createServer()
    const http = NodeHttpServer.layer(() => server, { host: "127.0.0.1", port: 0 })
    const context = yield* Layer.build(Layer.provideMerge(Dashboard.layer(options), http))
    const url = HttpServer.formatAddress(Context.get(context, HttpServer.HttpServer).address)
    return { url, cut: () => server.closeAllConnections() }
  })

/** The same, where the address is all that is asked for. */
export const serve = (baseDir: string, token?: string) => Effect.map(served(baseDir, token), ({ url }) => url)

export interface Visit {
  readonly page: Page
  /** Errors and warnings on its console, what its policy stopped, and requests to anything but the server. */
  readonly trouble: ReadonlyArray<string>
}

/** A page of its own on a view of the dashboard. */
export const visit = (url: string, path: string, options: BrowserContextOptions = {}) =>
  Effect.gen(function* () {
    const { browser } = yield* Chromium
    const context = yield* Effect.acquireRelease(
      Effect.promise(() =>
        browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options })
      ),
      (context) => Effect.promise(() => context.close())
    )
    return yield* Effect.promise(async (): Promise<Visit> => {
      const page = await context.newPage()
      page.setDefaultTimeout(60_000)
      const trouble: Array<string> = []
      await page.addInitScript(
        "addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective))"
      )
      page.on("console", (message) => {
        if (message.type() !== "log") trouble.push(`${message.type()}: ${message.text()}`)
      })
      page.on("pageerror", (error) => trouble.push(`error: ${error.stack}`))
      page.on("request", (request) => {
        if (!request.url().startsWith(url)) trouble.push(`request: ${request.url()}`)
      })
      await page.goto(`${url}${path}`)
      return { page, trouble }
    })
  })

/** What axe-core finds that is serious, with where it is. */
export const barriers = async (page: Page): Promise<ReadonlyArray<string>> => {
  // Past the policy of the page, which lets in no script but its own.
  const session = await page.context().newCDPSession(page)
  const { result: known } = await session.send("Runtime.evaluate", { expression: "typeof axe" })
  if (known.value === "undefined") await session.send("Runtime.evaluate", { expression: axe.source })
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => JSON.stringify(violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html, failureSummary }) => html.slice(0, 160) + " " + failureSummary).join(" | "))))`,
    awaitPromise: true,
    returnByValue: true
  })
  await session.detach()
  // A list of texts, as the expression makes it.
  return JSON.parse(String(result.value)) as ReadonlyArray<string>
}

/** Waits until everything that is shown is the answer to what is asked now. */
export const answered = async (page: Page): Promise<void> => {
  await page.locator("[aria-busy='false']").first().waitFor()
  await page.locator("[aria-busy='true']").first().waitFor({ state: "detached" })
}

export const widths = [360, 768, 1280, 1920]

/** Nothing is wider than the screen, whatever that is. */
export const assertFits = async (page: Page): Promise<void> => {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 })
    // What is as wide as it was seen to be is drawn again in the next frame.
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert.strictEqual(wide, 0, `at ${width} pixels`)
  }
}
