/**
 * Where a failure is said to be: the user's line, whoever knows it.
 */
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as thrownValue from "../../cause/thrownValue.js"
import type { Failure, Location } from "../../event/FailureReport.js"
import { attempt, isObject, propertyOf, textOf } from "../../plain/untrusted.js"
import type { Redactor } from "../../redaction/Redaction.js"
import { spanToTrace } from "../../runtime/fiberInternals.js"
import * as sourceText from "./sourceText.js"
import * as stackFrames from "./stackFrames.js"

/** An error of the chain: what it says, and its frames. */
export interface Link extends thrownValue.Saying {
  readonly error: unknown
  readonly frames: ReadonlyArray<stackFrames.Frame>
}

// Its message is redacted here and its frames were when they were read, so that only the values hidden since need a look at
// the whole.
export const linkOf = (error: unknown, read: stackFrames.StackReader, redactor: Redactor): Link => {
  const stack = textOf(error, "stack")
  return {
    error,
    type: thrownValue.typeOf(error),
    message: redactor.text(thrownValue.messageOf(error)),
    frames: stack === undefined ? [] : read(stack, textOf(error, "message"))
  }
}

export interface Place {
  readonly frame: stackFrames.Frame | undefined
  readonly reason: Failure["locationReason"]
  /** The stack that told it. */
  readonly frames: ReadonlyArray<stackFrames.Frame>
}

/**
 * The user's line, whoever knows it: the error, what it came from, the stage, the span. Failing those, the innermost
 * frame there is.
 */
export const placeOf = (
  links: ReadonlyArray<Link>,
  span: Option.Option<Tracer.Span>,
  definedAt: string | undefined,
  read: stackFrames.StackReader,
  generators: ReadonlyArray<stackFrames.Frame>
): Place => {
  // A FiberFailure repeats what is inside it, with spans in place of frames: what is inside comes first.
  const isCopy = (link: Link) => thrownValue.isFiberFailure(link.error)
  const tellers = [...links.filter((link) => !isCopy(link)), ...links.filter(isCopy)]
  for (const link of tellers) {
    const frame = failingFrameOf(link)
    if (frame !== undefined) return { frame, reason: "app_frame", frames: link.frames }
  }
  const frames = tellers.find((link) => link.frames.length > 0)?.frames ?? []
  const generator = generators.find(isApp)
  const stage = (definedAt && read(definedAt).find(isApp)) || attempt(() => appFrameOfSpan(span, read), undefined)
  // A text or a number fails without its own generator being seen: those around it may be far outside its stage.
  const isPrimitive = !isObject(links[0]?.error)
  if (generator !== undefined && !(isPrimitive && stage)) return { frame: generator, reason: "generator", frames }
  if (stage) return { frame: stage, reason: "stage", frames }
  const innermost = frames.find(isApp) ?? frames.find((frame) => frame.told.line > 0)
  return { frame: innermost, reason: innermost === undefined ? "unknown" : "innermost_frame", frames }
}

const isApp = (frame: stackFrames.Frame): boolean => frame.told.origin === "app"

/**
 * The app's innermost frame that ran when the error was made. What stands behind a fiber's run loop only started the
 * fiber, and an error's own constructor is not where things went wrong.
 */
const failingFrameOf = (link: Link): stackFrames.Frame | undefined => {
  const loop = link.frames.findIndex(isRunLoop)
  const running = loop < 0 ? link.frames : link.frames.slice(0, loop)
  const constructors = constructorsOf(link.error)
  return running.find((frame) => isApp(frame) && !constructors.has(frame.told.function)) ?? running.find(isApp)
}

const isRunLoop = (frame: stackFrames.Frame): boolean =>
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

const appFrameOfSpan = (
  span: Option.Option<Tracer.AnySpan>,
  read: stackFrames.StackReader
): stackFrames.Frame | undefined => {
  let current = span
  for (let up = 0; up < 10 && Option.isSome(current) && current.value._tag === "Span"; up++) {
    const trace: unknown = spanToTrace.get(current.value)
    const stack: unknown = typeof trace === "function" ? attempt(() => trace(), undefined) : undefined
    const frame = typeof stack === "string" ? read(stack).find(isApp) : undefined
    if (frame !== undefined) return frame
    current = current.value.parent
  }
  return undefined
}

/** What the source says there. */
export const sourceOf = (frame: stackFrames.Frame | undefined): Pick<Failure, "location" | "snippet"> => {
  if (frame === undefined) return { location: null, snippet: [] }
  const { told } = frame
  const lines = sourceText.linesOf(frame.path, frame.content)
  const location: Location = {
    file: told.file,
    line: told.line,
    column: told.column,
    function:
      told.function === stackFrames.anonymous
        ? (sourceText.enclosingNameOf(lines, told.line, told.column) ?? told.function)
        : told.function,
    sourceLine: sourceText.lineOf(lines, told.line)
  }
  return { location, snippet: sourceText.snippetOf(lines, told.line) }
}
