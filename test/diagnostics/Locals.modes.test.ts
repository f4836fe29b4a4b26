/**
 * The same programs however they are run: what a report can tell must not depend on it.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { GeneratorFrame } from "../../src/diagnostics/Locals.js"

const root = fileURLToPath(new URL("../..", import.meta.url))
const fixtures = path.join(root, "test/diagnostics/fixtures")
const program = path.join(fixtures, "suspendedPrograms.ts")

const temporary = realpathSync(mkdtempSync(path.join(tmpdir(), "suspended programs ")))
afterAll(() => rmSync(temporary, { recursive: true }))

/** By the comment that marks its line: the function's name and what it holds. */
type Expected = readonly [mark: string, functionName: string, locals: Readonly<Record<string, unknown>>]

const unassigned = "<unassigned>"
const findUser = (id: number): Expected => [
  "findUser",
  "findUser",
  { id, table: "users", password: "a Redacted", row: { id, token: "t-1" }, after: unassigned }
]
const batch: Expected = ["concurrent", "concurrent", { batch: 7 }]
const failingFinalizer: Expected = ["failingFinalizer", "failingFinalizer", { open: true }]

/** For each program its failures in the cause's order, each with its frames, innermost first. */
const table: Readonly<Record<string, ReadonlyArray<ReadonlyArray<Expected>>>> = {
  taggedError: [[findUser(42), ["taggedError", "taggedError", { reqId: "r-1", user: unassigned }]]],
  thrownInSync: [[["thrownInSync", "thrownInSync", { text: "  " }]]],
  wrapped: [[["wrapped", "wrapped", { body: "{" }]]],
  noSuchElement: [[["noSuchElement", "noSuchElement", { wanted: "header" }]]],
  timedOut: [[["timedOut", "timedOut", { host: "db-1" }]]],
  concurrent: [
    [["left", "left", { side: "left" }], batch],
    [["right", "right", { side: "right" }], batch]
  ],
  failingFinalizer: [[failingFinalizer], [["finalizer", "finalizer", { file: "a.csv" }], failingFinalizer]],
  primitive: [[]],
  acrossFibers: [[findUser(9), ["acrossFibers", "acrossFibers", { parent: "p-1" }]]],
  loop: [[findUser(9), ["loop", "loop", { id: 9, customer: unassigned, total: unassigned }]]],
  shadowing: [[["shadowing", "shadowing", { version: "inner", most: 1, rest: { extra: [true] } }]]],
  closure: [[["closure", "closure", { length: 4, used: "used" }]]],
  severalLines: [[["severalLines", "severalLines", { query: { limit: 10 } }]]],
  getters: [[["getters", "getters", { order: "a getter" }]]],
  switches: [[["switches", "switches", { kind: "second", found: "<unknown>" }]]],
  late: [[["late", "late", { attempts: 1, answer: "<unknown>", old: 1 }]]],
  method: [[["method", "load", { id: 3, table: "orders" }]]]
}

type Told = Omit<GeneratorFrame, "locals"> & { readonly locals: Readonly<Record<string, unknown>> }

interface Outcome {
  readonly status: { readonly available: boolean; readonly reason: string }
  readonly interrupted: string
  readonly gettersRun: number
  readonly [program: string]: unknown
}

const child = (args: ReadonlyArray<string>, cwd = root, env: Readonly<Record<string, string>> = {}) =>
  Effect.async<void>((resume) => {
    // A worker must not take the parent's pool for its own.
    const { VITEST: _, VITEST_POOL_ID: __, NODE_OPTIONS: ___, ...parent } = process.env
    execFile(process.execPath, args, { cwd, env: { ...parent, ...env }, timeout: 55_000 }, (error, stdout, stderr) => {
      resume(error === null ? Effect.void : Effect.dieMessage(`${error.message}\n${stdout}\n${stderr}`))
    })
  })

let runs = 0

const outcomeOf = (args: ReadonlyArray<string>, cwd?: string) =>
  Effect.gen(function* () {
    runs += 1
    const out = path.join(temporary, `run-${runs}.json`)
    yield* child(args, cwd, { SUSPENDED_PROGRAMS_OUT: out })
    const outcome: Outcome = JSON.parse(readFileSync(out, "utf8"))
    return outcome
  })

