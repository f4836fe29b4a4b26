/**
 * What goes wrong with modules, workers and other processes.
 */
import type { Clues, Rule } from "./Rule.js"

const loading = ["code", "module", "importedFrom"]

const isRelative = (name: string): boolean => /^(?:[.\\/]|file:|[A-Za-z]:)/.test(name)

const has =
  (form: RegExp, ...types: ReadonlyArray<string>) =>
  ({ said }: Clues): boolean =>
    said(form, ...types) !== undefined

const moduleRules: ReadonlyArray<Rule> = [
  {
    id: "module-missing",
    when: "A module cannot be found.",
    match: { codes: ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"] },
    hint: "Install the package, or correct the path it is imported by.",
    detail: ({ text }) => {
      const name = text("module")
      if (name === undefined) return undefined
      if (isRelative(name))
        return "An ES module is imported with its file extension, and TypeScript's as `.js` where it is compiled."
      return `\`${name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/")}\` has to be in the package.json of the package that imports it.`
    },
    exactCause: ({ text }) => {
      const name = text("module")
      const from = text("importedFrom")
      return name === undefined
        ? undefined
        : `the module ${name} cannot be found${from === undefined ? "" : ` (imported from ${from})`}`
    },
    evidence: loading
  },
  {
    id: "subpath-not-exported",
    when: "A package does not export that path.",
    match: { codes: ["ERR_PACKAGE_PATH_NOT_EXPORTED"] },
    hint: "Import what the `exports` of its package.json name, or a version that exports it.",
    evidence: loading
  },
  {
    id: "export-missing",
    when: "A module does not export that name.",
    match: { types: ["SyntaxError"] },
    fits: has(/does not provide an export named|Named export '.*' not found/, "SyntaxError"),
    hint: 'Correct the name. A CommonJS module often has only a default: `import all from "…"`, then `all.name`. A type is imported with `import type`.',
    exactCause: ({ said }) => {
      const found = said(/^The requested module '([^']*)' does not provide an export named '([^']*)'/)
      return found === undefined ? undefined : `${found[1]} has no export named ${found[2]}`
    }
  },
  {
    id: "require-of-esm",
    when: "An ES module was loaded with `require`.",
    match: { codes: ["ERR_REQUIRE_ESM", "ERR_REQUIRE_CYCLE_MODULE", "ERR_REQUIRE_ASYNC_MODULE"] },
    hint: 'Load it with `import`, or `await import()` from CommonJS; or make the importing package `"type": "module"`.',
    evidence: ["code"]
  },
  {
    id: "esm-in-commonjs",
    when: "A file that is no ES module uses `import` or `export`.",
    match: { types: ["SyntaxError"] },
    fits: has(/^Cannot use import statement outside a module$|^Unexpected token 'export'$/, "SyntaxError"),
    hint: 'Name the file `.mjs`, or set `"type": "module"` in the nearest package.json.'
  },
  {
    id: "extension-unknown",
    when: "Node does not know how to load that kind of file.",
    match: { codes: ["ERR_UNKNOWN_FILE_EXTENSION", "ERR_UNKNOWN_MODULE_FORMAT"] },
    hint: "Compile it first, or start Node with a loader for it: `node --import tsx` for TypeScript.",
    evidence: ["code"]
  },
  {
    id: "folder-import",
    when: "A folder was imported.",
    match: { codes: ["ERR_UNSUPPORTED_DIR_IMPORT"] },
    hint: "Import the file in it, such as `./folder/index.js`: ES modules do not look for it.",
    evidence: ["code"]
  },
  {
    id: "native-addon",
    when: "A native addon could not be loaded.",
    match: { codes: ["ERR_DLOPEN_FAILED"] },
    hint: "Build it for this Node version and platform: `npm rebuild`. One that was copied from another machine or image does not fit.",
    evidence: ["code"]
  },
  {
    id: "native-addon-not-built",
    when: "A native addon was never built.",
    match: { types: ["Error"] },
    // What the package `bindings` says, and then every place where it looked.
    fits: has(/^Could not locate the bindings file/),
    hint: "Let its install script run: newer package managers do so only where the package is allowed to (npm's `allowScripts`, pnpm's `onlyBuiltDependencies`). Then `npm rebuild`.",
    exactCause: () => "no compiled addon was found in any of the places where the package looks for one"
  }
]

const processRules: ReadonlyArray<Rule> = [
  {
    id: "output-too-large",
    when: "A child process wrote more than was to be kept.",
    match: { codes: ["ERR_CHILD_PROCESS_STDIO_MAXBUFFER", "ENOBUFS"] },
    hint: "Read its output as a stream, or raise `maxBuffer`.",
    evidence: ["code", "cmd"]
  },
  {
    id: "worker-out-of-memory",
    when: "A worker thread reached its memory limit.",
    match: { codes: ["ERR_WORKER_OUT_OF_MEMORY"] },
    hint: "Hold less at once in the worker, or raise its `resourceLimits`.",
    evidence: ["code"]
  },
  {
    id: "heap-exhausted",
    when: "A process ran out of heap.",
    match: { types: ["Error"] },
    fits: ({ said, text }) =>
      said(/JavaScript heap out of memory|JS heap out of memory/) !== undefined ||
      /JavaScript heap out of memory/.test(text("stderr") ?? ""),
    hint: "Hold less at once: stream, and bound what is kept. `node --max-old-space-size` raises the limit.",
    evidence: ["stderr", "signal", "status"]
  },
  {
    id: "process-killed",
    when: "A child process was ended by a signal.",
    match: { facts: ["signal"] },
    fits: ({ text }) => /^SIG[A-Z\d]+$/.test(text("signal") ?? ""),
    hint: "Find out who sent the signal: a time limit, whoever stops the program, or the system when memory runs out (SIGKILL).",
    exactCause: ({ said, text }) => {
      const command = said(/^Command failed: ([^\n]+)/)?.[1]
      return command === undefined ? undefined : `${command} was ended by ${text("signal")}`
    },
    evidence: ["signal", "cmd"]
  },
  {
    id: "command-failed",
    when: "A child process ended with an error code.",
    match: { types: ["Error"] },
    fits: has(/^Command failed: /, "Error"),
    hint: "What it wrote to stderr says why; run the same command by hand in the same folder and environment.",
    exactCause: ({ number, said }) => {
      const [, command = ""] = said(/^Command failed: ([^\n]+)/) ?? []
      const status = number("status") ?? number("code")
      return command === "" || status === undefined ? undefined : `${command} ended with code ${status}`
    },
    evidence: ["status", "code", "cmd", "stderr"]
  },
  {
    id: "channel-closed",
    when: "A message was sent to a process that is gone.",
    match: { codes: ["ERR_IPC_CHANNEL_CLOSED", "ERR_IPC_DISCONNECTED"] },
    hint: "Send only while it is connected, and look at why it ended.",
    evidence: ["code"]
  },
  {
    id: "worker-exited",
    when: "A worker thread ended before it was done.",
    match: { codes: ["ERR_WORKER_NOT_RUNNING", "ERR_WORKER_INIT_FAILED", "ERR_WORKER_PATH"] },
    hint: "Look at the worker's own error, and keep it alive for as long as it is needed.",
    evidence: ["code"]
  }
]

export const runtimeRules: ReadonlyArray<Rule> = [...moduleRules, ...processRules]
