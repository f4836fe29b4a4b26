/**
 * `narrative run`, the compiled command, with programs as real processes.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { compiled, nodes, type RunOptions, run } from "../auto/processes.js"

const timeout = 300_000
const folder = mkdtempSync(join(tmpdir(), "narrative-run-"))
const cwd = fileURLToPath(new URL("programs/", import.meta.url))
const plainFolder = fileURLToPath(new URL("../auto/programs/", import.meta.url))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const main = fileURLToPath(compiled("cli/main.js"))

const narrative = (args: ReadonlyArray<string>, options: RunOptions = {}) => run([main, ...args], { cwd, ...options })

const story = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .filter((line) => /^\s*(?:▶|✔|✖|Error:|Stage:)/.test(line))
    .map((line) => line.replace(/ \([^)]*s\)$/, "").replace(/ {2,}/g, " "))

describe("narrative run", () => {
  const failing = [
    "▶ Story started: Plain",
    "Stage: Price Of (in Main > Shop.order)",
    "Error: TypeError - none has no price",
    "▶ Story ended: FAILED - Plain"
  ]

  it(
    "narrates a plain program, and keeps its history",
    async () => {
      const options = { cwd: plainFolder, env: { NARRATIVE_DB: join(folder, "plain.db") } }
      const { code, stderr, stdout } = await narrative(["run", process.execPath, "plain.mjs", "fails"], options)
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.deepStrictEqual(story(stderr), failing)
      const failures = await narrative(["failures", "--json"], options)
      const [first] = failures.stdout.split("\n")
      const { error_type, story_name } = JSON.parse(first ?? "")
      assert.deepStrictEqual([error_type, story_name], ["TypeError", "Plain"])
    },
    timeout
  )

  // The database of a history is built for one version of Node.
  for (const node of nodes.slice(1)) {
    it(
      `narrates a plain program on ${node}`,
      async () => {
        const { code, stderr } = await narrative(["run", "--no-history", node, "plain.mjs", "fails"], {
          cwd: plainFolder
        })
        assert.strictEqual(code, 1)
        assert.deepStrictEqual(story(stderr), failing)
      },
      timeout
    )
  }

  it(
    "gives a program its arguments and its input byte for byte, and has its exit code",
    async () => {
      const input = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251)
      const text = Buffer.from(input).toString("latin1")
      const { code, stderr, stdout } = await narrative(
        ["run", "--no-history", process.execPath, "echo.mjs", "--help", "--", "-x"],
        { input: Buffer.from(text, "utf8") }
      )
      assert.strictEqual(code, 7)
      assert.strictEqual(stderr, `${JSON.stringify([["--help", "--", "-x"], false])}\n`)
      assert.isTrue(stdout === text)
    },
    timeout
  )

  it(
    "passes a signal to the program, and ends by the one that ended it",
    async () => {
      const options: RunOptions = {
        cwd: plainFolder,
        onOutput: (text, child) => {
          if (text === "waiting\n") child.kill("SIGTERM")
        }
      }
      const [waits, listens] = await Promise.all([
        narrative(["run", "--no-history", process.execPath, "plain.mjs", "waits"], options),
        narrative(["run", "--no-history", process.execPath, "plain.mjs", "listens"], options)
      ])
      assert.deepStrictEqual([waits.code, waits.signal], [null, "SIGTERM"])
      assert.include(story(waits.stderr), "▶ Story ended: CANCELLED - Plain")
      assert.deepStrictEqual([listens.code, listens.stdout], [0, "waiting\nasked to end\n"])
    },
    timeout
  )

  it(
    "makes stories of the spans of an Effect program, and reports what failed outside them",
    async () => {
      const spans = (way: string) => narrative(["run", "--no-history", "--no-auto", process.execPath, "spans.mjs", way])
      const [ends, fails, outside, handles] = await Promise.all([
        spans("ends"),
        spans("fails"),
        spans("failsOutside"),
        spans("handles")
      ])
      assert.deepStrictEqual(
        [ends.code, story(ends.stderr)],
        [0, ["▶ Story started: Import", "✔ Stage completed: load", "▶ Story ended: SUCCESS - Import"]]
      )
      assert.strictEqual(fails.code, 1)
      assert.deepStrictEqual(story(fails.stderr), [
        "▶ Story started: Import",
        "Stage: load",
        "Error: Refused - no missing",
        "▶ Story ended: FAILED - Import"
      ])
      assert.strictEqual(outside.code, 1)
      assert.deepStrictEqual(story(outside.stderr), [
        "▶ Story started: Spans",
        "Stage: (outside any stage)",
        "Error: Refused - outside any span",
        "▶ Story ended: FAILED - Spans"
      ])
      assert.deepStrictEqual([handles.code, handles.stderr], [0, ""])
    },
    timeout
  )

  it(
    "leaves the console to a program that narrates itself, and adds its history",
    async () => {
      const history = join(folder, "own.db")
      const { code, stderr, stdout } = await narrative(["run", "--history", history, process.execPath, "narrating.mjs"])
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.strictEqual(story(stdout)[0], "▶ Story started: Own")
      const { stdout: stories } = await narrative(["stories", "--db", history, "--json"])
      assert.lengthOf(stories.trimEnd().split("\n"), 1)
    },
    timeout
  )

  it(
    "reaches what tsx and the script of a package start, and leaves those themselves alone",
    async () => {
      const tsx = fileURLToPath(new URL("../../node_modules/.bin/tsx", import.meta.url))
      const [byTsx, byShell] = await Promise.all([
        narrative(["run", "--no-history", tsx, "plain.mjs", "ends"], { cwd: plainFolder }),
        narrative(["run", "--no-history", "--", "sh", "-c", `"${process.execPath}" plain.mjs ends`], {
          cwd: plainFolder
        })
      ])
      for (const { code, stderr, stdout } of [byTsx, byShell]) {
        assert.deepStrictEqual([code, stdout], [0, "4\n"])
        assert.strictEqual(story(stderr)[0], "▶ Story started: Plain")
        assert.lengthOf(stderr.match(/Story started/g) ?? [], 1)
      }
    },
    timeout
  )

  it(
    "says where nothing could be narrated, and what cannot be started",
    async () => {
      const shell = await narrative(["run", "--no-history", "sh", "-c", "echo done; exit 5"])
      assert.deepStrictEqual([shell.code, shell.stdout], [5, "done\n"])
      assert.match(shell.stderr, /^narrative: nothing was narrated: sh -c .* started no Node process/)
      const temporary = mkdtempSync(join(folder, "temporary-"))
      const missing = await narrative(["run", "--no-history", "no-such-program"], { env: { TMPDIR: temporary } })
      assert.deepStrictEqual(
        [missing.code, missing.stderr],
        [1, "narrative: cannot start no-such-program: there is no such program\n"]
      )
      assert.deepStrictEqual(readdirSync(temporary), [])
      const nothing = await narrative(["run"])
      assert.deepStrictEqual(
        [nothing.code, nothing.stderr],
        [2, "narrative: run needs its <command>... (narrative run --help)\n"]
      )
    },
    timeout
  )
})
