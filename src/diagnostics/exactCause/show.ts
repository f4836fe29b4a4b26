/**
 * How a value of the program's own appears in a sentence: as redaction lets it.
 */
import * as PlainValue from "../../plain/PlainValue.js"

export interface Show {
  /** A value without a name. */
  readonly value: (value: unknown) => PlainValue.PlainValue
  /** Named values. */
  readonly fields: (fields: Readonly<Record<string, unknown>>) => PlainValue.PlainRecord
  /** Whether the value of that name is never shown. */
  readonly isSecret: (name: string) => boolean
}

/** As they are: for what is redacted afterwards, or is no one's secret. */
export const asItIs: Show = { value: PlainValue.from, fields: PlainValue.fromRecord, isSecret: () => false }
