import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, FastCheck as fc, Option, Queue, Stream, TestClock } from "effect"
import * as followedFile from "../../src/file/followedFile.js"
import { ofAllCodePoints } from "../fixtures/codePoints.js"

const fileIn = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return `${yield* fs.makeTempDirectoryScoped()}/app.jsonl`
})

/** The reader has read what is there, and waits for its next look at the file. */
const idle = Effect.zipRight(Effect.yieldNow(), TestClock.sleeps()).pipe(Effect.repeat({ until: Chunk.isNonEmpty }))

const look = Effect.zipRight(TestClock.adjust("100 millis"), idle)

/** Follows the file; gives what takes its next line, looking at the file as often as that needs. */
const followed = (path: string, last: number) =>
  Effect.gen(function* () {
    const lines = yield* Queue.unbounded<string>()
    yield* Stream.runForEach(followedFile.lines(path, { last, follow: true }), (line) => lines.offer(line)).pipe(
      Effect.forkScoped
    )
    yield* idle
    return Effect.gen(function* () {
      for (let looks = 0; looks < 10 && (yield* lines.size) === 0; looks++) yield* look
      return Option.getOrUndefined(yield* Queue.poll(lines))
    })
  })

const whole = (path: string, last: number) =>
  Effect.map(Stream.runCollect(followedFile.lines(path, { last, follow: false })), Chunk.toReadonlyArray)

const append = (path: string, text: string | Uint8Array) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    fs.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text, { flag: "a" })
  )

describe("GrowingFile", () => {
  it.scoped("gives the last lines of any file, as many as were asked for, and the torn rest behind them", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const fs = yield* FileSystem.FileSystem
      const line = fc.oneof(
        fc.constantFrom("", "数据", "😀".repeat(50), "x".repeat(70_000)),
        ofAllCodePoints().map((text) => text.replaceAll(/[\n\ud800-\udfff]/g, ""))
      )
      const cases = fc.sample(
        fc.record({ lines: fc.array(line, { maxLength: 6 }), torn: fc.constantFrom("", "torn"), last: fc.nat(8) }),
        { numRuns: 60, seed: 7 }
      )
      for (const { last, lines, torn } of cases) {
        yield* fs.writeFileString(path, lines.map((text) => `${text}\n`).join("") + torn)
        const expected = [...lines.slice(lines.length - Math.min(last, lines.length)), ...(torn === "" ? [] : [torn])]
        assert.deepStrictEqual(yield* whole(path, last), expected)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("gives a line when it is finished, and characters that were written in two halves", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const [head, tail] = [new TextEncoder().encode("two 数").slice(0, 5), new TextEncoder().encode("two 数").slice(5)]
      yield* append(path, "before\none\n")
      const next = yield* followed(path, 1)
      assert.strictEqual(yield* next, "one")
      yield* append(path, head)
      yield* look
      yield* append(path, tail)
      yield* append(path, "\nthree\n")
      assert.deepStrictEqual([yield* next, yield* next], ["two 数", "three"])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("reads a rotated file to its end, then the new one from its beginning", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const fs = yield* FileSystem.FileSystem
      yield* append(path, "one\n")
      const next = yield* followed(path, 10)
      assert.strictEqual(yield* next, "one")
      yield* append(path, "two\nthe last of the old")
      yield* fs.rename(path, `${path}.1`)
      yield* look
      yield* append(path, "three\n")
      assert.deepStrictEqual([yield* next, yield* next, yield* next], ["two", "the last of the old", "three"])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("begins again when the file is emptied, without the line that was torn off", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const fs = yield* FileSystem.FileSystem
      yield* append(path, "one\ntorn off")
      const next = yield* followed(path, 10)
      assert.strictEqual(yield* next, "one")
      yield* fs.truncate(path)
      yield* look
      yield* append(path, "two\n")
      assert.strictEqual(yield* next, "two")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("takes a byte order mark for no part of the first line", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      yield* append(path, "\ufeffone\n\ufefftwo\n")
      assert.deepStrictEqual(yield* whole(path, 10), ["one", "\ufefftwo"])
      assert.deepStrictEqual(yield* whole(path, 1), ["\ufefftwo"])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("fails for a file that is not there", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(whole(`${yield* fileIn}.none`, 1))
      assert.strictEqual(error._tag === "SystemError" && error.reason, "NotFound")
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
