/**
 * A real browser for tests: pages are opened from files, and whatever they should not do is written down.
 */
import { existsSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { Context, Effect, Layer } from "effect"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"

/** The shell draws the same pages, and has no windows to keep: it takes two thirds of the processor's time. */
const candidates = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome"
]

const executable = (): string => {
  const named = process.env["CHROMIUM"]
  const found =
    named === undefined ? candidates.find((path) => existsSync(path)) : existsSync(named) ? named : undefined
  if (found === undefined) {
    throw new Error(
      `No Chromium at ${named ?? candidates.join(", ")}. Install one (apt-get install chromium-headless-shell), or name it in CHROMIUM`
    )
  }
  return found
}

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  // A process that waits for the next page: it takes as long to start as one that is used.
  "--disable-features=SpareRendererForSitePerProcess",
  "--disable-sync"
]

interface Running {
  readonly browser: Browser
  /** The tab of those who ask for nothing special: making one takes longer than a test. */
  readonly tab: Promise<Tab>
}

export class Chromium extends Context.Tag("test/Chromium")<Chromium, Running>() {
  static readonly layer = Layer.scoped(
    Chromium,
    Effect.map(
      Effect.acquireRelease(
        Effect.promise(() => chromium.launch({ executablePath: executable(), args })),
        (browser) => Effect.promise(() => browser.close())
      ),
      (browser) => ({ browser, tab: tabOf(browser, {}) })
    )
  )
}

/** A page, and what it did that it should not do. */
class Tab {
  url = ""
  noted: Array<string> = []

  constructor(readonly page: Page) {
    page.on("console", (message) => {
      if (message.type() !== "log") this.noted.push(`${message.type()}: ${message.text()}`)
    })
    page.on("pageerror", (error) => this.noted.push(`error: ${error.stack}`))
    page.on("dialog", (dialog) => {
      this.noted.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on("request", (request) => {
      if (request.url() !== this.url) this.noted.push(`request: ${request.url()}`)
    })
    page.on("popup", () => this.noted.push("popup"))
  }
}

const tabOf = async (browser: Browser, options: BrowserContextOptions): Promise<Tab> => {
  const viewport = { width: 1400, height: 900 }
  const context = await browser.newContext({ viewport, offline: true, reducedMotion: "reduce", ...options })
  const page = await context.newPage()
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective))"
  )
  return new Tab(page)
}

export interface Opened {
  readonly page: Page
  /** Errors and warnings on its console, what its policy stopped, dialogs, and every request but the one for itself. */
  readonly trouble: () => Promise<ReadonlyArray<string>>
}

/** Opens a file, offline, and waits until it is shown. */
export const open = (path: string, options?: BrowserContextOptions) =>
  Effect.gen(function* () {
    const { browser, tab: shared } = yield* Chromium
    const tab = yield* options === undefined || Object.keys(options).length === 0
      ? Effect.promise(() => shared)
      : Effect.acquireRelease(
          Effect.promise(() => tabOf(browser, options)),
          ({ page }) => Effect.promise(() => page.context().close())
        )
    return yield* Effect.promise(async (): Promise<Opened> => {
      const { page } = tab
      tab.url = pathToFileURL(path).href
      tab.noted = []
      await page.goto(tab.url)
      return {
        page,
        trouble: async () => {
          // What was noted before this came back has arrived.
          await page.evaluate("1")
          return tab.noted
        }
      }
    })
  })
