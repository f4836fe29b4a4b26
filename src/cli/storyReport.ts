/**
 * Everything kept of one story, in the form of the console: its name and times, the tree of its stages, and its failures in full.
 */

import type { EventRecorded, LogRecorded, StageRetried } from "../event/NarrativeEvent.js"
import { progressLabel } from "../event/progress.js"
import { shortStoryId } from "../event/shortStoryId.js"
import type { FailureRecord, StageRecord, StoryRecord, StorySummary } from "../history/StoryRecord.js"
import * as terminalText from "../plain/terminalText.js"
import { analysisBlock } from "../renderer/console/analysisBlock.js"
import { failureBlock } from "../renderer/console/failureBlock.js"
import { valueTable } from "../renderer/console/frameList.js"
import { attemptText, correlationText, logText, noteText, pair } from "../renderer/console/recordText.js"
import type { Paint, Theme } from "../renderer/console/theme.js"
import { ago, took } from "./relativeTime.js"

export interface StoryReportOptions {
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: number | undefined
  readonly cwd: string
  /** UTC in milliseconds since the epoch. */
  readonly now: number
}

/**
 * The report, with a line break at its end. `cause` is the failure of the sub-story that this one failed because of.
 */
export const storyReport = (
  story: StoryRecord,
  cause: FailureRecord | undefined,
  options: StoryReportOptions
): string => {
  const parts = [heading(story, options), tree(story, options)]
  for (const failure of story.failures) parts.push(failureText(failure, options))
  if (cause !== undefined) parts.push(failureText(cause, options))
  return parts.filter((part) => part !== "").join("\n")
}

const safe = terminalText.line

const labelColumns = 15

const heading = (story: StoryRecord, options: StoryReportOptions): string => {
  const { colours } = options.theme
  const lines = [statusLine(story, options.theme)]
  const add = (label: string, text: string) => {
    lines.push(colours.dim(label.padEnd(labelColumns)) + text)
  }
  add("Id:", safe(story.id))
  add("Started:", `${new Date(story.startedAt).toISOString()} ${colours.dim(`(${ago(story.startedAt, options.now)})`)}`)
  if (story.durationSeconds !== null) add("Took:", took(story.durationSeconds))
  const progress = story.progress === null ? undefined : progressLabel(story.progress)
  if (progress !== undefined) add("Progress:", progress)
  const labels = Object.entries(story.labels).map(([name, value]) => pair(name, value))
  if (labels.length > 0) add("Labels:", labels.join(" "))
  if (story.kind !== "story") add("Kind:", safe(story.kind))
  if (story.parentStoryId !== null) add("Part of:", safe(story.parentStoryId))
  if (story.causedBy !== null) {
    const { errorType, storyId, storyName } = story.causedBy
    add("Because of:", `${safe(storyName)} ${colours.dim(safe(storyId))} - ${safe(errorType)}`)
  }
  if (story.traceId !== null) add("Trace:", safe(story.traceId))
  const asker = story.correlation === null ? "" : correlationText(story.correlation)
  if (asker !== "") add("Asked by:", asker)
  // Of a story without an end, its writer is what one looks for.
  if (story.endedAt === null) add("Written by:", `process ${story.writer.pid} on ${safe(story.writer.host)}`)
  const attributes = valueTable(story.attributes, labelColumns, options)
  attributes.forEach((line, i) => {
    lines.push(colours.dim((i === 0 ? "Annotated:" : "").padEnd(labelColumns)) + line)
  })
  return `${lines.join("\n")}\n`
}

/** A story's name and status, without a line break. */
export const statusLine = (
  story: Pick<StorySummary, "name" | "status" | "outcome" | "dryRun">,
  theme: Theme
): string => {
  const { bold, dim } = theme.colours
  const status = bold(statusPaint(story.status, theme)(story.status.toUpperCase()))
  const outcome = story.outcome === null ? "" : dim(` (${safe(story.outcome)})`)
  return `${theme.colours.story(0)(theme.glyphs.story)} ${bold(safe(story.name))}${story.dryRun ? dim(" (dry run)") : ""}  ${status}${outcome}`
}

/** Red for what failed, green for what went well, yellow for what was stopped. */
export const statusPaint = (status: StorySummary["status"] | StageRecord["status"], { colours }: Theme): Paint => {
  switch (status) {
    case "success":
    case "completed":
      return colours.good
    case "failed":
    case "timeout":
      return colours.bad
    case "running":
      return colours.place
    default:
      return colours.warning
  }
}

