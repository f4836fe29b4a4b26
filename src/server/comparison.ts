/**
 * Stories and runs beside each other: their stages aligned, and what differs.
 */
import { idsOf } from "../event/correlationFields.js"
import * as Work from "../event/WorkSummary.js"
import { time } from "../history/database/columns.js"
import type { StageRecord, StoryRecord } from "../history/StoryRecord.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import type { ComparedFieldJson, ComparedStageJson, ComparedSubjectJson, ComparisonJson } from "./readModels.js"

/** One of what is compared: a story, a run, or a run with the story that recorded it. */
export interface Compared {
  readonly subject: ComparedSubjectJson
  readonly story: StoryRecord | undefined
  /** The columns of a run. */
  readonly run: PlainRecord | undefined
}

/** Most rows of stages. */
const mostRows = 5_000
/** Durations differ when the longest is so many times the shortest, and so many seconds longer. */
const muchLonger = 1.2
const noticeable = 0.01

export const compare = (all: ReadonlyArray<Compared>): ComparisonJson => {
  const rows = alignedStages(all.map(({ story }) => story?.stages ?? []))
  const shown = rows.slice(0, mostRows)
  return {
    subjects: all.map(({ subject }) => subject),
    fields: fieldsOf(all),
    stages: shown.map((row) => ({ ...row, cells: row.cells.map((stage, i) => cellOf(stage, all[i]?.story)) })),
    omitted: all.map(({ story }, i) => {
      const left = rows.slice(mostRows).filter(({ cells }) => cells[i] !== null).length
      return (story?.stagesOmitted ?? 0) + left
    })
  }
}

interface Row extends Omit<ComparedStageJson, "cells"> {
  readonly cells: ReadonlyArray<StageRecord | null>
}

/** A stage of some of what is compared, and the stages inside it in any of them. */
interface Aligned {
  readonly name: string
  readonly occurrence: number
  readonly cells: Array<StageRecord | null>
  readonly within: Array<Aligned>
  readonly byKey: Map<string, Aligned>
}

/**
 * The stages of several stories as rows. Within one stage, the n-th stage of a name is the same stage in all of them; one that only
 * some have comes after what comes before it there.
 */
const alignedStages = (stories: ReadonlyArray<ReadonlyArray<StageRecord>>): ReadonlyArray<Row> => {
  const root: Aligned = { name: "", occurrence: 0, cells: [], within: [], byKey: new Map() }
  for (const [i, stages] of stories.entries()) merge(root, stages, i, stories.length)
  const rows: Array<Row> = []
  const visit = (around: Aligned, path: ReadonlyArray<string>, parent: number | null): void => {
    for (const one of around.within) {
      const { cells, name, occurrence } = one
      const own = [...path, name]
      const row = { name, path: own, depth: path.length, occurrence, parent, cells, differs: differencesOf(cells) }
      visit(one, own, rows.push(row) - 1)
    }
  }
  visit(root, [], null)
  return rows
}

const merge = (into: Aligned, stages: ReadonlyArray<StageRecord>, subject: number, subjects: number): void => {
  const counts = new Map<string, number>()
  let place = 0
  for (const stage of stages) {
    const occurrence = (counts.get(stage.name) ?? 0) + 1
    counts.set(stage.name, occurrence)
    const key = `${occurrence} ${stage.name}`
    let aligned = into.byKey.get(key)
    if (aligned === undefined) {
      const cells = Array.from({ length: subjects }, () => null)
      aligned = { name: stage.name, occurrence, cells, within: [], byKey: new Map() }
      into.byKey.set(key, aligned)
      into.within.splice(place, 0, aligned)
      place += 1
    } else {
      // What is the same in both is mostly in the same order.
      const found = into.within[place] === aligned ? place : into.within.indexOf(aligned)
      place = Math.max(place, found + 1)
    }
    aligned.cells[subject] = stage
    merge(aligned, stage.stages, subject, subjects)
  }
}

