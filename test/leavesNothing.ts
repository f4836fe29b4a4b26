/**
 * Files that share a process leave it as they found it, or fail: what one of them forgot would be the next one's riddle.
 */
// What stories load when they first need it: a test that holds the thread for a minute would keep it from coming in time, and
// all files after it would go without.
import "../src/analysis/FailureAnalyzer.js"
import "../src/diagnostics/Diagnostics.js"
import "../src/redaction/builtInRedactor.js"
import { afterAll, assert, beforeAll, it, makeMethods } from "@effect/vitest"
import { globalValue } from "effect/GlobalValue"

const state = () => ({
  listeners: Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)])),
  environment: { ...process.env },
  folder: process.cwd(),
  exitCode: process.exitCode,
  // Packages keep their own there, from the first time that they are needed, and the helpers of the compilers that made them.
  globals: Object.getOwnPropertyNames(globalThis).filter((name) => !/^(effect\/|__)/.test(name))
})

/** What a test may have replaced. */
const functions = () => ({
  clock: Date.now,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  fetch: globalThis.fetch,
  stdout: process.stdout.write,
  stderr: process.stderr.write,
  log: console.log,
  error: console.error,
  prepareStackTrace: Error.prepareStackTrace,
  stackTraceLimit: Error.stackTraceLimit
})

/** The warnings that the process has given: it gives each of them once. */
const warnings = globalValue("effect-narrative/warnings", () => new Set<string>())

/** The queues of renderers and exporters that are still open. */
const openQueues = globalValue("effect-narrative/openQueues", () => new Set<unknown>())

// What `layer` of @effect/vitest gives to a file is put on the one `it` there is, and stays: the next file would run its
// effects with that layer, and without the test clock.
makeMethods(it)

const before = { state: state(), functions: functions() }

beforeAll(() => warnings.clear())

afterAll(() => {
  assert.deepStrictEqual(state(), before.state)
  for (const [name, value] of Object.entries(functions())) {
    assert.strictEqual(value, Reflect.get(before.functions, name), `${name} is not what it was`)
  }
  assert.strictEqual(openQueues.size, 0, "a queue is still open")
})
