import { spawn } from "node:child_process"
import { basename, dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Option, Schedule, Scope, TestClock } from "effect"
import * as Renderer from "../../../src/delivery/Renderer.js"
import type { NarrativeEvent } from "../../../src/event/NarrativeEvent.js"
import * as Narrative from "../../../src/Narrative.js"
import * as HtmlReportRenderer from "../../../src/renderer/html/HtmlReportRenderer.js"
import { bundled } from "../../fixtures/compiled.js"
import { Narrator } from "../../fixtures/events.js"
import { diskFault, emptyFile } from "../files.js"
import { type Destination, emitAll, rendererSuite, statsOf, withWarnings } from "../rendererSuite.js"
import { dataIn, storiesIn, write } from "./writtenPage.js"

/** `count` stories of which only the end is emitted: each is a page. */
const ends = (count: number): ReadonlyArray<NarrativeEvent> =>
  Array.from({ length: count }, (_, sequence) => new Narrator("Import", String(sequence)).end({ sequence }))

const story = (name = "Import", id = `id of ${name}`): ReadonlyArray<NarrativeEvent> => {
  const recorded = new Narrator(name, id)
  const load = recorded.stage("Load CSV")
  return [recorded.start(), recorded.stageStarted(load), recorded.completed(load), recorded.end()]
}

/**
 * A disk that holds what the destination takes: each story counts when it is written for the first time, and an index may
 * name only pages that are there.
 */
const diskOf = (destination: Destination) => {
  const seen = new Set<number>()
  const files = new Map<string, Uint8Array>()
  const write = (path: string, bytes: Uint8Array) =>
    Effect.suspend(() => {
      const data = dataIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
      const stories = data.page === "report" ? data.stories : []
      const sequences = stories
        .map(({ nodes }) => Number(nodes[0]?.story?.id))
        .filter((sequence) => !seen.has(sequence))
        .sort((a, b) => a - b)
      if (data.page === "index") {
        for (const { file } of data.entries) assert.isTrue(files.has(join(dirname(path), file)), file)
      }
      return Effect.tap(
        Effect.mapError(destination.accept(sequences), () => diskFault),
        () => {
          files.set(path, bytes)
          for (const sequence of sequences) seen.add(sequence)
        }
      )
    })
  return FileSystem.layerNoop({
    makeDirectory: () => Effect.void,
    readDirectory: (folder) =>
      Effect.sync(() => Array.from(files.keys()).flatMap((path) => (dirname(path) === folder ? [basename(path)] : []))),
    rename: (from, to) =>
      Effect.sync(() => {
        files.set(to, files.get(from) ?? new Uint8Array())
        files.delete(from)
      }),
    remove: (path) => Effect.sync(() => void files.delete(path)),
    open: (path) =>
      Effect.succeed({
        [FileSystem.FileTypeId]: FileSystem.FileTypeId,
        fd: FileSystem.FileDescriptor(3),
        stat: Effect.succeed(emptyFile),
        seek: () => Effect.void,
        sync: Effect.void,
        read: () => Effect.succeed(FileSystem.Size(0)),
        readAlloc: (size) =>
          Effect.sync(() =>
            Option.map(Option.fromNullable(files.get(path)), (bytes) => bytes.subarray(0, Number(size)))
          ),
        truncate: () => Effect.void,
        write: () => Effect.fail(diskFault),
        writeAll: (bytes) => write(path, bytes)
      })
  })
}

rendererSuite(
  "HtmlReportRenderer with one file",
  (destination) =>
    HtmlReportRenderer.make({ path: "report.html", keep: 10_000 }).pipe(
      Effect.orDie,
      Effect.provide(diskOf(destination))
    ),
  { events: ends }
)

rendererSuite(
  "HtmlReportRenderer with a file a story",
  (destination) =>
    HtmlReportRenderer.make({ path: "reports/{story_id}.html" }).pipe(
      Effect.orDie,
      Effect.provide(diskOf(destination))
    ),
  { events: ends }
)

rendererSuite(
  "HtmlReportRenderer with a folder",
  (destination) =>
    HtmlReportRenderer.make({ directory: "reports", keep: 10_000 }).pipe(
      Effect.orDie,
      Effect.provide(diskOf(destination))
    ),
  { events: ends }
)

