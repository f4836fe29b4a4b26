/**
 * The source of a module with its functions and classes instrumented: one statement before its body, one after it, and not a
 * line moved.
 */
import { parse } from "acorn"
import { titleCase } from "../diagnostics/source/functionName.js"
import { attempt } from "../plain/untrusted.js"

/** Where the code that is added finds what instruments; see `register.ts`. */
export const instrumenterKey = "effect-narrative/auto"

interface Node {
  readonly type: string
  readonly start: number
  readonly directive?: string
  readonly id?: { readonly name: string } | null
  readonly declaration?: Node | null
}

interface Found {
  readonly functions: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
  /** Where the body begins, behind its directives. */
  readonly start: number
}

/** `undefined` where there is nothing to instrument, or the source is none that can be read. */
export const transform = (source: string, sourceType: "module" | "script"): string | undefined => {
  const found = attempt(() => find(source, sourceType), undefined)
  if (found === undefined || found.functions.length + found.classes.length === 0) return undefined
  const { classes, functions, start } = found
  const look = `globalThis[Symbol.for(${JSON.stringify(instrumenterKey)})]`
  // Declared functions are there before the body runs, and so are instrumented before anything calls or exports them.
  const before = functions
    .map((name) => `try{${name}=${look}?.f(${name},${JSON.stringify(titleCase(name))})??${name}}catch{}`)
    .join("")
  const after = classes.map((name) => `try{${look}?.c(${name})}catch{}`).join("")
  return `${source.slice(0, start)}${before}${source.slice(start)}${after === "" ? "" : `\n;${after}`}`
}

const find = (source: string, sourceType: "module" | "script"): Found => {
  const program = parse(source, {
    ecmaVersion: "latest",
    sourceType,
    allowHashBang: true,
    // The body of a CommonJS module is that of a function.
    allowReturnOutsideFunction: sourceType === "script"
  })
  // What is read of its nodes is checked as it is read.
  const body = program.body as unknown as ReadonlyArray<Node>
  const declared = body.map((node) => (isExport(node) && node.declaration ? node.declaration : node))
  const namesOf = (type: string): ReadonlyArray<string> =>
    declared.flatMap((node) => (node.type === type && node.id && !node.id.name.startsWith("_") ? [node.id.name] : []))
  return {
    functions: Array.from(new Set(namesOf("FunctionDeclaration"))),
    classes: namesOf("ClassDeclaration"),
    start: body.find(({ directive }) => directive === undefined)?.start ?? source.length
  }
}

const isExport = ({ type }: Node): boolean => type === "ExportNamedDeclaration" || type === "ExportDefaultDeclaration"
