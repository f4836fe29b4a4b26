/**
 * So much text and no more, whatever values it comes in.
 */
import type { PlainValue } from "../../plain/PlainValue.js"

export class TextBudget {
  #left: number
  /** How many values had no room. */
  refused = 0

  /** `max`: characters of JSON. */
  constructor(max: number) {
    this.#left = max
  }

  /** The value, if there is room for it. */
  take<A extends PlainValue | object>(value: A): A | undefined {
    const size = JSON.stringify(value).length
    if (size > this.#left) {
      this.refused += 1
      return undefined
    }
    this.#left -= size
    return value
  }
}
