/**
 * A cell of the list of runs.
 */
import { duration, number, percent } from "../../kit/format.js"
import { StatusMark } from "../../kit/StatusMark.js"
import { inFull, millisOf, when } from "../times.js"
import type { Column } from "./columns.js"
import { markOf, numberOf, type RunRow, statusOf, textOf } from "./runRow.js"

interface RunCellProps {
  readonly column: Column
  readonly run: RunRow
}

export const RunCell = ({ column: { kind, name }, run }: RunCellProps) => {
  switch (kind) {
    case "status": {
      const status = statusOf(run)
      return (
        <span class={`status-word s-${markOf(status)}`}>
          <StatusMark status={markOf(status)} />
          <span aria-hidden="true">{status}</span>
        </span>
      )
    }
    case "time": {
      const millis = millisOf(run[name])
      return millis === undefined ? null : <span title={inFull(millis)}>{when(millis)}</span>
    }
    case "duration": {
      const millis = numberOf(run, name)
      return millis === undefined ? null : <span>{duration(millis / 1_000)}</span>
    }
    case "number": {
      const value = numberOf(run, name)
      return value === undefined ? null : <span>{number(value)}</span>
    }
    case "items":
      return <Items run={run} />
    case "summary":
      return <Summary run={run} />
    default: {
      const text = textOf(run, name)
      return <span title={text}>{text}</span>
    }
  }
}

/** What came of the items of a run, as a bar and a figure. */
export const Items = ({ run }: { readonly run: RunRow }) => {
  const [done = 0, failed = 0, skipped = 0] = ["items_succeeded", "items_failed", "items_skipped"].map(
    (name) => numberOf(run, name) ?? 0
  )
  const total = Math.max(numberOf(run, "items_discovered") ?? 0, done + failed + skipped)
  if (total === 0) return null
  const parts = [
    ["items-done", done],
    ["items-lost", failed],
    ["items-left", skipped]
  ] as const
  const title = `${number(done)} succeeded, ${number(failed)} failed, ${number(skipped)} skipped of ${number(total)}`
  return (
    <span class="items" title={title}>
      <span class="items-bar" aria-hidden="true">
        {parts.map(([name, n]) => n > 0 && <span key={name} class={name} style={{ "--share": percent(n / total) }} />)}
      </span>
      <span>{number(done)}</span>
      {failed > 0 && <span class="items-failed">{`−${number(failed)}`}</span>}
      <span class="sr-only">{title}</span>
    </span>
  )
}

const Summary = ({ run }: { readonly run: RunRow }) => {
  const error = textOf(run, "error_summary")
  const text = error !== "" ? error : textOf(run, "output_summary") || textOf(run, "input_summary")
  return (
    <span class={error === "" ? "muted" : "summary-fail"} title={text}>
      {text}
    </span>
  )
}
