/**
 * V8's stack text as frames: where each is in the source, whose code it is, what its function is called.
 */
import { realpathSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { identity } from "effect/Function"
import type { FrameOrigin, StackFrame } from "../../event/FailureReport.js"
import { remembering } from "../../plain/lruCache.js"
import { builtIn as shapes } from "../../redaction/builtInRedactor.js"
import * as bundledModules from "./bundledModules.js"
import * as sourceMaps from "./sourceMaps.js"

/** A frame, with what is needed to read its source. */
export interface Frame {
  /** As the report has it: the file relative to the working directory. `line` is 0 where there is no file. */
  readonly shown: StackFrame
  /** The file's absolute path. */
  readonly path: string
  /** The source, if a source map carries it. */
  readonly content: string | undefined
  /** As a line of a stack, without what looks like a secret. */
  readonly text: string
  /** Whether it is a line of a bundle that does not say which module it came from: `origin` is a guess. */
  readonly guessed: boolean
  /** What it runs, if it is what runs others: the loop of a fiber, or what loads modules. */
  readonly runs: "fiber" | "modules" | undefined
}

/** The function's name where V8 knows none that a reader would. */
export const anonymous = "<anonymous>"

/** Reads stacks. `message` is the error's own, which may itself look like frames. */
export type StackReader = (stack: string, message?: string) => ReadonlyArray<Frame>

/**
 * A reader for programs whose own files are under `appRoots`. The same frames turn up again and again, so it remembers
 * them, as `corrected` has them.
 */
export const reader = (
  appRoots: ReadonlyArray<string>,
  cwd: string,
  corrected: (frame: Frame) => Frame = identity
): StackReader => {
  const paths = appRoots.map((root) => path.resolve(cwd, root))
  const roots = [...new Set([...paths, ...paths.map(realPath)])].map(segmentsOf)
  const frameOf = remembering(2_048, (line) => {
    const frame = resolveFrame(line, roots, cwd)
    return frame && corrected(frame)
  })
  const framesOf = (stack: string, message: string): ReadonlyArray<Frame> =>
    frameLinesOf(stack, message).flatMap((line) => frameOf(line) ?? [])
  // Of a stack, the last message and the frames it gave: an error is read several times before the next one is.
  const known = remembering(maxStacks, (): { message?: string; frames: ReadonlyArray<Frame> } => ({ frames: [] }))
  return (stack, message = "") => {
    if (stack.length > maxKnownStack) return framesOf(stack, message)
    const entry = known(stack)
    if (entry.message !== message) {
      entry.frames = framesOf(stack, message)
      entry.message = message
    }
    return entry.frames
  }
}

/** Most stacks remembered whole, and the longest of them. */
const maxStacks = 64
const maxKnownStack = 8_000

/** Whose code a file is, by whole segments of its path. */
export const classify = (file: string, appRoots: ReadonlyArray<string>): FrameOrigin =>
  originOf(file, appRoots.map(segmentsOf))

/** Whether it is the loop of a fiber: the frames behind it only started that. */
export const isRunLoop = ({ runs }: Frame): boolean => runs === "fiber"

/** Whether a file is that of Effect's which the loop of fibers is in. */
export const isFiberFile = (path: string, origin: FrameOrigin | undefined): boolean =>
  origin === "effect" && fiberFile.test(path)

const runsOf = (path: string, { function: name, origin }: StackFrame): Frame["runs"] => {
  if (isFiberFile(path, origin) || (origin === "effect" && fiberLoop.test(name))) return "fiber"
  return loader.test(name) ? "modules" : undefined
}

const fiberFile = /[\\/]fiberRuntime\.[cm]?[jt]s$/
const fiberLoop = /\bFiberRuntime\d*\.runLoop$/
/** Of Node, and of the test runners that load modules themselves. */
const loader =
  /^(?:ModuleJob\.|Module\._(?:compile|load)|[\w#]*Module(?:s)?(?:Evaluator|Runner)\.|(?:ViteNodeRunner|VitestExecutor)\.)/

/** Most frames read of one stack. */
const maxFrames = 1_000
/** Most lines looked at for frames, the message's included. */
const maxLines = 20_000
/** Longest line of a stack read as a frame: a path is at most 4,096 long, and a hostile stack must not cost seconds. */
const maxFrameLine = 8_192

const frameLine = /^\s*at /

// The message precedes the frames and may contain lines like theirs. Where it was changed since, the last block of
// frames is taken: nothing in the message comes after that.
const frameLinesOf = (stack: string, message: string): ReadonlyArray<string> => {
  const at = stack.indexOf(message)
  const isHeader = at >= 0 && (at === 0 || stack.lastIndexOf("\n", at - 1) < 0)
  const lines = (isHeader ? stack.slice(at + message.length) : stack).split("\n", maxLines)
  const startsBlock = (line: string, i: number) => frameLine.test(line) && !frameLine.test(lines[i - 1] ?? "")
  const first = isHeader ? lines.findIndex(startsBlock) : lines.findLastIndex(startsBlock)
  if (first < 0) return []
  const end = lines.findIndex((line, i) => i > first && !frameLine.test(line))
  return lines.slice(first, Math.min(end < 0 ? lines.length : end, first + maxFrames))
}

// What a key looks like is the same everywhere. A frame is read once and shown many times.
const resolveFrame = (line: string, roots: ReadonlyArray<Segments>, cwd: string): Frame | undefined => {
  if (line.length > maxFrameLine) return undefined
  const text = line.trim().replace(/^at (?:async )?/, "")
  const { location, name } = splitFrame(text)
  const raw = locate(location)
  const shown = (place: Place, origin: FrameOrigin): StackFrame => ({
    file: shownPath(cwd, place.path, roots),
    line: place.line,
    column: place.column,
    function: nameOf(name),
    origin,
    suspended: false,
    locals: null
  })
  const origin = originOf(raw.path, roots)
  // Only the app's own positions are worth the reading of a map: everything else is recognised by where it is.
  const original = origin === "app" ? sourceMaps.originalOf(raw.path, raw.line, raw.column) : undefined
  if (original === undefined) {
    const bundled = origin === "app" ? originInBundle(raw, name) : { origin, guessed: false }
    const asText = shapes.text(`    ${line.trim()}`)
    const bare = shown(raw, bundled.origin)
    return {
      shown: bare,
      path: raw.path,
      content: undefined,
      text: asText,
      guessed: bundled.guessed,
      runs: runsOf(raw.path, bare)
    }
  }
  const mapped = shown(original, originOfSource(original.path, roots))
  const position = `${original.path}:${original.line}:${original.column}`
  const asText = shapes.text(name === "" ? `    at ${position}` : `    at ${name} (${position})`)
  return {
    shown: mapped,
    path: original.path,
    content: original.content,
    text: asText,
    guessed: false,
    runs: runsOf(original.path, mapped)
  }
}

interface OriginInBundle {
  readonly origin: FrameOrigin
  readonly guessed: boolean
}

/** Whose code a line is that no source map explains: the app's, unless its file is a bundle that says otherwise. */
const originInBundle = (place: Place, name: string): OriginInBundle => {
  if (!/\.[cm]?js$/i.test(place.path)) return { origin: "app", guessed: false }
  const module = bundledModules.moduleAt(place.path, place.line)
  if (module !== undefined) return { origin: originOfPackage(segmentsOf(module)) ?? "app", guessed: false }
  if (!bundledModules.isBundle(place.path)) return { origin: "app", guessed: false }
  return { origin: runtimeNames.test(name) ? "effect" : "app", guessed: true }
}

/** Methods of Effect's runtime, by the names that bundlers leave them. */
const runtimeNames = /^_?(?:FiberRuntime|EffectPrimitive\w*|SchedulerRunner|MixedScheduler|PriorityBuckets)\d*\./

/** Where a function's name ends: what follows is a place, and neither names nor paths are free of parentheses. */
const placeStart = / \((?=(?:\/|[A-Za-z]:[\\/]|[a-z][a-z\d+.-]*:|eval at |<anonymous>|native|index \d|\[))/

const splitFrame = (text: string): { readonly name: string; readonly location: string } => {
  if (!text.endsWith(")")) return { name: "", location: text }
  // As Effect writes it where there is no name.
  if (text.startsWith("(")) return { name: "", location: text.slice(1, -1) }
  const start = placeStart.exec(text)?.index ?? text.indexOf(" (")
  return start < 0 ? { name: "", location: text } : { name: text.slice(0, start), location: text.slice(start + 2, -1) }
}

interface Place {
  readonly path: string
  readonly line: number
  readonly column: number
}

const position = /^(.+?):(\d{1,9})(?::(\d{1,9}))?$/

const locate = (location: string): Place => {
  if (location.startsWith("eval at ")) return locate(evalCaller(location))
  const found = position.exec(location)
  if (found === null) return { path: location, line: 0, column: 0 }
  return { path: pathOf(found[1] ?? ""), line: Number(found[2]), column: Number(found[3] ?? 1) }
}

// `eval at outer (eval at inner (/app/a.js:1:2), <anonymous>:1:1), <anonymous>:1:1`: the file is the innermost place.
const evalCaller = (location: string): string => {
  const inner = location.slice(location.lastIndexOf("eval at "))
  const start = placeStart.exec(inner)
  return (start && /^(.+?:\d+:\d+)\)/.exec(inner.slice(start.index + 2))?.[1]) ?? anonymous
}

const pathOf = (location: string): string => {
  if (!location.startsWith("file:")) return path.isAbsolute(location) ? path.normalize(location) : location
  try {
    return fileURLToPath(location.replace(/[?#].*$/, ""))
  } catch {
    return location
  }
}

/**
 * What V8, Effect and generators put where a function's name should be: V8 also the calls around an anonymous one, and
 * the fields into which Effect, timers and emitters put what they are given.
 */
const notNames =
  /^(?:next|body|try|catch|<anonymous>|_?\w*\.next|(?:Effect|Narrative)\..*|)$|(?:^|\.)(?:<anonymous>|effect_(?:instruction_i\d|internal_function)|_on(?:Timeout|Immediate))$|^_?EffectPrimitive\w*\.commit$/

const nameOf = (name: string): string => {
  const alias = name.endsWith("]") ? name.lastIndexOf(" [as ") : -1
  const whole = alias < 0 ? name : name.slice(0, alias)
  const bare = whole.replace(/^(?:Object|Module|EffectPrimitive|globalThis)\./, "")
  return notNames.test(bare) || notNames.test(whole) ? anonymous : bare
}

// Of a workspace, the app's files are shown by the way to them, even where that leads up first.
const shownPath = (cwd: string, file: string, roots: ReadonlyArray<Segments>): string => {
  if (!path.isAbsolute(file)) return file
  const relative = path.relative(cwd, file)
  if (relative === "" || relative === ".." || path.isAbsolute(relative)) return file
  if (!relative.startsWith(`..${path.sep}`)) return relative
  const isNear = roots.some(
    (root) => root.length > 0 && startsWith(segmentsOf(file), root) && startsWith(segmentsOf(cwd), root)
  )
  return isNear ? relative : file
}

type Segments = ReadonlyArray<string>

const segmentsOf = (file: string): Segments =>
  file.split(/[\\/]+/).filter((segment) => segment !== "" && segment !== ".")

const startsWith = (file: Segments, root: Segments): boolean => root.every((segment, i) => file[i] === segment)

const originOf = (file: string, roots: ReadonlyArray<Segments>): FrameOrigin => {
  if (file.startsWith("node:")) return "node"
  if (!path.isAbsolute(file)) return placeless.test(file) ? "node" : "dependency"
  const segments = segmentsOf(file)
  const packaged = originOfPackage(segments)
  if (packaged !== undefined) return packaged
  if (own.some((root) => startsWith(segments, root))) return "effect"
  return roots.some((root) => startsWith(segments, root)) ? "app" : "dependency"
}

/** Whose a source is that was compiled into the app's code: the app's, wherever it was then, unless it came from a package. */
const originOfSource = (source: string, roots: ReadonlyArray<Segments>): FrameOrigin => {
  const packaged = originOfPackage(segmentsOf(source))
  if (packaged !== undefined || !path.isAbsolute(source)) return packaged ?? "app"
  const origin = originOf(source, roots)
  return origin === "dependency" ? "app" : origin
}

const originOfPackage = (segments: Segments): FrameOrigin | undefined => {
  const at = segments.lastIndexOf("node_modules")
  if (at < 0) return undefined
  const name = segments[at + 1]
  return name === "effect" || name === "@effect" || name === "effect-narrative" ? "effect" : "dependency"
}

/** Builtins without a file: `<anonymous>`, `native`, `index 0` of `Promise.all`. */
const placeless = /^(?:<anonymous>|native|index \d+|unknown location)?$/

// This library's machinery is as little the user's as Effect's. In a bundle this module is somewhere else, and the
// directory around the bundle is the app's.
const own: ReadonlyArray<Segments> = (() => {
  // In a bundle of CommonJS there is none.
  const url: string | undefined = import.meta.url
  const here = url === undefined ? "" : pathOf(url)
  if (!/[\\/](?:src|dist)[\\/]diagnostics[\\/]source[\\/]stackFrames\.[jt]s$/.test(here)) return []
  const root = path.resolve(here, "../../../..")
  return [segmentsOf(path.join(root, "src")), segmentsOf(path.join(root, "dist"))]
})()

const realPath = (file: string): string => {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
