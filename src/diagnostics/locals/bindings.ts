/**
 * What a function's text declares: each variable with the block it lives in and the place from which it has a value.
 *
 * A generator keeps the values of an earlier round of a loop until new ones are assigned. Only its text says which.
 */

import type { FunctionNode, Node } from "./parser.js"
import * as parser from "./parser.js"

/** A variable declared in a text. All places are offsets in it. */
export interface Binding {
  readonly name: string
  readonly nameStart: number
  /** The block it lives in. */
  readonly from: number
  readonly to: number
  /** Before this place it has no value yet, or one of an earlier round. */
  readonly assignedAt: number
  /** From this place on it is unknown whether it was assigned: the next `case` of its `switch`. */
  readonly doubtfulAt: number
  /** Whether what it will hold is written as a function or a class. */
  readonly callable: boolean
}

export interface ScannedFunction {
  /** Where the list of parameters opens: what V8 takes for the beginning of a function. */
  readonly parametersAt: number
  /** The name it has in the text, and where that is. */
  readonly name: Occurrence | undefined
  /** The variables seen from a place, by name, the innermost first. */
  readonly bindingsAt: (offset: number, name: string) => ReadonlyArray<Binding>
  /** The first place where a variable of this name is mentioned. */
  readonly mentionOf: (name: string) => number | undefined
  /** Whether a variable of this name is used besides being declared: V8 keeps none that is not. */
  readonly isUsed: (name: string) => boolean
  /** The variables that the statement at a place names, and the conditions under which it is run: each with the fields named. */
  readonly namesAt: (offset: number) => ReadonlyMap<string, ReadonlySet<string>>
  /** The offsets at which tokens begin; none if the text could not be read. */
  readonly starts: ReadonlyArray<number>
}

export interface Occurrence {
  readonly text: string
  readonly start: number
}

/** Reads a function's text, from its first word to its last bracket. */
export const scanFunction = (text: string): ScannedFunction => {
  const parsed = text === "" ? undefined : parser.parseFunction(text)
  if (parsed === undefined) return unread
  const { key, node, shift, tokens } = parsed
  const found = new Map<string, Array<Binding>>()
  const mentions = new Map<string, number>()
  const used = new Set<string>()
  const scan: Scan = {
    declare: ({ name, ...places }) => {
      const binding = { ...shifted(places, shift), name, callable: places.callable }
      const same = found.get(name)
      if (same === undefined) found.set(name, [binding])
      else same.push(binding)
    },
    mention: (name, start) => {
      if (mentions.has(name)) used.add(name)
      if (start - shift < (mentions.get(name) ?? Number.POSITIVE_INFINITY)) mentions.set(name, start - shift)
    }
  }
  visitFunction(node, scan)
  const named = nameOf(node, key)
  if (named !== undefined) scan.mention(named.text, named.start)
  const head = node.type === "ArrowFunctionExpression" ? node.start : (node.id?.end ?? node.start)
  return {
    parametersAt: (tokens.find(({ start, type }) => start >= head && type.label === "(")?.start ?? node.start) - shift,
    name: named === undefined ? undefined : { text: named.text, start: named.start - shift },
    bindingsAt: (offset, name) =>
      (found.get(name) ?? [])
        .filter(({ from, to }) => from <= offset && offset < to)
        // Blocks nest: of those around a place, the one that begins last is the innermost.
        .sort((a, b) => b.from - a.from),
    mentionOf: (name) => mentions.get(name),
    isUsed: (name) => used.has(name),
    namesAt: (offset) => namesAt(node, offset + shift),
    starts: tokens.map(({ start }) => start - shift).filter((start) => start >= 0 && start < text.length)
  }
}

const unread: ScannedFunction = {
  parametersAt: 0,
  name: undefined,
  bindingsAt: () => [],
  mentionOf: () => undefined,
  isUsed: () => false,
  namesAt: () => new Map(),
  starts: []
}

