/**
 * The functions that a module declares where all of them begin a line, which most sources do that people and compilers write: what is
 * between them is not looked at. That takes a tenth of what following every bracket does, in modules without a class.
 *
 * What it finds too much, in a text of several lines, does no harm, as what is added to a module catches all that it may throw. It
 * finds nothing too little: where a function or a class may be declared elsewhere, it cannot be sure.
 */
import { type Declarations, functionName, matchAt, startOf } from "./scanner.js"

const keywords = /\b(?:function|class)\b/g

/** What is before a declaration on its line. */
const declaration = /^(?:export\s+(?:default\s+)?)?(?:async\s+)?$/

/** What is before a function or a class that is a value, or is nested. */
const value = /(?:[=({[,?:&|!>~+-]|\b(?:return|new|typeof|void|await|yield|throw|extends)\b)\s*(?:async\s+)?$/

/** `undefined` where it cannot be sure. */
export const scanLines = (source: string): Declarations | undefined => {
  const functions = new Set<string>()
  keywords.lastIndex = 0
  while (keywords.test(source)) {
    const end = keywords.lastIndex
    const isFunction = source.charAt(end - 1) === "n"
    const at = end - (isFunction ? "function" : "class").length
    const before = source.slice(source.lastIndexOf("\n", at) + 1, at)
    if (value.test(before)) continue
    const found = isFunction && declaration.test(before) ? matchAt(functionName, source, end) : null
    if (found === null) return undefined
    const [, name] = found
    if (name !== undefined && !name.startsWith("_")) functions.add(name)
  }
  return { functions: Array.from(functions), classes: [], start: startOf(source) }
}
