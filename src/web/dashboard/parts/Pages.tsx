/**
 * The pages of a list beside the one that is shown.
 */
import { hrefWith } from "../router.js"

interface PagesProps {
  /** The cursor of the page after this one; `null` on the last. */
  readonly next: string | null
  readonly isFirst: boolean
}

export const Pages = ({ isFirst, next }: PagesProps) =>
  isFirst && next === null ? null : (
    <nav class="pages" aria-label="Pages">
      {!isFirst && (
        <a class="button small" href={hrefWith({ cursor: "" })}>
          Newest
        </a>
      )}
      {next !== null && (
        <a class="button small" href={hrefWith({ cursor: next })}>
          Older
        </a>
      )}
    </nav>
  )
