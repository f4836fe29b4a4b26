/**
 * The text of an event on a line of its own, without what precedes each line.
 */
import type { Correlation } from "../../event/correlationFields.js"
import type {
  AnalysisReady,
  EventRecorded,
  FailureOccurred,
  LogRecorded,
  StageCancelled,
  StageCompleted,
  StageFailed,
  StageRetried,
  StageStarted,
  StoryCompleted,
  StoryStarted
} from "../../event/NarrativeEvent.js"
import { spanDetailsOf } from "../../event/spanDetails.js"
import * as Work from "../../event/WorkSummary.js"
import { seconds } from "../../plain/durationText.js"
import type { PlainRecord } from "../../plain/PlainValue.js"
import * as terminalText from "../../plain/terminalText.js"
import { analyzerName } from "./analysisBlock.js"
import { placeText } from "./placeText.js"
import { attemptText, correlationText, logText, noteText } from "./recordText.js"
import type { ShownStory } from "./shownStories.js"
import type { Paint, Theme } from "./theme.js"

export type ShownStageEvent = StageStarted | StageCompleted | StageFailed | StageCancelled | StageRetried
export type ShownRecord = LogRecorded | EventRecorded

interface TextOptions {
  readonly theme: Theme
  /** Files below it are shown relative to it. */
  readonly cwd: string
}

const safe = terminalText.line

/** `[a1b2c3]` */
export const tag = (shortId: string): string => `[${safe(shortId)}]`

/** Whose tag it is. */
export const introduction = ({ name, state }: ShownStory, { colours }: Theme): string =>
  colours.story(state.root.number)(`(${safe(name)})`)

export const storyStart = (event: StoryStarted, story: ShownStory, theme: Theme): string => {
  const dryRun = event.dryRun ? theme.colours.dim(" (dry run)") : ""
  return `${arrow(story, "started", theme)}${theme.colours.bold(safe(event.storyName))}${dryRun}`
}

/** `Asked by: request_id=r-1 tenant=acme` */
export const asker = (correlation: Correlation, { colours }: Theme): string => {
  const text = correlationText(correlation)
  return text === "" ? "" : colours.dim(`Asked by: ${text}`)
}

/** `Story ended: SUCCESS (72 rows) - Import Customers (0.852s)` */
export const storyEnd = (event: StoryCompleted, story: ShownStory, theme: Theme): string => {
  const { bold, dim } = theme.colours
  const status = bold(statusPaint(event.status, theme)(event.status.toUpperCase()))
  const outcome = event.outcome === null ? "" : dim(` (${safe(event.outcome)})`)
  const cause = event.causedBy === null ? "" : dim(` (because of "${safe(event.causedBy.storyName)}")`)
  const name = `${dim(" - ")}${safe(event.storyName)}${dim(` (${took(event, theme)}${cancelledBy(event)})${counted(event)}`)}`
  return `${arrow(story, "ended", theme)}${status}${outcome}${cause}${name}`
}

/** What Effect's servers interrupt with when a client hangs up. */
const clientAbort = "#-499"

const cancelledBy = ({ interruptors, storyName }: StoryCompleted): string => {
  const [by] = interruptors
  if (by === undefined) return ""
  if (by.fiberId === clientAbort) return ", the client went away"
  if (by.stageName !== null) return `, by ${safe(by.stageName)}`
  // The story's own fiber: the program was asked to end.
  if (by.storyName === storyName) return ""
  return by.storyName === null ? `, by fiber ${safe(by.fiberId)}` : `, by ${safe(by.storyName)}`
}

/** The work of a story, where there was any. */
export const work = ({ work }: StoryCompleted, { colours }: Theme): string | undefined => {
  const text = work === null ? "" : safe(Work.summary(work))
  return text === "" ? undefined : colours.dim(`Work: ${text}`)
}

const arrow = (story: ShownStory, what: string, { colours, glyphs }: Theme): string =>
  `${colours.story(story.state.root.number)(glyphs.story)} ${colours.dim(`Story ${what}:`)} `

const statusPaint = (status: StoryCompleted["status"], { colours }: Theme): Paint => {
  if (status === "success") return colours.good
  return status === "failed" || status === "timeout" ? colours.bad : colours.warning
}

export const stage = (event: ShownStageEvent, { cwd, theme }: TextOptions): string => {
  const { bad, dim, good, warning } = theme.colours
  const { glyphs } = theme
  const line = (glyph: string, what: string, rest = "") =>
    `${glyph} ${dim(`Stage ${what}:`)} ${safe(event.stageName)}${rest}`
  switch (event._tag) {
    case "StageStarted":
      return line(dim(glyphs.started), "started")
    case "StageCompleted":
      return line(good(glyphs.completed), "completed", dim(` (${took(event, theme)})${counted(event)}`))
    case "StageFailed": {
      const error = event.errorMessage === "" ? event.errorType : `${event.errorType}: ${event.errorMessage}`
      const at = event.location === null ? "" : theme.colours.place(` at ${placeText(event.location, cwd)}`)
      const rest = `${dim(` (${took(event, theme)}) -`)} ${bad(safe(error))}${at}${dim(counted(event))}`
      return line(bad(glyphs.failed), "failed", rest)
    }
    case "StageCancelled":
      // Nothing stopped it: its story ended, and it went on.
      return event.orphaned
        ? line(warning(glyphs.goesOn), "goes on", dim(` (${took(event, theme)} so far, left running by its story)`))
        : line(warning(glyphs.cancelled), "cancelled", dim(` (${took(event, theme)}${byWhom(event)})${counted(event)}`))
    case "StageRetried":
      return line(warning(glyphs.retried), "retried", dim(` (${attemptText(event)})`))
  }
}

export const log = logText

export const note = noteText

export const failureHeading = (event: FailureOccurred, { colours, glyphs }: Theme): string =>
  event.handled
    ? colours.bold(colours.warning(`${glyphs.handled} Failure handled`))
    : colours.bold(colours.bad(`${glyphs.failure} Failure detected`))

/** `◆ Analysis of Import Customers [a1b2c3] by llama3 (1.500s)` */
export const analysisHeading = (event: AnalysisReady, shortId: string, theme: Theme): string => {
  const { bold, dim } = theme.colours
  const of = `${theme.glyphs.analysis} Analysis of ${safe(event.storyName)} ${tag(shortId)}`
  return `${bold(of)}${dim(` by ${analyzerName(event.analysis)} (${seconds(event.latencySeconds, theme.glyphs.micro)})`)}`
}

const took = ({ durationSeconds }: { readonly durationSeconds: number }, { glyphs }: Theme): string =>
  seconds(durationSeconds, glyphs.micro)

/** The spans in it that have no line of their own. */
const counted = ({ attributes }: { readonly attributes: PlainRecord }): string => {
  const details = spanDetailsOf(attributes)
  return details === undefined ? "" : `  · ${safe(details)}`
}

/** Why a stage was cancelled, as far as it is known: the place of the fiber that did it. */
const byWhom = ({ interruptors, stageName }: StageCancelled): string => {
  const [by] = interruptors
  const place = by?.stageName ?? by?.storyName ?? null
  return place === null || place === stageName ? "" : `, by ${safe(place)}`
}
