/**
 * What a minifier does to this library, and to the programs that it is in: names change, and what is used once is put in
 * its place.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { type BuildOptions, build } from "esbuild"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const source = "test/diagnostics/fixtures/minifiedProgram.ts"

/** What the program wrote, bundled into a folder of its own within the repository, where its packages are. */
const written = async (options: BuildOptions): Promise<Written> => {
  mkdirSync(join(root, ".narrative"), { recursive: true })
  const folder = mkdtempSync(join(root, ".narrative/minified-"))
  try {
    const outfile = join(folder, options.format === "cjs" ? "program.cjs" : "program.mjs")
    await build({
      absWorkingDir: root,
      bundle: true,
      entryPoints: [source],
      format: "esm",
      logLevel: "error",
      minify: true,
      outfile,
      packages: "external",
      platform: "node",
      ...options
    })
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { cwd: root, timeout: 110_000 })
    return JSON.parse(stdout)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Written {
  readonly line: number
  readonly frames: ReadonlyArray<{ readonly function: string; readonly line: number; readonly locals: object | null }>
}

const lineOf = (text: string): number =>
  readFileSync(join(root, source), "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text)) + 1

describe("A program that is minified with the library", () => {
  it("has the variables of its generators read, by their own names where it has a map", async () => {
    const { frames, line } = await written({ sourcemap: true })
    assert.strictEqual(line, lineOf("yield* new Refused"))
    assert.deepStrictEqual(
      frames.map(({ function: name, line, locals }) => ({ name, line, locals })),
      [
        { name: "charge", line, locals: { customer: "Ada", account: { limit: 20_000 }, over: 20_000, cents: 40_000 } },
        { name: "checkout", line: lineOf("const paid"), locals: { basket: ["milk", "bread"], total: 40_000 } }
      ]
    )
  })

  it("has them read by the names that the minifier gave them where it has none", async () => {
    const { frames } = await written({})
    assert.deepStrictEqual(
      frames.map(({ locals }) => new Set(Object.values(locals ?? {}).map((value) => JSON.stringify(value)))),
      [new Set(['"Ada"', '{"limit":20000}', "20000", "40000"]), new Set(['["milk","bread"]', "40000"])]
    )
  })

  it("has no module among its variables, where a bundle of CommonJS has made an object of it", async () => {
    const { frames } = await written({ format: "cjs", packages: "bundle", minify: false })
    assert.deepStrictEqual(
      frames.slice(0, 2).map(({ locals }) => Object.keys(locals ?? {}).toSorted()),
      [
        ["account", "cents", "customer", "over"],
        ["basket", "paid", "total"]
      ]
    )
  })
})
