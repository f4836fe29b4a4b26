/**
 * The runs: which there are, and the one that is open.
 */
import { useSignal } from "@preact/signals"
import { useEffect, useMemo } from "preact/hooks"
import { count } from "../../kit/format.js"
import { get } from "../api.js"
import { Glyph } from "../Glyph.js"
import { ErrorNotice, Notice } from "../Notice.js"
import { useKeys } from "../pageKeys.js"
import { address, changeQuery } from "../router.js"
import { type Loaded, useLoaded } from "../useLoaded.js"
import { BulkDialog } from "./BulkDialog.js"
import { BulkMenu } from "./BulkMenu.js"
import type { BulkJob } from "./bulkState.js"
import { ColumnChooser } from "./ColumnChooser.js"
import { chosenColumns } from "./columns.js"
import { ExportDialog } from "./ExportDialog.js"
import { Pager } from "./Pager.js"
import { RunDetail } from "./RunDetail.js"
import { RunFilters } from "./RunFilters.js"
import { RunTable } from "./RunTable.js"
import { loadPage, type RunPage } from "./runPage.js"
import { filterOf, isFiltered, sortOf, withoutFilter } from "./runQuery.js"
import { SelectionBar } from "./SelectionBar.js"
import { chooseNone, selection } from "./selection.js"

/** The parts of the address that change what is loaded. */
const keyOf = (query: URLSearchParams, without: ReadonlyArray<string>): string => {
  const relevant = new URLSearchParams(query)
  for (const name of without) relevant.delete(name)
  return relevant.toString()
}

export const RunsView = () => {
  const { query } = address.value
  const open = query.get("run")
  const isExporting = useSignal(false)
  /** The dialog for many runs, and the change that it is to show. */
  const bulk = useSignal<{ readonly job?: BulkJob } | undefined>(undefined)
  const page = useLoaded(keyOf(query, ["run", "at"]), (signal) => loadPage(query, signal))
  const filterKey = keyOf(query, ["run", "at", "cursor", "limit", "sort", "columns"])
  const counted = useLoaded(filterKey, (signal) =>
    get<{ readonly count: number }>("/api/v1/runs/count", filterOf(query), signal)
  )
  const total = counted.value?.count
  useEffect(
    () => () => {
      // All of another filter were never chosen.
      if (selection.value.isAll) chooseNone()
    },
    [filterKey]
  )
  const reload = () => {
    page.reload()
    counted.reload()
  }
  useRunKeys(page.value, open, reload)
  return (
    <div class={open === null ? "runs" : "runs with-detail"}>
      <section class="runs-list" aria-label="List">
        <div class="runs-tools">
          <RunFilters found={isFiltered(query) && total !== undefined ? count(total, "run") : ""} />
          <Tools
            onBulk={(job) => {
              bulk.value = { job }
            }}
            onExport={() => {
              isExporting.value = true
            }}
            onRefresh={reload}
          />
        </div>
        <SelectionBar
          total={total}
          isFiltered={isFiltered(query)}
          onChange={() => {
            bulk.value = {}
          }}
        />
        <Page page={page} open={open} total={total} />
      </section>
      {isExporting.value && (
        <ExportDialog
          query={query}
          total={total}
          onClose={() => {
            isExporting.value = false
          }}
        />
      )}
      {bulk.value !== undefined && (
        <BulkDialog
          query={query}
          job={bulk.value.job}
          onChanged={reload}
          onClose={() => {
            bulk.value = undefined
          }}
        />
      )}
      {open !== null && <RunDetail key={open} id={open} onChanged={reload} />}
    </div>
  )
}

interface ToolsProps {
  readonly onBulk: (job: BulkJob) => void
  readonly onExport: () => void
  readonly onRefresh: () => void
}

const Tools = ({ onBulk, onExport, onRefresh }: ToolsProps) => (
  <div class="tools">
    <BulkMenu onOpen={onBulk} />
    <ColumnChooser />
    <button type="button" class="button with-glyph" onClick={onExport}>
      <Glyph name="export" />
      <span class="label">Export</span>
    </button>
    <button type="button" class="button with-glyph" title="Refresh (r)" aria-label="Refresh" onClick={onRefresh}>
      <Glyph name="refresh" />
    </button>
  </div>
)

interface PageProps {
  readonly page: Loaded<RunPage>
  readonly open: string | null
  readonly total: number | undefined
}

const Page = ({ open, page, total }: PageProps) => {
  const { query } = address.value
  const chosen = query.get("columns")
  const columns = useMemo(() => chosenColumns(chosen), [chosen])
  if (page.error !== undefined) {
    return <ErrorNotice what="The runs could not be loaded" error={page.error} onRetry={page.reload} />
  }
  if (page.value === undefined) return <div class="card grid-card" aria-busy="true" />
  if (page.value.runs.length === 0 && page.value.previous === undefined) {
    return (
      <div class="answer" aria-busy={page.isLoading}>
        <Empty query={query} />
      </div>
    )
  }
  return (
    <div class="card grid-card" aria-busy={page.isLoading}>
      <RunTable runs={page.value.runs} columns={columns} sort={sortOf(query)} open={open} />
      <Pager page={page.value} query={query} total={total} />
    </div>
  )
}

const Empty = ({ query }: { readonly query: URLSearchParams }) =>
  isFiltered(query) ? (
    <Notice title="No run matches">
      <button type="button" class="button" onClick={() => changeQuery(withoutFilter(query))}>
        Clear filters
      </button>
    </Notice>
  ) : (
    <Notice title="There are no runs yet">
      <p>
        A program records them with <code>Run.track</code>, or posts them to <code>/api/v1/runs</code>.
      </p>
    </Notice>
  )

/** Moves through the rows, and closes the open run. */
const useRunKeys = (page: RunPage | undefined, open: string | null, reload: () => void): void => {
  const move = (by: 1 | -1) => {
    const runs = page?.runs ?? []
    const at = runs.findIndex(({ event_id }) => event_id === open)
    const next = runs[at < 0 ? 0 : at + by]
    if (next !== undefined) changeQuery({ run: next.event_id }, "replace")
  }
  const close = () => {
    const { activeElement } = document
    if (activeElement instanceof HTMLInputElement) activeElement.blur()
    else changeQuery({ run: "" })
  }
  useKeys([
    { keys: ["j"], does: "Next run", run: () => move(1) },
    { keys: ["k"], does: "Run before", run: () => move(-1) },
    { keys: ["Esc"], does: "Leave the field; close the run", run: close },
    { keys: ["r"], does: "Refresh", run: reload }
  ])
  useEffect(() => {
    document.querySelector("tr[aria-current]")?.scrollIntoView({ block: "nearest" })
  }, [open])
}
