/**
 * Options under a name that there is none of. Only what is nearly the name of another is a mistake: what else an object has may be
 * for another library.
 */
import * as AST from "effect/SchemaAST"
import { InvalidOption } from "./InvalidOption.js"
import * as nearest from "./nearest.js"
import { attempt, isObject } from "./untrusted.js"

/** The first of these options that is nearly the name of one which is not among them. */
export const misspeltIn = (module: string, given: unknown, known: ReadonlyArray<string>): InvalidOption | undefined =>
  isObject(given) ? attempt(() => find(module, given, known, []), undefined) : undefined

const find = (
  module: string,
  given: object,
  known: ReadonlyArray<string>,
  path: ReadonlyArray<string>
): InvalidOption | undefined => {
  for (const name of Object.keys(given)) {
    const value: unknown = Object.getOwnPropertyDescriptor(given, name)?.value
    if (known.includes(name) || value === undefined) continue
    const meant = nearest.misspelt(
      name,
      known.filter((one) => !(one in given))
    )
    if (meant !== undefined) {
      const setting = [...path, name].join(".")
      return new InvalidOption({ module, setting, expected: "nothing", meant: [...path, meant].join(".") })
    }
  }
  return undefined
}

/** The same for options that a Schema decodes, and those in them; `also` is what else the object may have. */
export const misspeltFor = (
  module: string,
  ast: AST.AST,
  also: ReadonlyArray<string>
): ((given: unknown) => InvalidOption | undefined) => {
  const options = AST.encodedAST(ast)
  return (given) => attempt(() => inside(module, options, given, also, []), undefined)
}

const inside = (
  module: string,
  ast: AST.AST,
  given: unknown,
  also: ReadonlyArray<string>,
  path: ReadonlyArray<string>
): InvalidOption | undefined => {
  if (!isObject(given)) return undefined
  const records = recordsOf(ast)
  if (records.length === 0 || records.some(({ indexSignatures }) => indexSignatures.length > 0)) return undefined
  const properties = records.flatMap(({ propertySignatures }) => propertySignatures)
  const found = find(module, given, [...properties.map(({ name }) => String(name)), ...also], path)
  if (found !== undefined) return found
  for (const { name, type } of properties) {
    const value: unknown = Object.getOwnPropertyDescriptor(given, name)?.value
    const deeper = inside(module, type, value, [], [...path, String(name)])
    if (deeper !== undefined) return deeper
  }
  return undefined
}

const recordsOf = (ast: AST.AST): ReadonlyArray<AST.TypeLiteral> =>
  AST.isUnion(ast) ? ast.types.flatMap(recordsOf) : AST.isTypeLiteral(ast) ? [ast] : []
