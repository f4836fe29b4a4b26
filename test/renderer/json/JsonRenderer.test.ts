import { Writable } from "node:stream"
import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FiberRef, Layer, Scope } from "effect"
import { deliver } from "../../../src/delivery/dispatch.js"
import * as Renderer from "../../../src/delivery/Renderer.js"
import * as rendererSet from "../../../src/delivery/rendererSet.js"
import { type NarrativeEvent, toWire } from "../../../src/event/NarrativeEvent.js"
import * as JsonRenderer from "../../../src/renderer/json/JsonRenderer.js"
import { Narrator, notes } from "../../fixtures/events.js"
import { diskFault, diskOf, linesOf, rendererOf, sequencesIn } from "../files.js"
import { type Destination, emitAll, rendererSuite, statsOf, withWarnings } from "../rendererSuite.js"

class DestinationStream extends Writable {
  constructor(readonly destination: Destination) {
    super()
  }
  override write(chunk: unknown, ...rest: ReadonlyArray<unknown>): boolean {
    this.destination.acceptNow(sequencesIn(String(chunk)))
    const done = rest.find((one) => typeof one === "function")
    done?.()
    return true
  }
}

rendererSuite("JsonRenderer.layer", (destination) =>
  rendererOf(JsonRenderer.layer({ stream: new DestinationStream(destination) }))
)

rendererSuite("JsonRenderer.layerFile", (destination) =>
  Effect.orDie(rendererOf(Layer.provide(JsonRenderer.layerFile({ path: "logs/story.jsonl" }), diskOf(destination))))
)

rendererSuite("JsonRenderer.layerFile with a flush interval", (destination) =>
  Effect.orDie(
    rendererOf(
      Layer.provide(
        JsonRenderer.layerFile({ path: "logs/story.jsonl", flushInterval: "200 millis", capacity: 16 }),
        diskOf(destination)
      )
    )
  )
)

const writeTo = (path: string, events: ReadonlyArray<NarrativeEvent>) =>
  Effect.scoped(
    Effect.flatMap(rendererOf(JsonRenderer.layerFile({ path })), (renderer) =>
      Effect.zipRight(emitAll(renderer, events), Effect.succeed(renderer))
    )
  )

const story = (): ReadonlyArray<NarrativeEvent> => {
  const narrator = new Narrator()
  const stage = narrator.stage("Load CSV")
  return [narrator.start(), narrator.stageStarted(stage), narrator.completed(stage), narrator.end()]
}

const onDisk = <A, E>(
  test: (path: string, fs: FileSystem.FileSystem) => Effect.Effect<A, E, FileSystem.FileSystem | Scope.Scope>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* test(`${yield* fs.makeTempDirectoryScoped()}/logs/of/today.jsonl`, fs)
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

/** A file that exists already, with the given end. */
const existing = (fs: FileSystem.FileSystem, path: string, end: string) =>
  Effect.zipRight(
    fs.makeDirectory(path.replace(/\/[^/]*$/, ""), { recursive: true }),
    fs.writeFileString(path, linesOf(story()) + end)
  )

/** A disk whose first write breaks off so many bytes before its end. */
const breakingDisk = (fs: FileSystem.FileSystem, missing: number) => {
  let writes = 0
  const breaking = (file: FileSystem.File): FileSystem.File => ({
    ...file,
    stat: file.stat,
    seek: (offset, from) => file.seek(offset, from),
    readAlloc: (size) => file.readAlloc(size),
    truncate: (length) => file.truncate(length),
    writeAll: (bytes) =>
      ++writes === 1
        ? Effect.zipRight(file.writeAll(bytes.subarray(0, bytes.length - missing)), Effect.fail(diskFault))
        : file.writeAll(bytes)
  })
  return Layer.succeed(FileSystem.FileSystem, {
    ...fs,
    open: (path, options) => Effect.map(fs.open(path, options), breaking)
  })
}

describe("JsonRenderer.layer", () => {
  it.effect("writes one line an event, in order, at once", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const written: Array<string> = []
        const stream = new Writable({
          write: (chunk, _encoding, done) => {
            written.push(String(chunk))
            done()
          }
        })
        const renderer = yield* rendererOf(JsonRenderer.layer({ stream }))
        for (const event of story()) assert.isUndefined(deliver(renderer, event))
        assert.deepStrictEqual(
          written,
          story().map((event) => `${toWire(event)}\n`)
        )
      })
    )
  )

  it.effect("counts what a stream that was closed does not take", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
        const renderer = yield* rendererOf(JsonRenderer.layer({ stream }))
        yield* emitAll(renderer, notes(2))
        stream.destroy()
        yield* emitAll(renderer, notes(3))
        const stats = yield* statsOf(renderer)
        assert.deepInclude(stats, { emitted: 5, delivered: 2, failed: 3 })
      })
    )
  )
})