/** One line of the tree, or a stage with what happened in it. */
interface Node {
  readonly at: number
  readonly lines: (level: number) => ReadonlyArray<string>
}

const tree = (story: StoryRecord, options: StoryReportOptions): string => {
  const { theme } = options
  const inside = new Map<number | null, Array<Node>>()
  const put = (stageIndex: number | null, node: Node) => {
    inside.set(stageIndex, [...(inside.get(stageIndex) ?? []), node])
  }
  for (const log of story.logs) put(log.stageIndex, recordNode(log, logText(log, theme)))
  for (const note of story.notes) put(note.stageIndex, recordNode(note, noteText(note, theme)))
  for (const retry of story.retries) put(retry.stageIndex, recordNode(retry, retryText(retry, theme)))
  for (const sub of story.stories) {
    put(sub.parentStageIndex, {
      at: sub.startedAt,
      lines: (level) => [indented(level, subStoryText(sub, theme))]
    })
  }
  const nodeOf = (stage: StageRecord): Node => ({
    at: stage.startedAt,
    lines: (level) => [indented(level, stageText(stage, theme)), ...linesOf(stage.stages, stage.index, level + 1)]
  })
  const linesOf = (stages: ReadonlyArray<StageRecord>, stageIndex: number | null, level: number) =>
    [...stages.map(nodeOf), ...(inside.get(stageIndex) ?? [])]
      .sort((a, b) => a.at - b.at)
      .flatMap(({ lines }) => lines(level))
  return linesOf(story.stages, null, 0)
    .map((line) => `${line}\n`)
    .join("")
}

/** Deeper lines are indented no further, so that a recursion stays readable. */
const maxLevel = 20

const indented = (level: number, text: string): string => "  ".repeat(Math.min(level, maxLevel)) + text

const recordNode = (event: LogRecorded | EventRecorded | StageRetried, text: string): Node => ({
  at: event.timestamp,
  lines: (level) => [indented(level, text)]
})

const retryText = (retry: StageRetried, { colours, glyphs }: Theme): string =>
  `${colours.warning(glyphs.retried)} ${colours.dim(attemptText(retry))}`

const subStoryText = (story: StorySummary, theme: Theme): string => {
  const { dim } = theme.colours
  const duration = story.durationSeconds === null ? "" : ` (${took(story.durationSeconds)})`
  return `${statusLine(story, theme)}${dim(`${duration} ${safe(story.id)}`)}`
}

const stageText = (stage: StageRecord, theme: Theme): string => {
  const { bad, dim } = theme.colours
  const said: Array<string> = []
  if (stage.durationSeconds !== null) said.push(took(stage.durationSeconds))
  if (stage.status === "running" || stage.status === "interrupted") said.push(stage.status)
  if (stage.status === "cancelled") said.push(stage.orphaned ? "left running by its story" : "cancelled")
  if (stage.retries > 0) said.push(stage.retries === 1 ? "1 retry" : `${stage.retries} retries`)
  if (stage.lastProgress !== null && stage.status !== "completed") {
    const { done, total } = stage.lastProgress
    said.push(total === null ? `${done} done` : `${done} of ${total} done`)
  }
  const attributes = Object.entries(stage.attributes).map(([name, value]) => ` ${pair(name, value)}`)
  const error =
    stage.errorType === null
      ? ""
      : `${dim(" -")} ${bad(safe(stage.errorMessage ? `${stage.errorType}: ${stage.errorMessage}` : stage.errorType))}`
  const glyph = statusPaint(stage.status, theme)(glyphOf(stage, theme))
  return `${glyph} ${safe(stage.name)}${dim(` (${said.join(", ")})`)}${error}${dim(attributes.join(""))}`
}

const glyphOf = ({ status }: StageRecord, { glyphs }: Theme): string => {
  switch (status) {
    case "completed":
      return glyphs.completed
    case "failed":
      return glyphs.failed
    case "running":
      return glyphs.started
    default:
      return glyphs.cancelled
  }
}

const failureText = (failure: FailureRecord, options: StoryReportOptions): string => {
  const { colours, glyphs } = options.theme
  const header = failure.handled
    ? colours.bold(colours.warning(`${glyphs.handled} Failure handled`))
    : colours.bold(colours.bad(`${glyphs.failure} Failure detected`))
  const shortId = shortStoryId(failure.storyId)
  const block = `${header}\n${failureBlock(failure.report, { ...options, shortId })}\n`
  if (failure.llmAnalysis === null) return block
  return `${block}${analysisBlock(failure.llmAnalysis, failure.analysis, options)}\n`
}
