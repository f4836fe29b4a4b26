/**
 * A page of the documentation: its code, and the places for the outputs of programs.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import { Effect } from "effect"
import { root } from "./ChildProgram.js"

/** A block of TypeScript. A fence that reads ```` ```ts quick-start.ts ```` names its file. */
export interface CodeBlock {
  readonly line: number
  readonly fileName: string | undefined
  readonly code: string
}

/** What is between `<!-- output: program.ts -->` and `<!-- /output -->`. */
export interface OutputBlock {
  /** A path below `examples/`, or the file name of a code block on the same page. */
  readonly program: string
  readonly text: string
}

export interface DocPage {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
  readonly code: ReadonlyArray<CodeBlock>
  readonly outputs: ReadonlyArray<OutputBlock>
}

export const pages = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const names = yield* fs.readDirectory(`${root}docs`)
  const docs = names.filter((name) => name.endsWith(".md")).sort()
  return yield* Effect.forEach(["README.md", ...docs.map((name) => `docs/${name}`)], (path) =>
    Effect.map(fs.readFileString(root + path), (text): DocPage => ({ path, text, ...parse(text) }))
  )
})

const sources = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const names = yield* fs.readDirectory(`${root}src`, { recursive: true })
  const files = names.filter((name) => name.endsWith(".ts")).sort()
  return yield* Effect.forEach(files, (name) =>
    Effect.map(fs.readFileString(`${root}src/${name}`), (text) => ({ path: `src/${name}`, text }))
  )
})

/** The examples in the doc comments of the sources. */
export const commentExamples = Effect.map(sources, (files) =>
  files.map(({ path, text }) => ({ path, code: examplesOf(text) }))
)

/** The doc comments of what is public: those with a version. */
export const publicComments = Effect.map(sources, (files) =>
  files.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*?@since[\s\S]*?\*\//g), (match) => ({
      path: `${path}:${lineAt(text, match.index)}`,
      text: match[0]
    }))
  )
)

const fence = /^```ts(?: (\S+))?\n([\s\S]*?)^```$/gm
const output = /(?<=<!-- output: (\S+) -->\n```\w*\n)([\s\S]*?)(?=```\n<!-- \/output -->)/g
const example = /^ *\* @example\n *\* ```ts\n([\s\S]*?)^ *\* ```$/gm

const parse = (text: string) => ({
  code: Array.from(
    text.matchAll(fence),
    (match): CodeBlock => ({ line: lineAt(text, match.index) + 1, fileName: match[1], code: match[2] ?? "" })
  ),
  outputs: Array.from(text.matchAll(output), ([, program = "", text = ""]): OutputBlock => ({ program, text }))
})

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length

const examplesOf = (text: string): ReadonlyArray<CodeBlock> =>
  Array.from(text.matchAll(example), (match) => ({
    line: lineAt(text, match.index) + 2,
    fileName: undefined,
    code: (match[1] ?? "").replaceAll(/^ *\* ?/gm, "")
  }))

/** The page with each output replaced by what `change` makes of it. */
export const withOutputs = (page: DocPage, change: (block: OutputBlock) => string): string =>
  page.text.replaceAll(output, (text: string, program: string) => change({ program, text }))
