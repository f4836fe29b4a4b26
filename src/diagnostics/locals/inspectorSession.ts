/**
 * V8's inspector in its own thread: no port, no debugger, every answer at once.
 */
import type * as Inspector from "node:inspector"
import type { Debugger, Runtime } from "node:inspector"

/** A session with the inspector of this thread. */
export interface InspectorSession {
  readonly connection: Inspector.Session
  /** An answer of the inspector. Throws where it answers with an error, or not at once. */
  readonly ask: <A = unknown>(method: string, parameters?: object) => A
  /** The inspector's handles of values, in their order. They live until `forget`. */
  readonly handlesOf: (values: ReadonlyArray<object>) => ReadonlyArray<string | undefined>
  /** The value behind a handle: the very value, not a copy. The handle must be that of an object or a function. */
  readonly valueOf: (handle: string) => unknown
  /** The variables of a scope of a paused function. */
  readonly scopeOf: (handle: string) => ScopeVariables
  /**
   * What each `[[Scopes]]` of V8 lists, all of them in three questions. The variables of scopes of these types are described.
   */
  readonly scopesIn: (
    lists: ReadonlyArray<string>,
    types: ReadonlySet<string>
  ) => ReadonlyArray<ReadonlyArray<ListedScope>>
  /** Releases all handles: while they live, so do the values. */
  readonly forget: () => void
  /** All scripts of the thread. Takes tens of milliseconds. */
  readonly scripts: () => ReadonlyArray<Debugger.ScriptParsedEventDataType>
  readonly close: () => void
}

/** The variables of one scope as V8 describes them. */
export interface ScopeVariables {
  readonly names: ReadonlyArray<string>
  /** The values of these variables, the very values. What is missing V8 no longer has. Can be asked once. */
  readonly read: (names: ReadonlyArray<string>) => ReadonlyMap<string, unknown>
}

export interface ListedScope {
  readonly description: string
  /** The first word of it: `Closure`, `Block`, `Module`, … */
  readonly type: string
  readonly variables: ScopeVariables | undefined
}

/** The inspector, or why there is none. */
export const inspector = (): typeof Inspector => {
  // Imported, it would keep the whole library from loading where Node was built without it.
  const found: typeof Inspector | undefined = process.getBuiltinModule?.("node:inspector")
  if (typeof found?.Session !== "function") throw new Error("this runtime has no inspector")
  return found
}

/** Opens a session. Throws where the inspector is missing or denied, as under `--experimental-permission`. */
export const open = (): InspectorSession => {
  const connection = new (inspector().Session)()
  connection.connect()
  const ask = <A>(method: string, parameters: object = {}): A => {
    let answer: { readonly error: Error | null; readonly result: unknown } | undefined
    connection.post(method, parameters, (error, result) => {
      answer = { error, result }
    })
    if (answer === undefined)
      throw new Error("the inspector of this runtime does not answer in the thread that asks it")
    if (answer.error !== null) throw answer.error
    // The protocol says what each method answers with; the callers name it.
    return answer.result as A
  }
  const call: Call = (handle, declaration, given = [], generatePreview = false) => {
    const box: Box = { value: undefined }
    setBox(box)
    try {
      const { result } = ask<Runtime.CallFunctionOnReturnType>("Runtime.callFunctionOn", {
        objectId: handle,
        functionDeclaration: declaration,
        arguments: given.map((one) => (typeof one === "string" ? { value: one } : one)),
        objectGroup,
        generatePreview,
        silent: true
      })
      return { value: box.value, result }
    } finally {
      removeBox()
    }
  }
  return {
    connection,
    ask,
    handlesOf: (values) => {
      setBox({ value: values })
      try {
        const { result } = ask<Runtime.EvaluateReturnType>("Runtime.evaluate", {
          // One needs no list to be asked for.
          expression: values.length === 1 ? `${boxInside}.value[0]` : `${boxInside}.value`,
          objectGroup,
          silent: true
        })
        if (values.length === 1) return [result.objectId]
        const entries = entriesOf(ask, result.objectId, false)
        return values.map((_, i) => entries.get(i)?.objectId)
      } finally {
        removeBox()
      }
    },
    valueOf: (handle) => call(handle, `function () { ${boxInside}.value = this }`).value,
    scopeOf: (handle) => describeScope(call(handle, namesOfScope, [], true), call),
    scopesIn: (lists, types) => listedScopes(lists, types, ask, call),
    forget: () => {
      ask("Runtime.releaseObjectGroup", { objectGroup })
    },
    scripts: () => {
      const found: Array<Debugger.ScriptParsedEventDataType> = []
      const collect = ({ params }: { readonly params: Debugger.ScriptParsedEventDataType }) => {
        found.push(params)
      }
      connection.on("Debugger.scriptParsed", collect)
      try {
        ask("Debugger.enable")
        ask("Debugger.disable")
      } finally {
        connection.off("Debugger.scriptParsed", collect)
      }
      return found
    },
    close: () => connection.disconnect()
  }
}

