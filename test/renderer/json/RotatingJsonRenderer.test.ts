import { gunzipSync } from "node:zlib"
import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, type Scope, TestClock } from "effect"
import { type NarrativeEvent, toWire } from "../../../src/event/NarrativeEvent.js"
import * as RotatingJsonRenderer from "../../../src/renderer/json/RotatingJsonRenderer.js"
import { Narrator, notes } from "../../fixtures/events.js"
import { delivered, diskOf, linesOf, rendererOf } from "../files.js"
import { assertConserved, emitAll, rendererSuite, statsOf, withWarnings } from "../rendererSuite.js"

rendererSuite("RotatingJsonRenderer.layer", (destination) =>
  Effect.orDie(
    rendererOf(Layer.provide(RotatingJsonRenderer.layer({ path: "logs/narrative.log" }), diskOf(destination)))
  )
)

type Options = Omit<RotatingJsonRenderer.RotatingOptions, "path">

const inFolder = <A, E>(
  test: (path: string, fs: FileSystem.FileSystem) => Effect.Effect<A, E, FileSystem.FileSystem | Scope.Scope>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* test(`${yield* fs.makeTempDirectoryScoped()}/logs/narrative.log`, fs)
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

/** Tells the events to a renderer of its own, from its start to its end, and yields it. */
const writeTo = (path: string, events: ReadonlyArray<NarrativeEvent>, options?: Options) =>
  Effect.scoped(
    Effect.flatMap(rendererOf(RotatingJsonRenderer.layer({ path, ...options })), (renderer) =>
      Effect.as(emitAll(renderer, events), renderer)
    )
  )

const filesIn = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = path.replace(/\/[^/]*$/, "")
    return (yield* fs.readDirectory(folder)).sort()
  })

const note = notes(1)[0] as NarrativeEvent
const lineLength = toWire(note).length + 1
/** Takes four lines, even where their number has two digits, and not five. */
const fourLines = 4 * lineLength + 4

