/**
 * What a story asks of diagnostics, apart from what answers it: that is large, and loaded when it is needed.
 */
import type * as Cause from "effect/Cause"
import type { CauseLeaf } from "../cause/causeLeaves.js"
import type { Failure, FailureReport } from "../event/FailureReport.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { Secrets } from "../redaction/secrets.js"
import type { FailureContext, StageOfFailure } from "./undescribed.js"

/** The failure of a stage. */
export interface FailureInShort {
  readonly leaf: CauseLeaf | undefined
  readonly stage: StageOfFailure
  readonly redactor: Redactor
  readonly secrets: Secrets
}

export interface Describer {
  /** The report of a cause. Never throws. */
  readonly describeIn: (cause: Cause.Cause<unknown>, context: FailureContext, redactor: Redactor) => FailureReport
  /** Finds out what is secret from the values around a failure, before its message is emitted anywhere. */
  readonly collectSecrets: (leaf: CauseLeaf, redactor: Redactor, secrets: Secrets) => void
  /** What a failure comes to for whoever must decide, and where it is, in short. Never throws. */
  readonly summarize: (failure: FailureInShort) => Pick<Failure, "errorCode" | "retryable" | "location">
  /** What the span of a story says of its failures. */
  readonly attributesOf: (report: FailureReport) => PlainRecord
}

/** The describer of a program that provides none, and what is wrong with its settings. */
export interface DefaultDescriber {
  readonly service: Describer
  readonly problem: string | undefined
}

/** The key of the service `Diagnostics` in a context. */
export const key = "effect-narrative/Diagnostics"

let byDefault: (() => DefaultDescriber) | undefined

/** Called once `Diagnostics` is loaded. */
export const setDefault = (make: () => DefaultDescriber): void => {
  byDefault = make
}

/** `undefined` until `Diagnostics` is loaded. */
export const getDefault = (): DefaultDescriber | undefined => byDefault?.()
