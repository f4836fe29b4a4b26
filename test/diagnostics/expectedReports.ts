/**
 * What `fixtures/reportingPrograms.ts` has to write, however it is run: the line to fix is the same one.
 */
import { readFileSync } from "node:fs"
import * as path from "node:path"
import { assert } from "@effect/vitest"

interface Reported {
  readonly errorType: string
  readonly path: string
  readonly chain: string
  readonly file: string
  readonly line: number
  readonly function: string
  readonly reason: string
  readonly locals: ReadonlyArray<Readonly<Record<string, unknown>>>
}

interface Expected {
  /** The comment that marks the line. */
  readonly mark: string
  readonly errorType: string
  readonly path?: string
  readonly function?: string
  readonly reason?: string
  readonly chain?: RegExp
  /** What has to be among the locals of its frames, the innermost first. */
  readonly locals?: ReadonlyArray<Readonly<Record<string, unknown>>>
}

const table: Readonly<Record<string, ReadonlyArray<Expected>>> = {
  taggedError: [
    {
      mark: "findUser",
      errorType: "NotFound",
      function: "findUser",
      reason: "app_frame",
      locals: [
        { id: 42, table: "users", password: "<redacted>", row: { id: 42, token: "<redacted>" } },
        { reqId: "r-1", user: "<not assigned yet>" }
      ]
    }
  ],
  thrownInSync: [
    { mark: "parse", errorType: "RangeError", function: "parse", reason: "app_frame", locals: [{ text: "  " }] }
  ],
  wrapped: [
    { mark: "syntaxError", errorType: "Unreadable", chain: /^Unreadable.* <- SyntaxError: /, locals: [{ body: "{" }] }
  ],
  noSuchElement: [
    {
      mark: "noSuchElement",
      errorType: "NoSuchElementException",
      function: "noSuchElement",
      reason: "generator",
      locals: [{ wanted: "header" }]
    }
  ],
  timedOut: [{ mark: "timedOut", errorType: "TimeoutException", locals: [{ host: "db-1" }] }],
  concurrent: [
    { mark: "fails", errorType: "NotFound", path: "∥L", locals: [{ side: "left" }] },
    { mark: "fails", errorType: "NotFound", path: "∥R", locals: [{ side: "right" }] }
  ],
  failingFinalizer: [
    { mark: "body", errorType: "NotFound", path: "→L" },
    { mark: "finalizer", errorType: "RangeError", path: "→R" }
  ],
  primitive: [{ mark: "primitive", errorType: "string", reason: "stage" }]
}

/** The failures it wrote have their places in `file`. */
export const checkReports = (outcome: Readonly<Record<string, unknown>>, file: string) => {
  const lines = readFileSync(file, "utf8").split("\n")
  const lineOf = (mark: string) => lines.findIndex((text) => text.endsWith(`// @${mark}`)) + 1
  for (const [name, expectations] of Object.entries(table)) {
    const failures = outcome[name] as ReadonlyArray<Reported>
    assert.lengthOf(failures, expectations.length, `${name}: ${JSON.stringify(failures)}`)
    for (const [i, expected] of expectations.entries()) {
      const failure = failures[i] as Reported
      const account = `${name}: ${JSON.stringify(failure, null, 1)}`
      assert.strictEqual(failure.errorType, expected.errorType, account)
      assert.strictEqual(path.basename(failure.file), path.basename(file), account)
      assert.strictEqual(failure.line, lineOf(expected.mark), account)
      if (expected.path !== undefined) assert.strictEqual(failure.path, expected.path, account)
      if (expected.function !== undefined) assert.strictEqual(failure.function, expected.function, account)
      if (expected.reason !== undefined) assert.strictEqual(failure.reason, expected.reason, account)
      if (expected.chain !== undefined) assert.match(failure.chain, expected.chain, account)
      for (const [depth, locals] of (expected.locals ?? []).entries()) {
        assert.deepInclude(failure.locals[depth], locals, account)
      }
    }
  }
  assert.deepInclude((outcome["interrupted"] as ReadonlyArray<unknown>)[0], {
    storyName: "Fails",
    stageName: "Impatient"
  })
}
