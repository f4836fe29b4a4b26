/**
 * What a stage or story says of the spans that were counted in it.
 */
import type { PlainRecord } from "../plain/PlainValue.js"

/** The attribute under which it does: `sql.execute ×3 · GET api.example.com (1 failed)`. */
export const spanDetails = "narrative.details"

export const spanDetailsOf = (attributes: PlainRecord): string | undefined => {
  const details = attributes[spanDetails]
  return typeof details === "string" ? details : undefined
}
