/**
 * What files do to renderers in earnest: many processes, processes killed with SIGKILL, full disks, and files that are
 * taken away.
 */
import { randomBytes } from "node:crypto"
import { dirname } from "node:path"
import { gunzipSync } from "node:zlib"
import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer } from "effect"
import * as Renderer from "../../src/delivery/Renderer.js"
import * as Narrative from "../../src/Narrative.js"
import * as JsonRenderer from "../../src/renderer/json/JsonRenderer.js"
import * as RotatingJsonRenderer from "../../src/renderer/json/RotatingJsonRenderer.js"
import { bundled } from "../fixtures/compiled.js"
import { notes } from "../fixtures/events.js"
import type { Job } from "../fixtures/logWriter.js"
import { delivered, linesOf, rendererOf } from "./files.js"
import * as LogWriter from "./LogWriter.js"
import { canMount, mounted } from "./mounts.js"
import { assertConserved, emitAll, statsOf, withWarnings } from "./rendererSuite.js"

class Program extends Context.Tag("Program")<Program, string>() {}

const ProgramLive = Layer.effect(Program, bundled("test/fixtures/logWriter.ts")).pipe(
  Layer.provideMerge(NodeFileSystem.layer)
)

const inFolder = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  Effect.map(fs.makeTempDirectoryScoped(), (folder) => `${folder}/logs/narrative.log`)
)

const start = (job: Job, prefix?: string) => Effect.flatMap(Program, (program) => LogWriter.start(program, job, prefix))

/** The file and its backups, oldest first, as text; what else is beside them. */
const filesOf = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const [, folder = "", base = ""] = /^(.*)\/([^/]*)$/.exec(path) ?? []
    const backups = new Map<number, string>()
    const others: Array<string> = []
    for (const name of yield* fs.readDirectory(folder)) {
      const [, number, gz] = /^narrative\.log\.(\d+)(\.gz)?$/.exec(name) ?? []
      if (number === undefined) {
        if (name !== base) others.push(name)
        continue
      }
      const bytes = yield* fs.readFile(`${folder}/${name}`)
      // In both forms after a crash: one of them is to be removed.
      backups.set(Number(number), gz === undefined ? Buffer.from(bytes).toString() : gunzipSync(bytes).toString())
    }
    const texts = Array.from(backups).sort(([one], [other]) => other - one)
    const active = (yield* fs.exists(path)) ? yield* fs.readFileString(path) : ""
    return { texts: [...texts.map(([, text]) => text), active], others }
  })

/** What these tests look at in a line. `NarrativeEvent.fromWire` is slower, by what 80,000 lines are too many for. */
interface Line {
  readonly event: string
  readonly story_name: string
  readonly sequence: number
}

/** Every event, in the order of the files. Only the very last line may be torn. */
const linesIn = (texts: ReadonlyArray<string>): ReadonlyArray<Line> =>
  texts.flatMap((text, i) => {
    const lines = text.split("\n")
    const last = lines.pop()
    if (i < texts.length - 1) assert.strictEqual(last, "", "a backup ends with a whole line")
    return lines.map((line): Line => JSON.parse(line))
  })

const sequencesOf = (lines: ReadonlyArray<Line>, story: string): ReadonlyArray<number> =>
  lines.filter((line) => line.story_name === story).map((line) => line.sequence)

const upTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)

const timeout = 300_000

