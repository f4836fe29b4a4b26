/**
 * What the server answered, the reason where it did not, and whether what is shown is the answer to what is asked now.
 */
import type { ComponentChildren } from "preact"
import { ErrorNotice } from "../Notice.js"
import type { Loaded } from "../useLoaded.js"

interface AnswerProps<A> {
  readonly of: Loaded<A>
  /** What could not be done, where it failed, e.g. `The stories could not be loaded`. */
  readonly what: string
  readonly children: (value: A) => ComponentChildren
}

/** `aria-busy` while another answer is awaited than the one that is shown. */
export const Answer = <A,>({ children, of, what }: AnswerProps<A>) => (
  <div class="answer" aria-busy={of.isLoading}>
    {of.error !== undefined ? (
      <ErrorNotice what={what} error={of.error} onRetry={of.reload} />
    ) : (
      of.value !== undefined && children(of.value)
    )}
  </div>
)
