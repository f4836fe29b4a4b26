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
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

describe("Two copies of the library in one process", () => {
  it.scopedLive("make one story, and report a failure once", () =>
    Effect.gen(function* () {
      const folder = yield* copies
      const { stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, [join(folder, "program.js")])
      )
      assert.deepStrictEqual(JSON.parse(stdout), [
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
