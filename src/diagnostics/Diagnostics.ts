/**
 * From a cause to a failure report: every failure in it, what it says, and the user's line it came from.
 *
 * It runs while the program is failing, so it never throws: where something cannot be read, the report says less.
 */
import type * as Cause from "effect/Cause"
import { globalValue } from "effect/GlobalValue"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import type * as Tracer from "effect/Tracer"
import type { Failure, FailureReport, Location, Progress } from "../FailureReport.js"
import * as PlainValue from "../PlainValue.js"
import { type CauseLeaf, leavesOf } from "./CauseLeaves.js"
import * as SourceText from "./SourceText.js"
import * as StackFrames from "./StackFrames.js"
import * as ThrownValue from "./ThrownValue.js"
import { attempt, propertyOf, textOf } from "./UntrustedValue.js"

/** What the story knows about a failure, and a cause does not. */
export interface Surroundings {
  /** The stage a failure came from, if any. */
  readonly stageOf: (leaf: CauseLeaf) => StageOfFailure | undefined
  readonly timeline: FailureReport["timeline"]
  readonly timelineOmitted: number
  readonly progress: Progress
  readonly interruptors: FailureReport["interruptors"]
}

export interface StageOfFailure {
  /** The names of the stages around the failure, outermost first. */
  readonly path: ReadonlyArray<string>
  /** Where that stage was written: V8's stack text. */
  readonly definedAt: string | undefined
}

/** The report of a cause. A cause without a failure, as of an interruption, is told as `Interrupted`. Never throws. */
export const describe = (cause: Cause.Cause<unknown>, surroundings: Surroundings): FailureReport => ({
  diagnosticsMode: "lean",
  failures: attempt(() => failuresOf(cause, surroundings), [undescribed]),
  interruptors: surroundings.interruptors,
  timeline: surroundings.timeline,
  timelineOmitted: surroundings.timelineOmitted,
  progress: surroundings.progress
})

/** Longest stack text of a failure, in UTF-16 code units. */
const maxStackText = 12_000
/** Longest stack texts of a report together: a hundred failures must not make a line of a megabyte. */
const maxStackTexts = 120_000
/** Most frames of a failure's list. */
const maxFrames = 50
/** Most failures described; the last entry counts the rest. */
const maxFailures = 100
/** Longest sentence of an exact cause. */
const maxExactCause = 500
/** Most links followed to the innermost one. */
const maxDepth = 100

const failuresOf = (cause: Cause.Cause<unknown>, { stageOf }: Surroundings): FailureReport["failures"] => {
  const leaves = leavesOf(cause)
  const [first, ...rest] = leaves.slice(0, maxFailures)
  if (first === undefined) return [interrupted(cause, stageOf)]
  const read = currentReader()
  const room = Math.min(maxStackText, Math.floor(maxStackTexts / (rest.length + 1)))
  const describeLeaf = (leaf: CauseLeaf): Failure => {
    const stage = attempt(() => stageOf(leaf), undefined)
    return attempt(() => failureOf(leaf, stage, read, room), undefined) ?? unplaced(leaf, stage)
  }
  const omitted = leaves.length - rest.length - 1
  return [describeLeaf(first), ...rest.map(describeLeaf), ...(omitted > 0 ? [omittedFailures(omitted)] : [])]
}

const failureOf = (
  leaf: CauseLeaf,
  stage: StageOfFailure | undefined,
  read: StackFrames.StackReader,
  maxText: number
): Failure => {
  const errors = ThrownValue.linksOf(leaf.error, maxDepth)
  const links = errors.slice(0, ThrownValue.maxChain).map((error) => linkOf(error, read))
  const { frame, frames, reason } = placeOf(links, leaf.span, stage, read)
  const appFrames = frames.filter(isApp).length
  const others = frames.length - appFrames
  const stack = stackTextOf(links, maxText)
  return {
    path: leaf.path,
    kind: leaf.kind,
    errorType: links[0]?.type ?? undescribed.errorType,
    errorMessage: links[0]?.message ?? undescribed.errorMessage,
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    ...sourceOf(frame),
    locationReason: reason,
    stackFrames: frames.slice(0, maxFrames).map(({ told }) => told),
    stackSummary: `${appFrames} app frame(s), ${others} other/hidden in full stack (${frames.length} total)`,
    hiddenFrameCount: others,
    stackText: stack.text,
    stackTruncated: stack.truncated,
    exceptionChain: ThrownValue.formatChain(links),
    exactCause: exactCauseOf(errors)
  }
}

