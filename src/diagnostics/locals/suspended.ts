/**
 * What a failing fiber is in: the generators on its stack, and the stages and stories between them.
 */
import { isObject } from "../../plain/untrusted.js"
import { regionOf } from "../../runtime/regionMark.js"

/** What waits on a fiber's stack, as of Effect 3.22. */
export interface Continuation {
  readonly _op: string
  readonly effect_instruction_i0?: unknown
  readonly effect_instruction_i1?: unknown
  readonly effect_instruction_i2?: unknown
}

/** Most generators kept of one fiber, and most of the rest of its stack. */
const maxGenerators = 12
const maxTop = 96
/** Most continuations of a fiber looked at: a stack may be 100,000 deep. */
const maxContinuations = 512

/** What a fiber is in while it fails. */
export interface Suspended {
  /** Innermost first. */
  readonly generators: ReadonlyArray<object>
  /** Where each of them is on the fiber's stack. */
  readonly depths: ReadonlyArray<number>
  /**
   * The stages and stories among them, each `behind` so many of the generators; and the spans that the failure has left. What is
   * below its `depth` on the stack is outside of it.
   */
  readonly regions: Array<{ readonly region: object; readonly behind: number; readonly depth: number }>
  /** The stack itself, which changes as its fiber goes on. */
  readonly stack: ReadonlyArray<Continuation>
  /** The top of it, from `topFrom` on, with all that waits: it is looked through for a report only. */
  readonly top: ReadonlyArray<Continuation>
  readonly topFrom: number
}

/** Of all that a fiber is in, or of the innermost stage or story alone, and then only its generators. */
export const suspendedIn = (stack: ReadonlyArray<Continuation>, isWhole: boolean): Suspended => {
  const generators: Array<object> = []
  const depths: Array<number> = []
  const regions: Suspended["regions"] = []
  const end = Math.max(0, stack.length - maxContinuations)
  for (let i = stack.length - 1; i >= end && generators.length < maxGenerators; i--) {
    const continuation = stack[i]
    if (continuation === undefined) continue
    const region = regionOf(continuation)
    if (region !== undefined) {
      if (!isWhole) break
      regions.push({ region, behind: generators.length, depth: i })
    } else if (continuation._op === "Iterator" && isObject(continuation.effect_instruction_i0)) {
      generators.push(continuation.effect_instruction_i0)
      depths.push(i)
    }
  }
  const topFrom = isWhole ? Math.max(0, stack.length - maxTop) : stack.length
  return { generators, depths, regions, stack, top: isWhole ? stack.slice(topFrom) : none, topFrom }
}

const none: ReadonlyArray<Continuation> = []
