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
  /** The inspector's handle of a value. It lives until `forget`. */
  readonly handleOf: (value: object) => string
  /** The value behind a handle: the very value, not a copy. */
  readonly valueOf: (handle: string) => unknown
  /** Lets go of all handles: while they live, so do the values. */
  readonly forget: () => void
  /** All scripts of the thread. Takes tens of milliseconds. */
  readonly scripts: () => ReadonlyArray<Debugger.ScriptParsedEventDataType>
  readonly close: () => void
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
    if (answer === undefined) throw new Error(`the inspector did not answer ${method} at once`)
    if (answer.error !== null) throw answer.error
    // The protocol says what each method answers with; the callers name it.
    return answer.result as A
  }
  return {
    connection,
    ask,
    handleOf: (value) => {
      const box: Box = { value }
      setBox(box)
      try {
        const { result } = ask<Runtime.EvaluateReturnType>("Runtime.evaluate", {
          expression: `process[Symbol.for(${JSON.stringify(boxName)})].value`,
          objectGroup,
          silent: true
        })
        if (result.objectId === undefined) throw new Error("the inspector gave no handle of an object")
        return result.objectId
      } finally {
        removeBox()
      }
    },
    valueOf: (handle) => {
      const box: Box = { value: undefined }
      setBox(box)
      try {
        ask("Runtime.callFunctionOn", {
          objectId: handle,
          functionDeclaration: `function () { process[Symbol.for(${JSON.stringify(boxName)})].value = this }`,
          silent: true
        })
        return box.value
      } finally {
        removeBox()
      }
    },
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

const objectGroup = "effect-narrative"

interface Box {
  value: unknown
}

const boxName = "effect-narrative/InspectorSession/box"
const boxKey = Symbol.for(boxName)

// On `process`, which every context of the thread shares: what runs in a `vm` context has another `globalThis`.
const setBox = (box: Box): void => {
  Object.defineProperty(process, boxKey, { value: box, configurable: true, enumerable: false })
}

const removeBox = (): void => {
  Reflect.deleteProperty(process, boxKey)
}
