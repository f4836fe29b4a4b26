/**
 * What is found without parsing is what a parser finds.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { scanLines } from "../../src/auto/lineScanner.js"
import { type Declarations, scan } from "../../src/auto/scanner.js"
import { parsed } from "../../src/auto/transform.js"

const packages = fileURLToPath(new URL("../../node_modules/", import.meta.url))

/** Without the ends that only the parser says. */
const known = ({ classes, functions, start }: Declarations, other: Declarations) => ({
  functions: functions.toSorted(),
  classes: classes
    .map(({ end, name }) => {
      const there = other.classes.find((declared) => declared.name === name)
      return there?.end === undefined ? name : `${name} ${end}`
    })
    .toSorted(),
  start
})

const assertSame = (source: string, sourceType: "module" | "script", where: string): boolean => {
  const scanned = scan(source, sourceType === "script")
  if (scanned === undefined) return false
  assert.deepStrictEqual(known(scanned, scanned), known(parsed(source, sourceType), scanned), where)
  return true
}

/** Nothing is missing, and nothing is a class. */
const assertAllFound = (source: string, sourceType: "module" | "script", where: string): boolean => {
  const found = scanLines(source)
  if (found === undefined) return false
  const all = parsed(source, sourceType)
  assert.deepStrictEqual([...all.classes, ...found.classes], [], where)
  assert.includeMembers([...found.functions], [...all.functions], where)
  if (all.functions.length > 0) assert.strictEqual(found.start, all.start, where)
  return true
}

describe("the functions and classes of a module", () => {
  it("are those that a parser finds, in packages of all kinds", () => {
    let sure = 0
    let sureByLines = 0
    let files = 0
    for (const [name, folder, sourceType] of [
      ["effect", "dist/esm/internal", "module"],
      ["@effect/cli", "dist/cjs", "script"],
      ["express", "lib", "script"],
      ["hono", "dist/middleware", "module"],
      ["yaml", "dist", "script"]
    ] as const) {
      const root = join(packages, name, folder)
      for (const file of readdirSync(root, { recursive: true, encoding: "utf8" })) {
        if (!file.endsWith(".js") || file.includes("cjs")) continue
        files += 1
        const source = readFileSync(join(root, file), "utf8")
        if (assertSame(source, sourceType, `${name} ${file}`)) sure += 1
        if (assertAllFound(source, sourceType, `${name} ${file}`)) sureByLines += 1
      }
    }
    assert.isAbove(sure, files * 0.95)
    assert.isAbove(sureByLines, files * 0.3)
  })

  for (const [what, source] of [
    ["a regular expression with a quote", 'const a = /["/]/\nfunction b() {}'],
    ["a division", "const a = b / 2, c = 4 / d\nfunction e() {}"],
    ["a division behind a bracket", "const a = (b) / 2 + c[0] / 3 // '\nfunction d() {}"],
    ["a regular expression behind a condition", "if (a) /function b() {}/.test(c)\nfunction d() {}"],
    ["a regular expression behind a block", "if (a) { b() } /'/.test(c)\nfunction d() {}"],
    ["a regular expression behind a word", "function a() { return /}/ }\nclass B {}"],
    ["a division behind an increment", "let a = 1; a++ / 2; /'/.exec('')\nfunction b() {}"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a module.
    ["templates in templates", "const a = `${`}${{ b: '`' }.b}`} function no() {}`\nfunction c() {}"],
    ["comments", "/* function no() {} */ // class No {\nexport /* a */ function b() {}"],
    [
      "one line",
      'function a(){}function b(){}class C{d(){}}export{a,b as c,C};export default class E extends C{f(){return"}"}}'
    ],
    ["expressions", "const a = function b() {}\nconst C = class D {}\nexport default (function e() {})"],
    ["words", "a.function = 1; b.class\nasync function c() {}\nasync\nfunction d() {}"],
    ["no names", "export default function () {}\nfunction* a() {}\nclass B extends (c, D) { e() {} }"],
    ["directives", "#!/usr/bin/env node\n// a\n'use strict'; \"b\"\n\n/* c */ function d() {}"],
    ["a text that is no directive", '"a"\n.length; function b() {}']
  ] as const) {
    it(`are found beside ${what}`, () => {
      assert.isTrue(assertSame(source, "module", source), "it is sure")
      assertAllFound(source, "module", source)
    })
  }

  it("are found by lines alone where they begin one", () => {
    const found = scanLines(
      "'use strict'\nconst a = function () {}, b = (class {})\nfunction c() {}\nexport async function d() {}\n"
    )
    assert.deepStrictEqual(found?.functions, ["c", "d"])
    for (const other of [
      "a(); function b() {}",
      " function a() {}",
      "class A {}",
      "if (a) function b() {}",
      "a.function()"
    ]) {
      assert.isUndefined(scanLines(other), other)
    }
  })

  it("are the parser's where brackets do not come out even, or a name is written with escapes", () => {
    assert.isUndefined(scan("function a() {", false))
    assert.isUndefined(scan("function \\u0061() {}", false))
    assert.isUndefined(scan("a --> b", true))
  })
})
