/**
 * One function of a running script as its source has it: where it is, what it is called, and which of the values V8
 * holds for it are variables that a reader of the source knows, and have a value yet.
 */
import { types } from "node:util"
import { isObject } from "../../plain/untrusted.js"
import * as sourceText from "../source/sourceText.js"
import { anonymous } from "../source/stackFrames.js"
import { type Binding, type ScannedFunction, scanFunction } from "./bindings.js"
import type { ScopeVariables } from "./inspectorSession.js"
import { type Script, type SourcePlace, topLevelNames } from "./scriptTable.js"

/**
 * A variable. Its value is the one it had at the failure, but an object shows what was done to it since. `state` says how
 * far the value can be trusted:
 *
 * - `value`: it holds this
 * - `unassigned`: it was not assigned yet; `value` is `undefined`
 * - `unknown`: it is `undefined`, unassigned, or was optimised out
 * - `lost`: it was optimised out: V8 no longer has it
 * - `service`: it holds a service of the program's; `value` is the service's name
 */
export interface Local {
  readonly name: string
  readonly value: unknown
  readonly state: "value" | "unassigned" | "unknown" | "lost" | "service"
  /** Its fields that the failing statement or its condition names, where there are any. */
  readonly fields?: ReadonlySet<string> | undefined
}

/** The lines of a function in its source, counted from 1, so that a stack frame can be found to be in it. */
export interface FunctionRange {
  readonly file: string
  readonly startLine: number
  readonly endLine: number
}

/** A scope of a suspended or paused function, as V8 gives it. */
export interface Scope extends ScopeVariables {
  readonly type: string
  /** Whether it may be that of a module which is run as a function: neither named, nor inside a module proper. */
  readonly maybeModule: boolean
}

/** The types of scopes that belong to a function. One of a `with` is an object of the program's. */
export const scopeTypes: ReadonlySet<string> = new Set(["Block", "Local", "Closure", "Catch", "Eval"])

/** A place in a script, both counted from 0, as V8 gives it. */
export interface ScriptPlace {
  readonly lineNumber: number
  readonly columnNumber?: number | undefined
}

export interface FunctionSource {
  /** Where a place of the script is in the source. */
  readonly placeOf: (at: ScriptPlace) => SourcePlace
  /** Its frame at such a place, but for the variables. */
  readonly frameAt: (place: SourcePlace) => PlacedFunction
  /** The variables that have a meaning at a place, in the order of their declarations, then those from around it. */
  readonly localsAt: (at: ScriptPlace, scopes: ReadonlyArray<Scope>, held: Held) => ReadonlyArray<Local>
}

/** A function of the source at a place in it; `line` and `column` count from 1. */
export interface PlacedFunction {
  /** The source's absolute path. */
  readonly file: string
  /** The place that it was suspended, or paused, at. */
  readonly line: number
  readonly column: number
  /** Its name, else that of the declaration around it, else `<anonymous>`. */
  readonly functionName: string
  /** The whole function: a stack frame of the same call is in it. */
  readonly functionRange: FunctionRange
  /** `false` if no source map was found, and places are those of the JavaScript. */
  readonly mapped: boolean
}

/** How a function is held: where it is paused, V8 knows that a variable is `undefined`. */
export type Held = "suspended" | "paused"

/** Most variables read of one function. */
const maxLocals = 64
/** Longest text of a function looked into, in UTF-16 code units. */
const maxText = 200_000

/**
 * Reads a function. `text` is its own, and V8 says that it begins `at` — by which it means the list of parameters, or the
 * first word if `text` begins there. `name` is what V8 calls it.
 */
export const make = (
  script: Script,
  text: string,
  at: ScriptPlace,
  beginsAt: "parameters" | "text",
  name: string
): FunctionSource => {
  const scanned = scanFunction(text.length > maxText ? "" : text)
  const positions = positionsIn(text, beginsAt === "text" ? 0 : scanned.parametersAt, at)
  const sourceAt = (offset: number): SourcePlace => placeIn(script, positions.placeOf(offset))
  const start = sourceAt(0)
  const namesAt = rememberedAt(scanned.namesAt)
  const sourceNameOf = remembered((offset: number, written: string) => sourceName(sourceAt(offset), written))
  const isTopLevel = (known: string, offset: number | undefined): boolean =>
    topLevelNames(start.path, start.content).has(offset === undefined ? known : sourceNameOf(offset, known)) ||
    (script.path !== start.path && topLevelNames(script.path, undefined).has(known))
  const functionName = nameOf(scanned, start, name, sourceNameOf)
  const functionRange = {
    file: start.path,
    startLine: start.line,
    endLine: lastLineOf(text, scanned, start, sourceAt)
  }
  return {
    placeOf: (at) => placeIn(script, at),
    frameAt: ({ column, line, mapped, path }) => ({ file: path, line, column, functionName, functionRange, mapped }),
    localsAt: (at, scopes, held) => {
      const offset = positions.offsetOf(at)
      // Without the text old values cannot be distinguished from new ones: better none than a wrong one.
      if (offset === undefined || offset < 0 || offset >= text.length || scanned.starts.length === 0) return []
      return localsOf({ scanned, offset, held, named: namesAt(offset), sourceNameOf, isTopLevel }, scopes)
    }
  }
}

