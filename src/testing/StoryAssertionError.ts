/**
 * What a failed assertion dies with. Test runners show `actual` and `expected` as a diff.
 *
 * @since 0.1.0
 * @category errors
 */
export class StoryAssertionError extends Error {
  override readonly name = "StoryAssertionError"
  readonly actual: unknown
  readonly expected: unknown

  constructor(failed: { readonly message: string; readonly actual: unknown; readonly expected: unknown }) {
    super(failed.message)
    this.actual = failed.actual
    this.expected = failed.expected
  }
}
