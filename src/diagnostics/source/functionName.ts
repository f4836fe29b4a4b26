/**
 * What a function is called in its source.
 */
import type { DefinedAt } from "./callSite.js"
import { linesOf } from "./sourceText.js"
import { reader } from "./stackFrames.js"

/**
 * The name a function was written with. Where a bundler had to rename it because an outer name is the same (esbuild, and
 * so vitest, turns `validate` into `validate2`), the source beside the definition says it.
 */
export const nameOf = (body: (...args: Array<never>) => unknown, definedAt: DefinedAt): string => {
  const renamed = /^(.*\D)\d+$/.exec(body.name)?.[1]
  const frame = renamed === undefined ? undefined : reader([], "/")(definedAt?.stack ?? "")[0]
  if (renamed === undefined || frame === undefined) return body.name
  const { shown } = frame
  const lines = linesOf(frame.path, frame.content).slice(shown.line - 1, shown.line + 3)
  const written = lines.join("\n").match(/\bfunction\s*\*?\s*([\w$]+)/)?.[1]
  return written === renamed ? renamed : body.name
}