describe("JsonRenderer.layerFile", () => {
  it.effect("creates the folders, and writes what can be read back", () =>
    onDisk((path, fs) =>
      Effect.gen(function* () {
        yield* writeTo(path, story())
        assert.strictEqual(yield* fs.readFileString(path), linesOf(story()))
      })
    )
  )

  it.effect("appends to a file that exists", () =>
    onDisk((path, fs) =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          yield* writeTo(path, story())
          yield* writeTo(path, notes(2))
          assert.strictEqual(yield* fs.readFileString(path), linesOf(story()) + linesOf(notes(2)))
          assert.isEmpty(warnings)
        })
      )
    )
  )

  it.effect("cuts off a torn last line, and says so", () =>
    onDisk((path, fs) =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const torn = toWire(new Narrator("Ünïcödé 😀").start()).slice(0, -20)
          yield* existing(fs, path, torn)
          yield* writeTo(path, notes(1))
          assert.strictEqual(yield* fs.readFileString(path), linesOf(story()) + linesOf(notes(1)))
          assert.deepStrictEqual(
            warnings.map((warning) => warning.includes(path) && warning.includes("torn")),
            [true]
          )
        })
      )
    )
  )

  it.effect("cuts off a torn last line of any length, and in a file that has no other", () =>
    onDisk((path, fs) =>
      Effect.gen(function* () {
        yield* existing(fs, path, `{"message":"${"x".repeat(300_000)}`)
        yield* writeTo(path, notes(1))
        assert.strictEqual(yield* fs.readFileString(path), linesOf(story()) + linesOf(notes(1)))
        yield* fs.writeFileString(path, `{"message":"${"x".repeat(100_000)}`)
        yield* writeTo(path, notes(1))
        assert.strictEqual(yield* fs.readFileString(path), linesOf(notes(1)))
      })
    )
  )

  it.effect("gives a whole last line the line break it lacks", () =>
    onDisk((path, fs) =>
      Effect.gen(function* () {
        yield* existing(fs, path, toWire(new Narrator("Nightly").start()))
        yield* writeTo(path, notes(1))
        assert.strictEqual(
          yield* fs.readFileString(path),
          linesOf(story()) + linesOf([new Narrator("Nightly").start()]) + linesOf(notes(1))
        )
      })
    )
  )

  it.effect("cuts off what a failed write left of a line before it writes again", () =>
    onDisk((path, fs) =>
      Effect.gen(function* () {
        const disk = breakingDisk(fs, 30)
        const scope = yield* Scope.make()
        const renderer = yield* rendererOf(Layer.provide(JsonRenderer.layerFile({ path }), disk)).pipe(
          Scope.extend(scope)
        )
        const [first, ...rest] = story()
        yield* emitAll(renderer, first === undefined ? [] : [first])
        yield* Effect.repeat(Effect.zipRight(Effect.yieldNow(), statsOf(renderer)), {
          until: (stats) => stats.failed === 1
        })
        yield* emitAll(renderer, rest)
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(yield* fs.readFileString(path), linesOf(rest))
        assert.deepInclude(yield* statsOf(renderer), { delivered: 3, failed: 1, pending: 0 })
      })
    )
  )

  it.effect("counts an event written as several lines as lost when not all of them are written", () =>
    onDisk((path, fs) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const renderer = yield* Renderer.toFile(
          "pairs",
          path,
          (event) => `${event.sequence}a\n${event.sequence}b`
        ).pipe(Effect.provide(breakingDisk(fs, 2)), Scope.extend(scope))
        yield* emitAll(renderer, notes(4))
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(yield* fs.readFileString(path), "0a\n0b\n1a\n1b\n2a\n2b\n3a\n")
        assert.deepInclude(yield* statsOf(renderer), { delivered: 3, failed: 1, pending: 0 })
      })
    )
  )

  it.effect("cannot be made where no file can be", () =>
    onDisk((path, fs) =>
      Effect.gen(function* () {
        yield* existing(fs, path, "")
        const exit = yield* Effect.exit(Layer.launch(JsonRenderer.layerFile({ path: `${path}/below-a-file.jsonl` })))
        assert.isTrue(Exit.isFailure(exit))
      })
    )
  )

  it.effect("leaves the renderers of the program around it alone", () =>
    onDisk((path) =>
      Effect.gen(function* () {
        const other = Renderer.make("other", () => {})
        const names = Effect.map(FiberRef.get(rendererSet.current), (all) => all.map((renderer) => renderer.name))
        const inside = yield* Effect.provide(names, [Renderer.layer(other), JsonRenderer.layerFile({ path })])
        assert.deepStrictEqual(inside, ["other", "json"])
      })
    )
  )
})
