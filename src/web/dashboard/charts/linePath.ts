/**
 * A line through points of which some have no value.
 */
import type { Scale } from "./scale.js"

/** A line from point to point, with a gap where one has no value. */
export const pathOf = (
  points: ReadonlyArray<{ readonly values: ReadonlyArray<number> | null }>,
  line: number,
  scale: Scale,
  middle: (at: number) => number
): string => {
  let isOpen = false
  return points
    .map(({ values }, at) => {
      const value = values?.[line]
      const command =
        value === undefined ? "" : `${isOpen ? "L" : "M"}${middle(at).toFixed(1)} ${scale.at(value).toFixed(1)}`
      isOpen = value !== undefined
      return command
    })
    .join("")
}