const inFolder = <A, E>(
  test: (folder: string, fs: FileSystem.FileSystem) => Effect.Effect<A, E, FileSystem.FileSystem | Scope.Scope>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* test(yield* fs.makeTempDirectoryScoped(), fs)
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

describe("HtmlReportRenderer.layer", () => {
  it.effect("writes a story of a program, in folders that it creates, and leaves nothing beside it", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const path = `${folder}/some/where/report.html`
        yield* Effect.void.pipe(
          Narrative.stage("Load CSV"),
          Narrative.story("Import", { attributes: { file: "a.csv" } }),
          Effect.provide(Renderer.replaceScoped(HtmlReportRenderer.make({ path })))
        )
        const [story] = storiesIn(yield* fs.readFileString(path))
        assert.deepStrictEqual(
          story?.nodes.map(({ name, parent, status }) => ({ name, parent, status })),
          [
            { name: "Import", parent: undefined, status: "completed" },
            { name: "Load CSV", parent: 0, status: "completed" }
          ]
        )
        assert.deepStrictEqual(story?.nodes[0]?.attributes, { file: "a.csv" })
        assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/some/where`), ["report.html"])
      })
    )
  )

  it.effect("stays in the folder that was the working directory when it was made", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const cwd = process.cwd
        yield* Effect.addFinalizer(() => Effect.sync(() => Object.assign(process, { cwd })))
        const moveTo = (to: string) => Effect.sync(() => Object.assign(process, { cwd: () => `${folder}/${to}` }))
        yield* moveTo("start")
        yield* Effect.zipRight(moveTo("work"), Effect.void.pipe(Narrative.story("Import"))).pipe(
          Effect.provide(Renderer.replaceScoped(HtmlReportRenderer.make({ path: "report.html" })))
        )
        assert.deepStrictEqual(yield* fs.readDirectory(folder), ["start"])
      })
    )
  )

  it.effect("takes a path relative to the working directory", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const relative = `.narrative/relative-${process.pid}.html`
        yield* Effect.addFinalizer(() => Effect.orDie(fs.remove(relative, { force: true })))
        yield* write({ path: relative }, story())
        assert.lengthOf(storiesIn(yield* fs.readFileString(relative)), 1)
        assert.isEmpty(yield* fs.readDirectory(folder))
      })
    )
  )

  it.effect("keeps the last stories in one file, newest first, and counts the others", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const path = `${folder}/report.html`
        const names = Array.from({ length: 30 }, (_, i) => `Story ${i}`)
        yield* write(
          { path, keep: 3, title: "Last night" },
          names.flatMap((name) => story(name))
        )
        const data = dataIn(yield* fs.readFileString(path))
        assert.deepInclude(data, { page: "report", title: "Last night", omittedStories: 27 })
        assert.deepStrictEqual(data.page === "report" ? data.stories.map(({ nodes }) => nodes[0]?.name) : [], [
          "Story 29",
          "Story 28",
          "Story 27"
        ])
      })
    )
  )

  it.effect("writes a file for each name, which holds its last story", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        yield* write({ path: `${folder}/{story_name}.html` }, [
          ...story("Nightly Import", "first"),
          ...story("Nightly Import", "second"),
          ...story("../../etc/passwd"),
          ...story("..")
        ])
        const names = yield* fs.readDirectory(folder)
        assert.sameMembers(names, ["Nightly-Import.html", "etc-passwd.html", "story.html"])
        const [last] = storiesIn(yield* fs.readFileString(`${folder}/Nightly-Import.html`))
        assert.strictEqual(last?.nodes[0]?.story?.id, "second")
      })
    )
  )

  it.effect("lists a folder's stories, those of earlier runs included, and removes the oldest pages", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const at = (id: string, timestamp: number) => new Narrator("Import", id).end({ timestamp, status: "failed" })
        const day = 86_400_000
        yield* write({ directory: folder, keep: 3 }, [at("a", day), at("b", 3 * day + 5)])
        yield* fs.writeFileString(`${folder}/20010101-000000-000-not-ours.html`, "<p>somebody's own</p>")
        yield* write({ directory: folder, keep: 3 }, [at("d", 4 * day), at("c", 3 * day + 1)])
        const index = dataIn(yield* fs.readFileString(`${folder}/index.html`))
        const entries = index.page === "index" ? index.entries : []
        assert.deepStrictEqual(
          entries.map(({ id, status }) => [id, status]),
          [
            ["d", "failed"],
            ["b", "failed"],
            ["c", "failed"]
          ]
        )
        const names = yield* fs.readDirectory(folder)
        assert.sameMembers(names, [
          ...entries.map(({ file }) => file),
          "index.html",
          "20010101-000000-000-not-ours.html"
        ])
        for (const { file } of entries) assert.lengthOf(storiesIn(yield* fs.readFileString(`${folder}/${file}`)), 1)
      })
    )
  )

  it.effect("shows a failed parent and its failed sub-story as failed, each stage at its place", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const path = `${folder}/report.html`
        yield* Effect.die(new Error("no such table")).pipe(
          Narrative.stage("Insert"),
          Narrative.story("Save"),
          Narrative.stage("Store"),
          Narrative.story("Import"),
          Effect.exit,
          Effect.provide(Renderer.replaceScoped(HtmlReportRenderer.make({ path })))
        )
        const [page] = storiesIn(yield* fs.readFileString(path))
        assert.deepStrictEqual(
          page?.nodes.map(({ id, name, parent, status }) => [id, parent, name, status]),
          [
            [0, undefined, "Import", "failed"],
            [1, 0, "Store", "failed"],
            [2, 1, "Save", "failed"],
            [3, 2, "Insert", "failed"]
          ]
        )
        assert.lengthOf(page?.failures ?? [], 1)
        assert.deepInclude(page?.failures[0], { node: 2, stages: [3] })
        assert.strictEqual(page?.nodes[0]?.story?.causedBy?.storyName, "Save")
      })
    )
  )

  it.effect("writes the page again when an analysis comes after the end", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const path = `${folder}/report.html`
        const recorded = new Narrator()
        const analysis = {
          analyzer: "house",
          model: null,
          exactWhy: "The row is torn.",
          evidence: [],
          targetedFix: "",
          codeChanges: "",
          rawText: null,
          droppedCitations: 0
        }
        const events: ReadonlyArray<NarrativeEvent> = [
          recorded.start(),
          recorded.failureOccurred(),
          recorded.end({ status: "failed" })
        ]
        const start = recorded.end()
        const ready: NarrativeEvent = {
          _tag: "AnalysisReady",
          storyId: start.storyId,
          storyName: start.storyName,
          rootStoryId: start.rootStoryId,
          parentStoryId: null,
          timestamp: 0,
          sequence: 4,
          stageName: "Load",
          traceId: null,
          spanId: null,
          llmAnalysis: "The row is torn.",
          analysis,
          latencySeconds: 2.5
        }
        yield* write({ path }, [...events, ready])
        const [page] = storiesIn(yield* fs.readFileString(path))
        assert.deepInclude(page?.failures[0], { analysis, latencySeconds: 2.5 })

        const perStory = `${folder}/{story_id}.html`
        yield* Effect.scoped(
          Effect.gen(function* () {
            const renderer = yield* HtmlReportRenderer.make({ path: perStory })
            yield* emitAll(renderer, events)
            yield* TestClock.adjust("1 second")
            yield* Effect.repeat(Effect.zipRight(Effect.yieldNow(), statsOf(renderer)), {
              until: (stats) => stats.delivered === events.length
            })
            yield* emitAll(renderer, [...story("Other"), ready])
          })
        )
        const [again] = storiesIn(yield* fs.readFileString(`${folder}/id-of-Import.html`))
        assert.deepInclude(again?.failures[0], { analysis })
      })
    )
  )

  it.effect("writes what is still running when the layer closes, and says so", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const recorded = new Narrator("Worker")
        yield* write({ path: `${folder}/report.html` }, [
          recorded.start(),
          recorded.stageStarted(recorded.stage("Poll"))
        ])
        const [page] = storiesIn(yield* fs.readFileString(`${folder}/report.html`))
        assert.strictEqual(page?.unfinished, true)
        assert.deepStrictEqual(
          page?.nodes.map(({ seconds, status }) => [status, seconds]),
          [
            ["running", undefined],
            ["running", undefined]
          ]
        )
      })
    )
  )

  const work = {
    models: [
      {
        model: "gpt-4o",
        promptTokens: 2_400,
        completionTokens: 1_000,
        cachedTokens: 0,
        reasoningTokens: 0,
        costUsd: 0.05
      }
    ],
    quality: [{ metric: "coherence", count: 2, average: 0.88 }],
    items: { discovered: 12, succeeded: 11, failed: 1, skipped: 0 },
    calls: 0,
    failedCalls: 0
  }

  it.effect("waits for sub-stories that outlive their root", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const parent = new Narrator("Import")
        const child = new Narrator("Notify", "child", parent)
        yield* write({ path: `${folder}/report.html` }, [
          parent.start(),
          child.start(),
          parent.end(),
          child.end({ outcome: "sent", work })
        ])
        const [page] = storiesIn(yield* fs.readFileString(`${folder}/report.html`))
        assert.strictEqual(page?.nodes[1]?.story?.outcome, "sent")
        assert.strictEqual(
          page?.nodes[1]?.story?.work,
          "12 items (1 failed) · 3,400 tokens (gpt-4o) · $0.05 · quality 0.88"
        )
        assert.isUndefined(page?.unfinished)
      })
    )
  )

  it.effect("gives a sub-story that begins when its root's page is written a page of its own", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const path = `${folder}/report.html`
        const parent = new Narrator("Import")
        const late = new Narrator("Notify", "late", parent)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const renderer = yield* HtmlReportRenderer.make({ path })
            yield* emitAll(renderer, [parent.start(), parent.end()])
            yield* TestClock.adjust("1 second")
            yield* Effect.repeat(Effect.zipRight(Effect.yieldNow(), statsOf(renderer)), {
              until: (stats) => stats.delivered === 2
            })
            yield* emitAll(renderer, [late.start(), late.end()])
          })
        )
        assert.deepStrictEqual(
          storiesIn(yield* fs.readFileString(path)).map(({ nodes }) => nodes[0]?.name),
          ["Notify", "Import"]
        )
      })
    )
  )

  it.effect("changes nothing for the program when the page cannot be written: it warns, and counts", () =>
    inFolder((folder, fs) =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          yield* fs.writeFileString(`${folder}/file`, "")
          const scope = yield* Scope.make()
          const renderer = yield* Scope.extend(HtmlReportRenderer.make({ path: `${folder}/file/report.html` }), scope)
          const value = yield* Effect.succeed(42).pipe(
            Narrative.stage("Answer"),
            Narrative.story("Import"),
            Effect.provide(Renderer.replace(renderer))
          )
          yield* Scope.close(scope, Exit.void)
          assert.strictEqual(value, 42)
          assert.deepInclude(yield* statsOf(renderer), { emitted: 4, delivered: 0, failed: 4, pending: 0 })
          assert.isTrue(
            warnings.some((warning) => warning.includes('"html"')),
            warnings.join("\n")
          )
        })
      )
    )
  )

  it.effect("leaves the old page whole when a write breaks off, and nothing beside it", () =>
    inFolder((folder, fs) =>
      withWarnings(() =>
        Effect.gen(function* () {
          const path = `${folder}/report.html`
          yield* write({ path }, story("Old"))
          const torn = (file: FileSystem.File): FileSystem.File => ({
            ...file,
            writeAll: (bytes) =>
              Effect.zipRight(file.writeAll(bytes.subarray(0, bytes.length / 2)), Effect.fail(diskFault))
          })
          const disk = { ...fs, open: (...args: Parameters<typeof fs.open>) => Effect.map(fs.open(...args), torn) }
          yield* write({ path }, story("New")).pipe(Effect.provideService(FileSystem.FileSystem, disk))
          const [page] = storiesIn(yield* fs.readFileString(path))
          assert.strictEqual(page?.nodes[0]?.name, "Old")
          assert.deepStrictEqual(yield* fs.readDirectory(folder), ["report.html"])
        })
      )
    )
  )

  it.scopedLive("shows a reader a whole page at any time, also when the process is killed", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const path = `${folder}/report.html`
        const program = yield* bundled("test/fixtures/endlessReports.ts")
        const child = spawn(process.execPath, [program, path], { stdio: "ignore" })
        const gone = new Promise((resolve) => child.once("exit", resolve))
        yield* Effect.addFinalizer(() => Effect.sync(() => child.kill("SIGKILL")))
        yield* Effect.repeat(fs.exists(path), { until: (exists) => exists, schedule: Schedule.spaced("20 millis") })
        const versions = new Set<number>()
        while (versions.size < 12) {
          yield* Effect.yieldNow()
          versions.add(dataIn(yield* fs.readFileString(path)).writtenAt)
        }
        child.kill("SIGKILL")
        yield* Effect.promise(() => gone)
        assert.isNotEmpty(storiesIn(yield* fs.readFileString(path)))
      })
    )
  )

  it.effect("says at once which option cannot be used", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<readonly [unknown, string]> = [
        [{}, '"path" or "directory"'],
        [{ path: "a.html", directory: "b" }, '"path" or "directory"'],
        [{ path: " " }, 'path takes a path: a text that is not empty, not " "'],
        [{ path: "{story}.html" }, '{story_name}, {story_id} or {started}, not "{story}.html"'],
        [{ path: "{story_id}.html", keep: 3 }, "keep takes no value"],
        [{ path: "a.html", keep: 0 }, "keep takes a whole number of 1 or more, not 0"],
        [{ directory: "a", keep: 1.5 }, "keep takes a whole number of 1 or more, not 1.5"],
        [{ path: "a.html", title: 3 }, "title takes a text, not 3"],
        [{ path: "a.html", openBrowser: "yes" }, 'openBrowser takes true or false, not "yes"'],
        [{ path: "a.html", env: null }, "env takes a record of texts, not null"]
      ]
      for (const [options, part] of wrong) {
        // What a program without types might pass.
        const made = HtmlReportRenderer.make(options as HtmlReportRenderer.HtmlReportOptions)
        const error = yield* Effect.flip(Effect.scoped(made))
        assert.strictEqual(error._tag, "InvalidOption", JSON.stringify(options))
        assert.include(error.message, part)
      }
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})

describe("openBrowser", () => {
  /** A folder with a program that notes what it was asked to open. */
  const opener = (folder: string, fs: FileSystem.FileSystem) =>
    Effect.gen(function* () {
      yield* fs.writeFileString(`${folder}/xdg-open`, `#!/bin/sh\nprintf '%s' "$#:$1" >> "${folder}/opened"\n`)
      yield* fs.chmod(`${folder}/xdg-open`, 0o755)
      return { DISPLAY: ":0", PATH: `${folder}:/usr/bin:/bin` }
    })

  it.scopedLive("opens the first page that is written, once, as one argument", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const env = yield* opener(folder, fs)
        const path = `${folder}/a page; $(touch pwned).html`
        yield* write({ path, openBrowser: true, env }, [...story("A"), ...story("B")])
        // The file exists before what is written to it does.
        const written = Effect.filterOrFail(fs.readFileString(`${folder}/opened`), (text) => text !== "")
        const opened = yield* Effect.retry(written, Schedule.spaced("20 millis"))
        assert.strictEqual(opened, `1:${pathToFileURL(path).href}`)
        assert.isFalse(yield* fs.exists(`${folder}/pwned`))
      })
    )
  )

  it.effect("opens nothing in CI or without a display, and warns when there is no browser", () =>
    inFolder((folder, fs) =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const env = yield* opener(folder, fs)
          const path = `${folder}/report.html`
          yield* write({ path, openBrowser: true, env: { ...env, CI: "true" } }, story())
          yield* write({ path, openBrowser: true, env: { PATH: env.PATH } }, story())
          yield* write({ path, env }, story())
          assert.isFalse(yield* fs.exists(`${folder}/opened`))
          assert.isEmpty(warnings)
          yield* write({ path, openBrowser: true, env: { DISPLAY: ":0", PATH: `${folder}/nowhere` } }, story())
          assert.lengthOf(warnings, 1)
          assert.include(warnings[0], "xdg-open")
          assert.lengthOf(storiesIn(yield* fs.readFileString(path)), 1)
        })
      )
    )
  )
})
