/**
 * Rows read back into what a history gives.
 */
import type { PlainRecord } from "../../plain/PlainValue.js"
import type { FailureRecord, FailureSummary, HistoryEvent, StageRecord, StorySummary } from "../StoryRecord.js"
import {
  analysisOf,
  DamagedRow,
  errorCodeOf,
  eventNameOf,
  eventOf,
  interruptorsOf,
  labelsOf,
  numberOf,
  optionalNumber,
  optionalText,
  optionalTime,
  optionalWhole,
  pathOf,
  type ReadRow,
  recordOf,
  retryOf,
  stageStateOf,
  storyStateOf,
  textOf,
  timeOf,
  wholeOf
} from "./decodeColumns.js"

/** Of `stories AS s`. */
export const summaryColumns = `s.key, s.id, s.name, s.kind, s.root_story_id, s.parent_story_id, s.parent_stage_index, s.status, s.outcome,
  s.started_at, s.ended_at, s.duration_seconds, s.percent, s.completed_stages, s.total_stages, s.declared_stages,
  s.failed_stages, s.cancelled_stages, s.dry_run, s.labels, s.writer_id`

export const storedStatusOf = (row: ReadRow): StorySummary["status"] => storyStateOf(row["status"])

export const statusOf = (row: ReadRow, alive: ReadonlySet<number>): StorySummary["status"] => {
  const status = storedStatusOf(row)
  return status === "running" && !alive.has(numberOf(row["writer_id"])) ? "interrupted" : status
}

/** `failure` is a row of `failures`, if the story ended with one. */
export const summaryOf = (row: ReadRow, alive: ReadonlySet<number>, failure: ReadRow | undefined): StorySummary => ({
  id: textOf(row["id"]),
  name: textOf(row["name"]),
  kind: textOf(row["kind"]),
  rootStoryId: textOf(row["root_story_id"]),
  parentStoryId: optionalText(row["parent_story_id"]),
  parentStageIndex: optionalWhole(row["parent_stage_index"]),
  status: statusOf(row, alive),
  outcome: optionalText(row["outcome"]),
  startedAt: timeOf(row["started_at"]),
  endedAt: optionalTime(row["ended_at"]),
  durationSeconds: optionalNumber(row["duration_seconds"]),
  progress:
    optionalNumber(row["percent"]) === null
      ? null
      : {
          percent: wholeOf(row["percent"]),
          completedStages: wholeOf(row["completed_stages"]),
          totalStages: wholeOf(row["total_stages"])
        },
  declaredStages: optionalWhole(row["declared_stages"]),
  failedStages: wholeOf(row["failed_stages"]),
  cancelledStages: wholeOf(row["cancelled_stages"]),
  dryRun: numberOf(row["dry_run"]) === 1,
  labels: labelsOf(row["labels"]),
  failure:
    failure === undefined
      ? null
      : {
          stageName: optionalText(failure["stage_name"]),
          errorType: textOf(failure["error_type"]),
          errorMessage: textOf(failure["error_message"])
        }
})

export const attributesOf = (row: ReadRow): PlainRecord => recordOf(row["attributes"])

export const writerOf = (row: ReadRow) => {
  if (row["writer_started_at"] === null) throw new DamagedRow("nobody wrote it")
  return {
    host: textOf(row["host"]),
    pid: wholeOf(row["pid"]),
    startedAt: timeOf(row["writer_started_at"]),
    lastSeenAt: timeOf(row["last_seen_at"])
  }
}

export const failureColumns = `f.story_id, f.story_name, f.stage_name, f.occurred_at, f.handled, f.error_type,
  f.error_message, f.error_code, f.retryable, f.location, f.fingerprint, f.exact_cause,
  CASE WHEN f.analysis IS NULL THEN 0 ELSE 1 END AS analyzed`

export const failureSummaryOf = (row: ReadRow): FailureSummary => ({
  storyId: textOf(row["story_id"]),
  storyName: textOf(row["story_name"]),
  stageName: optionalText(row["stage_name"]),
  occurredAt: timeOf(row["occurred_at"]),
  handled: numberOf(row["handled"]) === 1,
  errorType: textOf(row["error_type"]),
  errorMessage: textOf(row["error_message"]),
  errorCode: errorCodeOf(row["error_code"]),
  retryable: numberOf(row["retryable"]) === 1,
  location: optionalText(row["location"]),
  fingerprint: textOf(row["fingerprint"]),
  exactCause: textOf(row["exact_cause"]),
  analyzed: numberOf(row["analyzed"]) === 1
})

export const failureRecordOf = (row: ReadRow): FailureRecord => {
  const analysis = analysisOf(row["analysis"])
  const llmAnalysis = optionalText(row["llm_analysis"])
  return {
    ...failureSummaryOf(row),
    report: { ...eventOf(row["report"], "FailureOccurred"), analysis, llmAnalysis },
    analysis,
    llmAnalysis,
    analysisSeconds: optionalNumber(row["analysis_seconds"])
  }
}

type Building<A> = { -readonly [K in keyof A]: K extends "stages" ? Array<Building<StageRecord>> : A[K] }

