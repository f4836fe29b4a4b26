/**
 * Where a fiber keeps who asked: in its context, which forks, queues' readers and layers inherit.
 *
 * What it takes to show it is loaded by whatever says it first, and so is no part of a program that does not.
 */
import * as Context from "effect/Context"
import type { Correlation } from "../event/correlationFields.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import type { Redactor, Secrets } from "../redaction/Redaction.js"

/** A correlation, and how it may be shown. */
export interface Asker {
  readonly correlation: Correlation
  /** As this redactor shows it. What is hidden is added to the secrets. */
  readonly shown: (redactor: Redactor, secrets: () => Secrets) => ShownAsker
}

/** A correlation as it may leave, and as attributes of a span. */
export interface ShownAsker {
  readonly correlation: Correlation
  readonly attributes: PlainRecord
}

export const Asker = Context.GenericTag<Asker>("effect-narrative/Asker")

/** `undefined` where nothing is known. */
export const askerIn = (context: Context.Context<never>): Asker | undefined => context.unsafeMap.get(Asker.key)
