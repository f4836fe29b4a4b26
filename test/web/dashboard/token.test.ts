/**
 * The page of a server that has a token.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { folder } from "../../history/histories.js"
import { Chromium } from "../Chromium.js"
import { barriers, serve, visit } from "./served.js"

layer(Chromium.layer, { excludeTestServices: true })("The page of a server that has a token", (it) => {
  it.scoped("asks for it, says when it is wrong, and keeps it for the tab", () =>
    Effect.gen(function* () {
      const url = yield* serve(yield* folder, "a secret")
      const { page } = yield* visit(url, "/runs")
      yield* Effect.promise(async () => {
        const token = page.getByRole("textbox", { name: "Token" })
        await token.waitFor()
        assert.deepStrictEqual(await barriers(page), [])
        await token.fill("wrong")
        await page.getByRole("button", { name: "Open" }).click()
        await page.getByText("The server does not take the token that was given").waitFor()
        await token.fill("a secret")
        await page.keyboard.press("Enter")
        await page.getByText("There are no runs yet").waitFor()
        await page.reload()
        await page.getByText("There are no runs yet").waitFor()
      })
    })
  )

  it.scoped("takes it from the fragment of a link, and out of the address at once", () =>
    Effect.gen(function* () {
      const url = yield* serve(yield* folder, "a secret")
      const { page, trouble } = yield* visit(url, "/runs?status=failed#token=a%20secret")
      yield* Effect.promise(() => page.getByText("No run matches").waitFor())
      assert.strictEqual(page.url(), `${url}/runs?status=failed`)
      assert.deepStrictEqual(trouble, [])
    })
  )
})