/** What the error itself says, when its place could not be found out. */
const unplaced = (leaf: CauseLeaf, stage: StageOfFailure | undefined): Failure => {
  const chain = ThrownValue.chainOf(leaf.error)
  return {
    ...undescribed,
    path: leaf.path,
    kind: leaf.kind,
    errorType: ThrownValue.typeOf(leaf.error),
    errorMessage: ThrownValue.messageOf(leaf.error),
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    stackText: chain,
    exceptionChain: chain,
    exactCause: chain
  }
}

const undescribed: Failure = {
  path: "",
  kind: "die",
  errorType: "Error",
  errorMessage: "The failure could not be described.",
  stageName: null,
  stagePath: [],
  location: null,
  locationReason: "unknown",
  stackFrames: [],
  stackSummary: "0 app frame(s), 0 other/hidden in full stack (0 total)",
  hiddenFrameCount: 0,
  stackText: "",
  stackTruncated: false,
  snippet: [],
  exceptionChain: "",
  exactCause: ""
}

// The stage of an interruption is asked for by the cause itself: there is no error to know it by.
const interrupted = (cause: Cause.Cause<unknown>, stageOf: Surroundings["stageOf"]): Failure => {
  const leaf: CauseLeaf = { path: "", kind: "fail", error: undefined, key: cause, span: Option.none() }
  const stage = attempt(() => stageOf(leaf), undefined)
  const message = cause._tag === "Empty" ? "Ended without an error." : "Interrupted without an error."
  return {
    ...undescribed,
    kind: "fail",
    errorType: "Interrupted",
    errorMessage: message,
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    stackText: `Interrupted: ${message}`,
    exceptionChain: `Interrupted: ${message}`,
    exactCause: message
  }
}

const omittedFailures = (count: number): Failure => {
  const message = `${count} more failure(s) of the same cause are not described.`
  return { ...undescribed, kind: "fail", errorType: "FailuresOmitted", errorMessage: message, exactCause: message }
}

/** An error of the chain: what it says, and its frames. */
interface Link extends ThrownValue.Saying {
  readonly error: unknown
  readonly frames: ReadonlyArray<StackFrames.Frame>
}

const linkOf = (error: unknown, read: StackFrames.StackReader): Link => {
  const stack = textOf(error, "stack")
  return {
    error,
    type: ThrownValue.typeOf(error),
    message: ThrownValue.messageOf(error),
    frames: stack === undefined ? [] : read(stack, textOf(error, "message"))
  }
}

interface Place {
  readonly frame: StackFrames.Frame | undefined
  readonly reason: Failure["locationReason"]
  /** The stack that told it. */
  readonly frames: ReadonlyArray<StackFrames.Frame>
}

/**
 * The user's line, whoever knows it: the error, what it came from, the stage, the span. Failing those, the innermost
 * frame there is.
 */
const placeOf = (
  links: ReadonlyArray<Link>,
  span: Option.Option<Tracer.Span>,
  stage: StageOfFailure | undefined,
  read: StackFrames.StackReader
): Place => {
  // A FiberFailure repeats what is inside it, with spans in place of frames: what is inside comes first.
  const isCopy = (link: Link) => ThrownValue.isFiberFailure(link.error)
  const tellers = [...links.filter((link) => !isCopy(link)), ...links.filter(isCopy)]
  for (const link of tellers) {
    const frame = failingFrameOf(link)
    if (frame !== undefined) return { frame, reason: "app_frame", frames: link.frames }
  }
  const frames = tellers.find((link) => link.frames.length > 0)?.frames ?? []
  const written =
    (stage?.definedAt && read(stage.definedAt).find(isApp)) || attempt(() => appFrameOfSpan(span, read), undefined)
  if (written) return { frame: written, reason: "stage", frames }
  const innermost = frames.find(isApp) ?? frames.find((frame) => frame.told.line > 0)
  return { frame: innermost, reason: innermost === undefined ? "unknown" : "innermost_frame", frames }
}

const isApp = (frame: StackFrames.Frame): boolean => frame.told.origin === "app"

/**
 * The app's innermost frame that ran when the error was made. What stands behind a fiber's run loop only started the
 * fiber, and an error's own constructor is not where things went wrong.
 */
const failingFrameOf = (link: Link): StackFrames.Frame | undefined => {
  const loop = link.frames.findIndex(isRunLoop)
  const running = loop < 0 ? link.frames : link.frames.slice(0, loop)
  const constructors = constructorsOf(link.error)
  return running.find((frame) => isApp(frame) && !constructors.has(frame.told.function)) ?? running.find(isApp)
}

