/**
 * Where a function is written, and what the variables hold that it sees: read through V8's inspector, without calling it.
 */
import { types } from "node:util"
import { attempt, isObject } from "../../plain/untrusted.js"
import type { InspectorSession } from "./inspectorSession.js"
import { placeOf, propertiesOf } from "./internals.js"
import type { ScriptTable, SourcePlace } from "./scriptTable.js"

/** What a function is, as far as V8 says. */
export interface KnownFunction {
  readonly place: SourcePlace
  /** Whether it is Effect's, this library's, or another package's. */
  readonly isForeign: boolean
  /** The value that a name has in it. Only data is read: no getter is run, and no proxy asked. */
  readonly lookUp: LookUp
  /** The functions that a function of a library was made with: `f` in what `Effect.map(f)` gives. */
  readonly madeWith: () => ReadonlyArray<object>
}

/** The value of `a.b.c`, by its names. */
export type LookUp = (names: ReadonlyArray<string>) => unknown

export interface FunctionReader {
  /** `undefined` for what is no function of a script. */
  readonly describe: (value: object) => KnownFunction | undefined
  /** What a suspended generator sees. */
  readonly lookUpIn: (generator: object) => LookUp
  /** Releases what was looked at. */
  readonly end: () => void
}

const ofFunction: ReadonlySet<string> = new Set(["Closure"])
const ofAll: ReadonlySet<string> = new Set(["Block", "Local", "Closure", "Catch", "Module", "Script"])

export const make = (session: InspectorSession, scripts: ScriptTable): FunctionReader => {
  const internalsOf = (value: object) => {
    const [objectId] = session.handlesOf([value])
    return propertiesOf(session, { type: "object", objectId })
  }
  const lookUpBy =
    (scopes: string | undefined): LookUp =>
    ([root = "", ...names]) => {
      const [list = []] = scopes === undefined ? [] : session.scopesIn([scopes], ofAll)
      const scope = list.find(({ variables }) => variables?.names.includes(root))
      return names.reduce(dataOf, scope?.variables?.read([root]).get(root))
    }
  return {
    describe: (value) =>
      attempt((): KnownFunction | undefined => {
        const internals = internalsOf(value)
        const location = placeOf(internals.get("[[FunctionLocation]]"))
        const script = scripts.scriptOf(location.scriptId)
        if (script === undefined) return undefined
        const scopes = internals.get("[[Scopes]]")?.objectId
        return {
          place: script.sourceOf(location.lineNumber + 1, (location.columnNumber ?? 0) + 1),
          isForeign: script.origin !== "app",
          lookUp: lookUpBy(scopes),
          madeWith: () => (scopes === undefined ? [] : attempt(() => functionsIn(session, scopes), []))
        }
      }, undefined),
    lookUpIn: (generator) => lookUpBy(attempt(() => internalsOf(generator).get("[[Scopes]]")?.objectId, undefined)),
    end: () => attempt(session.forget, undefined)
  }
}

/** Most variables of a closure looked at. */
const maxVariables = 8

const functionsIn = (session: InspectorSession, scopes: string): ReadonlyArray<object> => {
  const [list = []] = session.scopesIn([scopes], ofFunction)
  const values = list.flatMap(({ variables }) =>
    variables === undefined ? [] : Array.from(variables.read(variables.names.slice(0, maxVariables)).values())
  )
  return values.flatMap((value) =>
    typeof value === "function"
      ? [value]
      : // The options of `Effect.match`.
        ["onFailure", "onSuccess"].map((name) => dataOf(value, name)).filter((one) => typeof one === "function")
  )
}

/** Most prototypes looked through for a method. */
const maxPrototypes = 4

const dataOf = (value: unknown, name: string): unknown => {
  let object: unknown = value
  for (let up = 0; up <= maxPrototypes && isObject(object) && !types.isProxy(object); up++) {
    const at = object
    const own = attempt(() => Object.getOwnPropertyDescriptor(at, name), undefined)
    if (own !== undefined) return own.value
    object = Object.getPrototypeOf(at)
  }
  return undefined
}
