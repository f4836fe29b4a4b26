import { execFileSync, spawn, spawnSync } from "node:child_process"
import { chdir, cwd } from "node:process"
import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, type Scope, TestClock } from "effect"
import * as appendedFile from "../../src/file/appendedFile.js"
import * as rotatingFile from "../../src/file/rotatingFile.js"
import { compiledFolder } from "../fixtures/compiled.js"

const inFolder = <A, E>(
  test: (folder: string, fs: FileSystem.FileSystem) => Effect.Effect<A, E, FileSystem.FileSystem | Scope.Scope>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* test(yield* fs.makeTempDirectoryScoped(), fs)
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

const rotation: rotatingFile.Rotation = {
  maxBytes: 1_024,
  backupCount: 2,
  daily: false,
  gzip: false,
  lockTimeout: Duration.seconds(10),
  shutdownTimeout: Duration.seconds(5)
}

const isWhole = () => true
const bytes = (text: string) => new TextEncoder().encode(text)

/** As long as it takes for what Node does outside the clock. */
const turn = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))

describe("a rotating file", () => {
  for (const path of ["/dev/null", "a pipe"]) {
    it.live(`writes to ${path} without rotating it`, () =>
      inFolder((folder, fs) =>
        Effect.gen(function* () {
          const target = path === "a pipe" ? `${folder}/pipe` : path
          if (path === "a pipe") execFileSync("mkfifo", [target])
          const file = yield* rotatingFile.make(target, rotation, isWhole)
          for (let i = 0; i < 3; i++) yield* file.append(bytes(`${"x".repeat(900)}\n`))
          if (path === "a pipe") assert.deepStrictEqual(yield* fs.readDirectory(folder), ["pipe"])
        })
      )
    )
  }

  it("writes to standard output that is a pipe", async () => {
    const program = `
      import { NodeFileSystem } from "@effect/platform-node"
      import { Effect, Layer } from "effect"
      import { Narrative, RotatingJsonRenderer } from "effect-narrative"
      const log = Layer.provide(RotatingJsonRenderer.layer({ path: "/dev/stdout" }), NodeFileSystem.layer)
      Effect.void.pipe(Narrative.story("Import"), Effect.provide(log), Effect.runPromise)
    `
    // By a shell, since Node gives its children sockets.
    const child = spawnSync("sh", ["-c", '"$0" --input-type=module -e "$1" | cat', process.execPath, program], {
      cwd: await Effect.runPromise(compiledFolder),
      encoding: "utf8",
      timeout: 110_000
    })
    assert.strictEqual(child.status, 0, child.stderr)
    assert.lengthOf(child.stdout.trim().split("\n"), 2)
  })

  it.live("is the same file after the program has changed its working directory", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const before = cwd()
        chdir(folder)
        yield* Effect.addFinalizer(() => Effect.sync(() => chdir(before)))
        yield* fs.makeDirectory("elsewhere")
        const file = yield* rotatingFile.make("app.log", rotation, isWhole)
        chdir("elsewhere")
        for (let i = 0; i < 3; i++) yield* file.append(bytes(`${"x".repeat(900)}\n`))
        assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/elsewhere`), [])
        assert.includeMembers(yield* fs.readDirectory(folder), ["app.log", "app.log.1", "app.log.2"])
      })
    )
  )
})

describe("a file that takes no more", () => {
  it.effect("is given up after five seconds, at once while it hangs, and written to again when it takes more", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        const path = `${folder}/pipe`
        execFileSync("mkfifo", [path])
        const file = yield* appendedFile.make(path, { isWhole, shared: false })
        const append = (text: string) => Effect.flatMap(file.open(fs), (state) => file.append(bytes(text), state))
        const writing = yield* Effect.fork(Effect.flip(append(`${"x".repeat(1_000_000)}\n`)))
        yield* Effect.repeat(Effect.zipRight(turn, TestClock.adjust("1 second")), {
          until: () => writing.unsafePoll() !== null
        })
        assert.strictEqual((yield* writing)._tag, "FileHangs")
        assert.strictEqual((yield* Effect.flip(append("at once\n")))._tag, "FileHangs")
        // A reader comes, and takes what waits.
        const reader = spawn("head", ["-c", "1000001", path], { stdio: "ignore" })
        let isRead = false
        reader.once("close", () => {
          isRead = true
        })
        yield* Effect.repeat(Effect.zipRight(turn, TestClock.adjust("1 second")), { until: () => isRead })
        yield* Effect.retry(append("again\n"), {
          while: () => Effect.as(Effect.zipRight(turn, TestClock.adjust(10)), true)
        })
      })
    )
  )
})
