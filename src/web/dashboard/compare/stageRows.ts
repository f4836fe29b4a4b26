/**
 * The rows of a comparison of stages: those that differ, and runs of equal ones folded into one.
 */
import type { ComparedStageJson } from "../../../server/readModels.js"

export type StageRow =
  | { readonly kind: "stage"; readonly at: number; readonly stage: ComparedStageJson }
  | { readonly kind: "equal"; readonly from: number; readonly count: number }

/** Fewer equal stages than this are shown as they are. */
const leastFolded = 3

/** `opened`: folds that the reader opened, by where they begin. What is around a difference is shown with it. */
export const stageRows = (
  stages: ReadonlyArray<ComparedStageJson>,
  opened: ReadonlySet<number>,
  isFolding: boolean
): ReadonlyArray<StageRow> => {
  const shown = new Set<number>()
  for (const [at, stage] of stages.entries()) {
    if (stage.differs.length === 0) continue
    for (
      let around: number | null = at;
      around !== null && !shown.has(around);
      around = stages[around]?.parent ?? null
    ) {
      shown.add(around)
    }
  }
  const rows: Array<StageRow> = []
  for (let at = 0; at < stages.length; ) {
    let end = at
    while (isFolding && end < stages.length && !shown.has(end)) end += 1
    if (end - at >= leastFolded && !opened.has(at)) {
      rows.push({ kind: "equal", from: at, count: end - at })
      at = end
      continue
    }
    for (end = Math.max(end, at + 1); at < end; at += 1) {
      const stage = stages[at]
      if (stage !== undefined) rows.push({ kind: "stage", at, stage })
    }
  }
  return rows
}
