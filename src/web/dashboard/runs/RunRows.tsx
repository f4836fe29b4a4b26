/**
 * The rows of a page of runs. Of a long page those near what is in sight are in the document, so that scrolling stays smooth;
 * a short one is there as a whole, so that the browser finds a text in it.
 */
import { useSignal } from "@preact/signals"
import { Component, type RefObject } from "preact"
import { useMemo } from "preact/hooks"
import { StatusMark } from "../../kit/StatusMark.js"
import { useResize } from "../../kit/useResize.js"
import { VirtualRows } from "../../kit/virtualRows.js"
import { printing } from "../printing.js"
import { go, hrefFrom } from "../router.js"
import type { Column } from "./columns.js"
import { RunCell } from "./RunCell.js"
import { rowParts } from "./rowParts.js"
import { markOf, type RunRow, statusOf, textOf } from "./runRow.js"
import { toggleOne } from "./selection.js"

/** In pixels, as the style sheet has it. */
const rowHeight = 36
/** Longer pages are in the document in part. */
const mostWhole = 100

/** Which rows are in sight of what scrolls them. */
export const useRowsInSight = (count: number, scroller: RefObject<HTMLElement | null>): VirtualRows => {
  const total = useSignal(count)
  total.value = count
  const rows = useMemo(() => new VirtualRows(rowHeight, total, printing, Number.POSITIVE_INFINITY), [])
  useResize(scroller, (element) => rows.measure(element))
  return rows
}

interface RunRowsProps {
  readonly runs: ReadonlyArray<RunRow>
  readonly columns: ReadonlyArray<Column>
  readonly inSight: VirtualRows
  /** The event id of the run that is open. */
  readonly open: string | null
  readonly isChosen: (run: RunRow) => boolean
}

export const RunRows = ({ columns, inSight, isChosen, open, runs }: RunRowsProps) => {
  /** The row that had the focus last stays in the document, as the one that is open does: keys go on from there. */
  const focused = useSignal<string | undefined>(undefined)
  const isWhole = runs.length <= mostWhole
  const kept = isWhole
    ? []
    : [open, focused.value].flatMap((id) => {
        const at = runs.findIndex(({ event_id }) => event_id === id)
        // The tab key leads to those beside it.
        return at < 0 ? [] : [at - 1, at, at + 1]
      })
  const parts = isWhole
    ? rowParts(0, runs.length, [], runs.length)
    : rowParts(inSight.first.value, inSight.end.value, kept, runs.length)
  return (
    <tbody
      onFocusIn={({ target }) => {
        focused.value = target instanceof Element ? target.closest("tr")?.dataset["run"] : undefined
      }}
    >
      {parts.map((part) => {
        if (part.kind === "gap") return <Gap key={`before ${part.end}`} rows={part.end - part.first} />
        const run = runs[part.at]
        return run === undefined ? null : (
          <RunLine
            key={run.event_id}
            run={run}
            at={part.at}
            columns={columns}
            isOpen={run.event_id === open}
            isChosen={isChosen(run)}
          />
        )
      })}
    </tbody>
  )
}

/** As high as the rows that are not in the document. */
const Gap = ({ rows }: { readonly rows: number }) => (
  <tr class="row-gap" aria-hidden="true" style={{ "--height": `${rows * rowHeight}px` }}>
    <td />
  </tr>
)

interface RunLineProps {
  readonly run: RunRow
  /** Its place on the page. */
  readonly at: number
  readonly columns: ReadonlyArray<Column>
  readonly isOpen: boolean
  readonly isChosen: boolean
}

/** Rendered anew only for something else: scrolling changes which rows there are, and seldom one of them. */
class RunLine extends Component<RunLineProps> {
  override shouldComponentUpdate(next: RunLineProps): boolean {
    const { at, columns, isChosen, isOpen, run } = this.props
    return (
      run !== next.run ||
      at !== next.at ||
      isOpen !== next.isOpen ||
      isChosen !== next.isChosen ||
      columns !== next.columns
    )
  }

  override render() {
    return <Line {...this.props} />
  }
}

const Line = ({ at, columns, isChosen, isOpen, run }: RunLineProps) => {
  // Only the run that is open changes while the rows are the same.
  const href = hrefFrom({ run: run.event_id })
  return (
    <tr
      data-run={run.event_id}
      // The first row is the heads of the columns.
      aria-rowindex={at + 2}
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