const nameOf = (node: FunctionNode, key: Node | undefined): Occurrence | undefined => {
  if (key?.type === "Identifier") return { text: key.name, start: key.start }
  if (key?.type === "PrivateIdentifier") return { text: `#${key.name}`, start: key.start }
  return node.type !== "ArrowFunctionExpression" && node.id != null
    ? { text: node.id.name, start: node.id.start }
    : undefined
}

interface Scan {
  readonly declare: (binding: Binding) => void
  readonly mention: (name: string, start: number) => void
}

const shifted = (places: Omit<Binding, "name">, shift: number): Omit<Binding, "name"> => ({
  nameStart: places.nameStart - shift,
  from: places.from - shift,
  to: places.to - shift,
  assignedAt: places.assignedAt - shift,
  doubtfulAt: places.doubtfulAt - shift,
  callable: places.callable
})

/** What surrounds a node: the function it belongs to, and the block in which its `let` and `const` live. */
interface Place {
  readonly function: Node
  readonly block: Node
  readonly doubtfulAt: number
}

const visitFunction = (node: FunctionNode, scan: Scan): void => {
  for (const name of node.params.flatMap(namesOfPattern)) {
    scan.declare({ ...binding(name, node, node.body.start), from: node.start })
  }
  const place: Place = { function: node, block: node.body, doubtfulAt: Number.POSITIVE_INFINITY }
  for (const child of parser.childrenOf(node)) if (child !== nameNodeOf(node)) visit(child, place, scan)
}

const nameNodeOf = (node: Node): Node | null =>
  (node.type === "FunctionExpression" || node.type === "ClassExpression" ? node.id : null) ?? null

const binding = (name: Occurrence, block: Node, assignedAt: number): Binding => ({
  name: name.text,
  nameStart: name.start,
  from: block.start,
  to: block.end,
  assignedAt,
  doubtfulAt: Number.POSITIVE_INFINITY,
  callable: false
})

const visit = (node: Node, place: Place, scan: Scan): void => {
  switch (node.type) {
    case "Identifier":
      scan.mention(node.name, node.start)
      return
    case "FunctionDeclaration":
      if (node.id != null) {
        const name = { text: node.id.name, start: node.id.start }
        scan.declare({ ...binding(name, place.block, place.block.start), callable: true })
      }
      visitFunction(node, scan)
      return
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      visitFunction(node, scan)
      return
    case "ClassDeclaration":
      if (node.id != null) {
        const name = { text: node.id.name, start: node.id.start }
        scan.declare({ ...binding(name, place.block, node.end), callable: true })
      }
      break
    case "CatchClause":
      if (node.param != null) {
        for (const name of namesOfPattern(node.param)) scan.declare(binding(name, node, name.start))
      }
      break
    case "VariableDeclaration":
      declareVariables(node, place, undefined, scan)
      break
    case "ForInStatement":
    case "ForOfStatement":
      if (node.left.type === "VariableDeclaration") {
        declareVariables(
          node.left,
          { ...place, block: node, doubtfulAt: Number.POSITIVE_INFINITY },
          node.right.end,
          scan
        )
        for (const child of [...node.left.declarations.map(({ id }) => id), node.right, node.body]) {
          visit(child, within(node, place), scan)
        }
        return
      }
      break
    case "SwitchStatement":
      visit(node.discriminant, place, scan)
      for (const [i, one] of node.cases.entries()) {
        visit(one, { ...within(node, place), doubtfulAt: node.cases[i + 1]?.start ?? Number.POSITIVE_INFINITY }, scan)
      }
      return
  }
  const inside = opensBlock(node) ? within(node, place) : place
  for (const child of mentioning(node)) visit(child, inside, scan)
}

const within = (block: Node, place: Place): Place => ({ ...place, block, doubtfulAt: Number.POSITIVE_INFINITY })

const opensBlock = ({ type }: Node): boolean =>
  type === "BlockStatement" || type === "ForStatement" || type === "CatchClause" || type === "StaticBlock"

