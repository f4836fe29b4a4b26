import { execFileSync, execSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import { inFolder, inForm, type RuleCase, rejecting, ruleCase, temporaryFolder, throwing } from "./RuleCase.js"

const files: Readonly<Record<string, string>> = {
  "common.cjs": "exports.a = 1",
  "module.mjs": "export const a = 1",
  "missing.mjs": "import 'no-such-package-here/sub'",
  "relative.mjs": "import './nope.mjs'",
  "name.mjs": "import { nope } from './common.cjs'",
  "name2.mjs": "import { nope } from './module.mjs'",
  "require.mjs": "require('./common.cjs')",
  "import.cjs": "import a from './module.mjs'; await 1; exports.a = 1",
  "subpath.mjs": "import 'pkg/hidden'",
  "folder.mjs": "import './node_modules'",
  "kind.mjs": "import './picture.png'",
  "picture.png": "x",
  "node_modules/pkg/package.json": '{"name":"pkg","exports":{".":"./index.js"}}'
}

/** What Node says when it loads a module, in a process of its own: a test runner loads modules its own way. */
const loading = (rule: string, file: string, more: Pick<RuleCase, "hint" | "why"> = {}): RuleCase =>
  ruleCase(
    rule,
    `the module ${file}: ${files[file]}`,
    Effect.flatMap(temporaryFolder, (folder) =>
      Effect.suspend(() => {
        fs.mkdirSync(`${folder}/node_modules/pkg`, { recursive: true })
        for (const [name, text] of Object.entries(files)) fs.writeFileSync(`${folder}/${name}`, text)
        fs.writeFileSync(
          `${folder}/main.mjs`,
          `import("./${file}").catch((e) => console.log(JSON.stringify([e.name, e.message, { code: e.code }])))`
        )
        const [name, message, fields] = JSON.parse(
          execFileSync(process.execPath, [`${folder}/main.mjs`], { encoding: "utf8" })
        )
        return Effect.fail(
          Object.assign(
            name === "SyntaxError"
              ? new SyntaxError(message)
              : name === "ReferenceError"
                ? new ReferenceError(message)
                : new Error(message),
            fields
          )
        )
      })
    ),
    more
  )

export const runtimeFailures: ReadonlyArray<RuleCase> = [
  loading("module-missing", "missing.mjs", {
    why: "the module no-such-package-here cannot be found (imported from",
    hint: "`no-such-package-here` has to be in the package.json"
  }),
  loading("module-missing", "relative.mjs", { hint: "with its file extension" }),
  loading("export-missing", "name.mjs"),
  loading("export-missing", "name2.mjs", { why: "./module.mjs has no export named nope" }),
  loading("commonjs-in-esm", "require.mjs"),
  loading("subpath-not-exported", "subpath.mjs"),
  loading("folder-import", "folder.mjs"),
  loading("extension-unknown", "kind.mjs"),
  inForm("require-of-esm", "require() of ES Module /app/a.mjs not supported.", { code: "ERR_REQUIRE_ESM" }),
  throwing("esm-in-commonjs", "an import in a script", () => new Function("import a from 'a'")),
  inFolder("native-addon", "a file that is no addon", (folder) => {
    fs.writeFileSync(`${folder}/a.node`, "x")
    process.dlopen({ exports: {} }, `${folder}/a.node`)
  }),
  inFolder("native-addon-not-built", "a package that was never compiled", (folder) => {
    fs.writeFileSync(`${folder}/package.json`, "{}")
    const bindings = createRequire(createRequire(import.meta.url).resolve("better-sqlite3"))("bindings")
    bindings({ bindings: "addon.node", module_root: folder })
  }),
  rejecting(
    "worker-out-of-memory",
    "a worker that keeps everything",
    () =>
      new Promise((_resolve, reject) => {
        const worker = new Worker("const kept = []; for (;;) kept.push(new Array(1e5).fill(1))", {
          eval: true,
          resourceLimits: { maxOldGenerationSizeMb: 10 }
        })
        worker.once("error", reject)
      })
  ),
  inForm("heap-exhausted", "Command failed: node build.js", {
    status: 134,
    signal: null,
    stderr: "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
  }),
  throwing("process-killed", "a process that was killed", () => execSync("kill -9 $$", { stdio: "pipe" }), {
    why: "kill -9 $$ was ended by SIGKILL"
  }),
  throwing("output-too-large", "a process that writes too much", () => execSync("echo 0123456789", { maxBuffer: 5 })),
  throwing("command-failed", "a process that fails", () => execSync("exit 3", { stdio: "pipe" }), {
    why: "exit 3 ended with code 3"
  }),
  inForm("channel-closed", "Channel closed", { code: "ERR_IPC_CHANNEL_CLOSED" }),
  throwing("worker-exited", "a worker without a path", () => new Worker("nope.js"))
]
