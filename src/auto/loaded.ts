/**
 * What a hook does with a module that was loaded.
 */
import * as nodeModule from "node:module"
import { attempt } from "../plain/untrusted.js"
import { type AutoSettings, fileOf, isWanted, type Shared } from "./settings.js"
import { transform } from "./transform.js"

export interface Loaded {
  readonly format?: string | null | undefined
  readonly source?: string | ArrayBuffer | NodeJS.TypedArray | null | undefined
}

export const instrument = <L extends Loaded>(url: string, loaded: L, settings: AutoSettings, shared: Shared): L => {
  const path = fileOf(url)
  const { format, source } = loaded
  if (path === undefined || typeof format !== "string" || source == null || !isWanted(path, settings)) return loaded
  const kind = /^(module|commonjs)(-typescript)?$/.exec(format)
  if (kind === null) return loaded
  const text = typeof source === "string" ? source : textOf(source)
  // As Node would do it after this hook: types become blanks, and every line and column stays.
  const code = kind[2] === undefined ? text : attempt(() => stripTypes(text), undefined)
  if (code === undefined) return loaded
  const instrumented = instrumentedSource(code, path, kind[1] === "module" ? "module" : "script", settings, shared)
  return instrumented === undefined ? loaded : { ...loaded, format: kind[1], source: instrumented }
}

export const textOf = (source: ArrayBuffer | NodeJS.ArrayBufferView): string =>
  (ArrayBuffer.isView(source)
    ? Buffer.from(source.buffer, source.byteOffset, source.byteLength)
    : Buffer.from(source)
  ).toString("utf8")

/** The source of a module of the app, instrumented; `undefined` where it stays as it is. */
export const instrumentedSource = (
  source: string,
  path: string,
  sourceType: "module" | "script",
  { main, stories }: AutoSettings,
  { namesUs }: Shared
): string | undefined => {
  if (/["']effect-narrative(?:\/[\w/]+)?["']/.test(source)) Atomics.store(namesUs, 0, 1)
  return transform(source, { sourceType, path, isMain: path === main && stories !== false })
}

/** Node has it where it loads TypeScript itself. */
const stripTypes = (text: string): string => {
  const strip: unknown = Reflect.get(nodeModule, "stripTypeScriptTypes")
  if (typeof strip !== "function") throw new TypeError("This version of Node loads no TypeScript")
  const warn = process.emitWarning
  // It warns that it is experimental, which whoever loads TypeScript this way knows.
  process.emitWarning = () => undefined
  try {
    return String(strip(text, { mode: "strip" }))
  } finally {
    process.emitWarning = warn
  }
}
