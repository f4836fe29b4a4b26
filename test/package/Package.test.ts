/**
 * The package as its users get it: packed from a fresh copy of the sources, and unpacked into an empty project that has
 * nothing but the required peers.
 *
 *     npm run package
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { build } from "esbuild"
import { NarrativeEvent } from "../../src/index.js"
import { Narrator } from "../fixtures/events.js"
import { bundledFolders, isForeign, licenceOf, loadedBy, packageOf } from "./command.js"
import { type Entries, type Imported, importedOf, unusedInBundles } from "./entries.js"
import {
  bin,
  command,
  filesIn,
  install,
  installUnbuilt,
  link,
  manifest,
  pack,
  packTypes,
  project,
  remove,
  run,
  tarball,
  unlink,
  unpacked
} from "./project.js"

/** What a program can import: `effect-narrative`, `effect-narrative/testing`, `effect-narrative/Narrative`, … */
const importable: ReadonlyArray<string> = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith(".json"))
  .map((path) => path.replace(/^\./, manifest.name))

/** The optional peers that an entry is about; every other entry needs none. */
const optionalPeersOf: { readonly [entry: string]: ReadonlyArray<string> } = {
  "effect-narrative/ModelTelemetry": ["@effect/ai"],
  "effect-narrative/ai": ["@effect/ai"],
  "effect-narrative/bullmq": ["bullmq"],
  "effect-narrative/fastify": ["fastify"],
  "effect-narrative/grpc": ["@grpc/grpc-js"],
  "effect-narrative/history": ["@effect/sql"],
  "effect-narrative/hono": ["hono"],
  "effect-narrative/otel": ["@effect/opentelemetry", "@opentelemetry/api", "@opentelemetry/sdk-trace-base"],
  "effect-narrative/runs": ["@effect/sql"],
  "effect-narrative/dashboard": ["@effect/sql"],
  "effect-narrative/server": ["@effect/sql"]
}

/** What declarations need besides. */
const peersOfTypes = ["@effect/rpc", "@sentry/core"]

const optionalPeers: ReadonlyArray<string> = [...Object.values(optionalPeersOf).flat(), ...peersOfTypes]

/** Importing it is what it is for: it changes how modules are loaded from then on. */
const importHook = "effect-narrative/auto"

/** Each is about peers of its own; the others are single modules that one of these exports. */
const entries = importable.filter((path) => path !== importHook && (path in optionalPeersOf || !/\/[A-Z]/.test(path)))

const withModules = (those: ReadonlyArray<string>): Entries =>
  Object.fromEntries(
    those.map((entry) => [
      entry,
      importable.filter(
        (path) => ![importHook, ...entries].includes(path) && path.slice(0, path.lastIndexOf("/")) === entry
      )
    ])
  )

const peersOf = (entry: string): string => (optionalPeersOf[entry] ?? []).join(", ")

/** The optional peer by which the command reads histories. */
const sqlite = "@effect/sql-sqlite-node"

const licences = "THIRD-PARTY-LICENSES.txt"

/** Each of what the command does with a history. */
const onHistory = [
  ["failures"],
  ["story", "0"],
  ["stories"],
  ["stats"],
  ["tail", "--no-follow"],
  ["report", "0", "-o", "-"],
  ["prune", "--keep-days", "30", "--dry-run"]
]

const historyProgram = `
  import { Data, Effect } from "effect"
  import { Narrative } from "effect-narrative"
  import { HistoryRenderer } from "effect-narrative/history"

  class CsvError extends Data.TaggedError("CsvError") {}

  new CsvError({ message: "row 7" }).pipe(
    Narrative.stage("Load"),
    Narrative.story("Import"),
    Effect.exit,
    Effect.provide(HistoryRenderer.layer({ path: ".narrative/history.db" })),
    Effect.runPromise
  )
`

