/**
 * Changes of many runs, as the server makes them.
 */
import { type ReadonlySignal, signal } from "@preact/signals"
import { ApiError, ask, get } from "../api.js"
import { filterOf } from "./runQuery.js"
import type { RunRow } from "./runRow.js"
import type { Selection } from "./selection.js"

export interface BulkJob {
  readonly id: string
  readonly state: "running" | "done" | "cancelled"
  readonly begun_at: string
  readonly changes: { readonly [field: string]: unknown }
  /** The change that this one undoes. */
  readonly undoes: string | null
  readonly total: number
  readonly waiting: number
  readonly changed: number
  readonly unchanged: number
  readonly failed: number
  readonly failures: ReadonlyArray<{ readonly event_id: string; readonly detail: ApiError["detail"] }>
}

export interface Preview {
  readonly count: number
  readonly sample: ReadonlyArray<RunRow>
}

const path = "/api/v1/runs/bulk"

/** Between two looks at a change that is under way, in milliseconds. */
const pause = 400

const current = signal<ReadonlyArray<BulkJob>>([])

/** Those that the server remembers, the newest first. */
export const jobs: ReadonlySignal<ReadonlyArray<BulkJob>> = current

const take = (job: BulkJob): BulkJob => {
  const isKnown = current.value.some(({ id }) => id === job.id)
  current.value = isKnown ? current.value.map((one) => (one.id === job.id ? job : one)) : [job, ...current.value]
  return job
}

export const loadJobs = async (): Promise<void> => {
  current.value = await get<ReadonlyArray<BulkJob>>(path)
  for (const job of current.value) if (job.state === "running") void follow(job)
}

const followed = new Set<string>()

/** Looks at a change until it is over. */
export const follow = async (job: BulkJob): Promise<BulkJob> => {
  let latest = take(job)
  if (followed.has(job.id)) return latest
  followed.add(job.id)
  try {
    while (latest.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, pause))
      latest = take(await get<BulkJob>(`${path}/${job.id}`))
    }
  } finally {
    followed.delete(job.id)
  }
  return latest
}

/** Which runs are meant, as the API takes it. */
const ofSelection = ({ ids, isAll }: Selection, query: URLSearchParams) =>
  isAll ? { filter: filterOf(query) } : { event_ids: Array.from(ids) }

interface Wanted {
  readonly selection: Selection
  readonly query: URLSearchParams
  readonly changes: { readonly [field: string]: unknown }
}

export const preview = async ({ changes, query, selection }: Wanted): Promise<Preview> => {
  const body = { ...ofSelection(selection, query), changes, dry_run: true }
  return (await ask<Preview>(path, { method: "POST", body })).value
}

/** Begins a change of as many runs as were previewed. */
export const begin = async ({ changes, query, selection }: Wanted, expected: number): Promise<BulkJob> => {
  const body = { ...ofSelection(selection, query), changes, expected }
  return (await ask<BulkJob>(path, { method: "POST", body })).value
}

export const act = async (job: BulkJob, action: "retry" | "undo" | "cancel"): Promise<BulkJob> =>
  (await ask<BulkJob>(`${path}/${job.id}/${action}`, { method: "POST", body: {} })).value

export const messageOf = (detail: ApiError["detail"]): string => new ApiError(0, detail).message
