/**
 * Where something was written: one frame, captured when a combinator is called and formatted only when a failure asks.
 */

/** The stack of a definition, formatted only when it is read. */
export type DefinedAt = { readonly stack?: string } | undefined

/** The caller of `below`, and those around it as far as `frames` go: one may be a helper that makes stages for others. */
export const definedBy = (below: (...args: Array<never>) => unknown, frames = 1): DefinedAt => {
  const limit = Error.stackTraceLimit
  // `Reflect.set` because an assignment throws where intrinsics are frozen.
  Reflect.set(Error, "stackTraceLimit", frames)
  const here: { readonly stack?: string } = {}
  try {
    Error.captureStackTrace(here, below)
  } finally {
    // Also where the program recurses too deep just here.
    Reflect.set(Error, "stackTraceLimit", limit)
  }
  return here
}

/**
 * The caller of `below` as a text by which two callers can be distinguished: the position in the code that runs, whatever
 * its source maps say. `undefined` where it cannot be known.
 */
export const positionOf = (below: (...args: Array<never>) => unknown): string | undefined => {
  const prepare = Error.prepareStackTrace
  Reflect.set(Error, "prepareStackTrace", (_: unknown, sites: ReadonlyArray<NodeJS.CallSite>) => sites[0])
  try {
    // Read while it is prepared our way. Whoever prepared it before may have frozen that.
    const site: unknown = definedBy(below)?.stack
    if (typeof site !== "object" || site === null) return undefined
    const { getColumnNumber, getLineNumber, getScriptNameOrSourceURL } = site as NodeJS.CallSite
    return `${getScriptNameOrSourceURL.call(site)}:${getLineNumber.call(site)}:${getColumnNumber.call(site)}`
  } catch {
    return undefined
  } finally {
    Reflect.set(Error, "prepareStackTrace", prepare)
  }
}
