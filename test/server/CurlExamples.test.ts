import { execFile, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect } from "effect"
import { Narrative } from "../../src/index.js"
import * as postgres from "../fixtures/postgres.js"
import { folder, recorded } from "../history/histories.js"
import { databases, started, startedAt } from "./serving.js"

class GateClosed extends Data.TaggedError("GateClosed")<{ readonly message: string }> {}

const build = (version: string, isOpen: boolean) =>
  Effect.gen(function* () {
    yield* Effect.void.pipe(Narrative.stage("compile"))
    const deployed = isOpen ? Effect.void : Effect.fail(new GateClosed({ message: "the gate is closed" }))
    yield* deployed.pipe(Narrative.stage("deploy"))
  }).pipe(Narrative.story("Build", { labels: { version } }), Effect.exit)

const page = readFileSync(fileURLToPath(new URL("../../docs/server.md", import.meta.url)), "utf8")

interface Example {
  readonly script: string
  /** What the page shows of its answer. */
  readonly shown: string | undefined
}

const examples: ReadonlyArray<Example> = Array.from(
  page.matchAll(/^```sh\n(?<script>(?:(?!^```).*\n)*?)```\n(?:\n```json\n(?<shown>(?:(?!^```).*\n)*?)```\n)?/gm),
  ({ groups }) => ({ script: groups?.["script"] ?? "", shown: groups?.["shown"] })
).filter(({ script }) => script.includes("curl "))

/** Where an answer is not what is shown, which may leave keys out; `…` is any text. Lists are whole. */
const differences = (shown: unknown, actual: unknown, where = ""): ReadonlyArray<string> => {
  if (shown === "…") return typeof actual === "string" ? [] : [`${where} is no text`]
  if (Array.isArray(shown)) {
    if (!Array.isArray(actual) || actual.length !== shown.length) return [`${where} is no list of ${shown.length}`]
    return shown.flatMap((one, i) => differences(one, actual[i], `${where}[${i}]`))
  }
  if (typeof shown !== "object" || shown === null) {
    return shown === actual ? [] : [`${where} is ${JSON.stringify(actual)}, not ${JSON.stringify(shown)}`]
  }
  if (typeof actual !== "object" || actual === null) return [`${where} is no object`]
  const values = new Map<string, unknown>(Object.entries(actual))
  return Object.entries(shown).flatMap(([key, value]) => differences(value, values.get(key), `${where}.${key}`))
}

interface Surroundings {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

const outputOf = (script: string, surroundings: Surroundings) =>
  Effect.async<string>((resume) => {
    execFile("sh", ["-euc", script], surroundings, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.dieMessage(`${script}\n${stderr}`))
    )
  })

/** Until the output has this. */
const firstOf = (script: string, surroundings: Surroundings, wanted: RegExp) =>
  Effect.async<void>((resume) => {
    const child = spawn("sh", ["-euc", `exec ${script}`], surroundings)
    let output = ""
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString()
      if (!wanted.test(output)) return
      child.kill()
      resume(Effect.void)
    })
    return Effect.sync(() => void child.kill())
  })

/** The answer of the last of several requests. */
const lastIn = (answers: string): string => answers.split(/(?<=\})(?=\{)|\n(?=\{)/).at(-1) ?? ""

describe.each(databases(postgres.ofFile()))(
  "The examples of the page of the server, asked of one $where,",
  (served) => {
    it.scopedLive("are requests that are answered as the page shows", () =>
      Effect.gen(function* () {
        assert.isAtLeast(examples.length, 15)
        const { ask, database, port } = yield* startedAt(served)
        yield* recorded(
          Effect.all([build("41", true), build("41", false), build("42", false), build("42", false)]),
          database
        )
        const list = yield* ask("/api/v1/stories?name=Build&limit=4")
        const [story, , , other] = list.json.stories.map((one: { story_id: string }) => one.story_id)
        const cwd = yield* folder
        const env = { ...process.env, url: `http://127.0.0.1:${port}`, story, other }
        for (const { script, shown } of examples) {
          if (script.includes("/api/v1/events")) {
            // It has no end.
            yield* firstOf(script, { cwd, env }, /^id: \d+\ndata: \{"cursor":.*\n\n/m)
            continue
          }
          const answer = yield* outputOf(script, { cwd, env })
          if (shown === undefined) assert.notMatch(answer, /^\{"detail":/, script)
          else assert.deepStrictEqual(differences(JSON.parse(shown), JSON.parse(lastIn(answer))), [], script)
        }
      })
    )
  }
)

// It is made of the endpoints alone, and asks no database.
describe("The examples of the page of the server", () => {
  it.scopedLive("are beside a table of each endpoint of the API", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      const { json } = yield* ask("/openapi.json")
      // In full, or from one of its parts on.
      const named = new Set(Array.from(page.matchAll(/`(?:[A-Z]+ )?(?:\/|…\/)([^`?]+)[^`]*`/g), ([, path]) => path))
      const missing = Object.keys(json.paths).filter((path) => {
        const parts = path.slice(1).split("/")
        return !parts.some((_, i) => named.has(parts.slice(i).join("/")))
      })
      assert.deepStrictEqual(missing, [])
    })
  )
})