/** Calls a function on the value of a handle. What it is given are texts, and values by their handles. */
type Call = (
  handle: string,
  declaration: string,
  given?: ReadonlyArray<string | { readonly objectId: string }>,
  generatePreview?: boolean
) => Called

interface Called {
  /** What the function put into the box. */
  readonly value: unknown
  /** What it returned, as the protocol describes it. */
  readonly result: Runtime.RemoteObject
}

/**
 * Where a function was optimised, V8 keeps a marker of its own in place of a variable that is not needed any more, and to touch
 * it aborts the process. So nothing is read that a preview has not given a type: it is made without JavaScript, and passes
 * over such markers. It shows the first few variables only, hence step by step: those that were shown are read and taken out
 * of the scope, which is a copy that V8 made for the inspector.
 */
const readVariables = (
  scope: string,
  first: Runtime.ObjectPreview | undefined,
  call: Call,
  found: Map<string, unknown> = new Map()
): ReadonlyMap<string, unknown> => {
  try {
    for (let preview = first; preview !== undefined; ) {
      const shown = shownIn(preview)
      if (shown.length === 0) return found
      const { result, value } = call(scope, takeOut, shown, preview.overflow)
      setValues(found, shown, value)
      preview = preview.overflow ? result.preview : undefined
    }
  } catch {
    // Something in this scope cannot even be described: what was read until then is right.
  }
  return found
}

// An accessor is how V8 says that a variable must not be touched.
const shownIn = (preview: Runtime.ObjectPreview): ReadonlyArray<string> =>
  preview.properties.flatMap(({ name, type }) => (type === "accessor" ? [] : [name]))

const setValues = (found: Map<string, unknown>, names: ReadonlyArray<string>, values: unknown): void => {
  if (Array.isArray(values)) for (const [i, name] of names.entries()) if (i in values) found.set(name, values[i])
}

const describeScope = ({ result: { objectId, preview }, value }: Called, call: Call): ScopeVariables => {
  if (objectId === undefined || !Array.isArray(value)) throw new Error("V8 described a scope in an unknown form")
  const all = value.map(String)
  return {
    names: all,
    read: (names) =>
      preview?.overflow === true && names.length < all.length
        ? readVariables(objectId, call(objectId, keepOnly, names, true).result.preview, call)
        : readVariables(objectId, preview, call)
  }
}

/** The values of an array by their places in it. */
const entriesOf = (
  ask: InspectorSession["ask"],
  objectId: string | undefined,
  generatePreview: boolean
): ReadonlyMap<number, Runtime.RemoteObject> => {
  if (objectId === undefined) throw new Error("the inspector gave no handle of an object")
  const { result } = ask<Runtime.GetPropertiesReturnType>("Runtime.getProperties", {
    objectId,
    ownProperties: true,
    generatePreview
  })
  return new Map(result.flatMap(({ name, value }) => (value?.objectId === undefined ? [] : [[Number(name), value]])))
}

