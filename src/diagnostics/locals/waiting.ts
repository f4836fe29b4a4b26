/**
 * What waited for a failure, fiber by fiber, as one list: the generators, and the operations inside each.
 */
import { regionOf } from "../../runtime/regionMark.js"
import type { Continuation, Suspended } from "./suspended.js"

/** A suspended generator. It is only held, never resumed. */
export interface CapturedFrame {
  readonly generator: object
  /** The stages, stories and spans that the failure had left before it came here: the generator is outside them. */
  readonly left?: ReadonlyArray<object> | undefined
  /** The services that its fiber had, by their keys. */
  readonly services?: ReadonlyMap<string, unknown> | undefined
  /** Whether its fiber has it no more, so that nothing will resume it. */
  readonly isDropped?: boolean | undefined
}

/** An operation, such as that of `flatMap`, which waited for what failed. It is only held, too. */
export interface CapturedOperation {
  readonly operation: Continuation
  readonly left: ReadonlyArray<object>
}

/** A generator, and what waited between the one inside it and itself, innermost first. */
export interface WaitingGenerator extends Omit<CapturedFrame, "generator"> {
  /** `undefined` for what waited outside of all. */
  readonly generator: object | undefined
  readonly operations: ReadonlyArray<CapturedOperation>
}

interface FiberSuspended extends Suspended {
  readonly services: CapturedFrame["services"]
}

/** The innermost fiber first. */
export const waitingIn = (fibers: ReadonlyArray<FiberSuspended>): ReadonlyArray<WaitingGenerator> => {
  const found: Array<WaitingGenerator> = []
  const left: Array<object> = []
  let operations: Array<CapturedOperation> = []
  for (const fiber of fibers) {
    const before = [...left]
    left.push(...fiber.regions.map(({ region }) => region))
    for (let at = 0; at <= fiber.generators.length; at++) {
      for (const { depth, operation } of operationsBetween(fiber, at)) {
        const passed = fiber.regions.filter((region) => depth < region.depth).map(({ region }) => region)
        operations.push({ operation, left: [...before, ...passed] })
      }
      const generator = fiber.generators[at]
      if (generator === undefined) continue
      const passed = [...before, ...fiber.regions.filter(({ behind }) => behind <= at).map(({ region }) => region)]
      found.push({
        generator,
        services: fiber.services,
        left: passed.length === 0 ? undefined : passed,
        isDropped: fiber.stack[fiber.depths[at] ?? 0]?.effect_instruction_i0 !== generator,
        operations
      })
      operations = []
    }
  }
  if (operations.length > 0) {
    found.push({ generator: undefined, services: fibers.at(-1)?.services, left, isDropped: true, operations })
  }
  return found
}

/** The operations right inside a generator of a fiber, or outside all of them; innermost first. */
const operationsBetween = ({ depths, top, topFrom }: FiberSuspended, at: number) => {
  const end = (depths[at - 1] ?? topFrom + top.length) - topFrom
  const start = depths[at] === undefined ? 0 : Math.max(0, depths[at] - topFrom + 1)
  return top
    .slice(start, Math.max(start, end))
    .map((operation, i) => ({ operation, depth: topFrom + start + i }))
    .filter(({ operation }) => operation._op !== "Iterator" && regionOf(operation) === undefined)
    .toReversed()
}
