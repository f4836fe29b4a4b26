/**
 * Which function of the app's is called by a name, as its sources say: `repository.insert`, where `repository` is what the one layer
 * of a service makes. Lean mode, which reads no variables, follows it so, and only where each step has one answer.
 */
import type { Call, Called, Source } from "./calledEffect.js"
import {
  type Code,
  closingOf,
  codeOf,
  expressionFrom,
  offsetOf,
  openingOf,
  placeAt,
  type Range,
  statementAround
} from "./code.js"
import { escaped, type TextPlace } from "./maskedCode.js"
import { importsIn, localNamesIn, resolve } from "./moduleImports.js"
import { type ProgramModules, remembered } from "./programModules.js"
import * as sourceText from "./sourceText.js"

/** What names call at a place. */
export const callAt = (from: Source & TextPlace, modules: () => ProgramModules | undefined): Call => {
  const find = ([first = "", second, ...others]: ReadonlyArray<string>): Called | undefined => {
    const known = others.length > 0 ? undefined : modules()
    if (known === undefined) return undefined
    const found = remembered(known, `called ${first} ${second} ${from.path}:${from.line}:${from.column}`, () =>
      second === undefined ? functionIn(from, first) : memberOf(from, first, second, known)
    )
    return found && { place: found, call: callAt(found, modules) }
  }
  return find
}

const codeIn = ({ content, path }: Source): Code => codeOf(sourceText.linesOf(path, content))

const placed = (source: Source, code: Code, at: number): Source & TextPlace => ({
  path: source.path,
  content: source.content,
  ...placeAt(code, at)
})

const only = <A>(all: ReadonlyArray<A>): A | undefined => (all.length === 1 ? all[0] : undefined)

/** A function of this name in a file, or in the one that it is imported from. */
const functionIn = (from: Source & TextPlace, name: string): (Source & TextPlace) | undefined => {
  const code = codeIn(from)
  const declared = declarationsIn(code, name)
  if (declared.length > 0) {
    const found = only(declared)
    return found === undefined ? undefined : placed(from, code, found)
  }
  const imported = importOf(from, name)
  return imported === undefined || imported.name === "*" ? undefined : functionOfModule(imported.path, imported.name)
}

const functionOfModule = (path: string, name: string): (Source & TextPlace) | undefined => {
  const source = { path, content: undefined }
  const code = codeIn(source)
  const found = only(declarationsIn(code, name))
  return found === undefined ? undefined : placed(source, code, found)
}

/** The functions that are declared by a name. */
const declarationsIn = ({ masked }: Code, name: string): ReadonlyArray<number> => {
  const named = escaped(name)
  const declared = new RegExp(
    `\\b(?:const|let|var)\\s+${named}(?![\\w$])(?:[^=;]|=>)*?=(?![=>])\\s*|\\bfunction\\s+(?=${named}\\s*[<(])`,
    "g"
  )
  return Array.from(
    masked.matchAll(declared),
    ({ 0: { length }, index }) => index + (masked.startsWith("function", index) ? 0 : length)
  )
}

/** The file of the app's that a name is imported from, and what it is called there. */
const importOf = (from: Source, name: string): { readonly path: string; readonly name: string } | undefined => {
  const text = sourceText.linesOf(from.path, from.content).join("\n")
  for (const one of importsIn(text)) {
    const found = localNamesIn(one).find(({ local }) => local === name)
    const imported = found && resolve(from.path, one.specifier)
    if (found !== undefined)
      return imported?._tag === "File" ? { path: imported.path, name: found.imported } : undefined
  }
  return undefined
}

/** What a method of an object is: of a module that is imported whole, or of a service. */
const memberOf = (
  from: Source & TextPlace,
  object: string,
  method: string,
  { files }: ProgramModules
): (Source & TextPlace) | undefined => {
  const imported = importOf(from, object)
  if (imported?.name === "*") return functionOfModule(imported.path, method)
  const tag = serviceOf(codeIn(from), object)
  if (tag === undefined) return undefined
  const name = tag.includes(".") ? tag.slice(tag.lastIndexOf(".") + 1) : (importOf(from, tag)?.name ?? tag)
  const made = implementationOf(name, files)
  return made && methodIn(made, method, from)
}

/** The tag that a variable has the service of: `const repository = yield* Repository`, `Effect.flatMap(Repository, (repository) => …)`. */
const serviceOf = ({ masked }: Code, variable: string): string | undefined => {
  const named = escaped(variable)
  const declared = new RegExp(
    `\\b(?:const|let|var)\\s+${named}(?![\\w$])[^=;]*=\\s*(?:yield\\*\\s*([\\w$.]+)\\s*(?=[;\\n]))?`,
    "g"
  )
  const given = new RegExp(`([\\w$.]+)\\s*,\\s*\\(?\\s*${named}\\s*\\)?\\s*=>`, "g")
  const tags = [declared, given].flatMap((pattern) => Array.from(masked.matchAll(pattern), ([, tag]) => tag))
  return only([...new Set(tags)])
}

