/**
 * Rows as the records that a history gives.
 */
import * as Either from "effect/Either"
import { flag } from "../database/columns.js"
import { type DamagedRow, decodeRow, eventOf, type Found, pick, selected } from "../database/decodeRows.js"
import type { Row } from "../database/tables.js"
import * as tables from "../database/tables.js"
import type { FailureRecord, FailureSummary, StageRecord, StoryRecord, StorySummary } from "../StoryRecord.js"

/** What a summary is made of. */
export const summaryTable = pick(tables.stories, [
  "key",
  "id",
  "name",
  "kind",
  "root_story_id",
  "parent_story_id",
  "parent_stage_index",
  "status",
  "outcome",
  "started_at",
  "ended_at",
  "duration_seconds",
  "declared_stages",
  "percent",
  "completed_stages",
  "total_stages",
  "failed_stages",
  "cancelled_stages",
  "dry_run",
  "labels",
  "writer_id"
])

/** A story that runs without a writer that is alive was cut off. */
export const statusOf = (
  { status, writer_id }: Pick<Row<typeof tables.stories>, "status" | "writer_id">,
  alive: ReadonlySet<number>
): StorySummary["status"] => (status === "running" && !alive.has(writer_id) ? "interrupted" : status)

/** What a row of `stories` knows by itself. */
export type StoryFields = Omit<StorySummary, "failure">

export const storyFields = (row: Row<typeof summaryTable>): StoryFields => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  rootStoryId: row.root_story_id,
  parentStoryId: row.parent_story_id,
  parentStageIndex: row.parent_stage_index,
  status: row.status,
  outcome: row.outcome,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  durationSeconds: row.duration_seconds,
  progress:
    row.percent === null
      ? null
      : { percent: row.percent, completedStages: row.completed_stages ?? 0, totalStages: row.total_stages ?? 0 },
  declaredStages: row.declared_stages,
  failedStages: row.failed_stages,
  cancelledStages: row.cancelled_stages,
  dryRun: row.dry_run,
  labels: row.labels
})

/** What only the whole story shows of its row. */
export type StoryDetail = Pick<StoryRecord, "traceId" | "spanId" | "correlation" | "attributes" | "causedBy" | "work">

export const storyDetail = (row: Row<typeof tables.stories>): StoryDetail => ({
  traceId: row.trace_id,
  spanId: row.span_id,
  correlation: row.correlation,
  attributes: row.attributes,
  causedBy: row.caused_by,
  work: row.work
})

/** What a list of failures shows. */
export const failureTable = pick(tables.failures, [
  "id",
  "story_key",
  "story_id",
  "story_name",
  "stage_name",
  "occurred_at",
  "handled",
  "error_type",
  "error_message",
  "error_code",
  "retryable",
  "location",
  "fingerprint",
  "exact_cause"
])

/** For a SELECT from `failures AS f`; whether there is an analysis is known without reading it. */
export const failureColumns = `${selected("f", failureTable)}, CASE WHEN f.analysis IS NULL THEN 0 ELSE 1 END AS analyzed`

export const failureSummaryOf = (found: Found): Either.Either<FailureSummary, DamagedRow> =>
  Either.map(decodeRow({ ...failureTable, analyzed: flag }, found), (row) => failureSummary(row, row.analyzed))

const failureSummary = (row: Row<typeof failureTable>, analyzed: boolean): FailureSummary => ({
  storyId: row.story_id,
  storyName: row.story_name,
  stageName: row.stage_name,
  occurredAt: row.occurred_at,
  handled: row.handled,
  errorType: row.error_type,
  errorMessage: row.error_message,
  errorCode: row.error_code,
  retryable: row.retryable,
  location: row.location,
  fingerprint: row.fingerprint,
  exactCause: row.exact_cause,
  analyzed
})

export const failureRecord = (row: Row<typeof tables.failures>): Either.Either<FailureRecord, DamagedRow> =>
  Either.map(eventOf(row.report, "FailureOccurred"), (report) => {
    const { analysis, analysis_seconds: analysisSeconds, llm_analysis: llmAnalysis } = row
    return {
      ...failureSummary(row, analysis !== null),
      report: { ...report, analysis, llmAnalysis },
      analysis,
      llmAnalysis,
      analysisSeconds
    }
  })

/** A stage without those inside it. */
export type StageFields = Omit<StageRecord, "stages">

export const stageFields = (row: Row<typeof tables.stages>): StageFields => {
  const path = row.path ?? [row.name]
  return {
    name: row.name,
    index: row.stage_index,
    parentStageIndex: row.parent_index,
    path,
    depth: Math.max(0, path.length - 1),
    kind: row.kind,
    traceId: row.trace_id,
    spanId: row.span_id,
    status: row.status,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    durationSeconds: row.duration_seconds,
    retries: row.retries,
    lastProgress: row.progress_done === null ? null : { done: row.progress_done, total: row.progress_total },
    errorType: row.error_type,
    errorMessage: row.error_message,
    errorCode: row.error_code,
    retryable: row.retryable,
    orphaned: row.orphaned,
    interruptors: row.interruptors ?? [],
    attributes: row.attributes
  }
}

type Building<A> = { -readonly [K in keyof A]: K extends "stages" ? Array<Building<StageRecord>> : A[K] }

/** Deeper stages are put beside each other: whoever walks the tree must not run out of stack. */
const maxDepth = 200

/** The outermost stages of a story, the others within them. `rows` are in the order of starting. */
export const stageTree = (
  rows: ReadonlyArray<Row<typeof tables.stages>>,
  cutOff: boolean
): ReadonlyArray<StageRecord> => {
  const outermost = { depth: 0, stages: [] as Building<StageRecord>[] }
  /** Where the stages inside a stage belong. */
  const within = new Map<number, typeof outermost>()
  for (const row of rows) {
    const fields = stageFields(row)
    const status = fields.status === "running" && cutOff ? "interrupted" : fields.status
    const stage: Building<StageRecord> = { ...fields, status, stages: [] }
    // A stage whose own was lost is better shown at the outside than not at all.
    const around = (stage.parentStageIndex === null ? undefined : within.get(stage.parentStageIndex)) ?? outermost
    around.stages.push(stage)
    within.set(stage.index, around.depth < maxDepth ? { depth: around.depth + 1, stages: stage.stages } : around)
  }
  return outermost.stages
}
