/**
 * A cause as text, whatever its errors do when they are read.
 */
import * as Cause from "effect/Cause"

/**
 * What `Cause.pretty` makes of the cause, or `otherwise` where an error's own code throws. Effect has then left
 * `Error.stackTraceLimit` at 1: from there on, each error of the process would have a stack of one frame.
 */
export const prettyCause = (
  cause: Cause.Cause<unknown>,
  otherwise: string,
  options?: { readonly renderErrorCause: boolean }
): string => {
  const limit = Error.stackTraceLimit
  try {
    return Cause.pretty(cause, options)
  } catch {
    // `Reflect.set` because an assignment throws where intrinsics are frozen.
    Reflect.set(Error, "stackTraceLimit", limit)
    return otherwise
  }
}
