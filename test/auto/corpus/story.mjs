import { createRequire } from "node:module"

const { JsonRenderer } = await import(process.env.NARRATIVE_INDEX)
const { Narrator } = await import(process.env.NARRATIVE_PROMISE)
const { later, named, Child } = await import("./odd.mjs")
const { add } = createRequire(import.meta.url)("./common.cjs")

const narrator = await Narrator.make(JsonRenderer.layer())
await narrator.story("Corpus", async () => {
  named(1)
  await later(1)
  new Child(1).double()
  add(1, 2)
})
await narrator.dispose()
