/**
 * What every part of a failure's panel is given.
 */
import type { Failure } from "../../event/FailureReport.js"
import type { PageFailure } from "../../renderer/html/pageData.js"
import type { Tree } from "./tree.js"

export interface FailurePanelProps {
  readonly failure: Failure
  /** Among the failures of the report. */
  readonly index: number
  /** The report. */
  readonly whole: PageFailure
  readonly tree: Tree
  /** Shows a stage. */
  readonly show: (id: number) => void
}