/** The first variables of all scopes are read at once: most have few. */
const listedScopes = (
  lists: ReadonlyArray<string>,
  types: ReadonlySet<string>,
  ask: InspectorSession["ask"],
  call: Call
): ReadonlyArray<ReadonlyArray<ListedScope>> => {
  const [first] = lists
  if (first === undefined) return []
  const given = [JSON.stringify([...types]), ...lists.map((objectId) => ({ objectId }))]
  const { result, value: descriptions } = call(first, scopesOfTypes, given)
  const entries = entriesOf(ask, result.objectId, true)
  const shown = Array.from(entries, ([at, { preview }]) => [at, preview === undefined ? [] : shownIn(preview)] as const)
  const { value: read } = call(result.objectId ?? "", readFirst, [JSON.stringify(shown)])
  if (!Array.isArray(descriptions) || !Array.isArray(read)) {
    throw new Error("V8 described the scopes of a function in an unknown form")
  }
  const variables = new Map(
    shown.map(([at, names], i) => [at, variablesIn(entries.get(at), names, read[i], call)] as const)
  )
  let at = 0
  return descriptions.map((ofList: ReadonlyArray<unknown>) =>
    ofList.map((written): ListedScope => {
      const description = String(written)
      const type = description.split(" ", 1)[0] ?? ""
      return { description, type, variables: types.has(type) ? variables.get(at++) : undefined }
    })
  )
}

const variablesIn = (
  { objectId, preview }: Partial<Runtime.RemoteObject> = {},
  shown: ReadonlyArray<string>,
  [names, values]: ReadonlyArray<unknown>,
  call: Call
): ScopeVariables | undefined => {
  if (objectId === undefined || preview === undefined) return undefined
  const found = new Map<string, unknown>()
  setValues(found, shown, values)
  return {
    names: Array.isArray(names) ? names.map(String) : [],
    read: (names) => {
      const missing = names.filter((name) => !found.has(name))
      if (!preview.overflow || missing.length === 0) return found
      return readVariables(objectId, call(objectId, keepOnly, missing, true).result.preview, call, found)
    }
  }
}

const objectGroup = "effect-narrative"

interface Box {
  value: unknown
}

const boxName = "effect-narrative/InspectorSession/box"
const boxKey = Symbol.for(boxName)
const boxInside = `process[Symbol.for(${JSON.stringify(boxName)})]`

const namesOfScope = `function () {
  ${boxInside}.value = Object.keys(this)
  return this
}`
const scopesOfTypes = `function (types, ...lists) {
  const wanted = new Set(JSON.parse(types))
  const scopes = []
  ${boxInside}.value = lists.map((list) =>
    Array.from(list, ({ description, object }) => {
      if (wanted.has(description.split(" ", 1)[0])) scopes.push(object)
      return description
    })
  )
  return scopes
}`
const readFirst = `function (asked) {
  ${boxInside}.value = JSON.parse(asked).map(([at, names]) => {
    const scope = this[at]
    return [Object.keys(scope), names.map((name) => scope[name])]
  })
}`
// Only what V8 made for the inspector has no prototype: an object of the program's is never changed.
const isCopy = `if (Object.getPrototypeOf(this) !== null) throw new Error("not a copy of a scope")`
const keepOnly = `function (...names) {
  ${isCopy}
  const kept = new Set(names)
  for (const name of Object.keys(this)) if (!kept.has(name)) delete this[name]
  return this
}`
const takeOut = `function (...names) {
  ${isCopy}
  ${boxInside}.value = names.map((name) => this[name])
  for (const name of names) delete this[name]
  return this
}`

// On `process`, which every context of the thread shares: what runs in a `vm` context has another `globalThis`.
const setBox = (box: Box): void => {
  Object.defineProperty(process, boxKey, { value: box, configurable: true, enumerable: false })
}

const removeBox = (): void => {
  Reflect.deleteProperty(process, boxKey)
}
