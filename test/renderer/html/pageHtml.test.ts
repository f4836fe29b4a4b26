import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { StoryCard } from "../../../src/renderer/html/pageData.js"
import * as pageHtml from "../../../src/renderer/html/pageHtml.js"
import { StoryPage } from "../../../src/renderer/html/storyPage.js"
import { anyEvent, text } from "../../fixtures/events.js"
import { assets, assetsFile } from "../../web/bundle.js"
import { dataIn } from "./writtenPage.js"

const hostile = fc.oneof(
  text,
  fc
    .array(fc.constantFrom("</script>", "<!--", "<script>", "-->", "]]>", "<", ">", "&lt;", '"', "'", "\u2028", "x"))
    .map((parts) => parts.join(""))
)

const card = (name: string): StoryCard => ({
  id: name,
  name,
  status: "failed",
  startedAt: 0,
  seconds: 1,
  outcome: name,
  stages: 1,
  error: name
})

describe("a page", () => {
  it("gives back the data that was put into it, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 20 }), hostile, (events, title) => {
        const [first] = events
        if (first === undefined) return
        const page = new StoryPage(first)
        for (const event of events) page.take(event)
        const story = page.data(true)
        const head = { title, writtenAt: 0, omittedStories: 0 }
        const html = pageHtml.report({ ...head, stories: [JSON.stringify(story)] }, [page.card(true)])
        assert.deepStrictEqual(dataIn(html), JSON.parse(JSON.stringify({ page: "report", ...head, stories: [story] })))
      }),
      { numRuns: 300 }
    )
  })

  it("has the same elements whatever the program said", () => {
    const tagsOf = (html: string) => html.match(/<[!/]?[a-z-]+/gi)
    const plain = tagsOf(
      pageHtml.report({ title: "a", writtenAt: 0, omittedStories: 0, stories: ['{"a":"a"}'] }, [card("a")])
    )
    fc.assert(
      fc.property(hostile, (text) => {
        const stories = [JSON.stringify({ [text]: text })]
        const html = pageHtml.report({ title: text, writtenAt: 0, omittedStories: 0, stories }, [card(text)])
        assert.deepStrictEqual(tagsOf(html), plain)
      })
    )
  })

  it("carries a card that is read back from its beginning", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const html = pageHtml.report({ title: null, writtenAt: 0, omittedStories: 0, stories: ["{}"] }, [card(text)])
        assert.deepStrictEqual(
          pageHtml.cardOf(html.slice(0, pageHtml.cardWithin)),
          JSON.parse(JSON.stringify(card(text)))
        )
      })
    )
    assert.isUndefined(pageHtml.cardOf("<!doctype html>"))
    assert.isUndefined(pageHtml.cardOf('<meta name="narrative-story" content="{&quot;id&quot;:1}">'))
  })

  it("holds the script and the style that `npm run html` makes of their sources", async () => {
    assert.strictEqual(
      readFileSync(assetsFile, "utf8"),
      await assets(),
      "src/renderer/html/assets.ts is old: npm run html"
    )
  })
})
