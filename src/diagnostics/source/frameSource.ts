/**
 * What the source says where a frame of a stack is.
 */
import type { Failure, Location } from "../../event/FailureReport.js"
import * as hiddenField from "../../plain/hiddenField.js"
import * as sourceText from "./sourceText.js"
import * as stackFrames from "./stackFrames.js"

export const linesOf = ({ content, path }: stackFrames.Frame): ReadonlyArray<string> =>
  sourceText.linesOf(path, content)

/** The location of a frame, and the lines around it. */
export const sourceOf = (frame: stackFrames.Frame | undefined): Pick<Failure, "location" | "snippet"> => {
  return frame === undefined ? nowhere : sourceAt(frame)
}

const nowhere: Pick<Failure, "location" | "snippet"> = { location: null, snippet: [] }

/** The same few lines fail again and again, and frames are remembered. */
const sourceAt = hiddenField.remembering((frame: stackFrames.Frame): typeof nowhere => {
  const lines = linesOf(frame)
  return {
    location: locationIn(lines, frame),
    snippet: sourceText.snippetOf(lines, frame.shown.line, frame.shown.column)
  }
})

export const locationOf = (frame: stackFrames.Frame): Location => locationIn(linesOf(frame), frame)

const locationIn = (lines: ReadonlyArray<string>, { shown }: stackFrames.Frame): Location => ({
  file: shown.file,
  line: shown.line,
  column: shown.column,
  function: nameIn(lines, shown),
  sourceLine: sourceText.lineOf(lines, shown.line, shown.column)
})

const nameIn = (lines: ReadonlyArray<string>, shown: stackFrames.Frame["shown"]): string =>
  shown.function === stackFrames.anonymous
    ? (sourceText.enclosingNameOf(lines, shown.line, shown.column) ?? shown.function)
    : shown.function
