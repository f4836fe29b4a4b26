/**
 * What a fiber is in, by the operations on its stack: a failing fiber leaves them on the failure's way, and one whose
 * context is another's, as inside a cache's lookup, still has them.
 */
import type { AnyFiber } from "./fiber.js"

/** What Effect 3.22 has on each of its operations, and does not use itself. */
interface Marked {
  trace?: unknown
}

/** Most continuations of a fiber looked at: a stack may be 100,000 deep. */
const maxContinuations = 256

/** The region that is left with this operation. */
export const regionOf = (operation: object): object | undefined => {
  const { trace }: Marked = operation
  return typeof trace === "object" && trace !== null ? trace : undefined
}

/** The region that this fiber is in by its own stack, the innermost. */
export const innermostRegion = (fiber: AnyFiber): object | undefined => {
  // On every fiber of 3.22, but missing from its public interface.
  const { _stack: stack } = fiber as unknown as { readonly _stack: ReadonlyArray<object> }
  const end = Math.max(0, stack.length - maxContinuations)
  for (let i = stack.length - 1; i >= end; i--) {
    const region = regionOf(stack[i] as object)
    if (region !== undefined) return region
  }
  return undefined
}