layer(ProgramLive, { timeout, excludeTestServices: true })("Files", (it) => {
  it.scoped(
    "8 processes write 10,000 events each into one rotating file: each is there, in one piece, in its story's order",
    () =>
      Effect.gen(function* () {
        const path = yield* inFolder
        const options = { maxBytes: 1_000_000, backupCount: 60 }
        const stories = ["a", "b", "c", "d", "e", "f", "g", "h"]
        const writers = yield* Effect.forEach(stories, (story) =>
          start({ do: "write", renderer: "rotating", path, story, count: 10_000, options })
        )
        for (const writer of writers) {
          assert.strictEqual(yield* writer.exit, 0, writer.stderr)
          assert.strictEqual(writer.stderr, "")
        }
        const { others, texts } = yield* filesOf(path)
        assert.isAbove(texts.length, 10)
        for (const text of texts) assert.isAtMost(Buffer.byteLength(text), options.maxBytes)
        const lines = linesIn(texts)
        for (const story of stories) assert.deepStrictEqual(sequencesOf(lines, story), upTo(10_000))
        assert.lengthOf(lines, 80_000)
        assert.isEmpty(others)
      }),
    timeout
  )

  for (const renderer of ["rotating", "file"] as const) {
    it.scoped(
      `a process killed while it writes loses nothing that counted as delivered: ${renderer}`,
      () =>
        Effect.gen(function* () {
          const path = yield* inFolder
          // So small that there is always a rotation and a compression under way.
          const options = renderer === "rotating" ? { maxBytes: 40_000, backupCount: 400, gzip: true } : {}
          const kills = renderer === "rotating" ? [1, 2, 3, 5, 7, 4, 6] : [1, 3, 2]
          const acknowledged = new Map<string, number>()
          for (const count of kills) {
            const story = `killed at ${count}`
            const writer = yield* start({ do: "endless", renderer, path, story, count: 0, options })
            const line = yield* writer.saying("delivered", count)
            yield* writer.kill
            acknowledged.set(
              story,
              Number(writer.said.findLast((line) => line.startsWith("delivered"))?.split(" ")[1] ?? line)
            )
            const lines = linesIn((yield* filesOf(path)).texts)
            for (const [story, count] of acknowledged) {
              const sequences = sequencesOf(lines, story)
              assert.deepStrictEqual(sequences, upTo(sequences.length))
              assert.isAtLeast(sequences.length, count, story)
            }
          }
          const last = yield* start({ do: "write", renderer, path, story: "last", count: 10, options })
          assert.strictEqual(yield* last.exit, 0, last.stderr)
          const { others, texts } = yield* filesOf(path)
          assert.deepStrictEqual(sequencesOf(linesIn(texts), "last"), upTo(10))
          assert.isTrue(texts.at(-1)?.endsWith("\n"))
          assert.isEmpty(others)
        }),
      timeout
    )
  }

  const endings = {
    "that calls process.exit": { job: "exit", code: 0 },
    "with an exception that nothing catches": { job: "throw", code: 1 },
    "of a signal that nothing handles": { job: "wait", code: null }
  } as const

  for (const renderer of ["rotating", "file"] as const) {
    for (const [ending, { code, job }] of Object.entries(endings)) {
      it.scoped(
        `a process ${ending} has everything in the file that it emitted: ${renderer}`,
        () =>
          Effect.gen(function* () {
            const path = yield* inFolder
            const options = renderer === "rotating" ? { maxBytes: 100_000, backupCount: 60, gzip: true } : {}
            const writer = yield* start({ do: job, renderer, path, story: "a", count: 7_000, options })
            if (job === "wait") {
              yield* writer.saying("waiting")
              writer.child.kill("SIGTERM")
            }
            assert.strictEqual(yield* writer.exit, code, writer.stderr)
            const { texts } = yield* filesOf(path)
            assert.deepStrictEqual(sequencesOf(linesIn(texts), "a"), upTo(6_999))
            if (renderer === "rotating") for (const text of texts) assert.isAtMost(Buffer.byteLength(text), 100_000)
          }),
        timeout
      )
    }
  }

  it.scoped("threads of one process write to one file in turn", () =>
    Effect.gen(function* () {
      const path = yield* inFolder
      const options = { maxBytes: 40_000, backupCount: 60 }
      const writer = yield* start({ do: "threads", renderer: "rotating", path, story: "thread", count: 500, options })
      assert.strictEqual(yield* writer.exit, 0, writer.stderr)
      assert.strictEqual(writer.stderr, "")
      const { others, texts } = yield* filesOf(path)
      for (const text of texts) assert.isAtMost(Buffer.byteLength(text), options.maxBytes)
      const lines = linesIn(texts)
      assert.lengthOf(lines, 3 * 500)
      for (const story of ["thread 0", "thread 1", "thread 2"]) {
        assert.deepStrictEqual(sequencesOf(lines, story), upTo(500))
      }
      assert.isEmpty(others)
    })
  )

  it.scoped.runIf(canMount)(
    "a disk without room for a compressed backup keeps the plain one, until there is room",
    () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* inFolder
          const folder = dirname(path)
          yield* fs.makeDirectory(folder)
          yield* mounted(folder, "size=64k")
          const backup = randomBytes(16 * 1_024).toString("hex")
          yield* fs.writeFileString(`${path}.1`, backup)
          yield* fs.writeFile(`${folder}/ballast`, new Uint8Array(24 * 1_024))
          const tellThree = Effect.scoped(
            Effect.gen(function* () {
              const renderer = yield* rendererOf(RotatingJsonRenderer.layer({ path, gzip: true }))
              yield* emitAll(renderer, notes(3))
              assert.deepInclude(yield* settled(renderer), { delivered: 3, failed: 0 })
            })
          )
          yield* tellThree
          const recorded = warnings.length
          assert.isAtLeast(recorded, 1)
          for (const warning of warnings) assert.include(warning, "A backup is left uncompressed for now")
          assert.strictEqual(yield* fs.readFileString(`${path}.1`), backup)
          assert.deepStrictEqual((yield* filesOf(path)).others, ["ballast"])
          yield* fs.remove(`${folder}/ballast`)
          yield* tellThree
          assert.lengthOf(warnings, recorded)
          assert.isFalse(yield* fs.exists(`${path}.1`))
          assert.deepStrictEqual((yield* filesOf(path)).texts, [backup, linesOf([...notes(3), ...notes(3)])])
        })
      )
  )

  it.scoped("a lock whose holder was killed is taken at once", () =>
    Effect.gen(function* () {
      const path = yield* inFolder
      const holder = yield* start({ do: "hold", renderer: "rotating", path, story: "", count: 0 })
      yield* holder.saying("held")
      yield* holder.kill
      const [took, renderer] = yield* Effect.timed(rendererOf(RotatingJsonRenderer.layer({ path })))
      yield* emitAll(renderer, notes(3))
      yield* delivered(renderer, 3)
      assert.isBelow(Duration.toMillis(took), 4_500)
      assert.deepStrictEqual((yield* filesOf(path)).texts, [linesOf(notes(3))])
    })
  )

  it.scoped("a holder that hangs costs one wait and the events meanwhile, which are counted and warned of", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const path = yield* inFolder
        const holder = yield* start({ do: "hold", renderer: "rotating", path, story: "", count: 0 })
        yield* holder.saying("held")
        const renderer = yield* rendererOf(RotatingJsonRenderer.layer({ path, lockTimeout: "200 millis" }))
        assert.lengthOf(warnings, 1)
        yield* emitAll(renderer, notes(3))
        const stats = yield* settled(renderer)
        assertConserved(stats)
        assert.deepInclude(stats, { delivered: 0, failed: 3 })
        assert.isAbove(warnings.length, 1)
        yield* holder.kill
        yield* emitAll(renderer, notes(2))
        assert.deepInclude(yield* settled(renderer), { delivered: 2, failed: 3 })
      })
    )
  )

  const kinds: Readonly<Record<string, (path: string) => Layer.Layer<never, unknown, FileSystem.FileSystem>>> = {
    "JsonRenderer.layerFile": (path) => JsonRenderer.layerFile({ path }),
    "RotatingJsonRenderer.layer": (path) => RotatingJsonRenderer.layer({ path })
  }

  for (const [kind, make] of Object.entries(kinds)) {
    const rotating = kind.startsWith("Rotating")

    it.scoped(`a full disk changes nothing for the program, and is written to again when it has room: ${kind}`, () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* inFolder
          yield* fs.makeDirectory(dirname(path))
          yield* fs.symlink("/dev/full", path)
          const program = Effect.gen(function* () {
            const result = yield* Effect.succeed(7).pipe(Narrative.stage("Count"), Narrative.story("Restock"))
            const [stats] = yield* Effect.repeat(soon(Renderer.stats), { until: ([stats]) => stats?.pending === 0 })
            assert.deepInclude(stats, { emitted: 4, delivered: 0, failed: 4 })
            yield* fs.remove(path)
            const exit = yield* Effect.exit(Effect.fail("no teapots").pipe(Narrative.story("Reorder")))
            return { result, exit }
          })
          const { exit, result } = yield* Effect.provide(program, make(path))
          assert.deepStrictEqual([result, exit], [7, Exit.fail("no teapots")])
          assert.isAtLeast(warnings.length, 1)
          const { texts } = yield* filesOf(path)
          assert.deepStrictEqual(
            linesIn(texts).map((line) => line.event),
            ["StoryStarted", "FailureOccurred", "StoryCompleted"]
          )
        })
      )
    )

    it.scoped.runIf(canMount)(`a small disk takes what it has room for, in whole lines, and more later: ${kind}`, () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* inFolder
          const ballast = `${dirname(path)}/ballast`
          yield* fs.makeDirectory(dirname(path))
          yield* mounted(dirname(path), "size=64k")
          yield* fs.writeFile(ballast, new Uint8Array(48 * 1_024))
          const renderer = yield* rendererOf(make(path))
          yield* emitAll(renderer, notes(500))
          const full = yield* settled(renderer)
          assertConserved(full)
          assert.isAbove(full.delivered, 20)
          assert.isAbove(full.failed, 20)
          assert.isAtLeast(warnings.length, 1)
          const lines = linesIn([yield* fs.readFileString(path), ""])
          assert.lengthOf(lines, full.delivered)
          const sequences = lines.map((line) => line.sequence)
          assert.deepStrictEqual(
            sequences,
            sequences.toSorted((one, other) => one - other)
          )
          yield* fs.remove(ballast)
          yield* emitAll(renderer, notes(3))
          const roomy = yield* settled(renderer)
          assert.deepInclude(roomy, { delivered: full.delivered + 3, failed: full.failed })
          assert.isTrue((yield* fs.readFileString(path)).endsWith(linesOf(notes(3))))
        })
      )
    )

    it.scoped.runIf(canMount)(`a folder that is read-only for a while costs the events of that while: ${kind}`, () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* inFolder
          const renderer = yield* rendererOf(make(path))
          yield* emitAll(renderer, notes(2))
          yield* delivered(renderer, 2)
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* mounted(dirname(path), "ro")
              yield* emitAll(renderer, notes(3))
              assert.deepInclude(yield* settled(renderer), { delivered: 2, failed: 3 })
            })
          )
          assert.isAtLeast(warnings.length, 1)
          yield* emitAll(renderer, notes(1))
          assert.deepInclude(yield* settled(renderer), { delivered: 3, failed: 3 })
          assert.strictEqual(yield* fs.readFileString(path), linesOf([...notes(2), ...notes(1)]))
        })
      )
    )

    it.scoped(`a disk that is full in the middle of a write keeps whole lines, counted exactly: ${kind}`, () =>
      Effect.gen(function* () {
        const path = yield* inFolder
        const renderer = rotating ? "rotating" : "file"
        const writer = yield* start({ do: "write", renderer, path, story: "a", count: 1_000 }, "ulimit -f 40; ")
        const stats = JSON.parse((yield* writer.saying("stats")).slice("stats ".length))
        assert.strictEqual(yield* writer.exit, 0, writer.stderr)
        assertConserved(stats)
        assert.isAbove(stats.delivered, 20)
        assert.isAbove(stats.failed, 20)
        assert.include(writer.stderr, "the program goes on")
        const { texts } = yield* filesOf(path)
        assert.deepStrictEqual(sequencesOf(linesIn(texts), "a"), upTo(stats.delivered))
        assert.isTrue(texts.at(-1)?.endsWith("\n"))
      })
    )

    it.scoped(`a file renamed, deleted or truncated by others is written to anew: ${kind}`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* inFolder
        const renderer = yield* rendererOf(make(path))
        const faults = {
          renamed: fs.rename(path, `${path}-20261121`),
          truncated: fs.truncate(path),
          deleted: fs.remove(path),
          "deleted, with its folder": fs.remove(dirname(path), { recursive: true })
        }
        let count = 0
        for (const [fault, happen] of Object.entries(faults)) {
          yield* emitAll(renderer, notes(2))
          count += 2
          yield* delivered(renderer, count)
          yield* happen
          yield* emitAll(renderer, notes(3))
          count += 3
          yield* delivered(renderer, count)
          assert.strictEqual(yield* fs.readFileString(path), linesOf(notes(3)), fault)
          if (fault === "renamed") {
            assert.strictEqual(yield* fs.readFileString(`${path}-20261121`), linesOf(notes(2)))
          }
          yield* fs.remove(path)
        }
        assert.deepInclude(yield* statsOf(renderer), { emitted: 20, delivered: 20, failed: 0 })
      })
    )

    it.scoped(`what cannot be written, since the folder is none any more, is counted and warned of: ${kind}`, () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* inFolder
          const renderer = yield* rendererOf(make(path))
          yield* fs.remove(dirname(path), { recursive: true })
          yield* fs.writeFileString(dirname(path), "a file")
          yield* emitAll(renderer, notes(3))
          const stats = yield* settled(renderer)
          assertConserved(stats)
          assert.deepInclude(stats, { delivered: 0, failed: 3 })
          assert.isAtLeast(warnings.length, 1)
          yield* fs.remove(dirname(path))
          yield* emitAll(renderer, notes(2))
          assert.deepInclude(yield* settled(renderer), { delivered: 2, failed: 3, pending: 0 })
          assert.strictEqual(yield* fs.readFileString(path), linesOf(notes(2)))
        })
      )
    )
  }
})

const soon = Effect.delay("1 millis")

/** The counts once nothing is pending. */
const settled = (renderer: Renderer.Renderer) =>
  Effect.repeat(soon(statsOf(renderer)), { until: (stats) => stats.pending === 0 })
