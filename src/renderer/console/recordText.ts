/**
 * What is shown on one line: a log line, a note with its data, an attempt.
 */
import { type Correlation, idsOf, wireNames } from "../../event/correlationFields.js"
import type { EventRecorded, LogRecorded, StageRetried } from "../../event/NarrativeEvent.js"
import { clip, type PlainValue } from "../../plain/PlainValue.js"
import * as terminalText from "../../plain/terminalText.js"
import type { Theme } from "./theme.js"

/** Most characters shown of a note's data. */
const maxData = 2_000

export const logText = (event: LogRecorded, { colours }: Theme): string => {
  const { bad, dim, place, warning } = colours
  const paint = { TRACE: dim, DEBUG: dim, INFO: place, WARN: warning, ERROR: bad, FATAL: bad }[event.level]
  const annotations = Object.entries(event.annotations).map(([key, value]) => ` ${pair(key, value)}`)
  if (event.cause !== null) annotations.push(` ${pair("cause", firstLine(event.cause))}`)
  return `${paint(event.level)} ${terminalText.line(event.message)}${dim(annotations.join(""))}`
}

export const noteText = (event: EventRecorded, { colours, glyphs }: Theme): string => {
  const data =
    event.data === null ? "" : colours.dim(` ${terminalText.line(clip(JSON.stringify(event.data), maxData))}`)
  return `${colours.dim(glyphs.note)} ${terminalText.line(event.name)}${data}`
}

/** `request_id=r-1 tenant="Fjord Tea"`: the ids, and the trace where there are none. */
export const correlationText = (correlation: Correlation): string => {
  const ids = idsOf(correlation)
  const others = ids.filter(([name]) => name !== wireNames.traceId)
  return (others.length === 0 ? ids : others).map(([name, id]) => pair(name, id)).join(" ")
}

/** `attempt 2 after 0.100s: Busy: try later`. */
export const attemptText = ({ attempt, delaySeconds, reason }: StageRetried): string =>
  `attempt ${attempt} after ${delaySeconds.toFixed(3)}s: ${terminalText.line(reason)}`

/** `key=value`, quoted where it has to be. */
export const pair = (key: string, value: PlainValue): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return terminalText.line(
    `${key}=${/^[^\s"=]+$/.test(text) || typeof value !== "string" ? text : JSON.stringify(text)}`
  )
}

const firstLine = (text: string): string => {
  const lines = text.trimEnd().split("\n")
  return lines.length === 1 ? text : `${lines[0]} (+${lines.length - 1} lines)`
}
