/**
 * A dashboard whose runs and stories are on PostgreSQL, in a real browser: what another program writes there, seen as it comes.
 */
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger } from "effect"
import { Narrative } from "../../../src/index.js"
import { Run } from "../../../src/runs.js"
import * as postgres from "../../fixtures/postgres.js"
import { onPostgres } from "../../history/histories.js"
import { Chromium } from "../Chromium.js"
import { answered, servedBy, visit } from "./served.js"

const { file } = onPostgres(postgres.ofFile())

layer(Chromium.layer, { excludeTestServices: true })("The dashboard on PostgreSQL", (it) => {
  it.scoped("shows a run as it goes on, then with its story and in the list, where it is edited", () =>
    Effect.gen(function* () {
      const url = yield* file
      const { url: address } = yield* servedBy({ postgres: { url } })
      const step = yield* Effect.makeSemaphore(1)
      yield* step.take(1)
      const program = yield* Effect.forEach(
        ["Stone 1", "Stone 2", "Stone 3"],
        (text) => Effect.zipRight(Effect.log(text), step.take(1)),
        { discard: true }
      ).pipe(
        Narrative.stage("Lay Stones"),
        Run.track("mason", "wall"),
        Effect.provide(
          Layer.mergeAll(Run.layerPg({ url, git: false }), Narrative.logger, Logger.remove(Logger.defaultLogger))
        ),
        Effect.forkScoped
      )
      const { page, trouble } = yield* visit(address, "/live?story=mason")
      yield* Effect.promise(async () => {
        await page.locator(".running-card:has-text('mason')").waitFor()
        await page.locator(".event:has-text('Stone 1')").first().waitFor()
      })
      yield* step.release(1)
      yield* Effect.promise(() => page.locator(".event:has-text('Stone 2')").first().waitFor())
      yield* step.release(2)
      yield* Fiber.join(program)
      yield* Effect.promise(async () => {
        await page.locator(".event:has-text('Stone 3')").first().waitFor()
        await page.goto(`${address}/stories?status=success`)
        await answered(page)
        await page.getByRole("link", { name: "mason" }).click()
        await page.locator(".waterfall .row:has-text('Lay Stones')").waitFor()
        await page.goto(`${address}/runs?status=success`)
        await page.getByText("1\u20131 of 1").waitFor()
        await page.keyboard.press("j")
        await page.getByRole("heading", { name: "mason" }).waitFor()
        await page.keyboard.press("e")
        await page.getByLabel("Items failed", { exact: true }).focus()
        await page.keyboard.press("Control+a")
        await page.keyboard.type("5")
        await page.getByRole("button", { name: "Save 1 field" }).click()
        await page.getByText("Changed items failed").waitFor()
      })
      const runs = yield* Effect.promise(async (): Promise<unknown> => (await fetch(`${address}/api/v1/runs`)).json())
      assert.deepInclude(Array.isArray(runs) ? runs[0] : undefined, { agent_name: "mason", items_failed: 5 })
      assert.deepStrictEqual(trouble, [])
    })
  )
})
