/**
 * Who asked for a story, on spans and log records.
 */
import { type Correlation, type IdField, idFieldNames, idFields, make, none } from "../event/correlationFields.js"
import { extended } from "../plain/extended.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import type { Redactor } from "../redaction/Redaction.js"
import { Secrets } from "../redaction/secrets.js"
import type { Asker, ShownAsker } from "./currentCorrelation.js"

const attributeNames = {
  correlationId: `narrative.${idFields.correlationId}`,
  requestId: `narrative.${idFields.requestId}`,
  runId: `narrative.${idFields.runId}`,
  sessionId: `narrative.${idFields.sessionId}`,
  userId: `narrative.${idFields.userId}`,
  orgId: `narrative.${idFields.orgId}`,
  tenant: `narrative.${idFields.tenant}`
} as const satisfies { readonly [K in IdField]: string }

/** The ids, but not the baggage, which may be long. */
export const correlationAttributes = (correlation: Correlation | null): PlainRecord => {
  if (correlation === null) return none as PlainRecord
  const found: Record<string, PlainValue> = {}
  for (const field of idFieldNames) {
    const id = correlation[field]
    if (id !== undefined) found[attributeNames[field]] = id
  }
  for (const name in correlation.extra) found[`narrative.extra.${name}`] = correlation.extra[name] ?? null
  return found
}

/** `undefined` where nothing is known. */
export const askerOf = (correlation: Correlation): Asker | undefined =>
  correlation === none || Object.keys(correlation).length === 0 ? undefined : new Known(correlation)

class Known implements Asker {
  /** The redactor that had nothing to hide of it: most have not, and it is asked again for every story. */
  #showing: Redactor | undefined
  #attributes: PlainRecord | undefined

  constructor(readonly correlation: Correlation) {}

  shown(redactor: Redactor, secrets: () => Secrets): ShownAsker {
    if (redactor !== this.#showing) {
      const found = new Secrets()
      const shown: Correlation = redactor.record(extended(this.correlation, noFields), found)
      if (found.hidden > 0 || !isSame(shown, this.correlation)) {
        const again = make(redactor.record({ ...this.correlation }, secrets()))
        return { correlation: again, attributes: correlationAttributes(again) }
      }
      this.#showing = redactor
    }
    this.#attributes ??= correlationAttributes(this.correlation)
    return { correlation: this.correlation, attributes: this.#attributes }
  }
}

const noFields = {}

const isSame = (a: Correlation, b: Correlation): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  (Object.keys(b) as Array<keyof Correlation>).every((field) =>
    typeof b[field] === "object" ? JSON.stringify(a[field]) === JSON.stringify(b[field]) : a[field] === b[field]
  )
