/**
 * Where something was written: one frame, captured when a combinator is called and formatted only when a failure asks.
 */

/** The stack of a definition, formatted only when it is read. */
export type DefinedAt = { readonly stack?: string } | undefined

/** The caller of `below`. */
export const definedBy = (below: (...args: Array<never>) => unknown): DefinedAt => {
  const limit = Error.stackTraceLimit
  // `Reflect.set` because an assignment throws where intrinsics are frozen.
  Reflect.set(Error, "stackTraceLimit", 1)
  const here: { readonly stack?: string } = {}
  try {
    Error.captureStackTrace(here, below)
  } finally {
    // Also where the program recurses too deep just here.
    Reflect.set(Error, "stackTraceLimit", limit)
  }
  return here
}
