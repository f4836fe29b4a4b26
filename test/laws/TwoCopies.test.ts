/**
 * A dependency may bring a copy of the library of its own: in one process, both make one story.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { build } from "esbuild"

const root = fileURLToPath(new URL("../..", import.meta.url))

const program = `
import { Effect } from "effect"
import * as first from "./first/index.js"
import * as second from "./second/index.js"

const seen = []
const renderer = first.Renderer.layer(first.Renderer.make("seen", (event) => {
  seen.push([event._tag, event.storyName, event.stageName ?? event.causedBy?.storyName ?? ""].join(" ").trim())
}))
const inner = Effect.fail(new Error("no rows")).pipe(second.Narrative.stage("Read"), second.Narrative.story("Import"))
const outer = inner.pipe(first.Narrative.stage("Sync"), first.Narrative.story("Nightly"))
await Effect.runPromiseExit(outer.pipe(Effect.provide(renderer)))
process.stdout.write(JSON.stringify(seen))
`

const spans = `
import { Context, Effect, Layer } from "effect"
import * as first from "./first/index.js"
import * as second from "./second/index.js"

const seen = []
const renderer = first.Renderer.layer(first.Renderer.make("seen", (event) => {
  seen.push([event._tag, event.storyName, event.stageName ?? ""].join(" ").trim())
}))
class Rows extends Context.Tag("Rows")() {}
const service = { read: (count) => count > 0 ? Effect.succeed(count) : Effect.fail(new Error("no rows")) }
const twice = Layer.succeed(Rows, service).pipe(first.Instrument.service(Rows), second.Instrument.service(Rows))
const read = (count) => Effect.flatMap(Rows, (rows) => rows.read(count))
const load = read(1).pipe(Effect.withSpan("load"), second.Narrative.stage("Read"))
const nightly = load.pipe(Effect.zipRight(read(0)), Effect.withSpan("nightly"))
const rounds = []
for (const layer of [
  first.NarrativeSpans.layer(),
  second.NarrativeSpans.layer(),
  Layer.provideMerge(second.NarrativeSpans.layer(), first.NarrativeSpans.layer())
]) {
  await Effect.runPromiseExit(nightly.pipe(Effect.provide([twice, layer]), Effect.provide(renderer)))
  rounds.push(seen.splice(0))
}
process.stdout.write(JSON.stringify(rounds))
`

/** Two bundles of the library, and a program that uses both; they find `effect` in the repository. */
const copies = Effect.acquireRelease(
  Effect.promise(async () => {
    mkdirSync(join(root, ".narrative"), { recursive: true })
    const folder = mkdtempSync(join(root, ".narrative/copies-"))
    for (const copy of ["first", "second"]) {
      await build({
        absWorkingDir: root,
        entryPoints: { index: "src/index.ts" },
        outdir: join(folder, copy),
        bundle: true,
        splitting: true,
        format: "esm",
        platform: "node",
        packages: "external",
        logLevel: "warning"
      })
    }
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
    writeFileSync(join(folder, "program.js"), program)
    writeFileSync(join(folder, "spans.js"), spans)
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const printedBy = (folder: string, file: string) =>
  Effect.promise(() => promisify(execFile)(process.execPath, [join(folder, file)])).pipe(
    Effect.map(({ stdout }): unknown => JSON.parse(stdout))
  )

describe("Two copies of the library in one process", () => {
  it.scopedLive("narrate spans and instrumented services once, whichever narrates them", () =>
    Effect.gen(function* () {
      const folder = yield* copies
      const once = [
        "StoryStarted nightly",
        "StageStarted nightly Read",
        "StageStarted nightly load",
        "StageStarted nightly Rows.read",
        "StageCompleted nightly Rows.read",
        "StageCompleted nightly load",
        "StageCompleted nightly Read",
        "StageStarted nightly Rows.read",
        "StageFailed nightly Rows.read",
        "FailureOccurred nightly",
        "StoryCompleted nightly"
      ]
      assert.deepStrictEqual(yield* printedBy(folder, "spans.js"), [once, once, once])
    })
  )

  it.scopedLive("make one story, and report a failure once", () =>
    Effect.gen(function* () {
      const folder = yield* copies
      assert.deepStrictEqual(yield* printedBy(folder, "program.js"), [
        "StoryStarted Nightly",
        "StageStarted Nightly Sync",
        "StoryStarted Import",
        "StageStarted Import Read",
        "StageFailed Import Read",
        "FailureOccurred Import",
        "StoryCompleted Import",
        "StageFailed Nightly Sync",
        "StoryCompleted Nightly Import"
      ])
    })
  )
})
