/**
 * The events of a story and of its sub-stories, in their order, as a renderer was given them.
 *
 * What has a row of its own is as it was emitted. The rest, of histories that keep few kinds of event, is made of what the
 * tables hold of stories, stages and failures: at the right place, with a sequence that no other event has.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type NarrativeEvent, StoryStatus } from "../../event/NarrativeEvent.js"
import { percent } from "../../event/progress.js"
import type { FailureRecord, StageRecord, StoryRecord } from "../StoryRecord.js"
import * as restore from "./restoreEvent.js"
import { type StoredEvent, storedEvents } from "./storedEvents.js"
import { keyOf, storyAt } from "./storyDetail.js"

/** Most sub-stories, however deep; those that started last are left out. */
const maxSubStories = 1_000
/** Of a story of more events, those are made that its record has. */
const maxEvents = 30_000

export const replay = (sql: SqlClient.SqlClient, idPrefix: string) =>
  Effect.gen(function* () {
    const key = yield* keyOf(sql, idPrefix)
    const root = yield* storyWithEvents(sql, key, idPrefix)
    const found = new Map<string, StoryWithEvents>([[root.record.id, root]])
    const waiting = [root.record]
    for (let next = waiting.shift(); next !== undefined && found.size <= maxSubStories; next = waiting.shift()) {
      for (const { id } of next.stories) {
        // Ids that a program gave, or another one wrote, may put a story inside itself.
        if (found.has(id) || found.size > maxSubStories) continue
        const sub = yield* storyWithEvents(sql, yield* keyOf(sql, id), id).pipe(
          // Pruned meanwhile.
          Effect.catchTag("StoryNotFound", () => Effect.succeed(undefined))
        )
        if (sub === undefined) continue
        found.set(id, sub)
        waiting.push(sub.record)
      }
    }
    return inOrder(root, found)
  })

export interface StoryWithEvents {
  readonly record: StoryRecord
  readonly stored: ReadonlyArray<NarrativeEvent>
}

const storyWithEvents = (sql: SqlClient.SqlClient, key: number, idPrefix: string) =>
  Effect.gen(function* () {
    const record = yield* storyAt(sql, key, idPrefix)
    const isLong = record.stagesOmitted > 0 || record.eventsOmitted > 0
    const stored: ReadonlyArray<StoredEvent> = isLong
      ? []
      : yield* storedEvents(sql, sql`e.story_key = ${key}`, maxEvents + 1)
    return { record, stored: stored.length > maxEvents ? spokenEvents(record) : stored.map(({ event }) => event) }
  })

/** What of a record is an event already. */
const spokenEvents = ({ logs, notes, retries }: StoryRecord): ReadonlyArray<NarrativeEvent> =>
  [...logs, ...notes, ...retries].sort((a, b) => a.sequence - b.sequence)

/** An event and when it is shown: not before those that precede it in its story, whatever the clock did. */
interface Placed {
  readonly event: NarrativeEvent
  readonly at: number
}

/** The events of stories that begin in each other, as one list. */
export const inOrder = (
  root: StoryWithEvents,
  byId: ReadonlyMap<string, StoryWithEvents>
): ReadonlyArray<NarrativeEvent> => {
  const placed = new Set<StoryWithEvents>()
  const place = function* (story: StoryWithEvents): Generator<Placed> {
    placed.add(story)
    let at = Number.NEGATIVE_INFINITY
    const within = [...story.record.stories]
    for (const event of withMissing(story)) {
      at = Math.max(at, event.timestamp)
      yield { event, at }
      // After the start of the stage, or of the story, that they began in.
      if (event._tag !== "StageStarted" && event._tag !== "StoryStarted") continue
      const index = event._tag === "StageStarted" ? event.stageIndex : null
      for (const { id, parentStageIndex } of within) {
        const sub = byId.get(id)
        if (parentStageIndex === index && sub !== undefined && !placed.has(sub)) yield* place(sub)
      }
    }
  }
  // Stable: of one moment, what is inside a stage stays between its start and its end.
  return Array.from(place(root))
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)
}

/** The stored events of a story, with those that have no row but must have been. */
const withMissing = ({ record, stored }: StoryWithEvents): ReadonlyArray<NarrativeEvent> => {
  const known = new Set(stored.map(identityOf))
  const missing = impliedEvents(record)
    .filter((event) => !known.has(identityOf(event)))
    .sort((a, b) => a.timestamp - b.timestamp)
  if (missing.length === 0) return stored
  return numbered(merged(stored, missing))
}