describe("RotatingJsonRenderer", () => {
  it.effect("keeps the newest events in the file, and older ones in backups, the newest of which is .1", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const events = notes(9)
        yield* writeTo(path, events, { maxBytes: fourLines, backupCount: 5 })
        assert.deepStrictEqual(yield* filesIn(path), ["narrative.log", "narrative.log.1", "narrative.log.2"])
        assert.strictEqual(yield* fs.readFileString(path), linesOf(events.slice(8)))
        assert.strictEqual(yield* fs.readFileString(`${path}.1`), linesOf(events.slice(4, 8)))
        assert.strictEqual(yield* fs.readFileString(`${path}.2`), linesOf(events.slice(0, 4)))
      })
    )
  )

  it.effect("keeps no more backups than asked for, and none where none is", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const events = notes(20)
        yield* writeTo(path, events, { maxBytes: fourLines, backupCount: 2 })
        assert.deepStrictEqual(yield* filesIn(path), ["narrative.log", "narrative.log.1", "narrative.log.2"])
        assert.strictEqual(yield* fs.readFileString(`${path}.2`), linesOf(events.slice(8, 12)))
        yield* fs.remove(`${path}.1`)
        yield* fs.remove(`${path}.2`)
        yield* writeTo(path, notes(9), { maxBytes: fourLines, backupCount: 0 })
        assert.deepStrictEqual(yield* filesIn(path), ["narrative.log"])
        assert.strictEqual(yield* fs.readFileString(path), linesOf(notes(9).slice(8)))
      })
    )
  )

  it.effect("leaves out a line that fits no file, counts it alone as failed, and says so", () =>
    inFolder((path, fs) =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const [first, second, third] = notes(3) as [NarrativeEvent, NarrativeEvent, NarrativeEvent]
          const long = { ...second, storyName: "x".repeat(2_000) }
          const renderer = yield* writeTo(path, [first, long, third], { maxBytes: 1_500 })
          const stats = yield* statsOf(renderer)
          assertConserved(stats)
          assert.deepInclude(stats, { delivered: 2, failed: 1, pending: 0 })
          assert.strictEqual(yield* fs.readFileString(path), linesOf([first, third]))
          assert.deepStrictEqual(yield* filesIn(path), ["narrative.log"])
          assert.lengthOf(warnings, 1)
        })
      )
    )
  )

  it.effect("rotates a file that was too big before it came", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        yield* writeTo(path, notes(50))
        yield* writeTo(path, notes(1), { maxBytes: 2_048 })
        assert.strictEqual(yield* fs.readFileString(`${path}.1`), linesOf(notes(50)))
        assert.strictEqual(yield* fs.readFileString(path), linesOf(notes(1)))
      })
    )
  )

  it.effect("fills a gap that an interrupted rotation left, instead of giving up the oldest backup", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        yield* writeTo(path, notes(4), { maxBytes: fourLines })
        for (const [number, text] of [
          [1, "newest"],
          [3, "older"],
          [4, "oldest"]
        ] as const) {
          yield* fs.writeFileString(`${path}.${number}`, text)
        }
        yield* writeTo(path, notes(1), { maxBytes: fourLines, backupCount: 4 })
        assert.deepStrictEqual(
          yield* Effect.forEach([path, `${path}.1`, `${path}.2`, `${path}.3`, `${path}.4`], (file) =>
            fs.readFileString(file)
          ),
          [linesOf(notes(1)), linesOf(notes(4)), "newest", "older", "oldest"]
        )
      })
    )
  )

  it.effect(
    "moves the file that a link leads to, and leaves the link: by either name it is one file with one lock",
    () =>
      inFolder((path, fs) =>
        Effect.gen(function* () {
          const folder = path.replace(/\/logs\/.*$/, "")
          const link = `${folder}/current.log`
          // It leads to nothing yet, by another link.
          yield* fs.symlink("logs/narrative.log", `${folder}/other.log`)
          yield* fs.symlink("other.log", link)
          const events = notes(9)
          const options = { maxBytes: fourLines }
          const byLink = yield* rendererOf(RotatingJsonRenderer.layer({ path: link, ...options }))
          const byName = yield* rendererOf(RotatingJsonRenderer.layer({ path, ...options }))
          for (const [i, event] of events.entries()) {
            const renderer = i % 2 === 0 ? byLink : byName
            yield* emitAll(renderer, [event])
            yield* delivered(renderer, Math.floor(i / 2) + 1)
          }
          assert.strictEqual(yield* fs.readLink(link), "other.log")
          assert.deepStrictEqual((yield* fs.readDirectory(folder)).sort(), ["current.log", "logs", "other.log"])
          assert.strictEqual(yield* fs.readFileString(link), linesOf(events.slice(8)))
          assert.strictEqual(yield* fs.readFileString(`${path}.1`), linesOf(events.slice(4, 8)))
          assert.strictEqual(yield* fs.readFileString(`${path}.2`), linesOf(events.slice(0, 4)))
        })
      )
  )

  it.effect("leaves alone what only looks like a backup", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        yield* writeTo(path, notes(4), { maxBytes: fourLines })
        const others = [`${path}.01`, `${path}.1.bak`, `${path}.2026-11-21`, `${path}x.1`, `${path}.7`]
        for (const other of others) yield* fs.writeFileString(other, "somebody else's")
        yield* writeTo(path, notes(20), { maxBytes: fourLines, backupCount: 2 })
        for (const other of others) assert.strictEqual(yield* fs.readFileString(other), "somebody else's", other)
      })
    )
  )

  it.effect("cuts off a torn last line, and says so", () =>
    inFolder((path, fs) =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          yield* writeTo(path, notes(2))
          yield* fs.writeFileString(path, toWire(note).slice(0, -20), { flag: "a" })
          yield* writeTo(path, notes(1))
          assert.strictEqual(yield* fs.readFileString(path), linesOf([...notes(2), ...notes(1)]))
          assert.lengthOf(warnings, 1)
        })
      )
    )
  )

  it.effect("repairs what another writer, killed meanwhile, left of a line", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const renderer = yield* rendererOf(RotatingJsonRenderer.layer({ path }))
        yield* emitAll(renderer, notes(2))
        yield* delivered(renderer, 2)
        yield* fs.writeFileString(path, toWire(note).slice(0, -20), { flag: "a" })
        yield* emitAll(renderer, notes(1))
        yield* delivered(renderer, 3)
        assert.strictEqual(yield* fs.readFileString(path), linesOf([...notes(2), ...notes(1)]))
      })
    )
  )

  it.effect("compresses backups, in order, and leaves nothing else", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const events = notes(20)
        yield* writeTo(path, events, { maxBytes: fourLines, backupCount: 3, gzip: true })
        assert.deepStrictEqual(yield* filesIn(path), [
          "narrative.log",
          "narrative.log.1.gz",
          "narrative.log.2.gz",
          "narrative.log.3.gz"
        ])
        for (const [number, from] of [
          [1, 12],
          [2, 8],
          [3, 4]
        ] as const) {
          const text = gunzipSync(yield* fs.readFile(`${path}.${number}.gz`)).toString()
          assert.strictEqual(text, linesOf(events.slice(from, from + 4)))
        }
      })
    )
  )

  it.effect("compresses at its start what the last run left uncompressed, or in both forms", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const events = notes(12)
        const options = { maxBytes: fourLines, backupCount: 3, gzip: true }
        yield* writeTo(path, events, options)
        const whole = gunzipSync(yield* fs.readFile(`${path}.1.gz`))
        yield* fs.writeFile(`${path}.1`, whole)
        yield* fs.writeFileString(`${path}.3`, "plain")
        yield* writeTo(path, [], options)
        assert.deepStrictEqual(yield* filesIn(path), [
          "narrative.log",
          "narrative.log.1.gz",
          "narrative.log.2.gz",
          "narrative.log.3.gz"
        ])
        assert.strictEqual(gunzipSync(yield* fs.readFile(`${path}.1.gz`)).toString(), whole.toString())
        assert.strictEqual(gunzipSync(yield* fs.readFile(`${path}.3.gz`)).toString(), "plain")
      })
    )
  )

  it.effect("rotates at the first write of a new day, by UTC", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const lines = notes(6)
        const day = (text: string) => TestClock.setTime(Date.parse(text))
        const lastWritten = (text: string) => fs.utimes(path, new Date(text), new Date(text))
        const emit = (index: number) => writeTo(path, lines.slice(index, index + 1), { daily: true })
        yield* day("2026-11-20T23:59:59.000Z")
        yield* emit(0)
        yield* lastWritten("2026-11-20T23:59:59.000Z")
        yield* emit(1)
        yield* lastWritten("2026-11-20T23:59:59.999Z")
        yield* TestClock.adjust("1 second")
        yield* emit(2)
        yield* lastWritten("2026-11-21T00:00:00.000Z")
        yield* emit(3)
        assert.strictEqual(yield* fs.readFileString(`${path}.1`), linesOf(lines.slice(0, 2)))
        assert.strictEqual(yield* fs.readFileString(path), linesOf(lines.slice(2, 4)))
      })
    )
  )

  it.effect("rotates once a day while it runs, whatever the file system's clock says", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.now())
        const renderer = yield* rendererOf(RotatingJsonRenderer.layer({ path, daily: true }))
        const lines = notes(6)
        for (const index of lines.keys()) {
          if (index % 2 === 0) yield* TestClock.adjust(Duration.days(1))
          yield* emitAll(renderer, lines.slice(index, index + 1))
          yield* delivered(renderer, index + 1)
        }
        assert.deepStrictEqual(
          yield* Effect.forEach([`${path}.2`, `${path}.1`, path], (file) => fs.readFileString(file)),
          [linesOf(lines.slice(0, 2)), linesOf(lines.slice(2, 4)), linesOf(lines.slice(4))]
        )
      })
    )
  )

  it.effect("refuses options that cannot be meant, naming the setting and what it takes", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const wrong: ReadonlyArray<readonly [keyof Options, unknown]> = [
          ["maxBytes", 0],
          ["maxBytes", -1],
          ["maxBytes", Number.NaN],
          ["maxBytes", 1_023],
          ["maxBytes", 2_000.5],
          ["maxBytes", "10 MiB"],
          ["backupCount", -1],
          ["backupCount", 1.5],
          ["backupCount", Number.NaN],
          ["backupCount", Number.POSITIVE_INFINITY],
          ["daily", "yes"],
          ["gzip", 1],
          ["capacity", 0],
          ["capacity", Number.NaN],
          ["flushInterval", "often"],
          ["lockTimeout", "soon"],
          ["shutdownTimeout", "later"]
        ]
        for (const [setting, value] of wrong) {
          const error = yield* Effect.flip(
            Effect.scoped(
              Layer.build(RotatingJsonRenderer.layer({ path, [setting]: value } as Options & { readonly path: string }))
            )
          )
          assert(error._tag === "InvalidOption")
          assert.strictEqual(error.setting, setting)
          assert.include(error.message, `RotatingJsonRenderer: ${setting} takes `)
        }
        assert.isFalse(yield* fs.exists(path))
      })
    )
  )

  it.effect("cannot be made where no file can be", () =>
    inFolder((path) =>
      Effect.gen(function* () {
        yield* writeTo(path, [])
        const exit = yield* Effect.exit(Layer.launch(RotatingJsonRenderer.layer({ path: `${path}/below-a-file.log` })))
        assert.isTrue(Exit.isFailure(exit))
      })
    )
  )

  it.live("writes in turn with another renderer of the same file", () =>
    inFolder((path, fs) =>
      Effect.gen(function* () {
        const options = { maxBytes: 10 * lineLength, backupCount: 100 }
        yield* Effect.forEach(["a", "b", "c"], (name) => writeTo(path, story(name, 50), options), { concurrency: 3 })
        const names = (yield* filesIn(path)).map((name) => path.replace(/[^/]*$/, name))
        const lines = (yield* Effect.forEach(names, (name) => fs.readFileString(name))).join("").trimEnd().split("\n")
        assert.sameMembers(
          lines,
          ["a", "b", "c"].flatMap((name) => story(name, 50).map(toWire))
        )
      })
    )
  )
})

const story = (name: string, count: number): ReadonlyArray<NarrativeEvent> => {
  const narrator = new Narrator(name)
  return Array.from({ length: count }, () => narrator.note())
}
