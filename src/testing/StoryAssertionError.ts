/**
 * What a failed assertion dies with.
 *
 * @since 0.1.0
 */
import type { Mismatch } from "./Expectation.js"

/**
 * Test runners show `actual` and `expected` as a diff.
 *
 * @since 0.1.0
 * @category errors
 */
export class StoryAssertionError extends Error {
  override readonly name = "StoryAssertionError"
  readonly actual: unknown
  readonly expected: unknown
  /** Where the trees of `assertTree` differ, one by one; empty for other assertions. */
  declare readonly mismatches: ReadonlyArray<Mismatch>

  constructor(failed: {
    readonly message: string
    readonly actual: unknown
    readonly expected: unknown
    readonly mismatches?: ReadonlyArray<Mismatch> | undefined
  }) {
    super(failed.message)
    this.actual = failed.actual
    this.expected = failed.expected
    // The message has them already, and a runner would print every property that can be enumerated.
    Object.defineProperty(this, "mismatches", { value: failed.mismatches ?? [] })
  }
}
