/**
 * What is known of where a failure comes from: its errors with their frames, the calls that waited for it, the spans it
 * passed, and the one place that comes of these.
 */
import type { CauseLeaf } from "../cause/causeLeaves.js"
import * as errorTree from "../cause/errorTree.js"
import * as thrownValue from "../cause/thrownValue.js"
import type { Location } from "../event/FailureReport.js"
import { extended } from "../plain/extended.js"
import { attempt, isObject, stackOf, textOf } from "../plain/untrusted.js"
import type { Secrets } from "../redaction/secrets.js"
import type { DescribeOptions } from "./describeOptions.js"
import { settingOf } from "./errorFacts.js"
import * as framesWithLocals from "./locals/framesWithLocals.js"
import type { EffectPlace as EffectLine } from "./source/calledEffect.js"
import * as failureLocation from "./source/failureLocation.js"
import * as frameSource from "./source/frameSource.js"
import { constructionAt, settingAt, type Use } from "./source/libraryUse.js"
import { named, passedSpans, type SpanWithFrame } from "./source/passedSpans.js"
import { modulesAround, type ProgramModules } from "./source/programModules.js"
import * as sourceText from "./source/sourceText.js"
import * as stackFrames from "./source/stackFrames.js"
import { collectSecretsIn, maxErrors, type StageOfFailure } from "./undescribed.js"

/** An error of the tree: what it says, and its frames. */
export interface Link extends errorTree.ErrorNode, thrownValue.ErrorText, failureLocation.ErrorWithFrames {}

export interface Sites {
  /** The error, and all that it came from or gathers. */
  readonly tree: ReadonlyArray<Link>
  /** The error, and what it came from, outermost first. */
  readonly chain: ReadonlyArray<Link>
  readonly calls: ReadonlyArray<framesWithLocals.CallFrame>
  /** The calls that waited for these errors. */
  readonly callsOf: (keys: () => ReadonlyArray<object>) => ReadonlyArray<framesWithLocals.CallFrame>
  readonly span: Link["span"]
  readonly spans: ReadonlyArray<SpanWithFrame>
  readonly place: failureLocation.Place
}

/** Throws where the program's own values do. */
export const sitesOf = (
  leaf: CauseLeaf,
  stage: StageOfFailure | undefined,
  options: DescribeOptions,
  secrets: Secrets
): Sites => {
  const { read, redactor } = options
  const nodes = errorTree.treeOf(leaf.error, maxErrors)
  collectSecretsIn(nodes, redactor, secrets)
  const tree = nodes.map((node) => linkOf(node, options))
  const chain = errorTree.chainIn(tree)
  const callsOf = (keys: () => ReadonlyArray<object>) => readCalls(keys, options, secrets)
  const calls = isTold(chain, options) ? [] : callsOf(() => keysOf(leaf, chain))
  const span = spanOf(leaf, chain)
  const spans = passedSpans(span, read)
  const isOutside = ({ left }: framesWithLocals.CallFrame) => left !== undefined && stage?.hasLeft?.(left) === true
  const nearest = spans.find(({ frame }) => frame !== undefined)
  const hasLeft = ({ left }: framesWithLocals.CallFrame, span: object | undefined) =>
    span !== undefined && left?.includes(span) === true
  const definedIn = () => (stage?.definedAt === undefined ? [] : read(stage.definedAt))
  let program: { readonly modules: ProgramModules | undefined } | undefined
  const modules = () => {
    const files = () => [...calls, ...definedIn()].filter(failureLocation.isApp).map(({ path }) => path)
    program ??= { modules: attempt(() => modulesAround(files()), undefined) }
    return program.modules
  }
  let made: framesWithLocals.CallFrame | undefined
  const effectIn = (waiting: stackFrames.Frame | undefined): EffectPlace | undefined => {
    const generator = calls.find((call) => call === waiting)
    const found = effectOf(chain, generator, keysOf(leaf, chain), options, modules, (left) =>
      generator === undefined && nearest !== undefined ? left.includes(nearest.span) : stage?.hasLeft?.(left) === true
    )
    made = found?.reason === "generator" ? undefined : found?.frame
    return found
  }
  const place = failureLocation.placeOf(chain, {
    effectIn,
    generators: calls.filter((call) => !isOutside(call)),
    outer: calls.filter(isOutside),
    span: nearest?.frame && { frame: named(nearest.frame, nearest.name), kind: nearest.kind },
    isOutsideSpan: (frame) => calls.some((call) => call === frame && hasLeft(call, nearest?.span)),
    usedAt: () => {
      const use = attempt(() => useOf(leaf, chain, options, modules), undefined)
      return use && frameAt(use, read)
    },
    definedAt: () => (stage?.definedAt === undefined ? undefined : failureLocation.definedIn(definedIn()))
  })
  return { tree, chain, calls: made === undefined ? calls : withEffect(calls, made), callsOf, span, spans, place }
}

/** Where the app makes what failed inside a library. */
const useOf = (
  leaf: CauseLeaf,
  chain: ReadonlyArray<Link>,
  { read, waitingFor }: DescribeOptions,
  modules: () => ProgramModules | undefined
): Use | undefined => {
  const known = modules()
  if (known === undefined) return undefined
  const setting = chain.map(({ error }) => settingOf(error)).find((path) => path !== undefined)
  if (setting !== undefined) return settingAt(setting, known)
  const ran = chain.toReversed().flatMap(({ frames }) => {
    const loop = frames.findIndex(stackFrames.isRunLoop)
    return loop < 0 ? frames : frames.slice(0, loop)
  })
  const waited = waitingFor(keysOf(leaf, chain)).flatMap(({ at }) => read(`Error\n${at}`))
  return constructionAt([...ran, ...waited], known)
}