interface Implementation {
  readonly source: Source
  readonly code: Code
  readonly range: Range
}

/** What makes the service of a tag, where nothing else in the program does. */
const implementationOf = (tag: string, files: ReadonlyArray<string>): Implementation | undefined => {
  const named = escaped(tag)
  const declares = new RegExp(`\\b(?:class|const)\\s+${named}(?![\\w$])`, "g")
  const gives = new RegExp(
    `\\b(?:Layer\\s*\\.\\s*(?:effect|scoped|succeed|sync|mock)|Effect\\s*\\.\\s*provideService(?:Effect)?|Context\\s*\\.\\s*(?:make|add))\\s*\\(\\s*(?:[\\w$]+\\s*\\.\\s*)?${named}\\s*[,)]`,
    "g"
  )
  const all: Array<Implementation> = []
  let declared = 0
  for (const path of files) {
    const lines = sourceText.linesOf(path)
    if (!lines.some((line) => line.includes(tag))) continue
    const source = { path, content: undefined }
    const code = codeOf(lines)
    for (const { index } of code.masked.matchAll(gives)) {
      all.push({ source, code, range: expressionFrom(code, index) })
    }
    for (const { 0: head, index } of code.masked.matchAll(declares)) {
      declared += 1
      if (head.startsWith("class")) all.push(...ofClass(source, code, index))
    }
  }
  return declared === 1 ? only(all) : undefined
}

/** What a class makes of itself: `extends Effect.Service<Repository>()("Repository", { … })`, `static Live = Layer.effect(this, …)`. */
const ofClass = (source: Source, code: Code, start: number): ReadonlyArray<Implementation> => {
  const { masked } = code
  const next = masked.slice(start + 1).search(/\n(?:export\b|class\b|const\b|function\b|interface\b|type\b|[})]\n)/)
  const end = next < 0 ? masked.length : start + 1 + next
  const text = masked.slice(start, end)
  if (/\bextends\s+Effect\s*\.\s*Service\b/.test(text)) return [{ source, code, range: { start, end } }]
  return Array.from(text.matchAll(/\bLayer\s*\.\s*(?:effect|scoped|succeed|sync)\s*\(\s*this\s*,/g), ({ index }) => ({
    source,
    code,
    range: expressionFrom(code, start + index)
  }))
}

/** The one function that a method is, in what makes its service or else in the file that does, but for the function that calls it. */
const methodIn = (
  { code, range, source }: Implementation,
  method: string,
  from: Source & TextPlace
): (Source & TextPlace) | undefined => {
  const caller = from.path === source.path ? offsetOf(code, from) : -1
  const own = caller < 0 ? caller : statementAround(code, caller).start
  const all = methodsIn(code, method).filter((start) => start < own || start > caller)
  const inside = all.filter((start) => start >= range.start && start < range.end)
  const found = only(inside.length > 0 ? inside : all)
  return found === undefined ? undefined : placed(source, code, found)
}

const methodsIn = (code: Code, method: string): ReadonlyArray<number> => {
  const { masked } = code
  const named = escaped(method)
  const property = new RegExp(
    `(?<![\\w$.])${named}\\s*:\\s*(?=(?:async\\s+)?(?:<[^()]*>\\s*)?(?:\\(|[\\w$]+\\s*=>|function\\b))`,
    "g"
  )
  const short = new RegExp(`(?<![\\w$.]|\\bfunction\\s)${named}\\s*(?=\\()`, "g")
  return [
    ...declarationsIn(code, method),
    ...Array.from(masked.matchAll(property), ({ 0: { length }, index }) => index + length).filter(
      (at) => !isOfType(code, at)
    ),
    ...Array.from(masked.matchAll(short), ({ index }) => index).filter((at) => isMethod(code, at))
  ]
}

/** Whether what a position is in is a type. */
const isOfType = (code: Code, at: number): boolean => {
  const open = openingOf(code, at)
  return open !== undefined && /\b(?:interface|type)\s[^;{}]*$/.test(code.masked.slice(Math.max(0, open - 200), open))
}

/** Whether it is the head of a method: `insert(row) { … }`. */
const isMethod = (code: Code, at: number): boolean => {
  const open = code.masked.indexOf("(", at)
  const close = closingOf(code, open)
  return (
    close !== undefined && /^\s*(?::[^;{}]*)?\{/.test(code.masked.slice(close + 1, close + 300)) && !isOfType(code, at)
  )
}
