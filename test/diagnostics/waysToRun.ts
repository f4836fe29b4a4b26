/**
 * The ways a program may be run: what a report can tell must not depend on them.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "@effect/vitest"
import { Effect } from "effect"

const root = fileURLToPath(new URL("../..", import.meta.url))
const fixtures = path.join(root, "test/diagnostics/fixtures")

/** One run of a fixture: what it wrote, the file its places should be in, and whether they were mapped to it. */
export interface Run {
  readonly outcome: unknown
  readonly file: string
  readonly mapped: boolean
}

export interface WayToRun {
  readonly name: string
  readonly runs: Effect.Effect<ReadonlyArray<Run>>
}

/** Every way for the fixture of that name; a fixture writes JSON to the file named by `PROGRAM_OUT`. */
export const waysToRun = (fixture: string): ReadonlyArray<WayToRun> => {
  const program = path.join(fixtures, `${fixture}.ts`)
  const temporary = realpathSync(mkdtempSync(path.join(tmpdir(), "ways to run ")))
  afterAll(() => rmSync(temporary, { recursive: true }))
  let runs = 0

  const outcomeOf = (args: ReadonlyArray<string>, cwd?: string): Effect.Effect<unknown> =>
    Effect.gen(function* () {
      runs += 1
      const out = path.join(temporary, `run-${runs}.json`)
      yield* child(args, cwd, { PROGRAM: fixture, PROGRAM_OUT: out })
      return JSON.parse(readFileSync(out, "utf8"))
    })

  /** Compiles the program and what it stands on with `tsc`, and gives the compiled program. */
  const compiled = (name: string, options: Readonly<Record<string, boolean>>): Effect.Effect<string> =>
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
      return path.join(folder, `dist/test/diagnostics/fixtures/${fixture}.js`)
    })

  const source = (outcome: unknown): Run => ({ outcome, file: program, mapped: true })
  const underVitest = (pool: string) =>
    Effect.map(
      outcomeOf([
        path.join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        "--config",
        path.join(fixtures, "programs.config.ts"),
        "--root",
        root,
        "--pool",
        pool
      ]),
      (outcome) => [source(outcome)]
    )

  return [
    { name: "by tsx", runs: Effect.map(outcomeOf(["--import", "tsx", program]), (outcome) => [source(outcome)]) },
    { name: "by Vitest in its pool of forks", runs: underVitest("forks") },
    { name: "by Vitest in its pool of threads", runs: underVitest("threads") },
    {
      name: "compiled, with maps, and with Node applying them too",
      runs: Effect.gen(function* () {
        const file = yield* compiled("maps", { sourceMap: true })
        return [
          source(yield* outcomeOf([file], temporary)),
          source(yield* outcomeOf(["--enable-source-maps", file], temporary))
        ]
      })
    },
    {
      name: "compiled, with inlined maps",
      runs: Effect.gen(function* () {
        const file = yield* compiled("inlined maps", { inlineSourceMap: true })
        return [source(yield* outcomeOf([file]))]
      })
    },
    {
      name: "compiled, without maps: places are those of the JavaScript, and say so",
      runs: Effect.gen(function* () {
        const file = yield* compiled("no maps", {})
        return [{ outcome: yield* outcomeOf([file]), file, mapped: false }]
      })
    }
  ]
}

const child = (args: ReadonlyArray<string>, cwd = root, env: Readonly<Record<string, string>> = {}) =>
  Effect.async<void>((resume) => {
    // A worker must not take the parent's pool for its own.
    const { VITEST: _, VITEST_POOL_ID: __, NODE_OPTIONS: ___, ...parent } = process.env
    execFile(process.execPath, args, { cwd, env: { ...parent, ...env }, timeout: 55_000 }, (error, stdout, stderr) => {
      resume(error === null ? Effect.void : Effect.dieMessage(`${error.message}\n${stdout}\n${stderr}`))
    })
  })
