/**
 * A failure in full: what, where, after what, and why, each under its label.
 */
import { annotationsOf } from "../../event/annotations.js"
import {
  type Failure,
  type FailureReport,
  formatTimeline,
  type Interruptor,
  type Location
} from "../../event/FailureReport.js"
import { progressLabel } from "../../event/progress.js"
import { spanDetails } from "../../event/spanDetails.js"
import { seconds } from "../../plain/durationText.js"
import * as terminalText from "../../plain/terminalText.js"
import { causedBy } from "./causedBy.js"
import { codeLine, snippetLines } from "./codeLines.js"
import { errorText } from "./errorText.js"
import { frameList, valueTable } from "./frameList.js"
import { type BlockOptions, labelColumns, labelled, textColumns, wrapped } from "./labelledLines.js"
import { placeText } from "./placeText.js"
import { pair } from "./recordText.js"
import * as textLayout from "./textLayout.js"
import type { Paint } from "./theme.js"

export interface FailureBlockOptions extends BlockOptions {
  readonly cwd: string
  /** By which the story can be asked for; `undefined` outside any story. */
  readonly shortId: string | undefined
}

/** The latest stages are those that matter. */
const maxTimeline = 12

/** The block below its heading, without a line break at its end. */
export const failureBlock = (report: FailureReport, options: FailureBlockOptions): string => {
  const { bold, dim, place } = options.theme.colours
  const [failure, ...others] = report.failures
  const { location } = failure
  const out: Array<string> = []
  const add = (label: string, lines: ReadonlyArray<string>, paint?: Paint) => {
    out.push(labelled(label, wrapped(lines, options, paint), options))
  }

  if (report.storyName !== null) add("Story:", [storyOf(report.storyName, options)])
  add("Stage:", [stageOf(failure)])
  const { ellipsis } = options.theme.glyphs
  add("Error:", terminalText.lines(errorText(failure, { exactCause: whyOf(failure), ellipsis })), bold)
  if (location !== null) {
    add("Location:", [placeOf(failure, location, options.cwd)], place)
    // A snippet shows it among its neighbours.
    if (failure.snippet.length < 2 && location.sourceLine !== null) {
      out.push(labelled("Code:", codeLine(location, options), options))
    }
  }
  // The place above is that of the innermost error, or where an error that many share failed this one.
  if (failure.ownLocation !== null && !isSameLine(failure.ownLocation, location))
    add(failure.causes.length > 0 ? "Wrapped at:" : "Made at:", [placeText(failure.ownLocation, options.cwd)], place)
  const spans = spansOf(failure)
  if (spans !== "") add("Spans:", [spans], dim)
  if (report.timeline.length > 0) add("Recent stages:", recentStages(report, options), dim)
  const progress = progressLabel(report.progress)
  if (progress !== undefined) add("Progress:", [progress])
  const { [spanDetails]: calls, ...annotations } = annotationsOf(failure)
  if (typeof calls === "string") add("Calls:", terminalText.lines(calls), dim)
  const annotated = valueTable(annotations, labelColumns, options)
  if (annotated.length > 0) out.push(labelled("Annotated:", annotated, options))
  const why = whyOf(failure)
  if (why !== "") add("Why:", terminalText.lines(why))
  if (hintSaysMore(failure)) add("Hint:", [safe(failure.hint ?? "")])
  if (failure.errorCode !== "UNKNOWN") {
    add("Kind:", [`${failure.errorCode}, trying again ${failure.retryable ? "may" : "will not"} help`], dim)
  }
  for (const [label, text] of detailsOf(failure)) add(label, [text])
  if (failure.causes.length === 0 && chainSaysMore(failure, why)) add("Chain:", [safe(failure.exceptionChain)], dim)
  if (failure.snippet.length > 1) out.push(...snippetLines(failure.snippet, location, options))
  out.push(...causedBy(failure, options))
  if (report.interruptors.length > 0) add("Interrupted:", report.interruptors.map(interruptorText), dim)
  const frames = frameList(failure, options)
  if (frames.length > 0) out.push(dim("Frames:"), ...frames)
  for (const [i, other] of others.entries()) add(i === 0 ? "Also failed:" : "", numbered(i + 2, other, options.cwd))
  return out.join("\n")
}

const safe = terminalText.line

const isSameLine = (one: Location, other: Location | null): boolean =>
  one.file === other?.file && one.line === other.line

const storyOf = (name: string, { shortId }: FailureBlockOptions): string =>
  shortId === undefined ? safe(name) : `${safe(name)} [${safe(shortId)}]`

