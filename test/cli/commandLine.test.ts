import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { manifest } from "../../src/cli/manifest.js"
import { nearest } from "../../src/plain/nearest.js"
import { narrative } from "./library.js"

/** No test here reads a history: to ask for this one is to have been understood. */
const none = ["--db", "none.db"]
const understood = /^narrative: [^\n]*none\.db does not exist/

describe("The arguments of narrative", () => {
  for (const [message, ...args] of [
    ['there is no command "faliures": did you mean failures? (narrative --help lists all)', "faliures"],
    ['there is no command "xyz" (narrative --help lists all)', "xyz", "--json"],
    ['there is no command "stori": did you mean story? (narrative --help lists all)', "help", "stori"],
    ['failures has no option "--lsat": did you mean --last? (narrative failures --help)', "failures", "--lsat", "3"],
    ['failures has no option "--roots", but stories has (narrative failures --help)', "failures", "--roots"],
    ["--last takes a whole number, not abc (narrative failures --help)", "failures", "--last", "abc"],
    ["-n takes a whole number, not 1.5 (narrative failures --help)", "-n", "1.5", "failures"],
    ["--last takes a whole number (narrative stories --help)", "stories", "--last", "--json"],
    ["--keep-days takes a number, not week (narrative prune --help)", "prune", "--keep-days=week"],
    ["--label takes name=value, not region (narrative stories --help)", "stories", "--label", "region"],
    ["--story takes a value (narrative stats --help)", "stats", "--story"],
    ["--json is given twice (narrative stats --help)", "stats", "--json", "--json"],
    ["story needs its <id> (narrative story --help)", "story", "--json"],
    ['story takes one <id>: "b" is one too many (narrative story --help)', "story", "a", "b"],
    ['stats takes no argument, such as "x" (narrative stats --help)', "stats", "x"],
    ['there is no option "--jsn": did you mean --json? (narrative --help lists the commands)', "--jsn"],
    ["--json needs a command (narrative --help lists the commands)", "--json"],
    ["--completions takes bash, zsh or fish, not tcsh (narrative --help)", "--completions", "tcsh"]
  ] as const) {
    it.effect(`\`${args.join(" ")}\` is refused in one line that says which is wrong`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* narrative(args), { code: 2, stdout: "", stderr: `narrative: ${message}\n` })
      })
    )
  }

  it.effect("may have options before the command, after it, and in both places", () =>
    Effect.gen(function* () {
      for (const args of [
        [...none, "failures", "-n", "3"],
        ["--json", "story", ...none, "01a"],
        ["story", "01a", "--db=none.db", "--json"],
        ["--status", "failed", "stories", "--status", "timeout", ...none],
        ["stories", "--label", "a=b", "c=d", ...none],
        ["stories", "--status=failed", "--status=timeout", "--label=a=b", "--label=c=d", ...none],
        ["failures", ...none, "--log-level", "debug"],
        ["prune", "--keep-days", "0.5", ...none],
        ["failures", "--since", "-1h", ...none]
      ]) {
        const ran = yield* narrative(args)
        assert.match(ran.stderr, understood, args.join(" "))
        assert.strictEqual(ran.code, 1)
      }
    })
  )

  it.effect("ask for help and the version in each of the usual ways", () =>
    Effect.gen(function* () {
      const page = yield* narrative([])
      for (const args of [["help"], ["--help"], ["-h"]]) assert.deepStrictEqual(yield* narrative(args), page)
      const ofStory = yield* narrative(["story", "--help"])
      for (const args of [
        ["help", "story"],
        ["-h", "story"],
        ["--db", "x", "story", "-h"]
      ]) {
        assert.deepStrictEqual(yield* narrative(args), ofStory)
      }
      assert.match(page.stdout, /^ {2}story <id> +\S/m)
      for (const args of [["-v"], ["--version"]]) {
        assert.deepStrictEqual(yield* narrative(args), { code: 0, stdout: `${manifest.version}\n`, stderr: "" })
      }
    })
  )

  it.effect("of each example in the help are understood", () =>
    Effect.gen(function* () {
      for (const command of ["failures", "story", "stories", "stats", "tail", "report", "runs", "prune"]) {
        const { stdout } = yield* narrative(["help", command])
        const examples = Array.from(stdout.matchAll(/^ {2}narrative ([^|\n]+)/gm), ([, typed]) => typed ?? "")
        assert.isNotEmpty(examples)
        for (const example of examples) {
          const args = example.trim().split(/ +(?=(?:[^"]*"[^"]*")*[^"]*$)/)
          const nowhere = command === "runs" ? ["--base-dir", "no such folder"] : none
          const { code, stderr } = yield* narrative([...args, ...nowhere])
          assert.notStrictEqual(code, 2, `${example}: ${stderr}`)
        }
      }
    })
  )
})

describe("The word that was meant", () => {
  it("differs in a few letters, or begins so", () => {
    const words = ["failures", "story", "stories", "stats", "tail"]
    assert.deepStrictEqual(
      ["faliures", "fail", "Stroy", "stat", "tial", "reports", "x"].map((text) => nearest(text, words)),
      ["failures", "failures", "story", "stats", "tail", undefined, undefined]
    )
  })
})
