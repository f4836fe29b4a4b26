/**
 * A page of the list, as the server answers with it.
 */
import { ask } from "../api.js"
import { chosenColumns, fieldsOf } from "./columns.js"
import { filterOf, sizeOf, sortOf } from "./runQuery.js"
import type { RunRow } from "./runRow.js"

export interface RunPage {
  readonly runs: ReadonlyArray<RunRow>
  /** How many runs are before it in the list, as far as the address knows. */
  readonly at: number
  /** The cursors of the pages beside it, where there are any. */
  readonly next: string | undefined
  readonly previous: string | undefined
}

/** Asks for what the address says, and for no more than is shown. */
export const loadPage = async (query: URLSearchParams, signal: AbortSignal): Promise<RunPage> => {
  const { headers, value } = await ask<ReadonlyArray<RunRow>>("/api/v1/runs", {
    query: {
      ...filterOf(query),
      sort: sortOf(query),
      limit: sizeOf(query),
      cursor: query.get("cursor") ?? "",
      fields: fieldsOf(chosenColumns(query.get("columns")))
    },
    signal
  })
  return {
    runs: value,
    at: Number(query.get("at") ?? 0) || 0,
    next: headers.get("x-next-cursor") ?? undefined,
    previous: headers.get("x-previous-cursor") ?? undefined
  }
}
