/**
 * Who asked for a story, on spans and log records.
 */
import { type Correlation, idFieldNames, idFields, make, none } from "../event/correlationFields.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import type { Asker } from "./currentCorrelation.js"

/** The ids, but not the baggage, which may be long. */
export const correlationAttributes = (correlation: Correlation | null): PlainRecord => {
  if (correlation === null) return none as PlainRecord
  const found: Record<string, PlainValue> = {}
  for (const field of idFieldNames) {
    const id = correlation[field]
    if (id !== undefined) found[`narrative.${idFields[field]}`] = id
  }
  for (const name in correlation.extra) found[`narrative.extra.${name}`] = correlation.extra[name] ?? null
  return found
}

/** `undefined` where nothing is known. */
export const askerOf = (correlation: Correlation): Asker | undefined =>
  correlation === none || Object.keys(correlation).length === 0
    ? undefined
    : {
        correlation,
        shown: (hide) => {
          const shown = make(hide({ ...correlation }))
          return { correlation: shown, attributes: correlationAttributes(shown) }
        }
      }
