import { SourceMap } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { transformSync } from "esbuild"
import { transform } from "../../src/auto/transform.js"
import * as movedColumns from "../../src/diagnostics/source/movedColumns.js"

/** What a program may hold, each with a mark to be found again by. */
const declarations: ReadonlyArray<(mark: string) => string> = [
  (mark) => `export function f_${mark}(x) {\n  return ${mark}(x)\n}`,
  (mark) => `export class C_${mark} {\n  run() {\n    ${mark}()\n  }\n}`,
  (mark) => `const v_${mark} =\n  () => ${mark}(\`é\${1}\`)`,
  (mark) => `if (globalThis.no) {\n  ${mark}()\n}`
]

const program = fc
  .array(fc.constantFrom(...declarations), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.map((declare, i) => declare(`mark${i}x`)).join("\n\n"))

const mapOf = (code: string): SourceMap => {
  const [, encoded = ""] = /sourceMappingURL=data:application\/json;base64,([\w+/=]+)/.exec(code) ?? []
  return new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")))
}

const positionOf = (code: string, mark: string): readonly [line: number, column: number] => {
  // Its call: a name that holds it is none.
  const before = code.slice(0, code.search(new RegExp(`(?<![\\w$])${mark}\\(`))).split("\n")
  return [before.length - 1, before.at(-1)?.length ?? 0]
}

describe("A source map that comes with a source", () => {
  it.prop(
    "leads from every place of the instrumented source to where it led before, however long the lines are",
    [program, fc.boolean(), fc.boolean()],
    ([source, minifyWhitespace, isMain]) => {
      const { code } = transformSync(source, {
        minifyWhitespace,
        sourcemap: "inline",
        sourcefile: "a.js",
        charset: "utf8"
      })
      const instrumented = transform(code, { sourceType: "module", isMain })
      const marks = source.match(/(?<![\w$])mark\d+x(?=\()/g) ?? []
      if (instrumented === undefined) return
      for (const mark of marks) {
        const { originalLine } = mapOf(instrumented).findEntry(...positionOf(instrumented, mark)) as {
          originalLine?: number
        }
        assert.strictEqual(originalLine, positionOf(source, mark)[0], mark)
      }
    }
  )

  it.prop("beside the file is asked for the place in the file", [program], ([source]) => {
    const minified = transformSync(source, { minifyWhitespace: true, charset: "utf8" }).code
    const code = `${minified}//# sourceMappingURL=a.js.map\n`
    const instrumented = transform(code, { sourceType: "module", isMain: false, path: "/app/a.js" })
    const [, moved] = /\.m\("\/app\/a\.js",(\[.*?\]\])\)/.exec(instrumented ?? "") ?? []
    // Where little follows on the line, nothing is noted.
    if (instrumented === undefined || moved === undefined) return
    movedColumns.note("/app/a.js", JSON.parse(moved))
    for (const mark of source.match(/(?<![\w$])mark\d+x(?=\()/g) ?? []) {
      const [line, column] = positionOf(instrumented, mark)
      assert.strictEqual(
        movedColumns.columnInFile("/app/a.js", line + 1, column + 1) - 1,
        positionOf(code, mark)[1],
        mark
      )
    }
  })

  it("stays what it is where it cannot be read", () => {
    const code = "function f(){}\n//# sourceMappingURL=data:application/json;base64,bm9uZQ=="
    assert.include(transform(code, { sourceType: "module", isMain: false }), "base64,bm9uZQ==")
  })
})
