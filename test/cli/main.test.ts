/**
 * The command as its user runs it: a process of its own.
 */
import { spawn } from "node:child_process"
import { appendFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Narrative, NarrativeEvent } from "../../src/index.js"
import { bundledCommand } from "../fixtures/compiled.js"
import { Narrator } from "../fixtures/events.js"
import * as postgres from "../fixtures/postgres.js"
import { folder } from "../history/histories.js"
import { databases, recorded } from "./library.js"

class Process {
  stdout = ""
  stderr = ""
  readonly #child
  readonly #ended: Promise<number | null>
  #changed = () => {}

  constructor(main: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["pipe", "pipe", "pipe"]
    })
    this.#child.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text
      this.#changed()
    })
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text
    })
    this.#ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code)))
  }

  readonly ended = Effect.promise(() => this.#ended)

  /** Waits for this text on standard output, as long as the test may take. */
  prints(text: string) {
    return Effect.promise(
      () =>
        new Promise<void>((resolve) => {
          this.#changed = () => {
            if (this.stdout.includes(text)) resolve()
          }
          this.#changed()
        })
    )
  }

  readonly interrupt = Effect.sync(() => this.#child.kill("SIGINT"))

  readonly hangUp = Effect.sync(() => this.#child.stdout.destroy())

  readonly input = (text: string) => Effect.sync(() => this.#child.stdin.end(text))
}

const start = (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.map(bundledCommand, (main) => new Process(main, args, env)),
    (started) => Effect.zipRight(started.interrupt, started.ended)
  )

describe.each(databases(postgres.ofFile()))("The process narrative, of a history $where,", ({ history }) => {
  it.scopedLive("reads the history that NARRATIVE_DB names, as a table of COLUMNS columns in a pipe", () =>
    Effect.gen(function* () {
      const ran = yield* start(["failures"], { NARRATIVE_DB: (yield* history).argument, COLUMNS: "100" })
      assert.deepStrictEqual([yield* ran.ended, ran.stderr], [0, ""])
      const lines = ran.stdout.trimEnd().split("\n")
      assert.match(lines[0] ?? "", /^When +Story id /)
      assert.lengthOf(lines, 4)
      assert.notInclude(ran.stdout, "\x1b")
    })
  )

  it.scopedLive("tail follows a history that a program writes to, and ends well when it is interrupted", () =>
    Effect.gen(function* () {
      const { argument, place } = yield* history
      const tail = yield* start(["tail", argument, "--lines", "1"])
      yield* tail.prints("Story ended")
      yield* recorded(place, Narrative.stage(Effect.void, "Count").pipe(Narrative.story("Told Later")))
      yield* tail.prints("▶ Story ended: SUCCESS")
      assert.match(tail.stdout, /▶ Story started: Told Later\n✔ Stage completed: Count \((?:\d\.\d{3}|\d+µ)s\)\n/)
      yield* tail.interrupt
      assert.deepStrictEqual([yield* tail.ended, tail.stderr], [0, ""])
    })
  )
})

// They read no database.
describe("The process narrative", () => {
  it.scopedLive("exits with 2 and one line for arguments that it does not know", () =>
    Effect.gen(function* () {
      const ran = yield* start(["storys"])
      assert.deepStrictEqual([yield* ran.ended, ran.stdout], [2, ""])
      assert.match(ran.stderr, /^narrative: [^\n]+\n$/)
    })
  )

  it.scopedLive("tail follows a file of JSON lines through its rotation, and warns once of what is no event", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "app.jsonl")
      const lineOf = (event: NarrativeEvent.NarrativeEvent) => `${NarrativeEvent.toWire(event)}\n`
      const story = new Narrator("Import")
      const load = story.stage("Load")
      writeFileSync(file, `{"msg":"\x1b[2J"}\n${lineOf(story.start())}no event\n`)
      const tail = yield* start(["tail", file])
      yield* tail.prints("▶ Story started: Import\n")
      const end = lineOf(story.completed(load))
      appendFileSync(file, end.slice(0, 40))
      appendFileSync(file, end.slice(40))
      yield* tail.prints("✔ Stage completed: Load (0.500s)\n")
      yield* Effect.promise(() => import("node:fs/promises").then((fs) => fs.rename(file, `${file}.1`)))
      writeFileSync(file, lineOf(story.end()))
      yield* tail.prints("▶ Story ended: SUCCESS - Import (")
      yield* tail.interrupt
      assert.strictEqual(yield* tail.ended, 0)
      assert.match(tail.stderr, /^narrative: skips lines that are no events, such as: \{"msg":"\\x1b\[2J"\}\n/)
      assert.strictEqual(tail.stderr.split("skips").length, 2)
    })
  )

  it.scopedLive("tail shows what a program prints into its standard input, to its last event", () =>
    Effect.gen(function* () {
      const story = new Narrator("Import")
      const tail = yield* start(["tail", "-"])
      const events = [story.start(), story.failed(story.stage("Load"))]
      yield* tail.input(events.map(NarrativeEvent.toWire).join("\n"))
      assert.strictEqual(yield* tail.ended, 0)
      assert.strictEqual(tail.stdout, "▶ Story started: Import\n✖ Stage failed: Load (0.500s) - CsvError: bad row 7\n")
    })
  )

  it.scopedLive("ends in silence when its reader has gone", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "long.jsonl")
      const story = new Narrator("Import")
      const stage = story.stage("Load")
      const line = `${NarrativeEvent.toWire(story.completed(stage))}\n`
      writeFileSync(file, line.repeat(5_000))
      const tail = yield* start(["tail", file, "--lines", "5000", "--no-follow"])
      yield* tail.prints("Load")
      yield* tail.hangUp
      assert.deepStrictEqual([yield* tail.ended, tail.stderr], [0, ""])
    })
  )
})
