/**
 * What a source file declares at its top level.
 */
import * as parser from "./parser.js"

/**
 * The names a file declares or imports at its top level, TypeScript included: by its tokens, since only they are read. A name too
 * many does no harm.
 */
export const topLevelNamesOf = (text: string): ReadonlySet<string> => {
  const names = new Set<string>()
  const words = parser
    .tokensOf(text)
    .map(({ end, start, type }) => ({ text: text.slice(start, end), isName: type.label === "name" }))
  let depth = 0
  let declaring: string | undefined
  for (const [i, { isName, text: word }] of words.entries()) {
    const before = words[i - 1]?.text
    if (closing.has(word)) depth -= 1
    if (depth === 0 && declarations.has(word)) declaring = word
    else if (depth === 0 && (word === ";" || (declaring === "import" && quoted.test(word)))) declaring = undefined
    else if (isName && declares(declaring, depth, before, words[i + 1]?.text)) names.add(word)
    // What follows the name of a function or a class, or the equals sign of a variable, declares nothing here.
    if (depth === 0 && (word === "(" || word === "{") && !patterns.has(declaring ?? "")) declaring = undefined
    if (depth === 0 && word === "=") declaring = "="
    if (depth === 0 && word === "," && declaring === "=") declaring = "const"
    if (opening.has(word)) depth += 1
  }
  return names
}

const quoted = /^["']/
const opening = new Set(["(", "[", "{", "${"])
const closing = new Set([")", "]", "}"])
const patterns = new Set(["const", "let", "var", "import"])
const declarations = new Set([...patterns, "function", "class", "enum", "namespace"])

const declares = (
  declaring: string | undefined,
  depth: number,
  before: string | undefined,
  after: string | undefined
): boolean => {
  if (declaring === undefined || declaring === "=") return false
  if (declaring === "import") return !quoted.test(after ?? "")
  if (!patterns.has(declaring)) return depth === 0 && (before === declaring || before === "*")
  return depth === 0 ? before === declaring || before === "," : after !== ":" && before !== "="
}
