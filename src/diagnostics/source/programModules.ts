/**
 * The files of the app's that a program is made of: what its entry and the files of a failure import, and what those import.
 *
 * They are looked through for what is written once in all of them. Where one of them cannot be found, nothing is known to be.
 */
import { realpathSync } from "node:fs"
import { remembering } from "../../plain/lruCache.js"
import { attempt } from "../../plain/untrusted.js"
import * as timeBudget from "../timeBudget.js"
import { importsIn, resolve } from "./moduleImports.js"
import * as sourceMaps from "./sourceMaps.js"
import * as sourceText from "./sourceText.js"
import * as stackFrames from "./stackFrames.js"

export interface ProgramModules {
  readonly files: ReadonlyArray<string>
  /** The folders of the packages that they import. */
  readonly packages: ReadonlySet<string>
}

interface Walk {
  readonly waiting: Array<string>
  readonly files: Set<string>
  readonly packages: Set<string>
  isLost: boolean
  known: ProgramModules | undefined
}

/** Most files, and how long they are looked for in one report, in milliseconds: the next one goes on. */
const maxFiles = 1_000
const maxMillis = 60
/** Most programs that are remembered: a process has one, and tests have several. */
const maxWalks = 8

/**
 * Those of the program that runs; `undefined` where they are not, or not yet, all found. Of a program that another runs, as a test
 * runner does, they are not known.
 */
export const modulesAround = (starts: ReadonlyArray<string>): ProgramModules | undefined => {
  const main = entry()
  if (main.length === 0) return undefined
  const walk = walkFrom([...new Set([...main, ...starts])].toSorted().join("\n"))
  goOn(walk)
  if (walk.isLost || walk.waiting.length > 0) return undefined
  walk.known ??= { files: Array.from(walk.files), packages: walk.packages }
  return walk.known
}

const walkFrom = remembering(maxWalks, (starts): Walk => {
  const waiting = starts.split("\n")
  return { waiting, files: new Set(waiting), packages: new Set(), isLost: false, known: undefined }
})

/** What was found in a program's files, which are looked through once for each question: the same failures come again and again. */
export const remembered = <A>(modules: ProgramModules, question: string, answer: () => A): A => {
  const known = answers.get(modules) ?? new Map<string, unknown>()
  answers.set(modules, known)
  // Each question has a name of its own, so that its answers are of one type.
  if (known.has(question)) return known.get(question) as A
  const value = answer()
  if (known.size < maxAnswers) known.set(question, value)
  return value
}

const answers = new WeakMap<ProgramModules, Map<string, unknown>>()
const maxAnswers = 1_000

const goOn = (walk: Walk): void => {
  const time = timeBudget.start(maxMillis)
  while (walk.waiting.length > 0 && !walk.isLost && !time.isSpent()) {
    const file = walk.waiting.pop() ?? ""
    const lines = sourceText.linesOf(file)
    const text = lines.join("\n")
    // What is imported by a name that is made may be anything.
    if (lines.length === 0 || walk.files.size > maxFiles || /\bimport\s*\(\s*(?!["'\s/])/.test(text)) walk.isLost = true
    for (const { specifier } of importsIn(text)) {
      const found = resolve(file, specifier)
      if (found === undefined) walk.isLost = true
      if (found?._tag === "Package") walk.packages.add(found.folder)
      if (found?._tag !== "File" || walk.files.has(found.path) || stackFrames.classify(found.path, []) === "effect")
        continue
      walk.files.add(found.path)
      walk.waiting.push(found.path)
    }
  }
}

/** What the process was started with: of a compiled file or a bundle, its sources. */
const entry = (): ReadonlyArray<string> => {
  const main = attempt(() => realpathSync(process.argv[1] ?? ""), "")
  if (main === "" || isOfPackage(main)) return []
  const sources = sourceMaps.sourcesOf(main)
  return sources.length === 0 ? [main] : sources.filter((source) => !isOfPackage(source))
}

const isOfPackage = (file: string): boolean => /[\\/]node_modules[\\/]/.test(file)
