/**
 * The completion scripts, each in its shell.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { narrative } from "./library.js"

/** A folder with the scripts, each under the name that the documents give it, and a history. */
class Folder extends Context.Tag("Folder")<Folder, string>() {
  static readonly layer = Layer.scoped(
    Folder,
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "narrative-completions-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      const files = { bash: "narrative.bash", zsh: "_narrative", fish: "narrative.fish" }
      for (const [shell, file] of Object.entries(files)) {
        const { code, stderr, stdout } = yield* narrative(["--completions", shell])
        assert.deepStrictEqual([code, stderr], [0, ""])
        writeFileSync(join(folder, file), stdout)
      }
      writeFileSync(join(folder, "shop-history.db"), "")
      return folder
    })
  )
}

/** What the shell prints. Without the shell the test fails. */
const printed = (shell: string, args: ReadonlyArray<string>, folder: string): ReadonlyArray<string> => {
  const ran = spawnSync(shell, args, {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: folder, TERM: "dumb", FOLDER: folder },
    timeout: 60_000
  })
  if (ran.error !== undefined)
    throw new Error(`No ${shell}. Install it (apt-get install ${shell})`, { cause: ran.error })
  assert.deepStrictEqual([ran.status, ran.stderr], [0, ""])
  return ran.stdout.trimEnd().split("\n")
}

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** What one types before the tab key, and what has to stand there then. */
const typed: ReadonlyArray<readonly [typed: string, completed: string]> = [
  ["narrative fai", "failures"],
  ["narrative --compl", "--completions"],
  ["narrative --completions zs", "zsh"],
  ["narrative failures --cod", "--code"],
  ["narrative failures --code TIM", "TIMEOUT"],
  ["narrative failures --last 3 --typ", "--type"],
  ["narrative failures --story Import --js", "--json"],
  ["narrative failures --db shop-", "shop-history.db"],
  ["narrative stories --status success --status fa", "failed"],
  ["narrative story 01a1fd6d --js", "--json"],
  ["narrative tail shop-", "shop-history.db"],
  ["narrative tail shop-history.db --no", "--no-follow"],
  ["narrative report 01a1fd6d -o shop-", "shop-history.db"],
  ["narrative runs export --form", "--format"],
  ["narrative runs export --format nd", "ndjson"],
  ["narrative runs edit 1a2b --set status=failed --set x=y --js", "--json"],
  ["narrative prune --keep-d", "--keep-days"]
]

const lines = typed.map(([line]) => line)

layer(Folder.layer, { timeout: "300 seconds", excludeTestServices: true })("completions", (it) => {
  describe("of zsh", () => {
    it.effect("complete commands, options, their values and files, from the first press of the key", () =>
      Effect.gen(function* () {
        const folder = yield* Folder
        assert.deepStrictEqual(
          printed("zsh", ["-f", beside("completions.zsh"), ...lines], folder).map((line) => line.trimEnd()),
          typed.map(([line, completed]) => line.replace(/\S+$/, completed))
        )
      })
    )
  })

  describe("of fish", () => {
    it.effect("complete commands, options, their values and files", () =>
      Effect.gen(function* () {
        const folder = yield* Folder
        const script = `source narrative.fish; for line in $argv; echo (complete -C $line | cut -f 1); end`
        assert.deepStrictEqual(
          printed("fish", ["--no-config", "-c", script, ...lines], folder),
          typed.map(([, completed]) => completed)
        )
      })
    )
  })

  describe("of bash", () => {
    it.effect("complete commands, options, their values and files", () =>
      Effect.gen(function* () {
        const folder = yield* Folder
        const script = `
          source narrative.bash
          for line in "$@"; do
            COMP_WORDS=($line); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
            _narrative_bash_completions narrative "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
            # As readline does where there is nothing: complete -o default.
            [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f "\${COMP_WORDS[COMP_CWORD]}"))
            echo "\${COMPREPLY[*]}"
          done
          complete -p narrative`
        assert.deepStrictEqual(printed("bash", ["--norc", "--noprofile", "-c", script, "bash", ...lines], folder), [
          // The shells to write a script for are not known to it.
          ...typed.map(([line, completed]) => (line.includes("--completions") ? "" : completed)),
          "complete -o bashdefault -o default -o nosort -F _narrative_bash_completions narrative"
        ])
      })
    )
  })
})