/** What distinguishes an event from the others of its story. */
const identityOf = (event: NarrativeEvent): string => {
  switch (event._tag) {
    case "StageCompleted":
    case "StageFailed":
    case "StageCancelled":
      return `StageEnded ${event.stageIndex}`
    // Of a progress only the last is implied.
    case "StageStarted":
    case "StageProgressed":
      return `${event._tag} ${event.stageIndex}`
    case "FailureOccurred":
      return `${event._tag} ${event.sequence}`
    case "AnalysisReady":
      return `${event._tag} ${event.stageName}`
    default:
      return event._tag
  }
}

/** By time; of one moment a start goes before what is stored, and what ends something after it. */
const merged = (
  stored: ReadonlyArray<NarrativeEvent>,
  missing: ReadonlyArray<NarrativeEvent>
): ReadonlyArray<NarrativeEvent> => {
  const events: Array<NarrativeEvent> = []
  let next = 0
  const take = (isDue: (event: NarrativeEvent) => boolean) => {
    for (let event = missing[next]; event !== undefined && isDue(event); event = missing[++next]) events.push(event)
  }
  for (const event of stored) {
    take((due) => due.timestamp < event.timestamp || (due.timestamp === event.timestamp && isStart(due)))
    events.push(event)
  }
  take(() => true)
  return events
}

const isStart = ({ _tag }: NarrativeEvent): boolean => _tag === "StoryStarted" || _tag === "StageStarted"

/** Gives each event that was made ({@link unnumbered}) the next number that no stored one has. */
const numbered = (events: ReadonlyArray<NarrativeEvent>): ReadonlyArray<NarrativeEvent> => {
  const taken = new Set(events.map(({ sequence }) => sequence))
  let last = -1
  return events.map((event) => {
    if (event.sequence !== unnumbered) {
      last = event.sequence
      return event
    }
    // Where there is none before the next stored event, rows contradict each other.
    if (!taken.has(last + 1)) last += 1
    return { ...event, sequence: Math.max(0, last) }
  })
}

const unnumbered = -1

const moment = (timestamp: number): restore.Moment => ({ timestamp, sequence: unnumbered })

/** What the record of a story says must have been emitted, but for what only rows of events keep. */
const impliedEvents = (story: StoryRecord): ReadonlyArray<NarrativeEvent> => {
  const events: Array<NarrativeEvent> = [restore.storyStarted(story, moment(story.startedAt), story)]
  let [started, completed] = [0, 0]
  const progress = () => {
    const totalStages = story.declaredStages ?? started
    return { percent: percent(completed, totalStages), completedStages: completed, totalStages }
  }
  const visit = (stages: ReadonlyArray<StageRecord>): void => {
    for (const stage of stages) {
      started += 1
      events.push(restore.stageStarted(story, stage, moment(stage.startedAt), stage.attributes))
      // When the stage reported it is not kept.
      if (stage.lastProgress !== null) {
        events.push(restore.stageProgressed(story, stage, moment(stage.startedAt), stage.lastProgress))
      }
      visit(stage.stages)
      if (stage.endedAt === null) continue
      if (stage.status === "completed") completed += 1
      events.push(restore.stageEnded(story, stage, moment(stage.endedAt), endOf(stage), progress(), null))
    }
  }
  visit(story.stages)
  for (const failure of story.failures) events.push(...failureEvents(story, failure))
  // A story that has an end neither runs nor was cut off.
  const status = isEnded(story.status) ? story.status : "cancelled"
  if (story.endedAt !== null) {
    events.push(restore.storyCompleted(story, moment(story.endedAt), status, story.progress ?? progress(), []))
  }
  return events
}

const isEnded = Schema.is(StoryStatus)

const endOf = ({ status }: StageRecord) =>
  status === "completed" ? "StageCompleted" : status === "failed" ? "StageFailed" : "StageCancelled"

/** An analysis that was made in the background came later than the report. */
const failureEvents = (story: StoryRecord, failure: FailureRecord): ReadonlyArray<NarrativeEvent> => {
  const { analysis, analysisSeconds, report } = failure
  if (analysis === null || analysisSeconds === null) return [report]
  return [
    { ...report, analysis: null, llmAnalysis: null },
    {
      _tag: "AnalysisReady",
      ...restore.inStory(story, moment(report.timestamp + analysisSeconds * 1_000)),
      stageName: report.failures[0].stageName,
      traceId: report.traceId,
      spanId: report.spanId,
      llmAnalysis: report.llmAnalysis ?? "",
      analysis,
      latencySeconds: analysisSeconds
    }
  ]
}