const stageOf = (failure: Failure): string => {
  if (failure.stageName === null) return "(outside any stage)"
  const around = failure.stagePath.slice(0, -1)
  return safe(around.length === 0 ? failure.stageName : `${failure.stageName} (in ${around.join(" > ")})`)
}

const placeOf = (failure: Failure, location: Location, cwd: string): string => {
  return `${placeText(location, cwd)}${guesses[failure.locationReason]}`
}

// A place that is only near the failure must not pass for the failure's own.
const guesses: Readonly<Record<Failure["locationReason"], string>> = {
  app_frame: "",
  effect: "",
  called: " - a guess: what the waiting line calls",
  generator: "",
  span: " - where the nearest span is made",
  stage: " - where the stage is made",
  bundle: " - in a bundle without a source map",
  innermost_frame: " - not in your own code",
  unknown: ""
}

/** Most spans named. */
const maxSpans = 8

/** The way of the failure through spans, innermost first, where it is not that through its stages alone. */
const spansOf = ({ spans }: Failure): string => {
  if (spans.every(({ kind }) => kind === "stage")) return ""
  const more = spans.length > maxSpans ? " < …" : ""
  return (
    safe(
      spans
        .slice(0, maxSpans)
        .map(({ name }) => name)
        .join(" < ")
    ) + more
  )
}

/** What the error says of itself. */
const detailsOf = ({ details }: Failure): ReadonlyArray<readonly [label: string, text: string]> => {
  if (details === null) return []
  const labels = Object.entries(details.labels).map(([name, value]) => pair(name, value))
  const out: Array<readonly [string, string]> = []
  if (details.code !== null) out.push(["Error code:", safe(details.code)])
  if (labels.length > 0) out.push(["Labels:", labels.join(" ")])
  if (details.url !== null) out.push(["See:", safe(details.url)])
  return out
}

/** The timeline, on a terminal broken only between stages. */
const recentStages = (report: FailureReport, options: FailureBlockOptions): ReadonlyArray<string> => {
  const duration = (value: number) => seconds(value, options.theme.glyphs.micro)
  const earlier = report.timeline.length + report.timelineOmitted - maxTimeline
  const timeline = report.timeline.slice(-maxTimeline)
  const text =
    earlier <= 0
      ? formatTimeline(report, duration)
      : `… ${earlier} earlier … | ${formatTimeline({ timeline, timelineOmitted: 0 }, duration)}`
  const columns = textColumns(options)
  if (columns === undefined) return [safe(text)]
  const lines: Array<string> = []
  for (const stage of safe(text).split(" | ")) {
    const longer = lines.length === 0 ? stage : `${lines.at(-1)} | ${stage}`
    if (lines.length > 0 && textLayout.width(longer) <= columns) lines[lines.length - 1] = longer
    else lines.push(stage)
  }
  return lines
}

/** The exact cause, less what the line of the error says already. */
const whyOf = ({ errorMessage, errorType, exactCause }: Failure): string => {
  const cause = exactCause.trim()
  const said = [`${errorType}: ${errorMessage}`, `${errorType} - ${errorMessage}`, errorMessage, errorType]
  if (said.some((text) => text.trim() === cause)) return ""
  // The first lines of a long message, and nothing else.
  return errorMessage !== "" && said.some((text) => text.startsWith(cause.replace(/…$/, ""))) ? "" : cause
}

const hintSaysMore = ({ errorMessage, exactCause, hint }: Failure): boolean =>
  hint !== null && hint !== "" && ![errorMessage, exactCause].some((said) => said.includes(hint))

const interruptorText = ({ fiberId, stageName, storyName }: Interruptor): string => {
  const place = stageName ?? storyName
  return safe(place === null ? `by fiber ${fiberId}` : `by fiber ${fiberId}, in ${place}`)
}

/** Not where every link of it is in the error's line or in the reason. */
const chainSaysMore = ({ errorMessage, errorType, exceptionChain }: Failure, why: string): boolean => {
  const [, ...causes] = exceptionChain.split(" <- ")
  const said = [why, `${errorType}: ${errorMessage}`]
  return causes.some((link) => !said.some((text) => text.includes(messageOf(link))))
}

/** Of `Type: message`; the type where there is no more. */
const messageOf = (link: string): string => /^[^:]+: (.+)$/s.exec(link)?.[1] ?? link

const numbered = (number: number, failure: Failure, cwd: string): ReadonlyArray<string> => {
  const stage = failure.stageName === null ? "" : `${stageOf(failure)}: `
  const lines = [`${number}. ${stage}${safe(errorText(failure, { exactCause: "", ellipsis: "" }))}`]
  if (failure.location !== null) lines.push(`   ${placeOf(failure, failure.location, cwd)}`)
  return lines
}
