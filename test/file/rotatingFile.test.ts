import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck as fc } from "effect"
import * as appendedFile from "../../src/file/appendedFile.js"
import * as rotatingFile from "../../src/file/rotatingFile.js"

/** What is written from one start to the next: portions of lines, each line so many bytes long. */
const run = fc.array(fc.array(fc.integer({ min: 10, max: 60 }), { minLength: 1, maxLength: 8 }), { maxLength: 5 })

const rotation = (maxBytes: number, backupCount: number): rotatingFile.Rotation => ({
  maxBytes,
  backupCount,
  daily: false,
  gzip: false,
  lockTimeout: Duration.seconds(10),
  shutdownTimeout: Duration.seconds(5)
})

const isWhole = (line: string) => line.endsWith(".")

/** Told apart by their number, and whole with their full stop. */
const lineOf = (number: number, bytes: number): string => `${number}`.padEnd(bytes - 2, "-").concat(".\n")

const appendTo = (path: string, rotation: rotatingFile.Rotation, portions: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.flatMap(rotatingFile.make(path, rotation, isWhole), (file) =>
      Effect.forEach(portions, (portion) => Effect.either(file.append(Buffer.from(portion))))
    )
  )

describe("A rotating file", () => {
  it.scoped.prop(
    "holds the newest lines, whole and in order, within its limits, whatever is written and however often it starts",
    [fc.array(run, { maxLength: 4 }), fc.integer({ min: 40, max: 200 }), fc.integer({ min: 0, max: 4 }), fc.boolean()],
    ([runs, maxBytes, backupCount, torn]) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* fs.makeTempDirectoryScoped()
        const path = `${folder}/narrative.log`
        let written = ""
        let count = 0
        for (const portions of runs) {
          const texts = portions.map((lengths) => lengths.map((bytes) => lineOf(count++, bytes)).join(""))
          const outcomes = yield* appendTo(path, rotation(maxBytes, backupCount), texts)
          for (const [i, text] of texts.entries()) {
            const fitting = text.match(/.*\n/g)?.filter((line) => line.length <= maxBytes) ?? []
            written += fitting.join("")
            const outcome = outcomes[i]
            assert(outcome !== undefined)
            if (fitting.join("") === text) assert(outcome._tag === "Right")
            else {
              assert(outcome._tag === "Left" && outcome.left instanceof appendedFile.BrokenOff)
              assert.strictEqual(outcome.left.written, fitting.length)
              assert.instanceOf(outcome.left.reason, rotatingFile.LineTooLong)
            }
          }
          if (torn) yield* fs.writeFileString(path, "torn", { flag: "a" })
        }
        yield* appendTo(path, rotation(maxBytes, backupCount), [])

        const names = yield* fs.readDirectory(folder)
        assert.isAtMost(names.length, backupCount + 1)
        let found = ""
        for (let number = backupCount; number >= 0; number--) {
          const name = number === 0 ? path : `${path}.${number}`
          if (!(yield* fs.exists(name))) continue
          const text = yield* fs.readFileString(name)
          assert.isAtMost(text.length, maxBytes)
          found += text
        }
        assert.isTrue(written.endsWith(found), `${found}\nis not the end of\n${written}`)
        assert.isTrue(found === "" || found.endsWith("\n"))
        // Nothing goes before it has to: one more file would be too many.
        if (found.length < written.length) assert.strictEqual(names.length, backupCount + 1)
      }).pipe(Effect.provide(NodeFileSystem.layer)),
    { fastCheck: { numRuns: 25 } }
  )
})
