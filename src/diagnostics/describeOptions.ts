/**
 * What a failure report is made with.
 */
import type * as Cause from "effect/Cause"
import type { CauseLeaf } from "../cause/causeLeaves.js"
import type { FailureReport } from "../event/FailureReport.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { FrameWithLocals, WaitingFrame } from "./locals/framesWithLocals.js"
import type * as waitingEffect from "./locals/waitingEffect.js"
import type * as calledEffect from "./source/calledEffect.js"
import type * as stackFrames from "./source/stackFrames.js"

/** What a failure says of the effect that failed. */
export type EffectSearch = Omit<waitingEffect.Search, "functions" | "waiting">

export interface DescribeOptions {
  readonly mode: FailureReport["diagnosticsMode"]
  readonly read: stackFrames.StackReader
  /** Longest stack text of a failure, in UTF-16 code units. */
  readonly maxStackText: number
  /**
   * The calls that errors came through whose values can be read, innermost first; none where they are not looked for. Errors
   * of one failure are given together, the innermost first.
   */
  readonly framesOf: ((errors: ReadonlyArray<object>) => ReadonlyArray<FrameWithLocals>) | undefined
  /** The calls that errors came through, without values: asked for where no stack leads to the app. */
  readonly linesOf: ((errors: ReadonlyArray<object>) => ReadonlyArray<WaitingFrame>) | undefined
  /** The lines of all generators that waited for errors, those of libraries among them; innermost first. */
  readonly waitingFor: (errors: ReadonlyArray<object>) => ReadonlyArray<WaitingFrame>
  /** The line of the effect that failed, where no stack leads to it and no generator is in it. */
  readonly effectOf:
    | ((errors: ReadonlyArray<object>, search: EffectSearch) => calledEffect.EffectPlace | undefined)
    | undefined
  /** Defects that came with a failure and that Effect left out of the cause. */
  readonly droppedWith: (leaf: CauseLeaf) => ReadonlyArray<Cause.Cause<unknown>>
  readonly redactor: Redactor
  /** A file of a location as it is called on every machine and in every working directory. */
  readonly fileKey: (file: string) => string
}