describe("The package", { timeout: 300_000 }, () => {
  beforeAll(async () => {
    await pack()
    await install()
  }, 300_000)

  afterAll(remove)

  it("holds its compiled files, their sources and its papers, and nothing else", () => {
    const allowed = ["CHANGELOG.md", "LICENSE", "README.md", "dist", "docs", "examples", "package.json", "src"]
    assert.deepStrictEqual(
      readdirSync(unpacked).filter((name) => !allowed.includes(name)),
      []
    )
    const modules = filesIn(join(unpacked, "src")).map((name) => name.replace(/\.ts$/, ""))
    const compiled = modules.flatMap((name) => [".js", ".js.map", ".d.ts", ".d.ts.map"].map((end) => `${name}${end}`))
    assert.sameMembers(
      filesIn(join(unpacked, "dist")).filter((name) => !name.startsWith("cli/")),
      compiled
    )
  })

  it("holds of the command what it can load, and the licences of it, and nothing else", async () => {
    const { metafile } = await build({
      absWorkingDir: dirname(command),
      entryPoints: [command],
      bundle: true,
      format: "esm",
      platform: "node",
      write: false,
      metafile: true
    })
    assert.sameMembers([...filesIn(dirname(command))], [...Object.keys(metafile.inputs), licences])
  })

  it("satisfies publint", async () => {
    const { output, status } = await run(bin("publint"), ["run", tarball, "--strict"])
    assert.strictEqual(status, 0, output)
  })

  it("has types that every ESM resolution finds", async () => {
    const { output, status } = await run(bin("attw"), [await packTypes(), "--profile", "esm-only"])
    assert.strictEqual(status, 0, output)
  })

  describe("A history", () => {
    const program = `
      import { Effect, Layer } from "effect"
      import { HistoryRenderer } from "effect-narrative/history"

      const opened = (layer) => Effect.scoped(Layer.build(layer)).pipe(
        Effect.match({ onSuccess: () => "opened", onFailure: ({ message, reason }) => \`\${reason}: \${message}\` })
      )
      const file = await Effect.runPromise(opened(HistoryRenderer.layer({ path: ":memory:" })))
      const server = await Effect.runPromise(opened(HistoryRenderer.layerPg({ url: "postgres://ada@127.0.0.1:1/shop" })))
      process.stdout.write(JSON.stringify({ file, server }))
    `
    const opened = async (...packages: ReadonlyArray<string>) => {
      const file = join(project, "databases.js")
      writeFileSync(file, program)
      packages.forEach(link)
      const { output, status, stdout } = await run(process.execPath, [file], project)
      packages.forEach(unlink)
      assert.strictEqual(status, 0, output)
      return JSON.parse(stdout)
    }

    it("in a file needs nothing of PostgreSQL, and names what PostgreSQL needs", async () => {
      const { file, server } = await opened("@effect/sql", sqlite)
      assert.strictEqual(file, "opened")
      assert.match(server, /^NotInstalled: The history .*npm install @effect\/sql-pg$/)
    })

    it("on PostgreSQL needs nothing of SQLite, and names what a file needs", async () => {
      const { file, server } = await opened("@effect/sql", "@effect/sql-pg")
      assert.match(file, /^NotInstalled: The history .*npm install @effect\/sql-sqlite-node$/)
      assert.match(server, /^CannotOpen: The history postgres:.* cannot be reached/)
    })
  })

  // Those that need the same peers are imported by one process, after each other: it has what each of them did to it.
  for (const peers of new Set(entries.map(peersOf))) {
    describe(`with ${peers || "no optional peer"}`, () => {
      const those = entries.filter((entry) => peersOf(entry) === peers)
      const needed = peers === "" ? [] : peers.split(", ")
      let imported: Readonly<Record<string, Imported>> = {}
      beforeAll(async () => {
        needed.forEach(link)
        imported = await importedOf(withModules(those), needed)
      }, 300_000)
      afterAll(() => needed.forEach(unlink))

      it.each(those)("%s can be imported, does nothing then, and lets the process end", (entry) => {
        const { after, before, error, exported } = imported[entry] ?? {}
        assert.isUndefined(error)
        assert.isNotEmpty(exported)
        assert.isObject(before)
        assert.deepStrictEqual(after, before)
      })
    })
  }

  describe("without the package that is needed, says in one line what to install", () => {
    const messageOf = async (name: string, text: string) => {
      const file = join(project, name)
      writeFileSync(file, text)
      return (await run(process.execPath, [file], project)).stdout
    }
    const grpc = "effect-narrative/grpc needs @grpc/grpc-js: npm install @grpc/grpc-js\n"

    it("where gRPC is imported", async () => {
      const program = `import("effect-narrative/grpc").catch(({ message }) => console.log(message))`
      assert.strictEqual(await messageOf("grpc.js", program), grpc)
    })

    it("where gRPC is required", async () => {
      const program = `try { require("effect-narrative/grpc") } catch ({ message }) { console.log(message) }`
      assert.strictEqual(await messageOf("grpc.cjs", program), grpc)
    })

    it("where something is to be sent to Sentry", async () => {
      const program = `
        import { Effect, Layer } from "effect"
        import * as Sentry from "effect-narrative/sentry"
        const built = (dsn) => Effect.runPromise(Effect.scoped(Layer.build(Sentry.layer({ dsn }))))
        await built(undefined)
        await built("https://key@o1.ingest.sentry.io/2").catch(({ message }) => console.log(message))
      `
      const sentry = "Sentry.layer needs @sentry/core: npm install @sentry/core\n"
      assert.strictEqual(await messageOf("sentry.js", program), sentry)
    })
  })

  describe("in a bundle that uses nothing of it", () => {
    const needed = new Set(Object.values(optionalPeersOf).flat())
    let left: ReadonlyMap<string, string> = new Map()
    beforeAll(async () => {
      needed.forEach(link)
      left = await unusedInBundles(withModules(entries))
    }, 300_000)
    afterAll(() => needed.forEach(unlink))

    it.each(entries)("leaves nothing of %s", (entry) => {
      assert.strictEqual(left.get(entry), "")
    })
  })

  describe("narrative", () => {
    const narrative = (...args: ReadonlyArray<string>) => run(process.execPath, [command, ...args], project)

    describe("without any optional peer", () => {
      it("does what needs no history", async () => {
        const help = await narrative("--help")
        assert.strictEqual(help.status, 0, help.output)
        assert.match(help.stdout, /^ {2}failures /m)
        assert.strictEqual((await narrative("--version")).output, `${manifest.version}\n`)
        const completions = await narrative("--completions", "bash")
        assert.strictEqual(completions.status, 0, completions.output)
        assert.include(completions.stdout, "narrative")
      })

      it("shows what is in a file of JSON lines", async () => {
        const story = new Narrator("Import")
        const events = [story.start(), story.failed(story.stage("Load"))]
        const file = join(project, "app.jsonl")
        writeFileSync(file, `${events.map(NarrativeEvent.toWire).join("\n")}\n`)
        assert.strictEqual(
          (await narrative("tail", file, "--no-follow")).output,
          "▶ Story started: Import\n✖ Stage failed: Load (0.500s) - CsvError: bad row 7\n"
        )
      })

      it("loads nothing but itself", async () => {
        const loaded = await loadedBy("--help")
        assert.include(loaded, command)
        assert.deepStrictEqual(loaded.filter(isForeign), [])
      })

      for (const args of onHistory) {
        it(`says on one line what ${args[0]} needs`, async () => {
          const { output, status } = await narrative(...args)
          assert.strictEqual(status, 1)
          assert.strictEqual(
            output,
            `narrative: a history is read with a package that is not installed: npm install --save-dev "${sqlite}@${manifest.peerDependencies[sqlite]}"\n`
          )
        })
      }
    })

    describe(`with ${sqlite}`, () => {
      beforeAll(async () => {
        ;["@effect/sql", sqlite].forEach(link)
        const file = join(project, "history.js")
        writeFileSync(file, historyProgram)
        const { output, status } = await run(process.execPath, [file], project)
        assert.strictEqual(status, 0, output)
      })
      afterAll(() => ["@effect/sql", sqlite].forEach(unlink))

      it("reads what a program wrote to its history, with the better-sqlite3 that only that package can see", async () => {
        assert.isFalse(existsSync(join(project, "node_modules/better-sqlite3")))
        const { output, status, stdout } = await narrative("failures", "--json")
        assert.strictEqual(status, 0, output)
        const { error_message, error_type, stage_name, story_name } = JSON.parse(stdout)
        assert.deepStrictEqual(
          [story_name, stage_name, error_type, error_message],
          ["Import", "Load", "CsvError", "row 7"]
        )
      })

      for (const args of onHistory) {
        it(`does ${args.join(" ")}`, async () => {
          const { output, status, stdout } = await narrative(...args)
          assert.strictEqual(status, 0, output)
          assert.strictEqual(output, stdout)
          assert.isNotEmpty(stdout)
        })
      }

      it("loads nothing besides itself but better-sqlite3 and its own", async () => {
        const packages = (await loadedBy("failures")).filter(isForeign).map(packageOf)
        assert.sameMembers([...new Set(packages)], ["better-sqlite3", "bindings", "file-uri-to-path"])
      })

      it("says on one line that there is no history", async () => {
        const { output, status } = await narrative("failures", "--db", "none.db")
        assert.strictEqual(status, 1)
        assert.match(output, /^narrative: [^\n]*none\.db[^\n]*\n$/)
      })
    })

    it("says on one line what to do where better-sqlite3 was never built", async () => {
      const installed = [sqlite, "better-sqlite3"]
      const linked = ["bindings", "file-uri-to-path"]
      installed.forEach(installUnbuilt)
      linked.forEach(link)
      const { output, status } = await narrative("failures")
      ;[...installed, ...linked].forEach(unlink)
      assert.strictEqual(status, 1)
      assert.match(output, /^narrative: [^\n]* better-sqlite3 was not built [^\n]* `npm rebuild better-sqlite3`\n$/)
    })

    it("passes on the licence of each package that it holds code of, and of no other", () => {
      const [, ...sections] = readFileSync(join(dirname(command), licences), "utf8").split(/^-{80}\n\n/m)
      const recorded = sections.flatMap((section): ReadonlyArray<ReadonlyArray<string>> => {
        const [packages = "", ...text] = section.split("\n\n")
        return packages.split("\n").map((name) => [name, text.join("\n\n").trim()])
      })
      const folders = bundledFolders()
      assert.isNotEmpty(folders)
      assert.sameDeepMembers<ReadonlyArray<string>>(recorded, folders.map(licenceOf))
    })
  })

  it("type-checks in a strict project that checks its declarations too, and that declares what it makes of them", async () => {
    new Set(optionalPeers).forEach(link)
    // A copy of a module has the types of all its exports: of layers, of what they take and of what they fail with.
    const copies = importable.map(
      (path, i) => `import * as module${i} from "${path}"\nexport const copy${i} = { ...module${i} }`
    )
    writeFileSync(join(project, "consumer.ts"), copies.join("\n"))
    const compilerOptions = {
      target: "ES2022",
      lib: ["ES2022"],
      module: "NodeNext",
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
      verbatimModuleSyntax: true,
      skipLibCheck: false,
      declaration: true,
      emitDeclarationOnly: true,
      outDir: "declared"
    }
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }))
    const { output, status } = await run(bin("tsc"), ["-p", project, "--pretty", "false", "--checkers", "1"], project)
    assert.strictEqual(status, 0, output)
  })
})