/** Deeper stages stand beside each other: whoever walks the tree must not run out of stack. */
const maxDepth = 200

/** The outermost stages of a story, the others within them. `rows` are in the order of starting. */
export const stageTree = (rows: ReadonlyArray<ReadRow>, cutOff: boolean): ReadonlyArray<StageRecord> => {
  const outermost = { depth: 0, stages: [] as Building<StageRecord>[] }
  /** Where the stages that stand in a stage belong. */
  const within = new Map<number, typeof outermost>()
  for (const row of rows) {
    const stage = stageOf(row, cutOff)
    // A stage whose own was lost is better shown at the outside than not at all.
    const around = (stage.parentStageIndex === null ? undefined : within.get(stage.parentStageIndex)) ?? outermost
    around.stages.push(stage)
    within.set(stage.index, around.depth < maxDepth ? { depth: around.depth + 1, stages: stage.stages } : around)
  }
  return outermost.stages
}

const stageOf = (row: ReadRow, cutOff: boolean): Building<StageRecord> => {
  const name = textOf(row["name"])
  const path = pathOf(row["path"]) ?? [name]
  const status = stageStateOf(row["status"])
  const done = optionalNumber(row["progress_done"])
  return {
    name,
    index: wholeOf(row["stage_index"]),
    parentStageIndex: optionalWhole(row["parent_index"]),
    path,
    depth: Math.max(0, path.length - 1),
    kind: textOf(row["kind"]),
    traceId: optionalText(row["trace_id"]),
    spanId: optionalText(row["span_id"]),
    status: status === "running" && cutOff ? "interrupted" : status,
    startedAt: timeOf(row["started_at"]),
    endedAt: optionalTime(row["ended_at"]),
    durationSeconds: optionalNumber(row["duration_seconds"]),
    retries: wholeOf(row["retries"]),
    lastProgress: done === null ? null : { done, total: optionalNumber(row["progress_total"]) },
    errorType: optionalText(row["error_type"]),
    errorMessage: optionalText(row["error_message"]),
    errorCode: row["error_code"] === null ? null : errorCodeOf(row["error_code"]),
    retryable: row["retryable"] === null ? null : numberOf(row["retryable"]) === 1,
    orphaned: numberOf(row["orphaned"]) === 1,
    interruptors: interruptorsOf(row["interruptors"]),
    attributes: recordOf(row["attributes"]),
    stages: []
  }
}

export const logOf = (row: ReadRow) => eventOf(row["data"], "LogRecorded")
export const noteOf = (row: ReadRow) => eventOf(row["data"], "EventRecorded")

/** A row of `events`, with what its story, its stage and its failure know of it. */
export const historyEventOf = (row: ReadRow): HistoryEvent => {
  const event = eventNameOf(row["event"])
  const stagePath = pathOf(row["stage_path"])
  const stageName = optionalText(row["stage_name"])
  const ofStage = event === "StageCompleted" || event === "StageFailed" || event === "StageCancelled"
  const ofStory = event === "StoryCompleted"
  const ofFailure = event === "FailureOccurred"
  const base: HistoryEvent = {
    cursor: wholeOf(row["id"]),
    event,
    storyId: textOf(row["story_id"]),
    storyName: textOf(row["story_name"]),
    rootStoryId: textOf(row["root_story_id"]),
    parentStoryId: optionalText(row["parent_story_id"]),
    timestamp: timeOf(row["recorded_at"]),
    sequence: wholeOf(row["sequence"]),
    stageName: ofFailure ? optionalText(row["failed_stage"]) : stageName,
    stagePath: stagePath ?? (stageName === null ? [] : [stageName]),
    stageIndex: optionalWhole(row["stage_index"]),
    depth: stageName === null ? 0 : Math.max(0, (stagePath?.length ?? 1) - 1),
    durationSeconds: optionalNumber(ofStage ? row["stage_seconds"] : ofStory ? row["story_seconds"] : null),
    status: ofStory ? storyStateOf(row["story_status"]) : null,
    outcome: ofStory ? optionalText(row["outcome"]) : null,
    errorType: optionalText(ofFailure ? row["error_type"] : event === "StageFailed" ? row["stage_error_type"] : null),
    errorMessage: optionalText(
      ofFailure ? row["error_message"] : event === "StageFailed" ? row["stage_error_message"] : null
    ),
    level: null,
    message: null,
    data: null
  }
  switch (event) {
    case "LogRecorded": {
      const log = logOf(row)
      return { ...base, level: log.level, message: log.message, data: log.annotations }
    }
    case "EventRecorded": {
      const note = noteOf(row)
      return { ...base, message: note.name, data: note.data }
    }
    case "StageRetried": {
      const retry = retryOf(row["data"])
      if (retry === null) throw new DamagedRow("a retry without its data")
      const { attempt, delay_seconds, reason } = retry
      return { ...base, message: reason, data: { attempt, delay_seconds } }
    }
    case "StageProgressed":
      return { ...base, data: recordOf(row["data"]) }
    default:
      return base
  }
}
