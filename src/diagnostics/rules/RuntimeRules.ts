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
    on: { codes: ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"] },
    mends: "Install the package, or correct the path it is imported by.",
    also: ({ text }) => {
      const name = text("module")
      if (name === undefined) return undefined
      if (isRelative(name))
        return "An ES module is imported with its file extension, and TypeScript's as `.js` where it is compiled."
      return `\`${name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/")}\` has to be in the package.json of the package that imports it.`
    },
    why: ({ text }) => {
      const name = text("module")
      const from = text("importedFrom")
      return name === undefined
        ? undefined
        : `the module ${name} cannot be found${from === undefined ? "" : ` (imported from ${from})`}`
    },
    shows: loading
  },
  {
    id: "subpath-not-exported",
    when: "A package does not export that path.",
    on: { codes: ["ERR_PACKAGE_PATH_NOT_EXPORTED"] },
    mends: "Import what the `exports` of its package.json name, or a version that exports it.",
    shows: loading
  },
  {
    id: "export-missing",
    when: "A module does not export that name.",
    on: { types: ["SyntaxError"] },
    fits: has(/does not provide an export named|Named export '.*' not found/, "SyntaxError"),
    mends:
      'Correct the name. A CommonJS module often has only a default: `import all from "…"`, then `all.name`. A type is imported with `import type`.',
    why: ({ said }) => {
      const found = said(/^The requested module '([^']*)' does not provide an export named '([^']*)'/)
      return found === undefined ? undefined : `${found[1]} has no export named ${found[2]}`
    }
  },
  {
    id: "require-of-esm",
    when: "An ES module was loaded with `require`.",
    on: { codes: ["ERR_REQUIRE_ESM", "ERR_REQUIRE_CYCLE_MODULE", "ERR_REQUIRE_ASYNC_MODULE"] },
    mends:
      'Load it with `import`, or `await import()` from CommonJS; or make the importing package `"type": "module"`.',
    shows: ["code"]
  },
  {
    id: "esm-in-commonjs",
    when: "A file that is no ES module uses `import` or `export`.",
    on: { types: ["SyntaxError"] },
    fits: has(/^Cannot use import statement outside a module$|^Unexpected token 'export'$/, "SyntaxError"),
    mends: 'Name the file `.mjs`, or set `"type": "module"` in the nearest package.json.'
  },
  {
    id: "extension-unknown",
    when: "Node does not know how to load that kind of file.",
    on: { codes: ["ERR_UNKNOWN_FILE_EXTENSION", "ERR_UNKNOWN_MODULE_FORMAT"] },
    mends: "Compile it first, or start Node with a loader for it: `node --import tsx` for TypeScript.",
    shows: ["code"]
  },
  {
    id: "folder-import",
    when: "A folder was imported.",
    on: { codes: ["ERR_UNSUPPORTED_DIR_IMPORT"] },
    mends: "Import the file in it, such as `./folder/index.js`: ES modules do not look for it.",
    shows: ["code"]
  },
  {
    id: "native-addon",
    when: "A native addon could not be loaded.",
    on: { codes: ["ERR_DLOPEN_FAILED"] },
    mends:
      "Build it for this Node version and platform: `npm rebuild`. One that was copied from another machine or image does not fit.",
    shows: ["code"]
  },
  {
    id: "native-addon-not-built",
    when: "A native addon was never built.",
    on: { types: ["Error"] },
    // What the package `bindings` says, and then every place where it looked.
    fits: has(/^Could not locate the bindings file/),
    mends:
      "Let its install script run: newer package managers do so only where the package is allowed to (npm's `allowScripts`, pnpm's `onlyBuiltDependencies`). Then `npm rebuild`.",
    why: () => "no compiled addon was found in any of the places where the package looks for one"
  }
]

const processRules: ReadonlyArray<Rule> = [
  {
    id: "output-too-large",
    when: "A child process wrote more than was to be kept.",
    on: { codes: ["ERR_CHILD_PROCESS_STDIO_MAXBUFFER", "ENOBUFS"] },
    mends: "Read its output as a stream, or raise `maxBuffer`.",
    shows: ["code", "cmd"]
  },
  {
    id: "worker-out-of-memory",
    when: "A worker thread reached its memory limit.",
    on: { codes: ["ERR_WORKER_OUT_OF_MEMORY"] },
    mends: "Hold less at once in the worker, or raise its `resourceLimits`.",
    shows: ["code"]
  },
  {
    id: "heap-exhausted",
    when: "A process ran out of heap.",
    on: { types: ["Error"] },
    fits: ({ said, text }) =>
      said(/JavaScript heap out of memory|JS heap out of memory/) !== undefined ||
      /JavaScript heap out of memory/.test(text("stderr") ?? ""),
    mends: "Hold less at once: stream, and bound what is kept. `node --max-old-space-size` raises the limit.",
    shows: ["stderr", "signal", "status"]
  },
  {
    id: "process-killed",
    when: "A child process was ended by a signal.",
    on: { facts: ["signal"] },
    fits: ({ text }) => /^SIG[A-Z\d]+$/.test(text("signal") ?? ""),
    mends:
      "Find out who sent the signal: a time limit, whoever stops the program, or the system when memory runs out (SIGKILL).",
    why: ({ said, text }) => {
      const command = said(/^Command failed: ([^\n]+)/)?.[1]
      return command === undefined ? undefined : `${command} was ended by ${text("signal")}`
    },
    shows: ["signal", "cmd"]
  },
  {
    id: "command-failed",
    when: "A child process ended with an error code.",
    on: { types: ["Error"] },
    fits: has(/^Command failed: /, "Error"),
    mends: "What it wrote to stderr says why; run the same command by hand in the same folder and environment.",
    why: ({ number, said }) => {
      const [, command = ""] = said(/^Command failed: ([^\n]+)/) ?? []
      const status = number("status") ?? number("code")
      return command === "" || status === undefined ? undefined : `${command} ended with code ${status}`
    },
    shows: ["status", "code", "cmd", "stderr"]
  },
  {
    id: "channel-closed",
    when: "A message was sent to a process that is gone.",
    on: { codes: ["ERR_IPC_CHANNEL_CLOSED", "ERR_IPC_DISCONNECTED"] },
    mends: "Send only while it is connected, and look at why it ended.",
    shows: ["code"]
  },
  {
    id: "worker-exited",
    when: "A worker thread ended before it was done.",
    on: { codes: ["ERR_WORKER_NOT_RUNNING", "ERR_WORKER_INIT_FAILED", "ERR_WORKER_PATH"] },
    mends: "Look at the worker's own error, and keep it alive for as long as it is needed.",
    shows: ["code"]
  }
]

export const runtimeRules: ReadonlyArray<Rule> = [...moduleRules, ...processRules]
