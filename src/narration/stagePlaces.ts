/**
 * Where a stage was written, without capturing a stack at every turn of a loop.
 */
import * as Fiber from "effect/Fiber"
import { type DefinedAt, definedBy, positionOf } from "../diagnostics/source/callSite.js"
import { isEnabled } from "../runtime/muting.js"
import { regionIn } from "./region.js"

type Below = (...args: Array<never>) => unknown

/** So many stages of one name are looked at one by one: more of them are seldom written by hand in one stage. */
const exact = 16
/** The line that makes a stage, and its caller, should that be a helper. */
const frames = 2
/** Most names that are followed in one stage. */
const maxNames = 64

/**
 * The caller of `below`, which makes a stage. A stage that makes more than sixteen of one name is a loop: from then on two
 * in a row are looked at each time their number has doubled, and where they turn out to be written in several places,
 * every one is.
 */
export const placeOf = (below: Below, name: string): DefinedAt => {
  const fiber = Fiber.getCurrentFiber()
  if (fiber._tag === "Some" && !isEnabled(fiber.value)) return undefined
  const region = fiber._tag === "None" ? undefined : regionIn(fiber.value.currentContext)
  // Made outside any story, and so mostly once.
  if (region === undefined) return definedBy(below, frames)
  const around = region.stage ?? region.story
  around.places ??= new Map()
  const known = around.places.get(name)
  if (known === undefined) {
    if (around.places.size < maxNames) {
      around.places.set(name, { made: 1, definedAt: undefined, position: undefined, isAmbiguous: false })
    }
    return definedBy(below, frames)
  }
  known.made += 1
  if (known.made < exact || known.isAmbiguous) return definedBy(below, frames)
  if (!isPowerOfTwo(known.made) && !isPowerOfTwo(known.made - 1)) return known.definedAt
  const position = positionOf(below)
  known.isAmbiguous = position === undefined || (known.position !== undefined && known.position !== position)
  known.position = position
  known.definedAt = definedBy(below)
  return known.definedAt
}

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0
