/**
 * Where a failure is said to be: the line of the app that one would change.
 */
import type { Failure } from "../../event/FailureReport.js"
import { extended } from "../../plain/extended.js"
import * as hiddenField from "../../plain/hiddenField.js"
import { textOf } from "../../plain/untrusted.js"
import { awaitedIn, failedCall } from "./awaitedLine.js"
import { codeAround, offsetOf } from "./code.js"
import { constructorsOf } from "./constructors.js"
import { linesOf } from "./frameSource.js"
import { mapperOf, movedTo, namesIn } from "./mapperFrame.js"
import { isOpen, type TextPlace } from "./maskedCode.js"
import { catchUseOf } from "./moduleFunction.js"
import { isPassedEffect } from "./passedEffect.js"
import { isModuleFunction, isRaisingHelper } from "./raisingHelper.js"
import * as sourceText from "./sourceText.js"
import * as stackFrames from "./stackFrames.js"
import { failedInSpan, failedInYield } from "./translator.js"
import { triedBefore } from "./triedLine.js"

/** An error, and the frames of its stack. */
export interface ErrorWithFrames {
  readonly error: unknown
  readonly frames: ReadonlyArray<stackFrames.Frame>
  /** It only repeats the error inside it, with spans in place of frames. */
  readonly isCopy: boolean
}

export interface Place {
  readonly frame: stackFrames.Frame | undefined
  readonly reason: Failure["locationReason"]
  /** The error whose stack says so; `undefined` where it is another's word. */
  readonly from: ErrorWithFrames | undefined
}

/** A call that waits, and the lines of its function. */
export interface WaitingCall extends stackFrames.Frame {
  readonly range: { readonly file: string; readonly startLine: number; readonly endLine: number }
}

/** What knows a place beside the errors themselves. */
export interface Around {
  /** The calls of the app that were waiting inside its stage, or its story, innermost first. */
  readonly generators: ReadonlyArray<WaitingCall>
  /** Those that were waiting for that stage or story. */
  readonly outer: ReadonlyArray<stackFrames.Frame>
  /** Where the nearest span of the app is made. */
  readonly span: { readonly frame: stackFrames.Frame; readonly kind: "span" | "stage" } | undefined
  /** Whether a call waited outside that span. */
  readonly isOutsideSpan: (call: stackFrames.Frame) => boolean
  /** The line of the effect that failed, in or inside the call that waits for it, or else inside the nearest span or the stage. */
  readonly effectIn: (waiting: stackFrames.Frame | undefined) => Pick<Place, "frame" | "reason"> | undefined
  /** Where the app makes what failed inside a library, if it does so at one line. */
  readonly usedAt: () => stackFrames.Frame | undefined
  /** Where the stage, or the story, is made. */
  readonly definedAt: () => ReturnType<typeof definedIn> | undefined
}

/**
 * The app's innermost line, whoever knows it. `chain` is the error and what it came from, outermost first: an error that
 * wraps another was made where that was caught, which is not where things went wrong.
 */
