/**
 * A failure in full: what, where, after what, and why, each under its label.
 */

import {
  type Failure,
  formatSnippet,
  formatTimeline,
  type Interruptor,
  type Location
} from "../../event/FailureReport.js"
import type { FailureOccurred } from "../../event/NarrativeEvent.js"
import * as terminalText from "../../plain/terminalText.js"
import { frameList, valueTable } from "./frameList.js"
import * as textLayout from "./textLayout.js"
import type { Theme } from "./theme.js"

export interface FailureBlockOptions {
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: number | undefined
  readonly cwd: string
}

const labelColumns = 15
/** Narrower than this, a hanging indent leaves too little room for the values. */
const fewestColumns = labelColumns + 20
/** The latest stages are the telling ones. */
const maxTimeline = 12

/** The block below its heading, without a line break at its end. */
export const failureBlock = (event: FailureOccurred, options: FailureBlockOptions): string => {
  const { bold, dim, place } = options.theme.colours
  const [failure, ...others] = event.failures
  const { location } = failure
  const out: Array<string> = []
  const tell = (label: string, values: ReadonlyArray<string>, paint = (text: string) => text) => {
    out.push(labelled(label, values, paint, options))
  }

  tell("Story:", [safe(event.storyName)])
  tell("Stage:", [stageOf(failure)])
  tell("Error:", terminalText.lines(errorOf(failure)), bold)
  if (location !== null) {
    tell("Location:", [placeOf(failure, location, options.cwd)], place)
    if (location.sourceLine !== null) tell("Code:", [terminalText.code(location.sourceLine.trim())])
  }
  if (event.timeline.length > 0) tell("Recent stages:", recentStages(event, options), dim)
  const { completedStages, percent, totalStages } = event.progress
  tell("Progress:", [`${percent}% (${completedStages} / ${totalStages})`])
  const annotated = valueTable(failure.stageAttributes, labelColumns, options)
  if (annotated.length > 0) out.push(underLabel("Annotated:", annotated, options.theme))
  if (saysMore(failure)) tell("Why:", terminalText.lines(failure.exactCause))
  if (hintSaysMore(failure)) tell("Hint:", [safe(failure.hint ?? "")])
  if (failure.errorCode !== "UNKNOWN") {
    tell("Kind:", [`${failure.errorCode}, trying again ${failure.retryable ? "may" : "will not"} help`], dim)
  }
  if (chainSaysMore(failure)) tell("Chain:", [safe(failure.exceptionChain)], dim)
  // A snippet of the one line that stands under "Code:" would say nothing new.
  if (failure.snippet.length > 1) out.push(snippet(failure, options))
  if (event.interruptors.length > 0) tell("Interrupted:", event.interruptors.map(interruptorText), dim)
  const frames = frameList(failure, options)
  if (frames.length > 0) out.push(options.theme.colours.dim("Frames:"), ...frames)
  for (const [i, other] of others.entries()) tell(i === 0 ? "Also failed:" : "", numbered(i + 2, other, options.cwd))
  return out.join("\n")
}

const safe = terminalText.line

const errorOf = (failure: Failure): string =>
  failure.errorMessage === "" ? failure.errorType : `${failure.errorType} - ${failure.errorMessage}`

const stageOf = (failure: Failure): string => {
  if (failure.stageName === null) return "(outside any stage)"
  const around = failure.stagePath.slice(0, -1)
  return safe(around.length === 0 ? failure.stageName : `${failure.stageName} (in ${around.join(" > ")})`)
}

const placeOf = (failure: Failure, { file, function: name, line }: Location, cwd: string): string => {
  const path = cwd !== "" && file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file
  // A place that is only near the failure must not pass for the failure's own.
  const guess =
    failure.locationReason === "stage"
      ? " - where the stage is made"
      : failure.locationReason === "innermost_frame"
        ? " - not in your own code"
        : ""
  return safe(`${path}:${line}${name === "" ? "" : ` (${name})`}${guess}`)
}

/** The timeline, on a terminal broken only between stages. */
const recentStages = (event: FailureOccurred, { columns }: FailureBlockOptions): ReadonlyArray<string> => {
  const earlier = event.timeline.length + event.timelineOmitted - maxTimeline
  const timeline = event.timeline.slice(-maxTimeline)
  const text =
    earlier <= 0
      ? formatTimeline(event)
      : `… ${earlier} earlier … | ${formatTimeline({ timeline, timelineOmitted: 0 })}`
  if (columns === undefined || columns < fewestColumns) return [safe(text)]
  const lines: Array<string> = []
  for (const stage of safe(text).split(" | ")) {
    const longer = lines.length === 0 ? stage : `${lines.at(-1)} | ${stage}`
    if (lines.length > 0 && textLayout.width(longer) <= columns - labelColumns) lines[lines.length - 1] = longer
    else lines.push(stage)
  }
  return lines
}

const saysMore = ({ errorMessage, errorType, exactCause }: Failure): boolean =>
  !["", errorMessage, `${errorType}: ${errorMessage}`, `${errorType} - ${errorMessage}`].includes(exactCause.trim())

const hintSaysMore = ({ errorMessage, exactCause, hint }: Failure): boolean =>
  hint !== null && hint !== "" && ![errorMessage, exactCause].some((said) => said.includes(hint))

const interruptorText = ({ fiberId, stageName, storyName }: Interruptor): string => {
  const place = stageName ?? storyName
  return safe(place === null ? `by fiber ${fiberId}` : `by fiber ${fiberId}, in ${place}`)
}

/** Not so where it is only the error and the reason that stand above. */
const chainSaysMore = ({ exactCause, exceptionChain }: Failure): boolean => {
  const links = exceptionChain.split(" <- ")
  return links.length > 2 || (links.length === 2 && links[1] !== exactCause)
}

const numbered = (number: number, failure: Failure, cwd: string): ReadonlyArray<string> => {
  const stage = failure.stageName === null ? "" : `${stageOf(failure)}: `
  const lines = [`${number}. ${stage}${safe(errorOf(failure))}`]
  if (failure.location !== null) lines.push(`   ${placeOf(failure, failure.location, cwd)}`)
  return lines
}

const labelled = (
  label: string,
  values: ReadonlyArray<string>,
  paint: (text: string) => string,
  { columns, theme }: FailureBlockOptions
): string => {
  const wrapped =
    columns === undefined || columns < fewestColumns
      ? values
      : values.flatMap((value) => textLayout.wrap(value, columns - labelColumns))
  return underLabel(label, wrapped.map(paint), theme)
}

const underLabel = (label: string, lines: ReadonlyArray<string>, { colours }: Theme): string =>
  colours.dim(label) + " ".repeat(labelColumns - label.length) + lines.join(`\n${" ".repeat(labelColumns)}`)

const snippet = (failure: Failure, { columns, theme }: FailureBlockOptions): string =>
  formatSnippet(failure.snippet.map((line) => ({ ...line, text: terminalText.code(line.text) })))
    .split("\n")
    .map((line, i) => {
      const text = columns === undefined ? line : textLayout.truncate(line, columns, theme.glyphs.ellipsis)
      return failure.snippet[i]?.failing === true ? theme.colours.bad(text) : theme.colours.dim(text)
    })
    .join("\n")
