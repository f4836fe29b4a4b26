/**
 * The package as its users get it: packed from a fresh copy of the sources, and unpacked into an empty project that has
 * nothing but the required peers.
 *
 *     npm run package
 */
import { execFileSync, spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { build } from "esbuild"

const repository = fileURLToPath(new URL("../..", import.meta.url))
const bin = (name: string) => join(repository, "node_modules/.bin", name)
const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"))

/** What a program can import: `effect-narrative`, `effect-narrative/testing`, … */
const entries: ReadonlyArray<string> = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith(".json"))
  .map((path) => path.replace(/^\./, manifest.name))

/** The optional peers that an entry is about; every other entry needs none. */
const optionalPeersOf: { readonly [entry: string]: ReadonlyArray<string> } = {
  "effect-narrative/LanguageModelAnalyzer": ["@effect/ai"],
  "effect-narrative/history": ["@effect/sql", "@effect/sql-sqlite-node"],
  "effect-narrative/otel": ["@effect/opentelemetry", "@opentelemetry/api", "@opentelemetry/sdk-trace-base"]
}

const optionalPeers: ReadonlyArray<string> = Object.values(optionalPeersOf).flat()

const folder = mkdtempSync(join(tmpdir(), "narrative-package-"))
const tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`)
const project = join(folder, "project")
const unpacked = join(project, "node_modules", manifest.name)

const run = (command: string, args: ReadonlyArray<string>, cwd = folder) => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 90_000 })
  return { status, output: `${stdout}${stderr}${error ?? ""}`, stdout }
}

/** The compiled files must come from these sources alone, so nothing is taken from `dist`. */
const pack = () => {
  const copy = join(folder, "copy")
  mkdirSync(copy)
  for (const name of [...manifest.files, "package.json", "tsconfig.json", "tsconfig.build.json"]) {
    const from = join(repository, name)
    if (name !== "dist" && existsSync(from)) cpSync(from, join(copy, name), { recursive: true })
  }
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"))
  execFileSync("npm", ["run", "build"], { cwd: copy, stdio: "pipe" })
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: copy, stdio: "pipe" })
}

const link = (name: string) => {
  const target = join(project, "node_modules", name)
  mkdirSync(dirname(target), { recursive: true })
  symlinkSync(join(repository, "node_modules", name), target)
}

const unlink = (name: string) => rmSync(join(project, "node_modules", name), { force: true })

const install = () => {
  mkdirSync(unpacked, { recursive: true })
  execFileSync("tar", ["-xzf", tarball, "-C", unpacked, "--strip-components=1"])
  const optional = manifest.peerDependenciesMeta ?? {}
  const peers = Object.keys(manifest.peerDependencies).filter((name) => optional[name]?.optional !== true)
  for (const name of [...peers, ...Object.keys(manifest.dependencies), "@types/node"]) link(name)
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
}

const filesIn = (path: string): ReadonlyArray<string> =>
  readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name))

describe("The package", { timeout: 100_000 }, () => {
  beforeAll(() => {
    pack()
    install()
  }, 100_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("holds its compiled files, their sources and its papers, and nothing else", () => {
    const allowed = ["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json", "src"]
    assert.deepStrictEqual(
      readdirSync(unpacked).filter((name) => !allowed.includes(name)),
      []
    )
    const modules = filesIn(join(unpacked, "src")).map((name) => name.replace(/\.ts$/, ""))
    const compiled = modules.flatMap((name) => [".js", ".js.map", ".d.ts", ".d.ts.map"].map((end) => `${name}${end}`))
    assert.sameMembers([...filesIn(join(unpacked, "dist"))], compiled)
  })

  it("satisfies publint", () => {
    const { output, status } = run(bin("publint"), ["run", tarball, "--strict"])
    assert.strictEqual(status, 0, output)
  })

  it("has types that every ESM resolution finds", () => {
    const { output, status } = run(bin("attw"), [tarball, "--profile", "esm-only"])
    assert.strictEqual(status, 0, output)
  })

  for (const entry of entries) {
    describe(entry, () => {
      const needed = optionalPeersOf[entry] ?? []
      beforeAll(() => needed.forEach(link))
      afterAll(() => needed.forEach(unlink))

      it("can be imported with no peers but those it is about, does nothing then, and lets the process end", () => {
        // The streams of `process` are made when they are first asked for.
        const program = `
          const touched = []
          for (const name of ["stdin", "stdout", "stderr"]) {
            const { get } = Object.getOwnPropertyDescriptor(process, name)
            Object.defineProperty(process, name, { configurable: true, get: () => (touched.push(name), get.call(process)) })
          }
          const state = () => ({
            resources: process.getActiveResourcesInfo(),
            listeners: process.eventNames().map(String),
            environment: { ...process.env },
            touched: [...touched]
          })
          // Effect's loggers ask at once whether there is a terminal.
          await import("effect")
          const before = state()
          const exported = Object.keys(await import("${entry}"))
          const after = state()
          process.stdout.write(JSON.stringify({ exported, before, after }))
        `
        const file = join(project, "import.js")
        writeFileSync(file, program)
        const { output, status, stdout } = run(process.execPath, [file], project)
        assert.strictEqual(status, 0, output)
        const { after, before, exported } = JSON.parse(stdout)
        assert.isNotEmpty(exported)
        assert.deepStrictEqual(after, before)
      })

      it("leaves nothing behind in a bundle that uses nothing of it", async () => {
        const bundle = await build({
          stdin: { contents: `import {} from "${entry}"; import "${entry}"`, resolveDir: project },
          bundle: true,
          format: "esm",
          platform: "node",
          write: false,
          logLevel: "silent"
        })
        assert.strictEqual(bundle.outputFiles[0]?.text.replace(/^\/\/.*$/gm, "").trim(), "")
      })
    })
  }

  describe("narrative", () => {
    const commandLine = ["@effect/cli", "@effect/platform-node", "@effect/printer", "@effect/printer-ansi"]
    const database = ["@effect/sql", "@effect/sql-sqlite-node"]
    afterAll(() => [...commandLine, ...database].forEach(unlink))

    const narrative = (...args: ReadonlyArray<string>) =>
      run(process.execPath, [join(unpacked, manifest.bin.narrative), ...args], project)

    const asksFor = (output: string, names: ReadonlyArray<string>) =>
      assert.strictEqual(
        output,
        `narrative: the command needs packages that are not installed: npm install --save-dev ${names
          .map((name) => `"${name}@${manifest.peerDependencies[name]}"`)
          .join(" ")}\n`
      )

    it("says on one line which packages it needs where none of them is there", () => {
      const { output, status } = narrative("--help")
      assert.strictEqual(status, 1)
      asksFor(output, [...commandLine, ...database])
    })

    it("does without a database what needs none, and says what the rest needs", () => {
      commandLine.forEach(link)
      const help = narrative("--help")
      assert.strictEqual(help.status, 0, help.output)
      assert.match(help.stdout, /^ {2}failures /m)
      assert.strictEqual(narrative("--version").stdout, `${manifest.version}\n`)
      const { output, status } = narrative("failures")
      assert.strictEqual(status, 1)
      asksFor(output, database)
    })

    it("reads a history where all of them are there", () => {
      database.forEach(link)
      const { output, status } = narrative("failures", "--db", "none.db")
      assert.strictEqual(status, 1)
      assert.match(output, /^narrative: [^\n]*none\.db[^\n]*\n$/)
    })
  })

  it("type-checks in a strict project that checks its declarations too", () => {
    new Set(optionalPeers).forEach(link)
    const names = entries.map((entry, i) => `export * as entry${i} from "${entry}"`)
    writeFileSync(join(project, "consumer.ts"), names.join("\n"))
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
      isolatedModules: true,
      skipLibCheck: false,
      noEmit: true
    }
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }))
    const { output, status } = run(bin("tsc"), ["-p", project, "--pretty", "false"], project)
    assert.strictEqual(status, 0, output)
  })
})