export const placeOf = (chain: ReadonlyArray<ErrorWithFrames>, around: Around): Place => {
  const innermostFirst = chain.length === 1 ? chain : copiesLast(chain)
  let made: Place | undefined
  let translated: stackFrames.Frame | undefined
  for (const link of innermostFirst) {
    const place = placeOfError(link)
    if (place === undefined) continue
    // An error that was made before anything ran says only where it is written; one that a helper makes of what failed, where that is done.
    const isAtLoad = isMadeAtLoad(link.frames)
    const mapper = isAtLoad ? undefined : mapperOf(place, link)
    const isMade = isAtLoad || mapper?.isNearest === false || isMapped(place, link, chain)
    if (!isMade && !isBehind(place, link, chain, around)) {
      const isKnown = mapper !== undefined && isOfAnother(link, chain)
      const effect = isKnown ? around.effectIn(nearestIn(around)) : undefined
      return effect === undefined ? triedAt(place, chain) : { ...effect, from: undefined }
    }
    const tried = triedBy(place, chain)
    if (tried !== undefined) return tried
    if (made === undefined && mapper !== undefined) translated = mapper.translated
    made ??= place
    // What maps that again is further out.
    if (!isMade) break
  }
  const { definedAt, outer, span, usedAt } = around
  const generator = nearestIn(around)
  if (generator !== undefined) {
    const awaited = awaitedAt(generator, failedCallOf(chain))
    const found = awaited === generator ? around.effectIn(generator) : undefined
    const inside = found?.reason === "generator" ? undefined : found
    // Of an error that is known to come from another, the generator may wait for that one, inside of the mapper.
    const before = chain.filter(({ isCopy }) => !isCopy).length > 1 ? undefined : effectAt(translated)
    // A guess goes further in than what is known to have failed.
    const effect = inside?.reason === "called" ? (before ?? inside) : (inside ?? before)
    const frame = found === undefined && awaited === generator ? stepOf(generator, chain) : awaited
    return { ...(effect ?? { frame, reason: "generator" }), from: undefined }
  }
  const effect = around.effectIn(undefined) ?? effectAt(translated)
  if (effect !== undefined) return { ...effect, from: undefined }
  if (span?.kind === "span") {
    const failed = failedInSpan(linesOf(span.frame), span.frame.shown)
    if (failed === undefined || failed.line === span.frame.shown.line)
      return { frame: span.frame, reason: "span", from: undefined }
    return { frame: movedTo(span.frame, failed), reason: "effect", from: undefined }
  }
  const used = usedAt()
  if (used !== undefined && isApp(used)) return { frame: used, reason: "effect", from: undefined }
  if (made !== undefined) return made
  const waiting = outer.find(isApp)
  const defined = definedAt()
  const stage = defined?.frame ?? span?.frame
  // A helper's caller is where the stage is waited for.
  if (stage !== undefined && (defined?.isHelper !== true || waiting === undefined)) {
    return { frame: stage, reason: "stage", from: undefined }
  }
  if (waiting !== undefined) return { frame: waiting, reason: "generator", from: undefined }
  const known = innermostFirst.findLast((link) => link.frames.length > 0)
  const innermost = known?.frames.find(isApp) ?? known?.frames.find((frame) => frame.shown.line > 0)
  // Where Effect made the error says nothing of the program.
  const isEffects = innermost?.shown.origin === "effect"
  if (innermost === undefined || isEffects) return { frame: undefined, reason: "unknown", from: known }
  return { frame: innermost, reason: "innermost_frame", from: known }
}

/** The call of the app that waited, where no span is nearer. */
const nearestIn = ({ generators, isOutsideSpan, span }: Around): WaitingCall | undefined => {
  const own = generators.filter(isApp)
  const generator = own.find((call) => !isPassedEffect(linesOf(call), call.shown.line, call.range)) ?? own[0]
  return generator !== undefined && span?.kind === "span" && isOutsideSpan(generator) ? undefined : generator
}

const effectAt = (frame: stackFrames.Frame | undefined): Pick<Place, "frame" | "reason"> | undefined =>
  frame && { frame, reason: "effect" }

/** The innermost first. A copy comes last: what it repeats says more. */
const copiesLast = (chain: ReadonlyArray<ErrorWithFrames>): ReadonlyArray<ErrorWithFrames> => [
  ...chain.filter(({ isCopy }) => !isCopy).toReversed(),
  ...chain.filter(({ isCopy }) => isCopy)
]

/** The place that an error's own stack has. */
export const placeOfError = (link: ErrorWithFrames): Place | undefined => {
  const frame = failingFrameOf(link)
  return frame && { frame, reason: frame.guessed ? "bundle" : "app_frame", from: link }
}

/** Whether the stack of an error, which comes from no other, leads to the line that one would change. */
export const isToldBy = (link: ErrorWithFrames): boolean => {
  const place = placeOfError(link)
  return (
    place !== undefined &&
    !isMadeAtLoad(link.frames) &&
    mapperOf(place, link)?.isNearest !== false &&
    !isMapped(place, link, [link])
  )
}

/** The place of what was tried, where the error was made in the `catch` beside it, which Effect called. */
const triedAt = (place: Place, chain: ReadonlyArray<ErrorWithFrames>): Place => {
  const { from } = place
  const all = from?.frames ?? []
  const first = place.frame === undefined ? -1 : all.indexOf(place.frame)
  const last = first < 0 ? -1 : all.findIndex((frame, i) => i >= first && !isApp(frame)) - 1
  const frame = all[last]
  if (frame === undefined || all[last + 1]?.shown.origin !== "effect") return place
  const tried = triedBefore(linesOf(frame), frame.shown, () => failedCallOf(chain))
  // The stack leads to the `catch`: it is another's word.
  return tried === undefined ? place : extended(place, { frame: movedOut(frame, tried), from: undefined })
}