const placeIn = (script: Script, { columnNumber, lineNumber }: ScriptPlace): SourcePlace =>
  script.sourceOf(lineNumber + 1, (columnNumber ?? 0) + 1)

interface Positions {
  readonly placeOf: (offset: number) => Required<ScriptPlace>
  readonly offsetOf: (at: ScriptPlace) => number | undefined
}

/** Places in the script for offsets in the text, and back, from one that is known. */
const positionsIn = (text: string, anchor: number, at: ScriptPlace): Positions => {
  const lines = lineStartsOf(text)
  const lineOf = (offset: number): number => {
    let low = 0
    for (let high = lines.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1
      if ((lines[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
  const anchorLine = lineOf(anchor)
  const firstLine = at.lineNumber - anchorLine
  // Only the text's first line does not begin where the script's line does.
  const indent = anchorLine === 0 ? (at.columnNumber ?? 0) - anchor : 0
  return {
    placeOf: (offset) => {
      const line = lineOf(offset)
      return { lineNumber: firstLine + line, columnNumber: offset - (lines[line] ?? 0) + (line === 0 ? indent : 0) }
    },
    offsetOf: ({ columnNumber, lineNumber }) => {
      const line = lineNumber - firstLine
      const from = lines[line]
      return from === undefined ? undefined : from + (columnNumber ?? 0) - (line === 0 ? indent : 0)
    }
  }
}

/** The offsets at which the lines of a text begin, as V8 counts lines. */
export const lineStartsOf = (text: string): ReadonlyArray<number> => {
  const starts = [0]
  for (const { 0: end, index } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(index + end.length)
  return starts
}

type SourceNameOf = (offset: number, written: string) => string

const remembered = (compute: SourceNameOf): SourceNameOf => {
  const known = new Map<number, string>()
  return (offset, written) => {
    const name = known.get(offset) ?? compute(offset, written)
    known.set(offset, name)
    return name
  }
}

/** A function fails at few places, and at those again and again. */
const rememberedAt = <A>(compute: (offset: number) => A): ((offset: number) => A) => {
  const known = new Map<number, A>()
  return (offset) => {
    const value = known.get(offset) ?? compute(offset)
    known.set(offset, value)
    return value
  }
}

// Compilers rename: what the source says at that very place is the name its reader knows.
const sourceName = (place: SourcePlace, written: string): string => {
  if (!place.mapped || !place.exact) return written
  if (place.name !== undefined && identifier.test(place.name)) return place.name
  const line = sourceText.linesOf(place.path, place.content)[place.line - 1]
  return (line === undefined ? undefined : identifier.exec(line.slice(place.column - 1))?.[0]) ?? written
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u

const nameOf = (scanned: ScannedFunction, start: SourcePlace, name: string, sourceNameOf: SourceNameOf): string => {
  if (scanned.name !== undefined) return sourceNameOf(scanned.name.start, scanned.name.text)
  const lines = sourceText.linesOf(start.path, start.content)
  return sourceText.enclosingNameOf(lines, start.line, start.column) ?? (name === "" ? anonymous : name)
}

const lastLineOf = (
  text: string,
  scanned: ScannedFunction,
  start: SourcePlace,
  sourceAt: (offset: number) => SourcePlace
): number => {
  if (!start.mapped) return sourceAt(text.length - 1).line
  // Not every bracket has a mapping: the last token that has one is near enough.
  for (let i = scanned.starts.length - 1; i >= 0 && i > scanned.starts.length - 20; i--) {
    const place = sourceAt(scanned.starts[i] ?? 0)
    if (place.mapped && place.path === start.path && place.line >= start.line) return place.line
  }
  return start.line
}

interface Found extends Local {
  /** Whether the failing statement, or what decided that it was run, names it. */
  readonly isNamed: boolean
  /** Where it is in the text; past its end for what comes from around the function. */
  readonly order: number
}

interface Looked {
  readonly scanned: ScannedFunction
  readonly offset: number
  readonly held: Held
  readonly named: ReturnType<ScannedFunction["namesAt"]>
  readonly sourceNameOf: SourceNameOf
  readonly isTopLevel: (name: string, offset: number | undefined) => boolean
}

const localsOf = (looked: Looked, scopes: ReadonlyArray<Scope>): ReadonlyArray<Local> => {
  const { named, offset, scanned, sourceNameOf } = looked
  const found = new Map<string, Found>()
  const seen = new Map<string, number>()
  const own = scopes.findLastIndex(({ type }) => type === "Local")
  for (const [i, scope] of scopesOfFunctions(looked, scopes, own).entries()) {
    const names = scope.names.filter(
      (name) => !isGenerated(name) && (i <= own || scanned.mentionOf(name) !== undefined)
    )
    const values = names.length === 0 ? nothing : scope.read(names)
    for (const name of names) {
      const mention = scanned.mentionOf(name)
      const value = values.get(name)
      const shadows = seen.get(name) ?? 0
      seen.set(name, shadows + 1)
      const binding = i > own ? undefined : scanned.bindingsAt(offset, name)[shadows]
      const state = stateOf(looked, binding, values, name)
      if (state === "value" ? isPlumbing(value) : binding?.callable) continue
      const place = binding?.nameStart ?? mention
      const sourceName = place === undefined ? name : sourceNameOf(place, name)
      // The innermost variable of a name is the one that is seen.
      if (found.has(sourceName)) continue
      found.set(sourceName, {
        name: sourceName,
        value: state === "value" ? value : undefined,
        state,
        isNamed: named.has(name),
        fields: state === "value" && isObject(value) ? named.get(name) : undefined,
        order: i > own ? Number.MAX_SAFE_INTEGER : (place ?? 0)
      })
    }
  }
  return Array.from(found.values())
    .sort((a, b) => Number(b.isNamed) - Number(a.isNamed) || a.order - b.order)
    .slice(0, maxLocals)
    .map(({ fields, name, state, value }) =>
      fields === undefined || fields.size === 0 ? { name, value, state } : { name, value, state, fields }
    )
}

/**
 * Where modules are run as functions (CommonJS, Vitest), a module's own variables look like those of a function around it.
 * They are constants and services, not what a call worked on.
 */
const scopesOfFunctions = (
  { isTopLevel, scanned }: Looked,
  scopes: ReadonlyArray<Scope>,
  own: number
): ReadonlyArray<Scope> => {
  let end = scopes.length
  while (end - 1 > own && scopes[end - 1]?.maybeModule === true) {
    const names = scopes[end - 1]?.names ?? []
    const isModule = names.every((name) => isGenerated(name) || isTopLevel(name, scanned.mentionOf(name)))
    if (!isModule) break
    end -= 1
  }
  return scopes.slice(0, end)
}

const nothing: ReadonlyMap<string, unknown> = new Map()

const stateOf = (
  { held, offset, scanned }: Looked,
  binding: Binding | undefined,
  values: ReadonlyMap<string, unknown>,
  name: string
): Local["state"] => {
  if (binding !== undefined && offset < binding.assignedAt) return "unassigned"
  if (!values.has(name)) return "lost"
  if (binding !== undefined && offset >= binding.doubtfulAt) return "unknown"
  if (values.get(name) !== undefined) return "value"
  return held === "paused" && (binding === undefined || scanned.isUsed(name)) ? "value" : "unknown"
}

/** Names that compilers and module loaders make up. */
const isGenerated = (name: string): boolean => generated.test(name)

const generated = /^(?:__vi_|__vite_ssr_|__name$|arguments$|this$|exports$|require$|module$|__filename$|__dirname$|\.)/

// Functions and modules are the program, not its data.
const isPlumbing = (value: unknown): boolean => {
  if (typeof value === "function" || types.isModuleNamespaceObject(value)) return true
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false
  // What replaces a module where modules are run as functions, and in a bundle.
  const own = (key: PropertyKey): unknown => Object.getOwnPropertyDescriptor(value, key)?.value
  return own("__esModule") === true || own(Symbol.toStringTag) === "Module" || isBundledModule(value)
}

/** Where a bundler makes an object of a module's exports, each is a getter that names it. */
const isBundledModule = (value: object): boolean => {
  const [first, ...others] = Object.keys(value)
  const isGetter = (key: string): boolean => {
    const { get, set } = Object.getOwnPropertyDescriptor(value, key) ?? {}
    return get !== undefined && set === undefined && namesOne.test(String(get))
  }
  return first !== undefined && isGetter(first) && others.every(isGetter)
}

const namesOne = /^(?:\(\)\s*=>\s*|(?:function\s*)?[\w$]*\(\)\s*\{\s*return\s+)[\w$.]+;?\s*\}?$/