const cellOf = (stage: StageRecord | null, story: StoryRecord | undefined): ComparedStageJson["cells"][number] =>
  stage === null || story === undefined
    ? null
    : {
        index: stage.index,
        status: stage.status,
        offset_seconds: Math.max(0, stage.startedAt - story.startedAt) / 1_000,
        duration_seconds: stage.durationSeconds,
        retries: stage.retries,
        error_type: stage.errorType,
        error_message: stage.errorMessage,
        attributes: stage.attributes
      }

const differencesOf = (cells: ReadonlyArray<StageRecord | null>): ComparedStageJson["differs"] => {
  const there = cells.filter((cell) => cell !== null)
  const differs: Array<ComparedStageJson["differs"][number]> = []
  if (there.length < cells.length) differs.push("presence")
  if (isVaried(there.map(({ status }) => status))) differs.push("status")
  const seconds = there.flatMap(({ durationSeconds }) => (durationSeconds === null ? [] : [durationSeconds]))
  const [shortest, longest] = [Math.min(...seconds), Math.max(...seconds)]
  if (longest > shortest * muchLonger && longest - shortest > noticeable) differs.push("duration")
  if (isVaried(there.map(({ retries }) => retries))) differs.push("retries")
  if (isVaried(there.map(({ errorMessage, errorType }) => [errorType, errorMessage]))) differs.push("error")
  if (isVaried(there.map(({ attributes }) => attributes))) differs.push("attributes")
  return differs
}

const isVaried = (values: ReadonlyArray<PlainValue>): boolean => {
  const [first, ...rest] = values.map(sorted)
  return rest.some((value) => value !== first)
}

/** As JSON, in which the order of keys is of no account. */
const sorted = (value: PlainValue): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part
  )

type Section = ComparedFieldJson["section"]

const fieldsOf = (all: ReadonlyArray<Compared>): ReadonlyArray<ComparedFieldJson> => {
  const fields = new Map<string, { readonly section: Section; readonly name: string; values: Array<PlainValue> }>()
  for (const [i, one] of all.entries()) {
    for (const [section, name, value] of valuesOf(one)) {
      const key = `${section} ${name}`
      const field = fields.get(key) ?? { section, name, values: all.map(() => null) }
      field.values[i] = value
      fields.set(key, field)
    }
  }
  const order: ReadonlyArray<Section> = ["outcome", "labels", "attributes", "correlation", "work", "run"]
  return order.flatMap((section) =>
    Array.from(fields.values())
      .filter((field) => field.section === section)
      .map((field) => ({ ...field, differs: isVaried(field.values) }))
  )
}

type Value = readonly [section: Section, name: string, value: PlainValue]

const valuesOf = ({ run, story }: Compared): ReadonlyArray<Value> => [
  ...(story === undefined ? [] : storyValues(story)),
  ...Object.entries(run ?? {}).map(([name, value]): Value => ["run", name, value])
]

const storyValues = (story: StoryRecord): ReadonlyArray<Value> => {
  const { failure } = story
  const of = (section: Section, values: PlainRecord): ReadonlyArray<Value> =>
    Object.entries(values).map(([name, value]) => [section, name, value])
  return [
    ...of("outcome", {
      name: story.name,
      status: story.status,
      outcome: story.outcome,
      started_at: time.encode(story.startedAt),
      duration_seconds: story.durationSeconds,
      failed_stages: story.failedStages,
      cancelled_stages: story.cancelledStages,
      error: failure === null ? null : `${failure.errorType}: ${failure.errorMessage}`,
      dry_run: story.dryRun,
      host: story.writer.host
    }),
    ...of("labels", story.labels),
    ...of("attributes", story.attributes),
    ...of("correlation", Object.fromEntries(idsOf(story.correlation ?? {}))),
    ...(story.work === null ? [] : of("work", workValues(story.work)))
  ]
}

const workValues = (work: Work.Work): PlainRecord => ({
  items_discovered: work.items.discovered,
  items_succeeded: work.items.succeeded,
  items_failed: work.items.failed,
  items_skipped: work.items.skipped,
  calls: work.calls,
  failed_calls: work.failedCalls,
  tokens: Work.tokens(work),
  cost_usd: Work.costUsd(work),
  models: work.models.map(({ model }) => model),
  ...Object.fromEntries(work.quality.map(({ average, metric }) => [`quality.${metric}`, average]))
})
