/**
 * The errors behind a failure: each with its message, its place, its code and its own calls.
 */
import type { CausingError, Failure } from "../../event/FailureReport.js"
import * as terminalText from "../../plain/terminalText.js"
import { snippetLines } from "./codeLines.js"
import { causeText } from "./errorText.js"
import { frameLines } from "./frameList.js"
import { type BlockOptions, labelled, wrapped } from "./labelledLines.js"
import { placeText } from "./placeText.js"

/** Most errors behind a failure that are shown. */
const maxCauses = 8
/** Deeper ones are indented no further. */
const maxDepth = 4

export interface CausedByOptions extends BlockOptions {
  /** Files below it are shown relative to it. */
  readonly cwd: string
}

/** A paragraph for each of them, below its label. */
export const causedBy = (failure: Failure, options: CausedByOptions): ReadonlyArray<string> => {
  const { dim } = options.theme.colours
  const shown = failure.causes.slice(0, maxCauses)
  const out = shown.flatMap((cause, i) => paragraph(cause, failure, shown.slice(0, i), options))
  const more = failure.causes.length - shown.length
  return more === 0 ? out : [...out, labelled("", [dim(`${options.theme.glyphs.ellipsis} ${more} more`)], options)]
}

const paragraph = (
  cause: CausingError,
  failure: Failure,
  before: ReadonlyArray<CausingError>,
  options: CausedByOptions
): ReadonlyArray<string> => {
  const { location } = cause
  const indent = "  ".repeat(Math.min(cause.depth - 1, maxDepth))
  const { ellipsis } = options.theme.glyphs
  const texts = terminalText.lines(causeText(cause, [failure, ...before], { exactCause: failure.exactCause, ellipsis }))
  const place = location === null ? [] : [options.theme.colours.place(indent + placeText(location, options.cwd))]
  const lines = wrapped(
    texts.map((line) => indent + line),
    options
  )
  // The failure's own place is that of the innermost error: its code is there already.
  const isKnown =
    location === null || (location.file === failure.location?.file && location.line === failure.location.line)
  return [
    labelled(labelOf(cause, before.at(-1)), [...lines, ...place], options),
    ...(isKnown || cause.snippet.length < 2 ? [] : snippetLines(cause.snippet, location, options)),
    ...frameLines(
      cause.stackFrames.filter((frame) => frame.origin === "app"),
      () => true,
      options
    )
  ]
}

/** Once for errors that follow each other in the same relation. */
const labelOf = (cause: CausingError, previous: CausingError | undefined): string => {
  if (previous?.relation === cause.relation) return ""
  return cause.relation === "cause" ? "Caused by:" : "Gathered:"
}
