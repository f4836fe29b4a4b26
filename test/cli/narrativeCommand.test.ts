import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as textLayout from "../../src/renderer/console/textLayout.js"
import * as postgres from "../fixtures/postgres.js"
import { folder } from "../history/histories.js"
import { databases, narrative, plain } from "./library.js"

/** The place of the day's history, as an argument. */
class HistoryPlace extends Context.Tag("HistoryPlace")<HistoryPlace, string>() {}

// biome-ignore lint/suspicious/noExplicitAny: what is in these objects is what the tests are about
type Json = any

const json = (text: string): ReadonlyArray<Json> =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

/** A command on the day's history. */
const on = (args: ReadonlyArray<string>, columns?: number) =>
  Effect.flatMap(HistoryPlace, (db) => narrative([...args, "--db", db], columns))

const linesOf = (text: string) => plain(text).trimEnd().split("\n")

const idOf = (story: string) =>
  Effect.map(on(["stories", "--story", story, "--json"]), ({ stdout }) => json(stdout)[0].story_id)

describe.each(databases(postgres.ofFile()))("narrative, of a history $where,", ({ history }) => {
  const place = Layer.scoped(
    HistoryPlace,
    Effect.map(history, ({ argument }) => argument)
  )

  layer(place, { timeout: "300 seconds", excludeTestServices: true })((it) => {
    describe("failures", () => {
      it.effect("lists what failed, the newest first: when, which story and stage, what and where", () =>
        Effect.gen(function* () {
          const { code, stdout } = yield* on(["failures"], 200)
          assert.strictEqual(code, 0)
          const [heading, ...lines] = linesOf(stdout)
          assert.match(heading ?? "", /^When +Story id +Story +Stage +Error +Where$/)
          assert.strictEqual(lines.length, 3)
          assert.match(
            lines[2] ?? "",
            /^(now|\d+s ago) +[\da-f]{6,8} +Process Order +Charge Card +CardDeclined – The visa card was declined for 250 € +test\/cli\/library\.ts:\d+$/
          )
        })
      )

      it.effect("is a line of tab-separated values each in a pipe, and of JSON with --json, with whole ids", () =>
        Effect.gen(function* () {
          const values = (yield* on(["failures"])).stdout
            .trimEnd()
            .split("\n")
            .map((line) => line.split("\t"))
          const objects = json((yield* on(["failures", "--json"])).stdout)
          assert.deepStrictEqual(
            values.map(([when, id]) => [when, id]),
            objects.map(({ occurred_at, story_id }) => [occurred_at, story_id])
          )
          assert.match(objects[0].story_id, /^[\da-f-]{36}$/)
          assert.strictEqual(objects[2].error_type, "CardDeclined")
        })
      )

      it.effect("gives those that its options ask for", () =>
        Effect.gen(function* () {
          const types = (...args: ReadonlyArray<string>) =>
            Effect.map(on(["failures", "--json", ...args]), ({ stdout }) =>
              stdout === "" ? [] : json(stdout).map(({ stage_name }) => stage_name)
            )
          assert.deepStrictEqual(yield* types("--stage", "Read"), ["Read"])
          assert.deepStrictEqual(yield* types("--story", "Process Order"), ["Charge Card"])
          assert.deepStrictEqual(yield* types("--type", "CardDeclined"), ["Charge Card"])
          assert.deepStrictEqual(yield* types("--code", "TIMEOUT"), [])
          assert.lengthOf(yield* types("-n", "2"), 2)
          assert.lengthOf(yield* types("--since", "1h"), 3)
          assert.lengthOf(yield* types("--since", "2999-01-01"), 0)
        })
      )

      it.effect("keeps the place where a terminal has 80 columns, whatever else it has no room for", () =>
        Effect.gen(function* () {
          const [heading, ...lines] = linesOf((yield* on(["failures"], 80)).stdout)
          assert.match(heading ?? "", / Where$/)
          for (const line of lines) assert.match(line, /library\.ts:\d+$/)
        })
      )

      it.effect("says so where nothing failed, on standard error", () =>
        Effect.gen(function* () {
          const ran = yield* on(["failures", "--story", "Unknown"])
          assert.deepStrictEqual(ran, { code: 0, stdout: "", stderr: "No failures.\n" })
        })
      )
    })

    it.effect("no table is wider than its terminal, and no text of a program reaches it unescaped", () =>
      Effect.gen(function* () {
        for (const command of ["failures", "stories", "stats"]) {
          for (const columns of [80, 120]) {
            const { stdout } = yield* on([command], columns)
            assert.include(stdout, "\\x1b")
            for (const line of linesOf(stdout)) {
              assert.isAtMost(textLayout.width(line), columns, line)
              assert.notMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/)
            }
          }
        }
        for (const args of [
          ["story", yield* idOf("Process Order")],
          ["tail", "--no-follow", "--lines", "1000"]
        ]) {
          assert.notMatch(
            plain((yield* on(args, 80)).stdout).replaceAll("\n", ""),
            /[\u0000-\u001f\u007f-\u009f\u202e]/
          )
        }
      })
    )

    describe("story", () => {
      it.effect(
        "is found by as much of its id as a list shows, and shown with its stages, values, log and analysis",
        () =>
          Effect.gen(function* () {
            const shown =
              linesOf((yield* on(["failures", "--story", "Process Order"], 200)).stdout)[1]?.split(/ {2,}/)[1] ?? ""
            const { code, stdout } = yield* on(["story", shown], 100)
            assert.strictEqual(code, 0)
            const lines = linesOf(stdout)
            assert.isTrue((yield* idOf("Process Order")).endsWith(shown))
            assert.isAtMost(shown.length, 8)
            for (const expected of [
              "▶ Process Order  FAILED",
              "Progress:      33% (1 / 3)",
              "Labels:        tenant=acme",
              /^✔ Validate Order \((?:\d+\.\d{3}|\d+µ)s\) order=A-2$/,
              /^✖ Charge Card \((?:\d+\.\d{3}|\d+µ)s\) - CardDeclined: The visa card was declined for 250 €$/,
              /^ {2}INFO charging .*"A-2"/,
              "❌ Failure detected",
              /^ {6}card {4}"visa"$/,
              /^Analysis: {6}by /,
              /The card has no money on it\./
            ]) {
              assert.isTrue(
                lines.some((line) => (typeof expected === "string" ? line === expected : expected.test(line))),
                `${expected}\n${lines.join("\n")}`
              )
            }
          })
      )

      it.effect("shows a sub-story in the stage that began it, and the failure it was the cause of", () =>
        Effect.gen(function* () {
          const lines = linesOf((yield* on(["story", yield* idOf("Nightly")], 100)).stdout)
          const stage = lines.findIndex((line) => line.startsWith("✖ Import "))
          assert.match(lines[stage + 1] ?? "", /^ {2}▶ Import Rows {2}FAILED \(.*\) [\da-f-]{36}$/)
          assert.include(lines, "Error:         Unavailable - no rows")
          assert.isTrue(lines.some((line) => /^Because of: {4}Import Rows .* - Unavailable$/.test(line)))
        })
      )

      it.effect("shows each retry in the stage that was tried again", () =>
        Effect.gen(function* () {
          const lines = linesOf((yield* on(["story", yield* idOf("Load 数据")], 100)).stdout)
          const stage = lines.findIndex((line) => /^✔ Fetch Rates \(.*, 2 retries\)$/.test(line))
          assert.match(lines[stage + 1] ?? "", /^ {2}↻ attempt 2 after \d\.\d{3}s: Unavailable: 503$/)
          assert.match(lines[stage + 2] ?? "", /^ {2}↻ attempt 3 after \d\.\d{3}s: Unavailable: 503$/)
        })
      )

      it.effect("is one object with --json", () =>
        Effect.gen(function* () {
          const [story] = json((yield* on(["story", yield* idOf("Load 数据"), "--json"])).stdout)
          assert.strictEqual(story.story_name, "Load 数据")
          assert.deepStrictEqual(
            story.stages.map(({ retries, stage_name, status }: Json) => ({ retries, stage_name, status })),
            [{ retries: 2, stage_name: "Fetch Rates", status: "completed" }]
          )
          assert.deepStrictEqual(
            story.retries.map(({ attempt, reason, stage_name }: Json) => ({ attempt, reason, stage_name })),
            [2, 3].map((attempt) => ({ attempt, reason: "Unavailable: 503", stage_name: "Fetch Rates" }))
          )
        })
      )

      it.effect(
        "has the reports, retries and log lines on the wire's form with --json, as every file of JSON lines",
        () =>
          Effect.gen(function* () {
            const [story] = json((yield* on(["story", yield* idOf("Load 数据"), "--json"])).stdout)
            const events = json((yield* on(["tail", "--no-follow", "--lines", "1000", "--json"])).stdout)
            const ofStory = (name: string) =>
              events.filter(({ event, story_id }) => event === name && story_id === story.story_id)
            assert.deepStrictEqual(story.retries, ofStory("StageRetried"))
            const [failed] = json((yield* on(["story", yield* idOf("Import Rows"), "--json"])).stdout)
            const reports = events.filter(
              (event) => event.event === "FailureOccurred" && event.story_id === failed.story_id
            )
            assert.deepStrictEqual(
              failed.failures.map(({ report }: Json) => report),
              reports
            )
            assert.isString(failed.failures[0].report.error_type)
          })
      )

      it.effect("names the candidates where an id is not enough, and an id that is unknown", () =>
        Effect.gen(function* () {
          const ambiguous = yield* on(["story", "0"])
          assert.strictEqual(ambiguous.code, 1)
          assert.match(ambiguous.stderr, /^narrative: more than one story has an id that begins with "0": [^\n]+\n/)
          assert.include(ambiguous.stderr, `  ${yield* idOf("Nightly")}  Nightly (`)
          const unknown = yield* on(["story", "zzz"])
          assert.deepStrictEqual([unknown.code, unknown.stdout], [1, ""])
          assert.match(unknown.stderr, /^narrative: [^\n]*"zzz"\n$/)
        })
      )
    })

    it.effect("stories lists what ran, by status, label and who asked", () =>
      Effect.gen(function* () {
        const names = (...args: ReadonlyArray<string>) =>
          Effect.map(on(["stories", "--json", ...args]), ({ stdout }) =>
            json(stdout).map(({ story_name }) => story_name)
          )
        assert.lengthOf(yield* names(), 7)
        assert.deepStrictEqual(yield* names("--label", "tenant=acme"), ["Process Order", "Process Order"])
        assert.deepStrictEqual(yield* names("--label", "tenant=acme", "--status", "failed"), ["Process Order"])
        assert.deepStrictEqual(yield* names("--request", "r-7"), ["Load 数据"])
        assert.deepStrictEqual(yield* names("--request", "Fjord Tea"), ["Load 数据"])
        assert.strictEqual((yield* on(["stories", "--json", "--request", "r-8"])).stdout, "")
        assert.include(
          (yield* on(["story", yield* idOf("Load 数据")])).stdout,
          'Asked by:      request_id=r-7 tenant="Fjord Tea"'
        )
        assert.deepStrictEqual(yield* names("--status", "success", "--status", "timeout", "--roots"), [
          "Load 数据",
          "Process Order"
        ])
        assert.lengthOf(yield* names("--last", "1"), 1)
      })
    )

    it.effect("stats shows counts, failure rates and durations, and the failures by their fingerprint", () =>
      Effect.gen(function* () {
        const lines = linesOf((yield* on(["stats"], 120)).stdout)
        assert.match(lines[0] ?? "", /^7 stories, 57\.1% failed, /)
        assert.isTrue(lines.some((line) => /^Process Order +2 +50\.0% +\d+(?:\.\d{3}s|µs)/.test(line)))
        assert.isTrue(lines.some((line) => /^Charge Card +Process Order +2 +50\.0% +\d+(?:\.\d{3}s|µs)/.test(line)))
        // At 120 columns a stage gives way to where it failed, when the times beside it are long.
        const wide = linesOf((yield* on(["stats"], 200)).stdout)
        assert.isTrue(wide.some((line) => /^ +1 .* Charge Card +\S+ +CardDeclined – /.test(line)))
        const [stats] = json((yield* on(["stats", "--json", "--story", "Process Order"])).stdout)
        assert.deepStrictEqual(
          [stats.count, stats.by_status.failed, stats.failures[0].error_type],
          [2, 1, "CardDeclined"]
        )
      })
    )

    it.effect("tail prints the past of a history as the console did", () =>
      Effect.gen(function* () {
        const lines = linesOf((yield* on(["tail", "--no-follow", "--lines", "1000"])).stdout)
        for (const line of [
          "▶ Story started: Process Order",
          "  ▶ Story started: Ship Order",
          "❌ Failure detected",
          "Stage:         Charge Card"
        ]) {
          assert.include(lines, line)
        }
        assert.strictEqual(lines.filter((line) => line.startsWith("↻ Stage retried: Fetch Rates")).length, 2)
        const events = json((yield* on(["tail", "--no-follow", "--lines", "3", "--json"])).stdout)
        assert.deepStrictEqual(
          events.map(({ event }) => event),
          ["StageFailed", "FailureOccurred", "StoryCompleted"]
        )
      })
    )

    it.scoped("report writes a page that holds the story and its sub-stories", () =>
      Effect.gen(function* () {
        const file = join(yield* folder, "nightly.html")
        const id = yield* idOf("Nightly")
        const { code, stdout } = yield* on(["report", id, "-o", file])
        assert.deepStrictEqual([code, stdout], [0, `Wrote ${file}\n`])
        const page = readFileSync(file, "utf8")
        const data = JSON.parse(/<script type="application\/json"[^>]*>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "")
        const names = data.stories[0].nodes.map(({ name, status }: Json) => [name, status])
        assert.deepStrictEqual(names, [
          ["Nightly", "failed"],
          ["Import", "failed"],
          ["Import Rows", "failed"],
          ["Read", "failed"]
        ])
        assert.include((yield* on(["report", id, "-o", "-"])).stdout, "<!doctype html>")
        const refused = yield* on(["report", id, "-o", join(file, "page.html")])
        assert.strictEqual(refused.code, 1)
        assert.match(refused.stderr, /^narrative: [^\n]*page\.html cannot be written: [^\n]+\n$/)
      })
    )

    it.effect("prune says what would go, and takes it only without --dry-run", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { argument: db } = yield* history
          const at = (...args: ReadonlyArray<string>) => narrative([...args, "--db", db])
          assert.strictEqual(
            (yield* at("prune", "--keep-stories", "2", "--dry-run")).stdout,
            "Would delete 5 stories.\n"
          )
          assert.strictEqual((yield* at("prune", "--keep-stories", "2")).stdout, "Deleted 5 stories.\n")
          assert.lengthOf(json((yield* at("stories", "--json")).stdout), 2)
          assert.deepStrictEqual(json((yield* at("prune", "--keep-days", "1", "--json")).stdout), [
            { stories: 0, dry_run: false }
          ])
          assert.strictEqual((yield* at("prune")).code, 1)
        })
      )
    )

    it.scoped(
      "every fault is one clear line on standard error: 1 for what cannot be done, 2 for what cannot be meant",
      () =>
        Effect.gen(function* () {
          const db = yield* HistoryPlace
          const files = yield* folder
          const foreign = join(files, "notes.txt")
          writeFileSync(foreign, "not a database, but long enough to be taken for one ".repeat(40))
          const faults: ReadonlyArray<readonly [number, RegExp, ...ReadonlyArray<string>]> = [
            [1, /--since takes .*, not yesterdayish/, "failures", "--since", "yesterdayish", "--db", db],
            [1, /--last takes .*, not 0/, "failures", "--last", "0", "--db", db],
            [1, /none\.db does not exist/, "stories", "--db", join(files, "none.db")],
            [1, /notes\.txt cannot be read: /, "stats", "--db", foreign],
            [1, /none\.jsonl does not exist/, "tail", join(files, "none.jsonl")],
            [1, /--lines takes a whole number of 0 or more, not -1/, "tail", "--lines", "-1", "--db", db],
            [1, /is a folder/, "tail", files],
            [2, /story needs its <id>/, "story", "--db", db],
            [2, /no command "failure": did you mean failures\?/, "failure"],
            [2, /TIMEOUT/, "failures", "--code", "NONE", "--db", db]
          ]
          for (const [code, pattern, ...args] of faults) {
            const ran = yield* narrative(args)
            assert.deepStrictEqual([ran.code, ran.stdout], [code, ""], args.join(" "))
            assert.match(ran.stderr, /^narrative: [^\n]+\n$/)
            assert.match(ran.stderr, pattern)
          }
          assert.isFalse(existsSync(join(files, "none.db")))
        })
    )
  })
})

describe("narrative", () => {
  it.effect("--help fits its terminal, and says every command and option", () =>
    Effect.gen(function* () {
      const page = yield* narrative([], 60)
      for (const command of ["failures", "story", "stories", "stats", "tail", "report", "prune"]) {
        assert.match(plain(page.stdout), new RegExp(`^  ${command} `, "m"))
        const help = yield* narrative([command, "--help"], 60)
        assert.match(plain(help.stdout), new RegExp(`^narrative ${command} `))
        assert.match(plain(help.stdout), /^ {2}--json +\S/m)
        for (const line of linesOf(help.stdout + page.stdout)) assert.isAtMost(line.length, 60)
      }
    })
  )
})
