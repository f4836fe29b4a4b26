/**
 * What V8 says of a value beside its properties: where a function is, what a generator is suspended in.
 */
import type { Runtime } from "node:inspector"
import type { ScriptPlace } from "./functionSource.js"
import type { InspectorSession } from "./inspectorSession.js"

/** A value as the protocol describes it. */
export type RemoteObject = Runtime.RemoteObject

export type Properties = ReadonlyMap<string, Runtime.RemoteObject>

/** `[[GeneratorState]]`, `[[Scopes]]`, … No getter is run. */
export const propertiesOf = (session: InspectorSession, handle: Runtime.RemoteObject): Properties => {
  const { internalProperties } = session.ask<Runtime.GetPropertiesReturnType>("Runtime.getProperties", {
    objectId: handle.objectId,
    ownProperties: true
  })
  const found = new Map<string, Runtime.RemoteObject>()
  for (const { name, value } of internalProperties ?? []) {
    if (value !== undefined) found.set(name, value)
  }
  return found
}

export interface ScriptLocation extends ScriptPlace {
  readonly scriptId: string
}

export const placeOf = (location: Runtime.RemoteObject | undefined): ScriptLocation => {
  const value: Partial<ScriptLocation> | undefined = location?.value
  if (value?.scriptId === undefined || value.lineNumber === undefined) throw new Error("V8 did not give a location")
  return { scriptId: value.scriptId, lineNumber: value.lineNumber, columnNumber: value.columnNumber }
}
