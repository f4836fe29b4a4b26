import type { Reporter, TestModule, TestRunEndReason } from "vitest/node"

/** Ends the run with one plain line, `N passed, N failed`, for people and for scripts. */
export default class PlainSummary implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>, _reason: TestRunEndReason) {
    let passed = 0
    let failed = errors.length
    let skipped = 0
    for (const module of modules) {
      const outcomes = Array.from(module.children.allTests(), (test) => test.result().state)
      passed += outcomes.filter((state) => state === "passed").length
      failed += outcomes.filter((state) => state === "failed").length
      skipped += outcomes.filter((state) => state === "skipped" || state === "pending").length
      // A file that cannot even be loaded has no tests to count.
      if (outcomes.length === 0 && module.state() === "failed") failed += 1
    }
    process.once("exit", () => {
      const more = skipped > 0 ? `, ${skipped} skipped` : ""
      process.stdout.write(`\n${passed} passed, ${failed} failed${more}\n`)
    })
  }
}
