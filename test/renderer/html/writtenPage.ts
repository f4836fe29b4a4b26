/**
 * Reports read back from their files, and stories written to them.
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { NarrativeEvent } from "../../../src/event/NarrativeEvent.js"
import * as HtmlReportRenderer from "../../../src/renderer/html/HtmlReportRenderer.js"
import type { IndexData, PageStory, ReportData } from "../../../src/renderer/html/pageData.js"
import { emitAll } from "../rendererSuite.js"

const block = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/

/** What the page's script would read: the same way a browser finds the end of the block. */
export const dataIn = (html: string): ReportData | IndexData => {
  assert.isTrue(
    html.startsWith("<!doctype html>\n") && html.endsWith("</html>\n"),
    `the page is whole, and ends with ${html.slice(-80)}`
  )
  return JSON.parse(block.exec(html)?.[1] ?? "null")
}

export const storiesIn = (html: string): ReadonlyArray<PageStory> => {
  const data = dataIn(html)
  if (data.page !== "report") throw new Error("expected a report")
  return data.stories
}

/** Tells the events, and closes the renderer. */
export const write = (
  options: HtmlReportRenderer.HtmlReportOptions,
  events: Iterable<NarrativeEvent>
): Effect.Effect<void, never, FileSystem> =>
  Effect.scoped(Effect.flatMap(Effect.orDie(HtmlReportRenderer.make(options)), (renderer) => emitAll(renderer, events)))
