/**
 * The parser by which a function's text is understood. It is loaded when local variables are first to be read: most programs
 * never need it.
 */
import * as nodeModule from "node:module"
import type * as Acorn from "acorn"

/** A node of a syntax tree. Its offsets count from before the text: see `ParsedFunction.shift`. */
export type Node = Acorn.AnyNode

export type FunctionNode = Extract<
  Node,
  { readonly type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }
>

export interface ParsedFunction {
  readonly node: FunctionNode
  /** What a method is called by. */
  readonly key: Node | undefined
  readonly tokens: ReadonlyArray<Acorn.Token>
  /** What to take from an offset of the tree for the offset in the text. */
  readonly shift: number
}

/** Loads the parser at once. Throws where it is no file, as in a bundle: there, `loadLater` finds it. */
export const load = (): typeof Acorn => {
  acorn ??= nodeModule.createRequire(import.meta.url ?? `${process.cwd()}/`)("acorn") as typeof Acorn
  return acorn
}

/** Loads the parser wherever it is. */
export const loadLater = async (): Promise<void> => {
  acorn ??= await import("acorn")
}

let acorn: typeof Acorn | undefined

/**
 * What makes a program of a function's text. V8 gives it as it was written (a method without its class), or, for a paused
 * function, from its parameters on, and for an arrow function from behind their bracket.
 */
const surroundings = {
  whole: ["(", ")"],
  method: ["(class{", "})"],
  fromParameters: ["(async function*", ")"],
  fromParametersOfPlain: ["(function", ")"],
  behindBracket: ["(async(", ")"]
} as const

type Form = keyof typeof surroundings

/** The likeliest form first: an attempt that fails throws, which is to be spared where throws are paused at. */
const formsOf = (text: string): ReadonlyArray<Form> => {
  if (/^(?:async\s+)?function\b|^class\b|^(?:async\s+)?[\w$]+\s*=>|^async\s*\(/.test(text)) return ["whole", "method"]
  if (text.startsWith("(")) return ["fromParameters", "fromParametersOfPlain", "whole"]
  if (/^(?:async\s*\*?|\*|get\s|set\s)?\s*(?:\[|["'#\p{ID_Start}$_][^()=,]*\()/u.test(text))
    return ["method", "behindBracket"]
  return ["behindBracket", "method"]
}

/** The function that is this text; `undefined` if it cannot be read as one. */
export const parseFunction = (text: string): ParsedFunction | undefined => {
  const { parse } = load()
  for (const sourceType of ["module", "script"] as const) {
    for (const form of formsOf(text)) {
      const [before, after] = surroundings[form]
      const tokens: Array<Acorn.Token> = []
      try {
        // The line break ends a comment that the text may end with.
        const program = parse(`${before}${text}\n${after}`, { ...options, sourceType, onToken: tokens })
        const found = functionIn(program)
        if (found !== undefined) return { ...found, tokens, shift: before.length }
      } catch {
        // Not like this; or it is nested too deep to be read.
      }
    }
  }
  return undefined
}

/** A function is read alone: what surrounds it may be what allows it to say `super`, `await` or `this.#name`. */
const options = {
  ecmaVersion: "latest",
  allowAwaitOutsideFunction: true,
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
  checkPrivateFields: false
} as const

const functionIn = ({ body }: Acorn.Program): Pick<ParsedFunction, "node" | "key"> | undefined => {
  const [statement] = body
  if (body.length !== 1 || statement?.type !== "ExpressionStatement") return undefined
  const { expression } = statement
  if (expression.type === "FunctionExpression" || expression.type === "ArrowFunctionExpression") {
    return { node: expression, key: undefined }
  }
  if (expression.type !== "ClassExpression") return undefined
  // The text of a constructor is that of its class.
  const methods = expression.body.body.filter((member) => member.type === "MethodDefinition")
  const method = methods.length === 1 ? methods[0] : methods.find(({ kind }) => kind === "constructor")
  return method === undefined ? undefined : { node: method.value, key: method.computed ? undefined : method.key }
}

/** The nodes right below a node, in the order of the source. */
export const childrenOf = (node: Node): ReadonlyArray<Node> => {
  const children: Array<Node> = []
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) children.push(child)
  }
  return children.sort((a, b) => a.start - b.start)
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

/**
 * The tokens of any text, TypeScript included, of which acorn knows the tokens but not the grammar. What is none of its
 * tokens is left out.
 */
export const tokensOf = (text: string): ReadonlyArray<Acorn.Token> => {
  const { tokenizer } = load()
  const tokens: Array<Acorn.Token> = []
  for (let from = 0, attempts = 0; from < text.length && attempts < maxAttempts; attempts++) {
    try {
      for (const token of tokenizer(" ".repeat(from) + text.slice(from), { ecmaVersion: "latest" })) tokens.push(token)
      break
    } catch (error) {
      const at =
        error instanceof SyntaxError && "pos" in error && typeof error.pos === "number" ? error.pos : text.length
      from = Math.max(from, tokens.at(-1)?.end ?? 0, at) + 1
    }
  }
  return tokens
}

const maxAttempts = 100
