/**
 * The runs of a page, in rows that are opened and chosen.
 */
import { Component } from "preact"
import { StatusMark } from "../../kit/StatusMark.js"
import { Glyph } from "../Glyph.js"
import { changeQuery, go, hrefFrom } from "../router.js"
import type { Column } from "./columns.js"
import { RunCell } from "./RunCell.js"
import { markOf, type RunRow, statusOf, textOf } from "./runRow.js"
import { selection, toggleAll, toggleOne } from "./selection.js"

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
  return (
    <table class="grid" style={{ "--least": `${width}px` }}>
      <caption class="sr-only">Runs</caption>
      <colgroup>
        <col style={{ width: "40px" }} />
        {shown.map(({ name, width }, i) => (
          <col key={name} style={i === shown.length - 1 ? {} : { width: `${width}px` }} />
        ))}
      </colgroup>
      <thead>
        <tr>
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
      <tbody>
        {runs.map((run) => (
          <RunLine
            key={run.event_id}
            run={run}
            columns={columns}
            isOpen={run.event_id === open}
            isChosen={isChosen(run)}
          />
        ))}
      </tbody>
    </table>
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

interface RunLineProps {
  readonly run: RunRow
  readonly columns: ReadonlyArray<Column>
  readonly isOpen: boolean
  readonly isChosen: boolean
}

/** Rendered anew only for something else: a page has up to 500 of them. */
class RunLine extends Component<RunLineProps> {
  override shouldComponentUpdate(next: RunLineProps): boolean {
    const { columns, isChosen, isOpen, run } = this.props
    return run !== next.run || isOpen !== next.isOpen || isChosen !== next.isChosen || columns !== next.columns
  }

  override render() {
    return <Line {...this.props} />
  }
}

const Line = ({ columns, isChosen, isOpen, run }: RunLineProps) => {
  // Only the run that is open changes while the rows are the same.
  const href = hrefFrom({ run: run.event_id })
  return (
    <tr
      data-run={run.event_id}
      aria-current={isOpen ? "true" : undefined}
      class={isChosen ? "chosen" : ""}
      onClick={({ target }) => {
        const isOther = target instanceof Element && target.closest("a, input, button, label, .choice") !== null
        // A text that was selected is to be copied.
        if (!isOther && getSelection()?.isCollapsed !== false) go(href)
      }}
    >
      <td class="choice">
        <input
          type="checkbox"
          aria-label={`Choose ${textOf(run, "run_id")}`}
          checked={isChosen}
          onChange={({ currentTarget }) => toggleOne(run.event_id, currentTarget.checked)}
        />
      </td>
      <td>
        <a class="run-link" href={href} title={textOf(run, "run_id")}>
          <StatusMark status={markOf(statusOf(run))} />
          <span class="run-name">{textOf(run, "agent_name")}</span>
        </a>
      </td>
      {columns.map((column) => (
        <td key={column.name} class={`k-${column.kind}`}>
          <RunCell column={column} run={run} />
        </td>
      ))}
    </tr>
  )
}
