/**
 * The calls on the way to a failure, with the values there; what is not the app's own folded into one line.
 */
import type { Failure, StackFrame } from "../../event/FailureReport.js"
import type { PlainRecord, PlainValue } from "../../plain/PlainValue.js"
import * as terminalText from "../../plain/terminalText.js"
import type { BlockOptions } from "./labelledLines.js"
import { lineText } from "./placeText.js"
import * as textLayout from "./textLayout.js"

/** Most frames of one failure shown. */
const maxFrames = 12
/** Most variables of one frame shown. */
const maxLocals = 12
const localsIndent = 6
/** Widest column of names. */
const maxNameColumns = 20
/** Widest value where no terminal sets a bound. */
const maxValue = 160

/** A line for each of the app's calls and a table of its values below it; nothing where the block above has it all. */
export const frameList = (failure: Failure, options: BlockOptions): ReadonlyArray<string> => {
  const { dim } = options.theme.colours
  const own = failure.stackFrames.filter((frame) => frame.origin === "app")
  if (own.length < 2 && own.every((frame) => frame.locals === null)) return []
  const { location, locationReason } = failure
  // What failed by itself is not waiting for anything, even where it is suspended at a `yield*`.
  const failed = ({ file, line }: StackFrame) =>
    locationReason === "app_frame" && file === location?.file && line === location.line
  const out = [...frameLines(own, failed, options)]
  const rest = failure.stackFrames.length - own.length
  if (rest > 0) out.push(dim(`  ${options.theme.glyphs.ellipsis} ${rest} frame(s) of libraries and the runtime`))
  return out
}

/** Calls with their values, the first of them. `hasFailed`: it is not waiting for anything. */
export const frameLines = (
  frames: ReadonlyArray<StackFrame>,
  hasFailed: (frame: StackFrame) => boolean,
  options: BlockOptions
): ReadonlyArray<string> => {
  const out: Array<string> = []
  for (const frame of frames.slice(0, maxFrames)) {
    const line = `  ${frameLine(frame, hasFailed(frame), options)}`
    out.push(...(options.columns === undefined ? [line] : textLayout.hang(line, options.columns, localsIndent - 2)))
    for (const line of valueTable(frame.locals ?? {}, localsIndent, options)) out.push(" ".repeat(localsIndent) + line)
  }
  const { colours, glyphs } = options.theme
  const more = frames.length - maxFrames
  return more > 0 ? [...out, colours.dim(`  ${glyphs.ellipsis} ${more} more frame(s)`)] : out
}

/** Names and values in two columns, a line each, for a place that many columns from the left. */
export const valueTable = (
  values: PlainRecord,
  indent: number,
  { columns, theme }: BlockOptions
): ReadonlyArray<string> => {
  // Under "…" a copy says how much of it was left out.
  const { "…": omitted, ...kept } = values
  const unassigned = Object.keys(kept).filter((name) => kept[name] === notAssigned)
  const entries = Object.entries(kept).filter(([, value]) => unassigned.length < 2 || value !== notAssigned)
  const shown = entries.slice(0, maxLocals).map(([name, value]) => [terminalText.line(name), valueText(value)] as const)
  const widest = Math.max(0, ...shown.map(([name]) => textLayout.width(name)))
  const nameColumns = Math.min(widest, maxNameColumns)
  const room = columns === undefined ? maxValue : Math.max(10, columns - indent - nameColumns - 2)
  const lines = shown.map(([name, value]) => {
    const label = textLayout.pad(textLayout.truncate(name, nameColumns, theme.glyphs.ellipsis), nameColumns)
    return `${theme.colours.dim(label)}  ${textLayout.truncate(value, room, theme.glyphs.ellipsis)}`
  })
  if (unassigned.length >= 2) {
    const names = terminalText.line(unassigned.join(", "))
    lines.push(`${theme.colours.dim(textLayout.truncate(names, room, theme.glyphs.ellipsis))}  ${notAssigned}`)
  }
  if (entries.length > maxLocals) lines.push(theme.colours.dim(`+${entries.length - maxLocals} more`))
  if (omitted !== undefined) lines.push(theme.colours.dim(terminalText.line(String(omitted))))
  return lines
}

/** What rich mode says of a variable behind the failing `yield*`: many of them are one line. */
const notAssigned = "<not assigned yet>"

const frameLine = (frame: StackFrame, hasFailed: boolean, { theme }: BlockOptions): string => {
  const { file, function: name, suspended } = frame
  const { bold, dim, place } = theme.colours
  const where = place(terminalText.line(`${file}:${lineText(frame)}`))
  return `${dim(suspended && !hasFailed ? "waiting in" : "at")} ${bold(terminalText.line(name))} ${where}`
}

/** A value as a reader of code would write it; what is in place of one that is not there, or has only a name, is not quoted. */
const valueText = (value: PlainValue): string => {
  if (typeof value === "string" && /^(?:<[a-z, ]+>|\[[A-Z][\w ]*\])$/.test(value)) return value
  return terminalText.line(JSON.stringify(value))
}