const checked = (outcome: Outcome, file: string, mapped: boolean) => {
  assert.deepStrictEqual(outcome.status.available, true, outcome.status.reason)
  const lines = readFileSync(file, "utf8").split("\n")
  const told = Object.fromEntries(
    Object.keys(table).map((name) => {
      const failures = (outcome[name] ?? []) as ReadonlyArray<ReadonlyArray<Told>>
      return [name, failures.map((frames) => frames.map((frame) => pictureOf(frame, lines)))]
    })
  )
  const expected = Object.fromEntries(
    Object.entries(table).map(([name, failures]) => [
      name,
      failures.map((frames) =>
        frames.map(([mark, functionName, locals]) => {
          const line = lines.findIndex((text) => text.endsWith(`// @${mark}`)) + 1
          return { file, line, column: columnOf(lines, line), functionName, within: true, mapped, locals }
        })
      )
    ])
  )
  assert.deepStrictEqual(told, expected)
  assert.strictEqual(outcome.interrupted, "interrupted")
  assert.strictEqual(outcome.gettersRun, 0)
}

const columnOf = (lines: ReadonlyArray<string>, line: number): number => (lines[line - 1]?.indexOf("yield*") ?? -1) + 1

const pictureOf = ({ functionRange, ...frame }: Told, lines: ReadonlyArray<string>) => ({
  ...frame,
  within:
    functionRange.file === frame.file &&
    functionRange.startLine < frame.line &&
    frame.line < functionRange.endLine &&
    /\*/.test(lines[functionRange.startLine - 1] ?? "") &&
    (lines[functionRange.endLine - 1] ?? "").trim().startsWith("}")
})

/** Compiles the programs and what they stand on with `tsc`, and gives the compiled program. */
const compiled = (name: string, options: { readonly sourceMap?: boolean; readonly inlineSourceMap?: boolean }) =>
  Effect.gen(function* () {
    const folder = path.join(temporary, name)
    mkdirSync(folder)
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"))
    writeFileSync(path.join(folder, "package.json"), `{ "type": "module" }`)
    const config = {
      extends: path.join(root, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        noCheck: true,
        rootDir: root,
        outDir: path.join(folder, "dist"),
        typeRoots: [path.join(root, "node_modules/@types")],
        ...options
      },
      include: [],
      files: [program]
    }
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config))
    yield* child([path.join(root, "node_modules/typescript/bin/tsc"), "-p", folder])
    return path.join(folder, "dist/test/diagnostics/fixtures/suspendedPrograms.js")
  })

const underVitest = (pool: string) =>
  outcomeOf([
    path.join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--config",
    path.join(fixtures, "suspendedPrograms.config.ts"),
    "--root",
    root,
    "--pool",
    pool
  ])

describe("Locals, however the program is run", { timeout: 60_000 }, () => {
  it.live("by tsx", () =>
    Effect.gen(function* () {
      checked(yield* outcomeOf(["--import", "tsx", program]), program, true)
    })
  )

  it.live.each(["forks", "threads"])("by Vitest in its pool of %s", (pool) =>
    Effect.gen(function* () {
      checked(yield* underVitest(pool), program, true)
    })
  )

  it.live("compiled, with maps, and with Node applying them too", () =>
    Effect.gen(function* () {
      const file = yield* compiled("maps", { sourceMap: true })
      checked(yield* outcomeOf([file], temporary), program, true)
      checked(yield* outcomeOf(["--enable-source-maps", file], temporary), program, true)
    })
  )

  it.live("compiled, with inlined maps", () =>
    Effect.gen(function* () {
      const file = yield* compiled("inlined maps", { inlineSourceMap: true })
      checked(yield* outcomeOf([file]), program, true)
    })
  )

  it.live("compiled, without maps: places are those of the JavaScript, and say so", () =>
    Effect.gen(function* () {
      const file = yield* compiled("no maps", {})
      checked(yield* outcomeOf([file]), file, false)
    })
  )
})
