/**
 * A run as the server has it, and by which it is known whether it was changed since.
 */
import { ask } from "../api.js"
import type { RunRow } from "./runRow.js"

export interface OpenRun {
  readonly run: RunRow
  readonly tag: string
}

export const pathOf = (eventId: string): string => `/api/v1/runs/${encodeURIComponent(eventId)}`

export const loadRun = async (eventId: string, signal?: AbortSignal): Promise<OpenRun> => {
  const { headers, value } = await ask<RunRow>(pathOf(eventId), signal === undefined ? {} : { signal })
  return { run: value, tag: headers.get("etag") ?? "" }
}

/** Changes a run that is still as it was read. */
export const changeRun = ({ run, tag }: OpenRun, changes: { readonly [field: string]: unknown }): Promise<unknown> =>
  ask(pathOf(run.event_id), { method: "PATCH", body: changes, headers: { "if-match": tag } })
