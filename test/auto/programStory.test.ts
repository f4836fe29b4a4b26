/**
 * The story of a program that is only preloaded with the hook.
 */
import { assert, describe, it } from "@effect/vitest"
import { hook, nodes, type RunOptions, run } from "./processes.js"

const timeout = 300_000

const plain = async (way: string, options: RunOptions = {}) => {
  const ended = await run(["--import", hook, "--no-warnings", "programs/plain.mjs", way], options)
  return { ...ended, lines: storyLines(ended.stderr) }
}

/** Starts and ends, without what differs. */
const storyLines = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .filter((line) => /^\s*(?:▶|✔|✖|⊘|Error:|Stage:)/.test(line))
    .map((line) => line.replace(/ \([^)]*s\)$/, "").replace(/ {2,}/g, " "))

const bare = (way: string, options: RunOptions = {}) => run(["programs/plain.mjs", way], options)

const shop = [" ✔ Stage completed: Price Of", " ✔ Stage completed: Shop.order", "✔ Stage completed: Main"]

for (const node of nodes) {
  describe(`a program that is narrated by nothing but the hook, on ${node}`, () => {
    it(
      "is one story, on standard error, and prints what it prints without",
      async () => {
        const { code, lines, stdout } = await plain("ends", { node })
        assert.deepStrictEqual([code, stdout], [0, "4\n"])
        assert.deepStrictEqual(
          lines.filter((line) => line.startsWith("▶") || line.includes("completed")),
          ["▶ Story started: Plain", ...shop, "▶ Story ended: SUCCESS - Plain"]
        )
      },
      timeout
    )

    it(
      "fails with the error that ends it, which is printed as it is without",
      async () => {
        const { code, lines, stderr } = await plain("fails", { node })
        const without = await bare("fails", { node })
        assert.strictEqual(code, without.code)
        assert.include(lines, "Stage: Price Of (in Main > Shop.order)")
        assert.include(lines, "Error: TypeError - none has no price")
        assert.strictEqual(lines.at(-1), "▶ Story ended: FAILED - Plain")
        assert.include(stderr.slice(stderr.indexOf("Story ended")), "TypeError: none has no price\n    at priceOf")
        assert.lengthOf(stderr.match(/Failure detected/g) ?? [], 1)
      },
      timeout
    )

    it(
      "is a story also where no function of it was called before it failed",
      async () => {
        const { code, lines } = await plain("throws", { node })
        assert.strictEqual(code, 1)
        assert.include(lines, "Error: RangeError - at the top")
        assert.strictEqual(lines.at(-1), "▶ Story ended: FAILED - Plain")
      },
      timeout
    )

    it(
      "has failed where its exit code says so, and not where it handled the error",
      async () => {
        const [handles, givesUp, exits] = await Promise.all([
          plain("handles", { node }),
          plain("givesUp", { node }),
          plain("exits", { node })
        ])
        assert.deepStrictEqual([handles.code, handles.lines.at(-1)], [0, "▶ Story ended: SUCCESS - Plain"])
        assert.deepStrictEqual([givesUp.code, givesUp.lines.at(-1)], [3, "▶ Story ended: FAILED - Plain"])
        assert.include(givesUp.lines, "Error: TypeError - none has no price")
        assert.deepStrictEqual([exits.code, exits.lines.at(-1)], [4, "▶ Story ended: FAILED - Plain"])
      },
      timeout
    )

    it(
      "goes on with what waits for its calls, and begins a story for what is called later from outside",
      async () => {
        const [chains, answersLater, failsLater] = await Promise.all([
          plain("chains", { node }),
          plain("answersLater", { node }),
          plain("failsLater", { node })
        ])
        assert.strictEqual(
          chains.lines.filter((line) => line.includes("Story started")).join(),
          "▶ Story started: Plain"
        )
        assert.include(chains.lines, "✔ Stage completed: Leaf")
        assert.deepStrictEqual(answersLater.lines, [
          "▶ Story started: Plain",
          "✔ Stage completed: Leaf",
          "▶ Story ended: SUCCESS - Plain",
          "▶ Story started: Answer",
          "✔ Stage completed: Price Of",
          "▶ Story ended: SUCCESS - Answer"
        ])
        assert.deepStrictEqual(failsLater.lines, [
          "▶ Story started: Price Of",
          "Stage: (outside any stage)",
          "Error: TypeError - none has no price",
          "▶ Story ended: FAILED - Price Of"
        ])
        assert.strictEqual(failsLater.code, 1)
      },
      timeout
    )

    it(
      "is no story where it calls none of its functions, or where that is switched off",
      async () => {
        const [nothing, off] = await Promise.all([
          plain("nothing", { node }),
          plain("ends", { node, env: { RUNTIME_NARRATIVE_AUTO_STORIES: "0" } })
        ])
        assert.deepStrictEqual([nothing.stdout, nothing.stderr], ["nothing\n", ""])
        assert.deepStrictEqual([off.stdout, off.stderr], ["4\n", ""])
      },
      timeout
    )

    it(
      "is cancelled by the signal that ends it, and dies of that, unless it listens itself",
      async () => {
        const stop = (text: string, child: { readonly kill: (signal: NodeJS.Signals) => unknown }) => {
          if (text === "waiting\n") child.kill("SIGTERM")
        }
        const [waits, listens] = await Promise.all([
          plain("waits", { node, onOutput: stop }),
          plain("listens", { node, onOutput: stop })
        ])
        assert.strictEqual(waits.signal, "SIGTERM")
        assert.strictEqual(waits.lines.at(-1), "▶ Story ended: CANCELLED - Plain")
        assert.deepStrictEqual([listens.code, listens.stdout], [0, "waiting\nasked to end\n"])
      },
      timeout
    )
  })
}
