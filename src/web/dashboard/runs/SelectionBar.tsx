/**
 * What can be done with the runs that are chosen.
 */
import { count, number } from "../../kit/format.js"
import { chooseAll, chooseNone, selection } from "./selection.js"

interface SelectionBarProps {
  readonly total: number | undefined
  readonly isFiltered: boolean
  readonly onChange: () => void
}

export const SelectionBar = ({ isFiltered, onChange, total }: SelectionBarProps) => {
  const { ids, isAll } = selection.value
  if (ids.size === 0 && !isAll) return null
  const rest = isFiltered ? " that the filter finds" : ""
  return (
    <div class="selection-bar" role="region" aria-label="Chosen runs">
      <span>
        {isAll
          ? `All ${total === undefined ? "runs" : count(total, "run")}${rest} chosen`
          : `${count(ids.size, "run")} chosen`}
      </span>
      {!isAll && total !== undefined && total > ids.size && (
        <button type="button" class="link" onClick={chooseAll}>
          {`Choose all ${number(total)}${rest}`}
        </button>
      )}
      <span class="topbar-space" />
      <button type="button" class="button primary" onClick={onChange}>
        Change…
      </button>
      <button type="button" class="button" onClick={chooseNone}>
        Clear
      </button>
    </div>
  )
}
