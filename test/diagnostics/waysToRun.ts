/**
 * The ways a program may be run: what a report says must not depend on them.
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

/** One run of the fixtures. */
export interface Run {
  /** What this fixture wrote. */
  readonly outcomeOf: (fixture: string) => unknown
  /** The file that its places should be in. */
  readonly fileOf: (fixture: string) => string
  /** Whether they are mapped to it. */
  readonly mapped: boolean
}

export interface WayToRun {
  readonly name: string
  readonly runs: Effect.Effect<ReadonlyArray<Run>>
}

/** Every way, for `fixtures/programs.ts`. */
export const waysToRun = (): ReadonlyArray<WayToRun> => {
  const program = path.join(fixtures, "programs.ts")
  const temporary = realpathSync(mkdtempSync(path.join(tmpdir(), "ways to run ")))
  afterAll(() => rmSync(temporary, { recursive: true }))
  let runs = 0

  const run = (args: ReadonlyArray<string>, cwd?: string): Effect.Effect<Run> =>
    Effect.gen(function* () {
      runs += 1
      const out = path.join(temporary, `run-${runs}`)
      mkdirSync(out)
      yield* child(args, cwd, { PROGRAM_OUT: out })
      return {
        outcomeOf: (fixture) => JSON.parse(readFileSync(path.join(out, `${fixture}.json`), "utf8")),
        fileOf: (fixture) => path.join(fixtures, `${fixture}.ts`),
        mapped: true
      }
    })

  /** Compiles the programs and what they import with `tsc`, and gives the folder of the compiled programs. */
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
        files: ["programs", "reportingPrograms", "suspendedPrograms"].map((name) => path.join(fixtures, `${name}.ts`))
      }
      writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config))
      yield* child([path.join(root, "node_modules/typescript/bin/tsc"), "-p", folder])
      return path.join(folder, "dist/test/diagnostics/fixtures")
    })

  const underVitest = (pool: string) =>
    run([
      path.join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--config",
      path.join(fixtures, "programs.config.ts"),
      "--root",
      root,
      "--pool",
      pool
    ])

  return [
    { name: "by tsx", runs: Effect.all([run(["--import", "tsx", program])]) },
    { name: "by Vitest in its pool of forks", runs: Effect.all([underVitest("forks")]) },
    { name: "by Vitest in its pool of threads", runs: Effect.all([underVitest("threads")]) },
    {
      name: "compiled with maps, and with Node applying them too",
      runs: Effect.flatMap(compiled("maps", { sourceMap: true }), (folder) => {
        const file = path.join(folder, "programs.js")
        return Effect.all([run([file], temporary), run(["--enable-source-maps", file], temporary)])
      })
    },
    {
      name: "compiled with inlined maps",
      runs: Effect.flatMap(compiled("inlined maps", { inlineSourceMap: true }), (folder) =>
        Effect.all([run([path.join(folder, "programs.js")])])
      )
    },
    {
      name: "compiled without maps, with the places of the JavaScript,",
      runs: Effect.flatMap(compiled("no maps", {}), (folder) =>
        Effect.map(run([path.join(folder, "programs.js")]), (run) => [
          { ...run, fileOf: (fixture: string) => path.join(folder, `${fixture}.js`), mapped: false }
        ])
      )
    }
  ]
}

const child = (args: ReadonlyArray<string>, cwd = root, env: Readonly<Record<string, string>> = {}) =>
  Effect.async<void>((resume) => {
    // A worker must not take the parent's pool for its own.
    const { VITEST: _, VITEST_POOL_ID: __, NODE_OPTIONS: ___, ...parent } = process.env
    execFile(process.execPath, args, { cwd, env: { ...parent, ...env }, timeout: 110_000 }, (error, stdout, stderr) => {
      resume(error === null ? Effect.void : Effect.dieMessage(`${error.message}\n${stdout}\n${stderr}`))
    })
  })
