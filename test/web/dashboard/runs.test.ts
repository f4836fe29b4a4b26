/**
 * The runs of the dashboard in a real browser: by mouse and by keys alone, with the eyes of `axe-core`, and on every width.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Page } from "playwright-core"
import { folder } from "../../history/histories.js"
import { Chromium } from "../Chromium.js"
import { answered, assertFits, barriers, serve, visit } from "./served.js"

const statuses = ["success", "failed", "partial", "running", "success"]

const run = (i: number, more: object = {}) => ({
  event_id: `e${String(i).padStart(3, "0")}`,
  run_id: `run-${i}`,
  agent_name: ["crawler", "indexer", "mailer"][i % 3],
  job_type: i % 10 === 0 ? "test" : "nightly",
  status: statuses[i % 5],
  start_time: new Date(Date.UTC(2026, 0, 31, 12) - i * 60_000).toISOString(),
  created_at: new Date(Date.UTC(2026, 0, 31, 12) - i * 60_000).toISOString(),
  duration_ms: i * 10,
  items_discovered: 10,
  items_succeeded: 8,
  items_failed: 2,
  metrics_json: { tokens: i },
  ...(i % 5 === 1 ? { error_summary: `Fault ${i}`, error_details: `Fault ${i}\n  at crawl` } : {}),
  ...more
})

const post = (url: string, path: string, body: unknown, method = "POST") =>
  Effect.promise(() =>
    fetch(`${url}${path}`, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  )

/** A server with 120 runs, of which 12 are tests. */
const served = Effect.gen(function* () {
  const url = yield* serve(yield* folder)
  yield* post(
    url,
    "/api/v1/runs/batch",
    Array.from({ length: 120 }, (_, i) => run(i))
  )
  return url
})

const shown = async (page: Page) => {
  await answered(page)
  return page.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-run")))
}

const runOf = (url: string, id: string) =>
  Effect.promise(async () => (await (await fetch(`${url}/api/v1/runs/${id}`)).json()) as Record<string, unknown>)

