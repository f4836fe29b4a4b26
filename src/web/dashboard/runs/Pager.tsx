/**
 * The pages of the list.
 */
import { Glyph } from "../Glyph.js"
import { useKeys } from "../pageKeys.js"
import { changeQuery } from "../router.js"
import type { RunPage } from "./runPage.js"
import { pageSizes, rangeText, sizeOf } from "./runQuery.js"

interface PagerProps {
  readonly page: RunPage
  readonly query: URLSearchParams
  readonly total: number | undefined
}

export const Pager = ({ page, query, total }: PagerProps) => {
  const size = sizeOf(query)
  const rows = page.runs.length
  const { at } = page
  const next = () => {
    if (page.next !== undefined) changeQuery({ cursor: page.next, at: at + rows })
  }
  const previous = () => {
    if (page.previous !== undefined) changeQuery({ cursor: page.previous, at: Math.max(0, at - size) || "" })
  }
  useKeys([
    { keys: ["n"], does: "Next page", run: next },
    { keys: ["p"], does: "Page before", run: previous }
  ])
  return (
    <nav class="pager" aria-label="Pages">
      <span class="pager-range" role="status">
        {rangeText(at, rows, total)}
      </span>
      <label class="pager-size">
        <span class="muted">Rows</span>
        <select
          class="control"
          value={String(size)}
          onChange={({ currentTarget }) => changeQuery({ limit: currentTarget.value, cursor: "", at: "" })}
        >
          {(pageSizes.includes(size) ? pageSizes : [size, ...pageSizes]).map((one) => (
            <option key={one} value={String(one)}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <PageButton
        title="First page"
        glyph="first"
        isOff={page.previous === undefined}
        onClick={() => changeQuery({ cursor: "", at: "" })}
      />
      <PageButton title="Page before (p)" glyph="left" isOff={page.previous === undefined} onClick={previous} />
      <PageButton title="Next page (n)" glyph="right" isOff={page.next === undefined} onClick={next} />
      <PageButton
        title="Last page"
        glyph="last"
        isOff={page.next === undefined || total === undefined}
        onClick={() => changeQuery({ cursor: "last", at: Math.max(0, (total ?? 0) - size) || "" })}
      />
    </nav>
  )
}

interface PageButtonProps {
  readonly title: string
  readonly glyph: "first" | "left" | "right" | "last"
  readonly isOff: boolean
  readonly onClick: () => void
}

const PageButton = ({ glyph, isOff, onClick, title }: PageButtonProps) => (
  <button type="button" class="plain" title={title} aria-label={title} disabled={isOff} onClick={onClick}>
    <Glyph name={glyph} />
  </button>
)