const isRunLoop = (frame: StackFrames.Frame): boolean =>
  frame.told.origin === "effect" && /[\\/]fiberRuntime\.[cm]?[jt]s$/.test(frame.path)

const constructorsOf = (error: unknown): ReadonlySet<string> => {
  const names = new Set<string>()
  let constructor = propertyOf(error, "constructor")
  for (let up = 0; up < 5; up++) {
    const name = textOf(constructor, "name")
    if (name === undefined) break
    names.add(`new ${name}`)
    const parent = constructor
    constructor = attempt(() => Object.getPrototypeOf(parent), undefined)
  }
  return names
}

/** Effect's own table of where spans were made. */
const spanToTrace = globalValue("effect/Tracer/spanToTrace", () => new WeakMap<object, unknown>())

const appFrameOfSpan = (
  span: Option.Option<Tracer.AnySpan>,
  read: StackFrames.StackReader
): StackFrames.Frame | undefined => {
  let current = span
  for (let up = 0; up < 10 && Option.isSome(current) && current.value._tag === "Span"; up++) {
    const trace = spanToTrace.get(current.value)
    const stack: unknown = typeof trace === "function" ? attempt(() => trace(), undefined) : undefined
    const frame = typeof stack === "string" ? read(stack).find(isApp) : undefined
    if (frame !== undefined) return frame
    current = current.value.parent
  }
  return undefined
}

const sourceOf = (frame: StackFrames.Frame | undefined): Pick<Failure, "location" | "snippet"> => {
  if (frame === undefined) return { location: null, snippet: [] }
  const { told } = frame
  const lines = SourceText.linesOf(frame.path, frame.content)
  const location: Location = {
    file: told.file,
    line: told.line,
    column: told.column,
    function:
      told.function === StackFrames.anonymous
        ? (SourceText.enclosingNameOf(lines, told.line, told.column) ?? told.function)
        : told.function,
    sourceLine: SourceText.lineOf(lines, told.line)
  }
  return { location, snippet: SourceText.snippetOf(lines, told.line) }
}

/** Every stack of the chain, each with a fair part of the room: its message, and its newest frames as far as they go. */
const stackTextOf = (
  links: ReadonlyArray<Link>,
  maxText: number
): { readonly text: string; readonly truncated: boolean } => {
  let text = ""
  let truncated = false
  for (const [i, link] of links.entries()) {
    const room = Math.floor((maxText - text.length) / (links.length - i)) - omission.length
    const full = `${i === 0 ? "" : "\nCaused by: "}${ThrownValue.format(link)}`
    let part = PlainValue.clip(full, Math.floor(room / 2))
    truncated ||= part.length < full.length
    for (const frame of link.frames) {
      if (part.length + frame.text.length + 1 > room) {
        part += omission
        truncated = true
        break
      }
      part += `\n${frame.text}`
    }
    text += part
  }
  return { text, truncated }
}

const omission = "\n    …"

/** The innermost error that says anything, as one line. */
const exactCauseOf = (errors: ReadonlyArray<unknown>): string => {
  const innermost = errors.findLast((error) => ThrownValue.messageOf(error) !== "") ?? errors[0]
  const issue = attempt(() => firstIssueOf(innermost), undefined)
  const said = () =>
    ThrownValue.format({ type: ThrownValue.typeOf(innermost), message: ThrownValue.messageOf(innermost) })
  return PlainValue.clip(issue ?? firstLineOf(said()), maxExactCause)
}

const firstIssueOf = (error: unknown): string | undefined => {
  if (!ParseResult.isParseError(error)) return undefined
  const issue = ParseResult.ArrayFormatter.formatErrorSync(error)[0]
  if (issue === undefined) return undefined
  const message = firstLineOf(issue.message)
  return issue.path.length === 0
    ? `ParseError: ${message}`
    : `ParseError: ${issue.path.map(String).join(".")}: ${message}`
}

const firstLineOf = (text: string): string => text.split("\n", 1)[0] ?? ""

let known: { readonly cwd: string; readonly read: StackFrames.StackReader } | undefined

// The reader remembers frames, so one is kept for as long as the working directory stays the same.
const currentReader = (): StackFrames.StackReader => {
  const cwd = attempt(() => process.cwd(), "/")
  if (known?.cwd !== cwd) known = { cwd, read: StackFrames.reader([cwd], cwd) }
  return known.read
}
