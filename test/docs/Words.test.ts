import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as DocPage from "./DocPage.js"

/** Words that once had a sense of their own here. The field has a term for each, which readers know. */
const coined =
  /\b(tell|tells|told|telling|retelling|hears?|heard|stands?|stood|nobody|somebody|mend(s|ed|ing)?|pledges?|inquiry|incarnations?|owed|put right|lets? go of)\b/i
const allowed = /\bstand-ins?\b/gi

it.effect("pages and public doc comments use the terms of the field", () =>
  Effect.gen(function* () {
    const texts = [...(yield* DocPage.pages), ...(yield* DocPage.publicComments)]
    const lines = texts.flatMap(({ path, text }) => text.split("\n").map((line, i) => `${path}+${i}: ${line}`))
    assert.deepStrictEqual(
      lines.filter((line) => coined.test(line.replaceAll(allowed, ""))),
      []
    )
  }).pipe(Effect.provide(NodeContext.layer))
)