layer(Chromium.layer, { excludeTestServices: true })("The runs of the dashboard", (it) => {
  it.scoped("are filtered, sorted and paged by the mouse, and the address shows the same again", () =>
    Effect.gen(function* () {
      const url = yield* served
      const { page, trouble } = yield* visit(url, "/")
      yield* Effect.promise(async () => {
        await page.getByText("1–50 of 120").waitFor()
        await page.getByRole("button", { name: "failed" }).click()
        await page.getByLabel("Without tests").check()
        await page.getByLabel("Agent", { exact: true }).selectOption("crawler")
        await page.getByRole("button", { name: "Duration" }).click()
        await page.getByLabel("Rows").selectOption("10")
        await page.waitForURL(/status=failed/)
      })
      const expected = Array.from({ length: 120 }, (_, i) => i)
        .filter((i) => i % 5 === 1 && i % 3 === 0 && i % 10 !== 0)
        .sort((a, b) => b - a)
        .map((i) => `e${String(i).padStart(3, "0")}`)
      yield* Effect.promise(() => page.getByText(`of ${expected.length}`).waitFor())
      assert.deepStrictEqual(yield* Effect.promise(() => shown(page)), expected.slice(0, 10))
      const again = yield* visit(url, new URL(page.url()).pathname + new URL(page.url()).search)
      yield* Effect.promise(() => again.page.getByText(`of ${expected.length}`).waitFor())
      assert.deepStrictEqual(yield* Effect.promise(() => shown(again.page)), expected.slice(0, 10))
      assert.deepStrictEqual([...trouble, ...again.trouble], [])
    })
  )

  it.scoped("are walked through to the end and back, and searched", () =>
    Effect.gen(function* () {
      const url = yield* served
      const { page, trouble } = yield* visit(url, "/runs")
      yield* Effect.promise(async () => {
        await page.getByText("1–50 of 120").waitFor()
        await page.getByRole("button", { name: "Next page" }).click()
        await page.getByText("51–100 of 120").waitFor()
        await page.getByRole("button", { name: "Last page" }).click()
        await page.getByText("71–120 of 120").waitFor()
        await page.getByRole("button", { name: "Page before" }).click()
        await page.getByText("21–70 of 120").waitFor()
        await page.goBack()
        await page.getByText("71–120 of 120").waitFor()
        await page.getByLabel("Search runs").fill("fault 11")
        await page.getByText("1–3 of 3").waitFor()
      })
      assert.deepStrictEqual(yield* Effect.promise(() => shown(page)), ["e011", "e111", "e116"])
      assert.deepStrictEqual(trouble, [])
    })
  )

  it.scoped("are opened, edited and closed by keys alone", () =>
    Effect.gen(function* () {
      const url = yield* served
      const { page, trouble } = yield* visit(url, "/runs?sort=event_id")
      yield* Effect.promise(async () => {
        const { keyboard } = page
        await page.getByText("1–50 of 120").waitFor()
        await keyboard.press("j")
        await page.getByRole("heading", { name: "crawler" }).waitFor()
        await keyboard.press("j")
        await page.getByRole("heading", { name: "indexer" }).waitFor()
        await keyboard.press("e")
        await page.getByRole("form", { name: "Edit the run" }).waitFor()
        await page.getByLabel("Items failed", { exact: true }).focus()
        await keyboard.press("Control+a")
        await keyboard.type("many")
        await page.getByText("takes a whole number of 0 or more").waitFor()
        await keyboard.press("Control+a")
        await keyboard.type("5")
        await page.getByLabel("Clear Error", { exact: true }).focus()
        await keyboard.press("Enter")
        await page.getByRole("button", { name: "Save 2 fields" }).focus()
        await keyboard.press("Enter")
        await page.getByText("Changed items failed, error").waitFor()
        await keyboard.press("Escape")
        await page.getByRole("region", { name: "Run", exact: true }).waitFor({ state: "detached" })
      })
      assert.deepInclude(yield* runOf(url, "e001"), {
        items_failed: 5,
        error_summary: null,
        error_details: "Fault 1\n  at crawl"
      })
      assert.deepStrictEqual(trouble, [])
    })
  )

  it.scoped("show what someone else changed while one typed, and save on top of that only when asked", () =>
    Effect.gen(function* () {
      const url = yield* served
      const { page } = yield* visit(url, "/runs?run=e001")
      yield* Effect.promise(async () => {
        await page.getByRole("button", { name: "Edit" }).click()
        await page.getByLabel("Output", { exact: true }).fill("mine")
      })
      yield* post(url, "/api/v1/runs/e001", { items_failed: 9 }, "PATCH")
      yield* Effect.promise(async () => {
        await page.getByRole("button", { name: "Save 1 field" }).click()
        await page.getByText("Someone changed this run meanwhile").waitFor()
        const row = page.getByRole("row", { name: /Items failed/ })
        assert.deepStrictEqual(await row.getByRole("cell").allTextContents(), ["2", "9", "not changed"])
      })
      assert.deepInclude(yield* runOf(url, "e001"), { items_failed: 9, output_summary: null })
      yield* Effect.promise(async () => {
        await page.getByRole("button", { name: "Save mine on top" }).click()
        await page.getByText("Changed output").waitFor()
      })
      assert.deepInclude(yield* runOf(url, "e001"), { items_failed: 9, output_summary: "mine" })
    })
  )

  it.scoped("are changed together after a preview, and changed back", () =>
    Effect.gen(function* () {
      const url = yield* served
      const { page, trouble } = yield* visit(url, "/runs?status=running&limit=10")
      yield* Effect.promise(async () => {
        await page.getByText("1–10 of 24").waitFor()
        await page.getByLabel("Choose every run of this page").check()
        await page.getByText("10 runs chosen").waitFor()
        await page.getByRole("button", { name: "Choose all 24 that the filter finds" }).click()
        await page.getByRole("button", { name: "Change…" }).click()
        await page.getByLabel("Field to change").selectOption("status")
        await page.getByLabel("Status", { exact: true }).last().selectOption("cancelled")
        await page.getByRole("button", { name: "Preview" }).click()
        await page.getByRole("button", { name: "Change 24 runs" }).click()
        await page.getByText("Done. 24 of 24 runs: 24 changed").waitFor()
        await page.getByText("No run matches").waitFor()
        await page.getByRole("button", { name: "Undo 24 changes" }).click()
        await page.getByText("1–10 of 24").waitFor()
      })
      assert.deepStrictEqual(trouble, [])
    })
  )

  it.scoped("are saved as a file that has what the filter finds", () =>
    Effect.gen(function* () {
      const url = yield* served
      const { page, trouble } = yield* visit(url, "/runs?status=partial")
      const text = yield* Effect.promise(async () => {
        await page.getByText("1–24 of 24").waitFor()
        await page.getByRole("button", { name: "Export" }).click()
        await page.getByText("24 runs, which the filter finds").waitFor()
        await page.getByRole("radio", { name: /JSON/ }).check()
        const download = page.waitForEvent("download")
        await page.getByRole("button", { name: "Save" }).click()
        const chunks: Array<Buffer> = []
        for await (const chunk of await (await download).createReadStream()) chunks.push(chunk)
        return Buffer.concat(chunks).toString()
      })
      const saved: ReadonlyArray<{ readonly status: string }> = JSON.parse(text)
      assert.deepStrictEqual([saved.length, new Set(saved.map(({ status }) => status)).size], [24, 1])
      assert.deepStrictEqual(trouble, [])
    })
  )

  it.scoped("are searched, sorted, chosen, changed, exported and given other columns by keys alone", () =>
    Effect.gen(function* () {
      const url = yield* served
      const { page, trouble } = yield* visit(url, "/runs")
      const press = async (name: string | RegExp, key = "Enter") => {
        await page.getByRole("button", { name, exact: true }).focus()
        await page.keyboard.press(key)
      }
      yield* Effect.promise(async () => {
        const { keyboard } = page
        await page.getByText("1–50 of 120").waitFor()
        await keyboard.press("n")
        await page.getByText("51–100 of 120").waitFor()
        await keyboard.press("p")
        await page.getByText("1–50 of 120").waitFor()
        await keyboard.press("/")
        await keyboard.type("crawler")
        await page.getByText("1–40 of 40").waitFor()
        await keyboard.press("Escape")
        await press("Started", "Space")
        await page.locator("tbody tr:first-child[data-run=e117]").waitFor()
        await press("Columns")
        await page.getByLabel("Run id", { exact: true }).focus()
        await keyboard.press("Space")
        await page.getByRole("columnheader", { name: "Run id" }).waitFor()
        await keyboard.press("Escape")
        await page.getByLabel("Choose run-117", { exact: true }).focus()
        await keyboard.press("Space")
        await press("Change…")
        await page.getByLabel("Field to change").focus()
        await keyboard.type("Output")
        await keyboard.press("Enter")
        await page.getByLabel("Output", { exact: true }).focus()
        await keyboard.type("by keys")
        await keyboard.press("Enter")
        await page.getByRole("button", { name: "Change 1 run" }).focus()
        await keyboard.press("Enter")
        await page.getByText("Done. 1 of 1 run: 1 changed").waitFor()
        await keyboard.press("Escape")
        await press("Export")
        const download = page.waitForEvent("download")
        await press("Save")
        await (await download).path()
      })
      assert.deepInclude(yield* runOf(url, "e117"), { output_summary: "by keys" })
      assert.deepStrictEqual(trouble, [])
    })
  )

  it.scoped("have no barrier, light and dark, in the list, a run, its form and each dialog", () =>
    Effect.gen(function* () {
      const url = yield* served
      for (const colorScheme of ["light", "dark"] as const) {
        const { page } = yield* visit(url, "/runs?run=e001", { colorScheme })
        const found = yield* Effect.promise(async () => {
          const all: Array<string> = []
          await page.getByRole("heading", { name: "indexer" }).waitFor()
          all.push(...(await barriers(page)))
          await page.getByRole("button", { name: "Edit" }).click()
          await page.getByLabel("Items failed", { exact: true }).fill("x")
          all.push(...(await barriers(page)))
          await page.getByRole("button", { name: "Columns" }).click()
          await page.getByLabel("Choose run-1", { exact: true }).check()
          all.push(...(await barriers(page)))
          await page.getByRole("button", { name: "Export" }).click()
          all.push(...(await barriers(page)))
          await page.keyboard.press("Escape")
          await page.getByRole("button", { name: "Change…" }).click()
          await page.getByLabel("Field to change").selectOption("items_skipped")
          await page.getByRole("button", { name: "Preview" }).click()
          await page.getByRole("button", { name: "Change 1 run" }).waitFor()
          all.push(...(await barriers(page)))
          return all
        })
        assert.deepStrictEqual(found, [], colorScheme)
      }
    })
  )

  it.scoped("fit every width, with and without a run open", () =>
    Effect.gen(function* () {
      const url = yield* served
      const { page } = yield* visit(url, "/runs")
      yield* Effect.promise(async () => {
        await page.getByText("1–50 of 120").waitFor()
        await assertFits(page)
        await page.goto(`${url}/runs?run=e001`)
        await page.getByRole("heading", { name: "indexer" }).waitFor()
        await assertFits(page)
        await page.getByRole("button", { name: "Edit" }).click()
        await assertFits(page)
      })
    })
  )

  it.scoped("show markup in any field as the text that it is", () =>
    Effect.gen(function* () {
      const url = yield* serve(yield* folder)
      const markup = `<img src=x onerror="alert(1)"><script>alert(2)</script>\u202e`
      const texts = ["run_id", "agent_name", "agent_owner", "job_type", "product", "item_name", "input_summary"]
      const more = [
        "output_summary",
        "error_summary",
        "error_details",
        "git_branch",
        "host",
        "environment",
        "trigger_type"
      ]
      yield* post(url, "/api/v1/runs", {
        ...run(1),
        ...Object.fromEntries([...texts, ...more].map((name) => [name, markup.replaceAll("/", "")])),
        git_repo: "javascript:alert(3)",
        git_commit_hash: "abcdef0",
        parent_run_id: markup,
        metrics_json: { [markup]: markup },
        context_json: [markup]
      })
      const columns = "status,job_type,start_time,error_summary,run_id,agent_owner,product,item_name,git_branch,host"
      const { page, trouble } = yield* visit(
        url,
        `/runs?run=e001&columns=${columns}&text=${encodeURIComponent("<img")}`
      )
      yield* Effect.promise(async () => {
        await page.getByRole("heading", { name: /<img/ }).waitFor()
        await page.getByText("Record").click()
        await page.getByRole("button", { name: "Edit" }).click()
        await page.getByRole("form", { name: "Edit the run" }).waitFor()
        assert.strictEqual(await page.locator("main img, main script, a[href^='javascript']").count(), 0)
      })
      assert.deepStrictEqual(trouble, [])
    })
  )
})