/** The same, where a function of the module is the `catch`. */
const triedBy = (place: Place, chain: ReadonlyArray<ErrorWithFrames>): Place | undefined => {
  const { frame } = place
  const [use] = frame === undefined || !isOfModule(frame) ? [] : catchUsesIn(frame)
  if (frame === undefined || use === undefined) return undefined
  const tried = triedBefore(linesOf(frame), use, () => failedCallOf(chain))
  return tried === undefined ? undefined : extended(place, { frame: movedOut(frame, tried), from: undefined })
}

/** The same frame at a place in another function, whose name V8 does not know. */
const movedOut = (frame: stackFrames.Frame, place: TextPlace): stackFrames.Frame =>
  extended(frame, { shown: extended(frame.shown, { ...place, function: stackFrames.anonymous }) })

const catchUsesIn = hiddenField.remembering((frame: stackFrames.Frame): ReadonlyArray<TextPlace> => {
  const lines = linesOf(frame)
  return namesIn(lines, frame).flatMap((name) => catchUseOf(lines, name, frame.shown) ?? [])
})

/** A call that waits, at the call in it that is known to have failed. */
const awaitedAt = (frame: stackFrames.Frame, call: RegExp | undefined): stackFrames.Frame => {
  const awaited = call === undefined ? undefined : awaitedIn(linesOf(frame), frame.shown, call)
  return awaited === undefined ? frame : movedTo(frame, awaited)
}

/** A call that waits, at the one step of what it waits for that can have failed. */
const stepOf = (frame: stackFrames.Frame, chain: ReadonlyArray<ErrorWithFrames>): stackFrames.Frame => {
  const isOfSchema = chain.some(({ error }) => textOf(error, "_tag") === "ParseError")
  const step = failedInYield(linesOf(frame), frame.shown, isOfSchema)
  return step === undefined || step.line === frame.shown.line ? frame : movedTo(frame, step)
}

/** What failed below the app, where no line of the app is in its stack. */
const failedCallOf = (chain: ReadonlyArray<ErrorWithFrames>): RegExp | undefined => {
  for (const { error, frames } of chain.toReversed()) {
    if (frames.some(isApp)) continue
    const functions = frames.map(({ shown }) => shown.function)
    const call = failedCall({ message: textOf(error, "message") ?? "", functions })
    if (call !== undefined) return call
  }
  return undefined
}

export const isApp = (frame: stackFrames.Frame): boolean => frame.shown.origin === "app"

/**
 * The app's innermost frame that ran when the error was made. What is behind a fiber's run loop only started the fiber, and
 * neither an error's own constructor, nor one that is not written anywhere, nor a helper that only fails is where things went wrong.
 */
const failingFrameOf = ({ error, frames }: ErrorWithFrames): stackFrames.Frame | undefined => {
  let constructors: ReadonlySet<string> | undefined
  let innermost: stackFrames.Frame | undefined
  let made: stackFrames.Frame | undefined
  for (const [i, frame] of frames.entries()) {
    if (stackFrames.isRunLoop(frame)) break
    if (!isApp(frame)) continue
    innermost ??= frame
    const isNew = frame.shown.function.startsWith("new ")
    const isCalledByApp = frames[i + 1]?.shown.origin === "app"
    if (!isNew && !isCalledByApp) return frame
    constructors ??= constructorsOf(error)
    if (isNew && (constructors.has(frame.shown.function) || isImplicitConstructor(frame))) continue
    made = frame
    if (!isCalledByApp || !isHelperFor(constructors, frame)) return frame
  }
  return made ?? innermost
}

/**
 * Whether a function that Effect called made an error, and decided nothing: `Effect.mapError(toDatabaseError)`. What failed is
 * what waits for it.
 */
const isMapped = ({ frame }: Place, link: ErrorWithFrames, chain: ReadonlyArray<ErrorWithFrames>): boolean =>
  frame !== undefined &&
  isCalledByEffect(frame, link) &&
  (isHelperFor(constructorsOf(link.error), frame) || (isOfAnother(link, chain) && isOfModule(frame)))

