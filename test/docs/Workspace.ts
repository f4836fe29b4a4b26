/**
 * A folder with the documentation's code as files, each where a reader could have put it.
 */
import { readFileSync } from "node:fs"
import * as FileSystem from "@effect/platform/FileSystem"
import { Effect } from "effect"
import { outcomeOf } from "../examples/Examples.js"
import { isBuilt } from "../fixtures/built.js"
import * as ChildProgram from "./ChildProgram.js"
import type { CodeBlock, DocPage } from "./DocPage.js"

/** Writes every block to a file of its own; the folder is gone when the scope closes. Gives its absolute path. */
export const make = Effect.fnUntraced(function* (
  sources: ReadonlyArray<{ readonly path: string; readonly code: ReadonlyArray<CodeBlock> }>
) {
  const fs = yield* FileSystem.FileSystem
  // Inside the repository, so that imports find its packages. Ignored by git.
  const parent = `${ChildProgram.root}.narrative`
  yield* fs.makeDirectory(parent, { recursive: true })
  const workspace = yield* fs.makeTempDirectoryScoped({ directory: parent, prefix: "docs-" })
  yield* fs.writeFileString(`${workspace}/tsconfig.json`, JSON.stringify(tsconfigOf(pathsOf(isBuilt()))))
  for (const source of sources) {
    yield* fs.makeDirectory(`${workspace}/${source.path}`, { recursive: true })
    for (const block of source.code) {
      yield* fs.writeFileString(`${workspace}/${source.path}/${block.fileName ?? `line-${block.line}.ts`}`, block.code)
    }
  }
  return workspace
})

/**
 * Where code in pages finds the package by its names: its declarations, as for whoever has installed it, or the sources where
 * those are newer. To check the code takes a fifth of the time where the sources are not checked with it.
 */
const pathsOf = (built: boolean): Readonly<Record<string, ReadonlyArray<string>>> =>
  Object.fromEntries(
    Object.entries<ReadonlyArray<string>>(
      JSON.parse(readFileSync(`${ChildProgram.root}tsconfig.json`, "utf8")).compilerOptions.paths
    ).map(([name, sources]) => [
      name,
      sources.map((source) => {
        const declared = built ? source.replace(/^\.\/src\/(.*)\.ts$/, "./dist/$1.d.ts") : source
        return declared.replace("./", "../../")
      })
    ])
  )

const tsconfigOf = (paths: Readonly<Record<string, ReadonlyArray<string>>>) => ({
  extends: "../../tsconfig.json",
  compilerOptions: {
    noUnusedLocals: false,
    noUnusedParameters: false,
    plugins: [],
    rootDir: "../..",
    paths
  },
  include: ["**/*.ts"]
})

/** What a program that a page shows prints, with nothing of this machine in it. */
export const outputOf = Effect.fnUntraced(function* (workspace: string, page: DocPage, program: string) {
  const example = /^examples\/(.*)\.ts$/.exec(program)?.[1]
  const { folder, stdout, stderr } = yield* example === undefined
    ? outputOfBlock(workspace, `${workspace}/${page.path}`, program)
    : outcomeOf(example)
  const text = stdout.replaceAll(folder, ".narrative").replaceAll(/[ \t]+$/gm, "")
  return stderr === "" ? text : `${text}\n--- stderr ---\n${stderr}`
})

const outputOfBlock = Effect.fnUntraced(function* (workspace: string, cwd: string, program: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ directory: workspace, prefix: "out-" })
  const output = yield* ChildProgram.run(program.replace(/\.ts$/, ".js"), cwd, { NARRATIVE_DIR: folder })
  return { ...output, folder }
}, Effect.scoped)

/** An output without what differs from run to run: times and what they decide, ids, and how many packages there are. */
export const comparable = (text: string): string =>
  text
    .replaceAll(/\d+\.\d{3}s|\d+µs/g, "<seconds>s")
    .replaceAll(/"(duration|delay|latency)_seconds":[\d.e-]+/g, '"$1_seconds":<seconds>')
    .replaceAll(/within \d+ (second|minute)s?/g, "within <time>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g, "<id>")
    .replaceAll(/\b[\da-f]{8}(?:-[\da-f]{0,4}){0,4}(?=\s)/g, "<id>")
    .replaceAll(/\b[\da-f]{32}\b/g, "<id>")
    .replaceAll(/\[[\da-f]{6}\]/g, "[<id>]")
    .replaceAll(/(?<=\bstory |\b(?:ago|now) {2,}|<seconds>s {2,})[\da-f]{6,}(?=\s)/g, "<id>")
    .replaceAll(/\b(?:now|\d+[smhd] ago)\b/g, "<ago>")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "<time>")
    .replaceAll(/(?<=\S) {2,}(?=\S)/g, "  ")
    .replaceAll(/"(trace|span)_id":"[\da-f]+"/g, '"$1_id":"<id>"')
    .replaceAll(/\d+ (packages|dependencies)/g, "<count> $1")
    .replaceAll(/[ \t]+$/gm, "")
    .replaceAll(/(?:^.*(?: {2}<seconds>s){4}.*\n)+/gm, sorted)
    .trimEnd()

/** Rows of a table in which those that took longest come first. */
const sorted = (rows: string): string => rows.split("\n").sort().join("\n")
