/**
 * What can be said of a failure without looking at the program: what the error says of itself.
 */
import * as ConfigError from "effect/ConfigError"
import type { CauseLeaf } from "../cause/causeLeaves.js"
import { type ErrorNode, treeOf } from "../cause/errorTree.js"
import * as thrownValue from "../cause/thrownValue.js"
import type { Failure, FailureReport, Progress } from "../event/FailureReport.js"
import type * as PlainValue from "../plain/PlainValue.js"
import { attempt, textOf } from "../plain/untrusted.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { Secrets } from "../redaction/secrets.js"

/** What the story knows about a failure, and a cause does not. */
export interface FailureContext {
  readonly storyName: string | null
  /** The stage a failure came from, if any. */
  readonly stageOf: (leaf: CauseLeaf) => StageOfFailure | undefined
  readonly timeline: FailureReport["timeline"]
  readonly timelineOmitted: number
  readonly progress: Progress
  readonly interruptors: FailureReport["interruptors"]
  /** What the story has hidden so far. */
  readonly secrets: Secrets | undefined
}

export interface StageOfFailure {
  /** The names of the stages around the failure, outermost first. */
  readonly path: ReadonlyArray<string>
  /** Where that stage was written: V8's stack text. */
  readonly definedAt: string | undefined
  /** Whether these regions that a failure left are, or have among them, its stage, or its story where it has none. */
  readonly hasLeft?: (regions: ReadonlyArray<object>) => boolean
  readonly attributes: PlainValue.PlainRecord
  /** When it ended, or its story where it has none, in milliseconds since the epoch. */
  readonly endedAt?: number | undefined
}

/** Finds out what is secret from the fields that an error and its causes carry. */
export const collectSecretsIn = (tree: ReadonlyArray<ErrorNode>, redactor: Redactor, secrets: Secrets): void => {
  for (const { error } of tree) {
    for (const fieldsOf of [thrownValue.ownFields, quotedBy]) {
      const fields = attempt(() => fieldsOf(error), {})
      if (Object.keys(fields).length > 0) attempt(() => redactor.record(fields, secrets), undefined)
    }
  }
}

/** The same for an error whose tree is not known yet. */
export const collectSecrets = (error: unknown, redactor: Redactor, secrets: Secrets): void =>
  collectSecretsIn(treeOf(error, maxErrors), redactor, secrets)

/** Values that an error quotes in a text, under the names that it gives them there. */
const quotedBy = (error: unknown): Readonly<Record<string, string>> => {
  if (ConfigError.isConfigError(error) && error._op === "InvalidData") {
    const given = /(?:received|actual|given|got) ["'(]?(.+?)["')]?$/.exec(error.message)?.[1]
    const name = error.path.at(-1)
    return given === undefined || name === undefined ? {} : { [name]: given }
  }
  // PostgreSQL: `Key (email, token)=(ada@example.com, tok-93jd) already exists.`
  const detail = textOf(error, "detail")
  if (detail === undefined) return {}
  const [, names = "", values = ""] = /^Key \(([^()]*)\)=\((.*)\) /.exec(detail) ?? []
  const columns = names.split(", ")
  const given = columns.length === 1 ? [values] : values.split(", ")
  return Object.fromEntries(
    columns.flatMap((name, i) => (given[i] === undefined || name === "" ? [] : [[name, given[i]]]))
  )
}

/** Most errors behind one that are looked at. */
export const maxErrors = 12

/** What the error itself says, when its place could not be found out. */
export const unplaced = (leaf: CauseLeaf, stage: StageOfFailure | undefined, redactor: Redactor): Failure => {
  const chain = redactor.text(thrownValue.chainOf(leaf.error))
  return {
    ...undescribed,
    path: leaf.path,
    kind: leaf.kind,
    errorType: redactor.text(thrownValue.typeOf(leaf.error)),
    errorMessage: redactor.text(thrownValue.messageOf(leaf.error)),
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    failedAt: stage?.endedAt ?? null,
    stackText: chain,
    exceptionChain: chain,
    exactCause: chain,
    stageAttributes: stage?.attributes ?? {}
  }
}

export const undescribed: Failure = {
  path: "",
  kind: "die",
  errorType: "Error",
  errorMessage: "The failure could not be described.",
  stageName: null,
  stagePath: [],
  failedAt: null,
  location: null,
  locationReason: "unknown",
  ownLocation: null,
  spans: [],
  stackFrames: [],
  stackSummary: "0 app frame(s), 0 other/hidden in full stack (0 total)",
  hiddenFrameCount: 0,
  stackText: "",
  stackTruncated: false,
  snippet: [],
  exceptionChain: "",
  causes: [],
  exactCause: "",
  errorCode: "UNKNOWN",
  retryable: false,
  facts: {},
  details: null,
  hint: null,
  rule: null,
  fingerprint: "",
  stageAttributes: {}
}