const declareVariables = (
  node: Node & { readonly type: "VariableDeclaration" },
  place: Place,
  assignedAt: number | undefined,
  scan: Scan
): void => {
  const block = node.kind === "var" ? place.function : place.block
  for (const { end, id, init } of node.declarations) {
    const callable = init != null && isCallable(init)
    for (const name of namesOfPattern(id)) {
      const doubtfulAt = node.kind === "var" ? Number.POSITIVE_INFINITY : place.doubtfulAt
      scan.declare({ ...binding(name, block, assignedAt ?? end), doubtfulAt, callable })
    }
  }
}

/** Functions and classes, also as esbuild writes them to keep their names. */
const isCallable = (node: Node): boolean =>
  node.type === "FunctionExpression" ||
  node.type === "ArrowFunctionExpression" ||
  node.type === "ClassExpression" ||
  (node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "__name")

/** The names a pattern binds: `{ a, b: c = 1, ...rest }`. */
const namesOfPattern = (pattern: Node): ReadonlyArray<Occurrence> => {
  switch (pattern.type) {
    case "Identifier":
      return [{ text: pattern.name, start: pattern.start }]
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        namesOfPattern(property.type === "Property" ? property.value : property)
      )
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => (element === null ? [] : namesOfPattern(element)))
    case "AssignmentPattern":
      return namesOfPattern(pattern.left)
    case "RestElement":
      return namesOfPattern(pattern.argument)
    default:
      return []
  }
}

/** The nodes below a node that may mention a variable: not what is only a name of a property or a label. */
const mentioning = (node: Node): ReadonlyArray<Node> => {
  switch (node.type) {
    case "MemberExpression":
      return node.computed ? [node.object, node.property] : [node.object]
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
      return [...(node.computed ? [node.key] : []), ...(node.value == null ? [] : [node.value])]
    case "LabeledStatement":
      return [node.body]
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
      return []
    default:
      return parser.childrenOf(node).filter((child) => child !== nameNodeOf(node))
  }
}

const namesAt = (node: FunctionNode, offset: number): ReadonlyMap<string, ReadonlySet<string>> => {
  const path: Array<Node> = []
  for (let inner: Node | undefined = node; inner !== undefined; ) {
    path.unshift(inner)
    inner = parser.childrenOf(inner).find(({ end, start }) => start <= offset && offset < end)
  }
  const names = new Map<string, Set<string>>()
  const fieldsOf = (name: string) => {
    const fields = names.get(name) ?? new Set()
    names.set(name, fields)
    return fields
  }
  const add = (from: Node | null | undefined): void => {
    if (from == null) return
    if (from.type === "Identifier") fieldsOf(from.name)
    if (from.type === "MemberExpression" && from.object.type === "Identifier") {
      const field = fieldOf(from)
      if (field !== undefined) fieldsOf(from.object.name).add(field)
    }
    for (const child of mentioning(from)) add(child)
  }
  // A loop or a branch is named by its head alone, unless the place is in the head.
  const statement = path.find(({ type }) => /Statement$|^VariableDeclaration$/.test(type) && type !== "BlockStatement")
  if (statement !== undefined && conditionsOf(statement).length === 0) add(statement)
  for (const around of path) for (const condition of conditionsOf(around)) add(condition)
  return names
}

const fieldOf = ({ computed, property }: Extract<Node, { readonly type: "MemberExpression" }>): string | undefined => {
  if (!computed) return property.type === "Identifier" ? property.name : undefined
  return property.type === "Literal" && typeof property.value === "string" ? property.value : undefined
}

const conditionsOf = (node: Node): ReadonlyArray<Node | null | undefined> => {
  switch (node.type) {
    case "IfStatement":
    case "ConditionalExpression":
    case "WhileStatement":
    case "DoWhileStatement":
    case "ForStatement":
    case "SwitchCase":
      return [node.test]
    case "SwitchStatement":
      return [node.discriminant]
    case "ForOfStatement":
    case "ForInStatement":
      return [node.left, node.right]
    case "LogicalExpression":
      return [node.left]
    default:
      return []
  }
}
