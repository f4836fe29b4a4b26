/**
 * The bytes that each case of some suites allocates on the heap, an operation: one line of JSON, by group and case.
 *
 * A process of its own, whose young generation is so large that nothing is collected while a case runs. That would change
 * the times, so `main.ts` measures those elsewhere.
 */
import { suites } from "./suites.js"

/** Runs before a case is measured, until what it uses has been compiled and filled its caches. */
const warmUps = 5

const allocated = async (run: () => Promise<unknown> | unknown): Promise<number> => {
  for (let i = 0; i < warmUps; i++) await run()
  const runs: Array<number> = []
  // A collection, or a compilation in the middle of one, spoils a run: the smallest that grew is right.
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    await run()
    const bytes = process.memoryUsage().heapUsed - before
    if (bytes > 0) runs.push(bytes)
  }
  return Math.min(...runs)
}

const found: Record<string, Record<string, number>> = {}
for (const name of process.argv.slice(2)) {
  for (const group of suites[name]?.groups ?? []) {
    if (!group.bytes) continue
    const bytes: Record<string, number> = {}
    for (const one of group.cases) bytes[one.name] = (await allocated(one.run)) / group.per
    found[group.title] = bytes
  }
}
process.stdout.write(`${JSON.stringify(found)}\n`)
