/**
 * Frames of functions that make one error of another, and what failed before each.
 */
import { extended } from "../../plain/extended.js"
import * as hiddenField from "../../plain/hiddenField.js"
import { textOf } from "../../plain/untrusted.js"
import { linesOf } from "./frameSource.js"
import type { TextPlace } from "./maskedCode.js"
import * as sourceText from "./sourceText.js"
import * as stackFrames from "./stackFrames.js"
import { translatedAt } from "./translator.js"

export interface Mapper {
  /** What failed, at its line, where the source says so. */
  readonly translated: stackFrames.Frame | undefined
  /** Whether nothing but that line is nearer than the mapper, which is written in its pipe. */
  readonly isNearest: boolean
}

/** A function that Effect called to make one error of another, as it is written: `Effect.mapError((error) => { … })`. */
export const mapperOf = (
  { frame }: { readonly frame: stackFrames.Frame | undefined },
  { error, frames }: { readonly error: unknown; readonly frames: ReadonlyArray<stackFrames.Frame> }
): Mapper | undefined => {
  const next = frame && frames[frames.indexOf(frame) + 1]
  if (frame === undefined || next?.shown.origin !== "effect" || stackFrames.isRunLoop(next)) return undefined
  const text = textOf(error, "message")
  const known = mappers.get(frame)
  if (known !== undefined && known.text === text) return known.mapper
  const mapper = mapperIn(frame, text)
  mappers.set(frame, { text, mapper })
  return mapper
}

const mapperIn = (frame: stackFrames.Frame, text: string | undefined): Mapper | undefined => {
  const lines = linesOf(frame)
  const found = translatedAt(lines, frame.shown, namesIn(lines, frame), text)
  const translated = found?.from && movedTo(frame, found.from)
  return found && { translated, isNearest: found.isInPipe && translated === undefined }
}

/** What was found out of a frame, for an error that says the same. */
const mappers = hiddenField.make<
  stackFrames.Frame,
  { readonly text: string | undefined; readonly mapper: Mapper | undefined }
>()

export const movedTo = (frame: stackFrames.Frame, place: TextPlace): stackFrames.Frame =>
  extended(frame, { shown: extended(frame.shown, place) })

/** What a frame's function may be called: that which a function gives has the name of its variable, or none. */
export const namesIn = (lines: ReadonlyArray<string>, { shown }: stackFrames.Frame): ReadonlyArray<string> => {
  const around = sourceText.enclosingNameOf(lines, shown.line, shown.column)
  return around === undefined ? [shown.function] : [shown.function, around]
}
