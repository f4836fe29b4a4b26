import { assert } from "@effect/vitest"
import type { ChildOutput } from "../docs/ChildProgram.js"

/** It ended with this code, by default well, and printed these lines, in this order. */
export const assertPrinted = (
  { exitCode, stderr, stdout }: ChildOutput,
  lines: ReadonlyArray<string | RegExp>,
  expectedCode = 0
): void => {
  assert.strictEqual(stderr, "")
  let rest = stdout.split("\n")
  for (const line of lines) {
    const at = rest.findIndex((text) => (typeof line === "string" ? text === line : line.test(text)))
    assert.isAtLeast(at, 0, `expected ${line} in what remains of:\n${stdout}`)
    rest = rest.slice(at + 1)
  }
  assert.strictEqual(exitCode, expectedCode)
}