/** Whether a mapper is written behind the generator that failed. */
const isBehind = (
  { frame }: Place,
  link: ErrorWithFrames,
  chain: ReadonlyArray<ErrorWithFrames>,
  { generators }: Around
): boolean =>
  frame !== undefined &&
  isCalledByEffect(frame, link) &&
  isOfAnother(link, chain) &&
  isAppliedTo(generators.find(isApp), frame)

const isCalledByEffect = (frame: stackFrames.Frame, { frames }: ErrorWithFrames): boolean => {
  const next = frames[frames.indexOf(frame) + 1]
  return next?.shown.origin === "effect" && !stackFrames.isRunLoop(next)
}

const isOfAnother = (link: ErrorWithFrames, chain: ReadonlyArray<ErrorWithFrames>): boolean =>
  chain.slice(chain.indexOf(link) + 1).some(({ isCopy }) => !isCopy)
/** Whether a place is behind a generator: `Effect.gen(…).pipe(Effect.mapError((error) => new X(…)))`. */
const isAppliedTo = (call: WaitingCall | undefined, { path, shown }: stackFrames.Frame): boolean => {
  if (call === undefined || call.range.file !== path || shown.line < call.range.endLine) return false
  const lines = linesOf(call)
  const column = (lines[call.range.endLine - 1] ?? "").lastIndexOf("}") + 2
  const code = codeAround(lines, shown)
  const behind = code.masked.slice(offsetOf(code, { line: call.range.endLine, column }), offsetOf(code, shown))
  const opened = /^\s*(?:,|\)\s*\.pipe\()/.exec(behind)
  return opened !== null && isOpen(behind.slice(opened[0].length))
}

/** Whether a frame is that of a function of its module's own. */
const isOfModule = hiddenField.remembering((frame: stackFrames.Frame): boolean => {
  const lines = linesOf(frame)
  return namesIn(lines, frame).some((name) => isModuleFunction(lines, name, frame.shown))
})

/** Whether a frame is that of a helper that only fails, with one of these errors. */
const isHelperFor = (errors: ReadonlySet<string>, frame: stackFrames.Frame): boolean => {
  const names = Array.from(errors).join()
  let known = helpers.get(frame)
  if (known?.errors !== names) {
    const lines = linesOf(frame)
    known = {
      errors: names,
      isHelper: namesIn(lines, frame).some((name) => isRaisingHelper(lines, name, frame.shown, errors))
    }
    helpers.set(frame, known)
  }
  return known.isHelper
}

/** What was found out of a frame, for the errors that it fails with mostly. */
const helpers = hiddenField.make<stackFrames.Frame, { readonly errors: string; readonly isHelper: boolean }>()

/** Whether an error was made while its module was loaded: where it is written, and not where it failed anything. */
export const isMadeAtLoad = (frames: ReadonlyArray<stackFrames.Frame>): boolean =>
  !frames.some(stackFrames.isRunLoop) && frames.some(({ runs }) => runs === "modules")

/**
 * Where a stage was made: the first line of the app that is no helper's, which takes the name from its caller.
 */
export const definedIn = (
  frames: ReadonlyArray<stackFrames.Frame>
): { readonly frame: stackFrames.Frame | undefined; readonly isHelper: boolean } => {
  const own = frames.filter(isApp)
  const named = own.find((frame) => !isHelper(frame))
  return { frame: named ?? own[0], isHelper: named === undefined && own.length > 0 }
}

/** Whether a call that makes a stage or a story has no text in it that could be its name. */
const isHelper = ({ content, path, shown }: stackFrames.Frame): boolean => {
  const lines = sourceText.linesOf(path, content).slice(shown.line - 1, shown.line + 1)
  const call = lines.join("\n").slice(Math.max(0, shown.column - 1), maxCall)
  return /^(?:[\w$]+\.)*(?:stage|story|layerStory|storyScoped)\(\s*[\w$.]+\s*[,)]/.test(call)
}

/** How far into a call its name is looked for. */
const maxCall = 400

/** A class without a constructor of its own: V8 says that its declaration was called. */
const isImplicitConstructor = (frame: stackFrames.Frame): boolean => {
  const line = linesOf(frame)[frame.shown.line - 1] ?? ""
  return /\bclass\b/.test(line) && !/\bconstructor\s*\(/.test(line)
}
