import * as FileSystem from "@effect/platform/FileSystem"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { atOnce } from "../../src/file/fileAccess.js"
import * as folders from "../../src/file/folders.js"

const inFolder = <A, E>(test: (folder: string, fs: FileSystem.FileSystem) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* test(yield* fs.makeTempDirectoryScoped(), fs)
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

describe("folders", () => {
  it.live("are made with those above them, and again without an error", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        yield* folders.make(fs, `${folder}/a/b`)
        yield* folders.make(atOnce, `${folder}/a/b/c/d`)
        folders.makeNow(`${folder}/e/f`)
        for (const make of [() => folders.makeNow(`${folder}/e/f`)]) make()
        yield* folders.make(fs, `${folder}/a/b/c/d`)
        for (const made of ["a/b/c/d", "e/f"]) assert.isTrue(yield* fs.exists(`${folder}/${made}`))
      })
    )
  )

  it.live("are refused where a file has their name, and where there can be none", () =>
    inFolder((folder, fs) =>
      Effect.gen(function* () {
        yield* fs.writeFileString(`${folder}/file`, "")
        for (const files of [fs, atOnce]) {
          yield* Effect.flip(folders.make(files, `${folder}/file`))
          yield* Effect.flip(folders.make(files, `${folder}/file/below`))
          if (process.platform === "linux") yield* Effect.flip(folders.make(files, "/proc/nowhere/at/all"))
        }
        assert.throws(() => folders.makeNow(`${folder}/file/below`))
        if (process.platform === "linux") assert.throws(() => folders.makeNow("/proc/nowhere/at/all"))
      })
    )
  )
})
