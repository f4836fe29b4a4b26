import { assert, describe, it } from "@effect/vitest"
import { scanFunction } from "../../../src/diagnostics/locals/bindings.js"
import { topLevelNamesOf } from "../../../src/diagnostics/locals/topLevelNames.js"

/** What is known of a variable at the place marked `«here»`. */
const stateOf = (marked: string, name: string, shadows = 0) => {
  const at = marked.indexOf("«here»")
  const binding = scanFunction(marked.replace("«here»", "")).bindingsAt(at, name)[shadows]
  if (binding === undefined) return "undeclared"
  return at < binding.assignedAt ? "unassigned" : at >= binding.doubtfulAt ? "doubtful" : "assigned"
}

describe("Bindings", () => {
  it.each([
    ["declared before", "function*(){const a=1;«here»yield* f()}", "assigned"],
    ["declared after", "function*(){«here»yield* f();const a=1}", "unassigned"],
    ["declared by the very statement", "function*(){const a=«here»yield* f();g(a)}", "unassigned"],
    ["declared by an earlier declarator", "function*(){const a=1,b=«here»yield* f(a)}", "assigned"],
    ["declared by a later declarator", "function*(){const b=«here»yield* f(),a=1}", "unassigned"],
    ["declared without semicolons", "function*(){\n  const a = f(1)\n  «here»yield* g(a)\n}", "assigned"],
    ["declared over several lines", "function*(){\n  const a = f(1)\n    .g(\n  «here»yield* h()\n)\n}", "unassigned"],
    ["declared with nothing", "function*(){let a;«here»yield* f()}", "assigned"],
    ["taken apart", "function*(){const {x:{a=2},...r}=o;«here»yield* f()}", "assigned"],
    ["taken apart by the very statement", "function*(){const [,{a}]=«here»yield* f()}", "unassigned"],
    ["the head of a loop", "function*(){for(const a of[1,2]){«here»yield* f()}}", "assigned"],
    ["the head of a loop that is still asked for", "function*(){for(const a of «here»yield* f()){g(a)}}", "unassigned"],
    ["counting a loop", "function*(){for(let a=0;a<3;a++)«here»yield* f()}", "assigned"],
    ["caught", "function*(){try{f()}catch(a){«here»yield* g(a)}}", "assigned"],
    ["of a block that has ended", "function*(){{const a=1}«here»yield* f()}", "undeclared"],
    ["of a function inside", "function*(){const f=()=>{const a=1;var b};«here»yield* f()}", "undeclared"],
    ["a key", "function*(){const o={a:1};«here»yield* f(o)}", "undeclared"],
    ["in a string", "function*(){f('const a=1',`let a`,/var a/);«here»yield* f()}", "undeclared"],
    ["in a comment", "function*(){/* const a=1 */ // let a\n«here»yield* f()}", "undeclared"],
    ["of another case", "function*(){switch(k){case 1:const a=1;break;case 2:«here»yield* f()}}", "doubtful"],
    ["of the same case", "function*(){switch(k){case 1:const a=1;«here»yield* f()}}", "assigned"],
    ["a var of a block", "function*(){if(k){var a=1}«here»yield* f()}", "assigned"]
  ])("knows whether a variable is assigned: %s", (_, source, expected) => {
    assert.strictEqual(stateOf(source, "a"), expected)
  })

  it("distinguishes shadowing variables, the innermost first", () => {
    const source = "function*(){const a=1;{const a=«here»yield* f()}}"
    assert.deepStrictEqual([stateOf(source, "a", 0), stateOf(source, "a", 1)], ["unassigned", "assigned"])
  })

  it("is not led astray by braces in templates and regular expressions", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a template.
    const source = "function*(){const t=`}${{a:`}`}.a}{`,r=/[}/]{2}/.test(t)?4/2/1:`${1}`;{const a=1;«here»yield* f()}}"
    assert.strictEqual(stateOf(source, "a"), "assigned")
  })

  it("knows where the parameters begin, and the name", () => {
    for (const [source, name] of [
      ["function*load(id = (1)) {}", "load"],
      ["*load(id) {}", "load"],
      ["function* (id) {}", undefined]
    ] as const) {
      const scanned = scanFunction(source)
      assert.strictEqual(scanned.parametersAt, source.indexOf("("))
      assert.strictEqual(scanned.name?.text, name)
    }
  })

  it("knows which variables are mentioned, and takes no property or key for one", () => {
    const { mentionOf } = scanFunction("function*(){f(a.b, {c: d, e}, g?.h, ...i)}")
    const mentioned = "abcdeghi".split("").filter((name) => mentionOf(name) !== undefined)
    assert.strictEqual(mentioned.join(""), "adegi")
  })

  it.each([
    ["a method", "*load(id) { const a = 1; «here»yield* this.f(super.x) }", "load"],
    ["a private method", "async *#load(id) { const a = await 1; «here»yield* this.#f(id) }", "#load"],
    ["a computed method", "*[Symbol.iterator]() { const a = 1; «here»yield a }", undefined],
    [
      "a constructor",
      "class Row extends Map { #x; constructor(id) { super(); const a = id; «here»f(a) } }",
      "constructor"
    ],
    ["a function from its parameters on", "(id) { const a = id; «here»f(a) }", undefined],
    ["an asynchronous one from its parameters on", "(id) { const a = await id; «here»f(a) }", undefined],
    ["an arrow function from behind its bracket", "row) => { const a = seats(row); «here»f(a) }", undefined],
    ["an asynchronous arrow function", "async (row) => { const a = await row; «here»f(a) }", undefined],
    ["sloppy code", "function (id) { const a = 010; «here»f(a, id) }", undefined]
  ])("reads a function however V8 gives its text: %s", (_, source, name) => {
    assert.strictEqual(stateOf(source, "a"), "assigned")
    assert.strictEqual(scanFunction(source.replace("«here»", "")).name?.text, name)
  })

  it("knows what the statement at a place names, and what decided that it is run", () => {
    const namesAt = (marked: string) =>
      [...scanFunction(marked.replace("«here»", "")).namesAt(marked.indexOf("«here»")).keys()].join(" ")
    assert.strictEqual(
      namesAt("function*(){const rows=f();let bad=3;if(bad>limit){return «here»yield* fail(label,o.p)}return rows}"),
      "fail label o bad limit"
    )
    assert.strictEqual(
      namesAt("function*(){for(const row of rows){const x = «here»yield* load(row);g(x,y)}}"),
      "x load row rows"
    )
    assert.strictEqual(namesAt("function*(){if(«here»yield* isOpen(door))f(key)}"), "isOpen door")
    assert.strictEqual(namesAt("function*(){switch(kind){case other:«here»yield* f(a)}}"), "f a other kind")
  })

  it("knows which variables are used besides being declared: V8 keeps no others", () => {
    const scanned = scanFunction("function*(){const a=1,b=2;f(()=>g(()=>a))}")
    assert.deepStrictEqual([scanned.isUsed("a"), scanned.isUsed("b")], [true, false])
  })

  it("takes for a file's top level nothing that follows an import or an equals sign", () => {
    const names = topLevelNamesOf(
      `import { A } from "a"\nrun(function (x) { const inner = x })\nconst b = c(d)\n@decorated()\nexport class E {}`
    )
    assert.deepStrictEqual([...names], ["A", "b", "E"])
  })

  it("knows the names of a file's top level", () => {
    const names = topLevelNamesOf(
      `import type { A } from "a"
      import B, { c as d } from "b"
      export const e: Map<string, { f: number }> = new Map(), g = 1
      const { h, i: [j] } = k
      export function* l(m: string) { const n = 1 }
      class O {}
      if (true) { const p = 1 }`
    )
    for (const name of ["A", "B", "d", "e", "h", "j", "l", "O"]) assert.isTrue(names.has(name), name)
    for (const name of ["f", "i", "m", "n", "p"]) assert.isFalse(names.has(name), name)
  })

  it("reads any text without throwing", () => {
    for (const text of [
      "",
      "}",
      "function*(",
      "`${",
      "const",
      "for(const",
      "let {a",
      "'",
      "/[",
      "switch(){case",
      "catch("
    ]) {
      scanFunction(text).bindingsAt(0, "a")
      topLevelNamesOf(text)
    }
  })
})
