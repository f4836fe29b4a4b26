/**
 * A failure that a rule of the rule book is about, made for real where this machine can make it.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

export interface RuleCase {
  readonly rule: string
  readonly what: string
  readonly fail: Effect.Effect<unknown, unknown, Scope.Scope>
  /** What the hint says for this one besides what it says for all. */
  readonly hint?: string
  /** The exact cause, or a part of it. */
  readonly why?: string
}

type More = Pick<RuleCase, "hint" | "why">

export const ruleCase = (rule: string, what: string, fail: RuleCase["fail"], more: More = {}): RuleCase => ({
  rule,
  what,
  fail,
  ...more
})

/** The error as it was thrown, without a wrapper. */
const attempting = (run: () => unknown): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    try {
      run()
      return Effect.void
    } catch (error) {
      return Effect.fail(error)
    }
  })

/** What JavaScript throws. */
export const throwing = (rule: string, what: string, run: () => unknown, more: More = {}): RuleCase =>
  ruleCase(rule, what, attempting(run), more)

/** What a promise is rejected with. */
export const rejecting = (rule: string, what: string, run: () => PromiseLike<unknown>, more: More = {}): RuleCase =>
  ruleCase(
    rule,
    what,
    Effect.suspend(() =>
      Effect.async<never, unknown>(
        (resume) =>
          void run().then(
            () => {},
            (error) => resume(Effect.fail(error))
          )
      )
    ),
    more
  )

/** An error in the documented form of one that cannot be made here. */
export const inForm = (rule: string, message: string, fields: Readonly<Record<string, unknown>>, more: More = {}) =>
  ruleCase(
    rule,
    message,
    Effect.suspend(() => Effect.fail(Object.assign(new Error(message), fields))),
    more
  )

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rules-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** What JavaScript throws in a folder of its own. */
export const inFolder = (rule: string, what: string, run: (folder: string) => unknown, more: More = {}): RuleCase =>
  ruleCase(
    rule,
    what,
    Effect.flatMap(temporaryFolder, (folder) => attempting(() => run(folder))),
    more
  )
