import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"

const root = fileURLToPath(new URL("../..", import.meta.url))

const Reported = Schema.parseJson(
  Schema.Record({
    key: Schema.String,
    value: Schema.Tuple(Schema.String, Schema.String, Schema.Int, Schema.String)
  })
)

/** What a program that is run by itself reports: its reason, and its file with the line as it is written there. */
const reported = (mode: string) =>
  Effect.async<string>((resume) => {
    const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env
    const args = ["--import", "tsx", "test/diagnostics/fixtures/wired/main.ts", mode]
    execFile(process.execPath, args, { cwd: root, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.dieMessage(stderr))
    )
  }).pipe(
    Effect.flatMap(Schema.decode(Reported)),
    Effect.map((all) =>
      Object.fromEntries(
        Object.entries(all).map(([name, [reason, file, , line]]) => [
          name,
          [reason, file.split("/").at(-1), line.trim()]
        ])
      )
    )
  )

const database =
  'Effect.map(Config.string("PARCELS_FILE"), (filename) => SqliteClient.layer({ filename })) // @database'

describe.each(["lean", "rich"])("the place of what fails inside a library, in %s mode", (mode) => {
  it.live(
    "is the one line of the program that makes it or reads its setting, and none where there are two",
    () =>
      Effect.gen(function* () {
        const places = yield* reported(mode)
        assert.deepStrictEqual(places["noFolder"], ["effect", "database.ts", database])
        assert.deepStrictEqual(places["noFile"], ["effect", "database.ts", database])
        assert.deepStrictEqual(places["portTaken"]?.slice(0, 2), ["effect", "database.ts"])
        assert.include(places["portTaken"]?.[2], "@server")
        assert.deepStrictEqual(places["mailInvalid"], ["effect", "settings.ts", 'Config.url("URL"), // @mail'])
        assert.strictEqual(places["twoStores"]?.[0], "stage")
        assert.deepStrictEqual(places["weighed"]?.slice(0, 2), [mode === "lean" ? "called" : "effect", "parcels.ts"])
        assert.include(places["weighed"]?.[2], "SELECT weight FROM parcels")
        if (mode === "rich") return
        assert.include(places["dropped"]?.[2], "@drop")
        assert.include(places["asked"]?.[2], "@ask")
      }),
    90_000
  )
})
