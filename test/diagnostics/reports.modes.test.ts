/**
 * The reports of the same programs however they are run: the line to fix is the same one.
 */
import { readFileSync } from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { waysToRun } from "./waysToRun.js"

interface Told {
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
    { mark: "wrapped", errorType: "Unreadable", chain: /^Unreadable.* <- SyntaxError: /, locals: [{ body: "{" }] }
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

const checked = (outcome: Readonly<Record<string, unknown>>, file: string) => {
  const lines = readFileSync(file, "utf8").split("\n")
  const lineOf = (mark: string) => lines.findIndex((text) => text.endsWith(`// @${mark}`)) + 1
  for (const [name, expectations] of Object.entries(table)) {
    const told = outcome[name] as ReadonlyArray<Told>
    assert.lengthOf(told, expectations.length, `${name}: ${JSON.stringify(told)}`)
    for (const [i, expected] of expectations.entries()) {
      const failure = told[i] as Told
      const said = `${name}: ${JSON.stringify(failure, null, 1)}`
      assert.strictEqual(failure.errorType, expected.errorType, said)
      assert.strictEqual(path.basename(failure.file), path.basename(file), said)
      assert.strictEqual(failure.line, lineOf(expected.mark), said)
      if (expected.path !== undefined) assert.strictEqual(failure.path, expected.path, said)
      if (expected.function !== undefined) assert.strictEqual(failure.function, expected.function, said)
      if (expected.reason !== undefined) assert.strictEqual(failure.reason, expected.reason, said)
      if (expected.chain !== undefined) assert.match(failure.chain, expected.chain, said)
      for (const [depth, locals] of (expected.locals ?? []).entries()) {
        assert.deepInclude(failure.locals[depth], locals, said)
      }
    }
  }
  assert.deepInclude((outcome["interrupted"] as ReadonlyArray<unknown>)[0], {
    storyName: "Fails",
    stageName: "Impatient"
  })
}

describe("Reports, however the program is run", { timeout: 60_000 }, () => {
  for (const { name, runs } of waysToRun("reportingPrograms")) {
    it.live(name, () =>
      Effect.map(runs, (all) => {
        for (const { file, outcome } of all) checked(outcome as Readonly<Record<string, unknown>>, file)
      })
    )
  }
})
