/**
 * What a program loads that makes stories and stages and nothing else: its bundle's entry and the chunks that imports
 * statically. What describes and shows failures is loaded when a story first needs it.
 */
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"

const program = `
  import { stage, story } from "effect-narrative/Narrative"
  export const run = (effect) => effect.pipe(stage("Load"), story("Import"))
`

/** The bytes of the static closure, and of each of our files how many of them it has. */
const closure = async () => {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
    stdin: { contents: program, resolveDir: fileURLToPath(new URL("../..", import.meta.url)) },
    alias: { "effect-narrative/Narrative": "./src/Narrative.ts" },
    external: ["effect", "@effect/*", "@opentelemetry/*"],
    bundle: true,
    format: "esm",
    minify: true,
    outdir: "out",
    platform: "node",
    splitting: true,
    write: false,
    metafile: true
  })
  const loaded = new Set<string>()
  const load = (path: string) => {
    const output = metafile.outputs[path]
    if (output === undefined || loaded.has(path)) return
    loaded.add(path)
    for (const { kind, path } of output.imports) if (kind === "import-statement") load(path)
  }
  load(Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint === "<stdin>") ?? "")
  const outputs = Array.from(loaded, (path) => metafile.outputs[path]).filter((output) => output !== undefined)
  return {
    bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    files: outputs.flatMap(({ inputs }) =>
      Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0)
    ),
    imported: outputs.flatMap(({ imports }) => imports.map(({ path }) => path))
  }
}

describe("A program of stories and stages", () => {
  it("loads no renderer, no rule, no inspector and no file system", async () => {
    const { files, imported } = await closure()
    assert.isNotEmpty(files)
    const heavy = /^src\/(analysis\/models|diagnostics\/(locals|rules|exactCause)|file|history|metrics|otel|renderer)\//
    assert.deepStrictEqual(
      files.filter((path) => heavy.test(path)),
      []
    )
    const foreign = /^(node:)?(fs|inspector|worker_threads)(\/|$)|^@effect\/platform\/FileSystem$/
    assert.deepStrictEqual(
      imported.filter((path) => foreign.test(path)),
      []
    )
  })

  it("loads no more than 72 KiB of it", async () => {
    const { bytes } = await closure()
    assert.isAtMost(bytes, 72 * 1024)
  })
})
