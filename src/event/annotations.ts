import type { Failure } from "./FailureReport.js"

/** What the spans around a failure and its stage say of their work, where two say it the innermost. */
export const annotationsOf = ({ spans, stageAttributes }: Failure): Failure["stageAttributes"] =>
  Object.assign({}, ...spans.map(({ attributes }) => attributes).toReversed(), stageAttributes)