const readCalls = (
  keys: () => ReadonlyArray<object>,
  { framesOf, linesOf, read, redactor }: DescribeOptions,
  secrets: Secrets
): ReadonlyArray<framesWithLocals.CallFrame> => {
  if (framesOf !== undefined) {
    const frames = attempt(() => framesOf(keys()), [])
    return frames.flatMap((frame) => framesWithLocals.callFrame(frame, read, redactor, secrets) ?? [])
  }
  if (linesOf === undefined) return []
  return attempt(() => linesOf(keys()), []).flatMap((frame) => framesWithLocals.waitingFrame(frame, read) ?? [])
}

/** Whether an error's own stack says all that there is to say without values. */
const isTold = ([link, ...others]: ReadonlyArray<Link>, { linesOf }: DescribeOptions): boolean =>
  linesOf !== undefined && link !== undefined && others.every(({ isCopy }) => isCopy) && failureLocation.isToldBy(link)

interface EffectPlace {
  readonly frame: framesWithLocals.CallFrame
  readonly reason: failureLocation.Place["reason"]
}

/** The line of the effect that failed, as a call that waits inside a generator. */
const effectOf = (
  chain: ReadonlyArray<Link>,
  generator: framesWithLocals.CallFrame | undefined,
  keys: ReadonlyArray<object>,
  { effectOf: find, read }: DescribeOptions,
  modules: () => ProgramModules | undefined,
  isOutside: (left: ReadonlyArray<object>) => boolean
): EffectPlace | undefined => {
  const known = generator?.generator
  const found = find?.(keys, {
    generator:
      generator === undefined || known === undefined
        ? undefined
        : extended(generator.shown, { generator: known, path: generator.path, content: generator.content }),
    isOutside: ({ left }) => isOutside(left),
    modules,
    isOwn: ({ path }) => frameAt({ path, line: 1, column: 1 }, read)?.shown.origin === "app",
    evidence: {
      text: chain.map(({ error }) => error).findLast((error) => typeof error === "string"),
      isOfSchema: chain.some(({ error }) => textOf(error, "_tag") === "ParseError")
    }
  })
  const frame = found && frameAt(found, read)
  if (found === undefined || frame === undefined) return undefined
  const { column, content, isGuess, line, path } = found
  if (path === generator?.path && line === generator.shown.line) return { frame: generator, reason: "generator" }
  const name = sourceText.enclosingNameOf(sourceText.linesOf(path, content), line, column) ?? stackFrames.anonymous
  const shown = { ...frame.shown, line, column, function: name, suspended: true }
  const range = { file: path, startLine: line, endLine: line }
  return {
    frame: { ...frame, shown, path, content, range, left: undefined, generator: undefined, bigints: [] },
    reason: isGuess ? "called" : "effect"
  }
}

const frameAt = (
  { column, line, path }: Pick<EffectLine, "path" | "line" | "column">,
  read: stackFrames.StackReader
): stackFrames.Frame | undefined => read(`Error\n    at  (${path}:${line}:${column})`)[0]

/** A call that waited inside the first of the app's. */
const withEffect = (
  calls: ReadonlyArray<framesWithLocals.CallFrame>,
  effect: framesWithLocals.CallFrame
): ReadonlyArray<framesWithLocals.CallFrame> => {
  const at = calls.findIndex(failureLocation.isApp)
  return at < 0 ? [...calls, effect] : [...calls.slice(0, at), effect, ...calls.slice(at)]
}

/** The line of a failure alone, without the text of that line: nothing is hidden in a place. */
export const locationOf = (
  leaf: CauseLeaf,
  stage: StageOfFailure | undefined,
  options: DescribeOptions,
  secrets: Secrets
): Location | null => {
  // Mostly its stack says so, and no variables have to be read for that.
  const spoken = sitesOf(leaf, stage, extended(options, { framesOf: undefined, linesOf: undefined }), secrets)
  const { place } = spoken.place.reason === "app_frame" ? spoken : sitesOf(leaf, stage, options, secrets)
  return place.frame === undefined ? null : extended(frameSource.locationOf(place.frame), { sourceLine: null })
}

// Its message is redacted here and its frames were when they were read, so that only the values hidden since need a look at
// the whole.
const linkOf = (node: errorTree.ErrorNode, { read, redactor }: DescribeOptions): Link => {
  const { error } = node
  const stack = stackOf(error)
  return extended(node, {
    type: redactor.text(thrownValue.typeOf(error)),
    message: redactor.text(thrownValue.messageOf(error)),
    frames: stack === undefined ? [] : read(stack, textOf(error, "message")),
    isCopy: thrownValue.isFiberFailure(error)
  })
}

/** By what the calls of a failure are known: the innermost error first, for it came through the most. */
const keysOf = (leaf: CauseLeaf, chain: ReadonlyArray<Link>): ReadonlyArray<object> => {
  const errors = chain.map(({ error }) => error).toReversed()
  return [...new Set([...errors.filter(isObject), leaf.key, ...leaf.holders])]
}

/** The span of the innermost error that knows one. */
const spanOf = (leaf: CauseLeaf, chain: ReadonlyArray<Link>) =>
  chain.findLast(({ span }) => span._tag === "Some")?.span ?? leaf.span
