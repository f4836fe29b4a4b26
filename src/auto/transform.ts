/**
 * The source of a module with its functions and classes instrumented: one statement before its body, one behind each class, and
 * not a line moved; a map of its own that the source has is moved along.
 */
import { createRequire } from "node:module"
import { attempt } from "../plain/untrusted.js"
import { scanLines } from "./lineScanner.js"
import { areMapsRead, withMapInside } from "./linkedMap.js"
import { type Declarations, type DeclaredClass, scan } from "./scanner.js"
import { type Insertion, movedBy, movesFar, withShiftedMap } from "./shiftedMap.js"

/** Where the code that is added finds what instruments; see `register.ts`. */
export const instrumenterKey = "effect-narrative/auto"

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly directive?: string
  readonly id?: { readonly name: string } | null
  readonly declaration?: Node | null
}

export interface TransformOptions {
  readonly sourceType: "module" | "script"
  /** Whether the program begins with it: the code that is added says when it is through. */
  readonly isMain: boolean
  /** Where it is. */
  readonly path?: string | undefined
}

const nothing: Declarations = { functions: [], classes: [], start: 0 }

/** `undefined` where there is nothing to instrument, or the source is none that can be read. */
export const transform = (source: string, { isMain, path, sourceType }: TransformOptions): string | undefined => {
  // Many modules declare nothing.
  const isBare = !/\b(?:function|class)\b/.test(source)
  const found = isBare ? nothing : declarationsIn(source, sourceType)
  if (found.functions.length + found.classes.length === 0 && !isMain) return undefined
  const { classes, functions, start } = found
  // What is added is compiled with the module: it is short.
  const [name, instrumenter] = nameFor(source)
  const within = (statements: string): string => `{const ${name}=${instrumenter};if(${name}){${statements}}}`
  const tried = (statement: string): string => `try{${statement}}catch{}`
  // Declared functions are there before the body runs, and so are instrumented before anything calls or exports them.
  const before = functions.map((f) => tried(`${f}=${name}.f(${f})`)).join("")
  const insertions: Array<Insertion> = before === "" ? [] : [{ at: start, text: within(before) }]
  let last = ""
  for (const { end, name: target } of classes) {
    const instrumenting = tried(`${name}.c(${target})`)
    if (end === undefined) last += instrumenting
    else insertions.push({ at: end, text: within(instrumenting) })
  }
  if (isMain) last += tried(`${name}.e()`)
  const isFar = path !== undefined && movesFar(source, insertions)
  const mapped = isFar && areMapsRead() ? withMapInside(source, path) : source
  if (isFar)
    noteMoved(mapped, insertions, (moved) =>
      within(tried(`${name}.m(${JSON.stringify(path)},${JSON.stringify(moved)})`))
    )
  return `${inserted(withShiftedMap(mapped, insertions), insertions)}${last === "" ? "" : `\n;${within(last)}`}`
}

/** By what takes least time, of what is sure. */
const declarationsIn = (source: string, sourceType: "module" | "script"): Declarations =>
  scanLines(source) ?? scan(source, sourceType === "script") ?? parsed(source, sourceType)

/** Has the module say, before anything else, what moved in it. The text that does so moves it, too: its length decides itself. */
const noteMoved = (source: string, insertions: Array<Insertion>, textOf: (moved: unknown) => string): void => {
  const [first] = insertions
  if (first === undefined) return
  let noted = first
  for (let length = -1; length !== noted.text.length; ) {
    length = noted.text.length
    const moved = movedBy(source, [noted, ...insertions.slice(1)])
    if (moved === undefined) return
    noted = { at: first.at, text: `${textOf(moved)}${first.text}` }
  }
  insertions[0] = noted
}

const inserted = (source: string, insertions: ReadonlyArray<Insertion>): string => {
  const parts: Array<string> = []
  let from = 0
  for (const { at, text } of insertions) {
    parts.push(source.slice(from, at), text)
    from = at
  }
  return `${parts.join("")}${source.slice(from)}`
}

/** A name that the module does not use, and what it is for: nothing of the module is hidden by it. */
const nameFor = (source: string): readonly [string, string] => {
  let name = "$n"
  while (source.includes(name)) name += "$"
  return [name, `globalThis[Symbol.for(${JSON.stringify(instrumenterKey)})]`]
}

/** Loaded when a source needs it. */
const load = createRequire(import.meta.url)

/** What a parser finds; nothing in a source that cannot be read. */
export const parsed = (source: string, sourceType: "module" | "script"): Declarations =>
  attempt(() => {
    const { parse }: typeof import("acorn") = load("acorn")
    const program = parse(source, {
      ecmaVersion: "latest",
      sourceType,
      allowHashBang: true,
      // The body of a CommonJS module is that of a function.
      allowReturnOutsideFunction: sourceType === "script"
    })
    // What is read of its nodes is checked as it is read.
    return declarationsOf(program.body as unknown as ReadonlyArray<Node>, source)
  }, nothing)

const declarationsOf = (body: ReadonlyArray<Node>, source: string): Declarations => {
  const declared = body.map((node) => (isExport(node) && node.declaration ? node.declaration : node))
  const named = (type: string): ReadonlyArray<DeclaredClass> =>
    declared.flatMap(({ end, id, type: its }) =>
      its === type && id && !id.name.startsWith("_") ? [{ name: id.name, end }] : []
    )
  return {
    functions: Array.from(new Set(named("FunctionDeclaration").map(({ name }) => name))),
    classes: named("ClassDeclaration"),
    start: body.find(({ directive }) => directive === undefined)?.start ?? source.length
  }
}

const isExport = ({ type }: Node): boolean => type === "ExportNamedDeclaration" || type === "ExportDefaultDeclaration"
