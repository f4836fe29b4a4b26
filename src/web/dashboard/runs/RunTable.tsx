/**
 * The runs of a page, in rows that are opened and chosen.
 */
import { useRef } from "preact/hooks"
import { Glyph } from "../Glyph.js"
import { changeQuery } from "../router.js"
import type { Column } from "./columns.js"
import { RunRows, useRowsInSight } from "./RunRows.js"
import type { RunRow } from "./runRow.js"
import { selection, toggleAll } from "./selection.js"

interface RunTableProps {
  readonly runs: ReadonlyArray<RunRow>
  readonly columns: ReadonlyArray<Column>
  /** As the API takes it. */
  readonly sort: string
  /** The event id of the run that is open. */
  readonly open: string | null
}

const theRun: Column = { name: "agent_name", title: "Agent", kind: "text", width: 204 }

export const RunTable = ({ columns, open, runs, sort }: RunTableProps) => {
  const shown = [theRun, ...columns]
  const chosen = selection.value
  const isChosen = (run: RunRow) => chosen.isAll || chosen.ids.has(run.event_id)
  const width = 40 + shown.reduce((sum, column) => sum + column.width, 0)
  const scroller = useRef<HTMLDivElement>(null)
  const inSight = useRowsInSight(runs.length, scroller)
  return (
    <div
      class="grid-scroll"
      role="region"
      aria-label="Runs"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to
      tabIndex={0}
      ref={scroller}
      onScroll={({ currentTarget }) => inSight.measure(currentTarget)}
    >
      <table class="grid" style={{ "--least": `${width}px` }} aria-rowcount={runs.length + 1}>
        <caption class="sr-only">Runs</caption>
        <colgroup>
          <col style={{ width: "40px" }} />
          {shown.map(({ name, width }, i) => (
            <col key={name} style={i === shown.length - 1 ? {} : { width: `${width}px` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" class="choice">
              <input
                type="checkbox"
                aria-label="Choose every run of this page"
                checked={runs.length > 0 && runs.every(isChosen)}
                onChange={({ currentTarget }) => toggleAll(runs, currentTarget.checked)}
              />
            </th>
            {shown.map((column) => (
              <SortHeader key={column.name} column={column} sort={sort} />
            ))}
          </tr>
        </thead>
        <RunRows runs={runs} columns={columns} inSight={inSight} open={open} isChosen={isChosen} />
      </table>
    </div>
  )
}

const SortHeader = ({ column, sort }: { readonly column: Column; readonly sort: string }) => {
  const isSorted = sort.replace(/^-/, "") === column.name
  const isDescending = sort.startsWith("-")
  // What is greatest or newest is looked for first.
  const next = isSorted ? (isDescending ? column.name : `-${column.name}`) : firstSort(column)
  return (
    <th
      scope="col"
      aria-sort={isSorted ? (isDescending ? "descending" : "ascending") : undefined}
      class={`k-${column.kind}`}
    >
      <button type="button" class="sort" onClick={() => changeQuery({ sort: next, cursor: "", at: "" })}>
        {column.title}
        {isSorted && <Glyph name={isDescending ? "down" : "up"} />}
      </button>
    </th>
  )
}

const firstSort = ({ kind, name }: Column): string =>
  ["time", "duration", "number", "items"].includes(kind) ? `-${name}` : name
