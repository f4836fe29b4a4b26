/**
 * A run put together from what was written of it: for each column, what was written last, by revision.
 *
 * Writings may arrive in any order, and more than once: what comes of them is the same. A sweep holds only for as long as
 * nothing but that it runs is known of the run, so it is kept apart.
 */
import type { PlainValue } from "../plain/PlainValue.js"
import * as revision from "./revision.js"
import { type Changes, columnNames, isColumn, type RunColumn } from "./runColumns.js"

/** Something written of a run. */
export interface RunWrite {
  readonly revision: string
  readonly event_id: string
  readonly changes: Changes
}

/** Which columns a revision set, of those that no later one did. */
export type Revisions = { readonly [revision: string]: ReadonlyArray<RunColumn> }

export interface Sweep {
  readonly revision: string
  readonly changes: Changes
}

export interface StoredRun {
  readonly eventId: string
  /** Without what the sweep says. */
  readonly changes: Changes
  readonly revisions: Revisions
  readonly sweep: Sweep | undefined
}

export const empty = (eventId: string): StoredRun => ({ eventId, changes: {}, revisions: {}, sweep: undefined })

/** The run after a writing; the same run if it says nothing new. */
export const apply = (run: StoredRun, write: RunWrite): StoredRun => {
  if (revision.rankOf(write.revision) === 1) {
    const isNewer = (run.sweep?.revision ?? "") < write.revision
    return isNewer ? { ...run, sweep: { revision: write.revision, changes: write.changes } } : run
  }
  if (isNew(run)) return begun(run, write)
  const known = new Map<RunColumn, string>()
  for (const [made, columns] of Object.entries(run.revisions)) for (const column of columns) known.set(column, made)
  const changes: { [C in RunColumn]?: PlainValue } = { ...run.changes }
  let isChanged = false
  for (const column of columnNames) {
    const value = write.changes[column]
    if (value === undefined || (known.get(column) ?? "") >= write.revision) continue
    known.set(column, write.revision)
    changes[column] = value
    isChanged = true
  }
  if (!isChanged) return run
  const revisions: Record<string, Array<RunColumn>> = {}
  // In one order, whatever was written first.
  for (const made of [...new Set(known.values())].sort()) revisions[made] = []
  for (const column of columnNames) revisions[known.get(column) ?? ""]?.push(column)
  // Each value came out of `Changes`, by its column.
  return { ...run, changes: changes as Changes, revisions }
}

const isNew = ({ changes, revisions }: StoredRun): boolean => {
  for (const _ in revisions) return false
  for (const _ in changes) return false
  return true
}

/** The first that is written of a run is all that there is of it. */
const begun = (run: StoredRun, { changes, revision }: RunWrite): StoredRun => {
  const columns = columnNames.filter((column) => changes[column] !== undefined)
  return columns.length === 0 ? run : { ...run, changes: { ...changes }, revisions: { [revision]: columns } }
}

/** The sweep, as long as it holds. */
const sweepOf = ({ revisions, sweep }: StoredRun): Sweep | undefined => {
  const ended = Object.entries(revisions).some(
    ([made, columns]) => columns.includes("status") && revision.rankOf(made) === 2
  )
  return ended ? undefined : sweep
}

/** What a row has where nothing was written. */
const defaults = {
  agent_name: "unknown",
  job_type: "unknown",
  status: "running",
  api_posted: false,
  api_retry_count: 0
} satisfies Changes

/** The row of a run, with whatever a table asks for and nothing was written of. */
export const rowOf = (run: StoredRun): Changes & { readonly event_id: string } => {
  const made = Object.keys(run.revisions)
  const sweep = sweepOf(run)
  if (sweep !== undefined) made.push(sweep.revision)
  const times = made.map(revision.millisOf)
  const changes = { ...run.changes, ...sweep?.changes }
  const since = new Date(Math.min(...times)).toISOString()
  return {
    ...changes,
    event_id: run.eventId,
    run_id: changes.run_id ?? run.eventId,
    agent_name: changes.agent_name ?? defaults.agent_name,
    job_type: changes.job_type ?? defaults.job_type,
    status: changes.status ?? defaults.status,
    api_posted: changes.api_posted ?? defaults.api_posted,
    api_retry_count: changes.api_retry_count ?? defaults.api_retry_count,
    start_time: changes.start_time ?? since,
    created_at: changes.created_at ?? since,
    updated_at: changes.updated_at ?? new Date(Math.max(...times)).toISOString()
  }
}

/** What a row needs beside its columns, to be written to again: JSON. */
export const encodeState = (run: StoredRun): string => {
  const under: { [C in RunColumn]?: PlainValue } = {}
  for (const column of Object.keys(run.sweep?.changes ?? {})) {
    if (isColumn(column)) under[column] = run.changes[column] ?? null
  }
  return JSON.stringify(
    run.sweep === undefined ? { of: run.revisions } : { of: run.revisions, sweep: run.sweep, under }
  )
}

/** Whether a row has this only because something had to be there. */
const isDerived = (column: RunColumn, value: PlainValue, eventId: string, isOurs: boolean): boolean => {
  if (column === "updated_at") return true
  if (column === "created_at" || column === "start_time") return isOurs
  return column === "run_id" ? value === eventId : value === (defaults as Changes)[column]
}

interface State {
  readonly of?: Revisions
  readonly sweep?: Sweep
  readonly under?: Changes
}

/** A run from its row. */
export const fromRow = (eventId: string, columns: Changes, state: string): StoredRun => {
  // Written by `encodeState`; what another program made of it at worst lets an older writing win.
  const { of = {}, sweep, under = {} } = parsed(state)
  const changes: { [C in RunColumn]?: PlainValue } = {}
  const isOurs = sweep !== undefined || Object.keys(of).length > 0
  for (const column of columnNames) {
    const value = (column in under ? under[column] : columns[column]) ?? null
    // Whoever changed a row by SQL, or made one, meant it.
    if (value !== null && !isDerived(column, value, eventId, isOurs)) changes[column] = value
  }
  for (const names of Object.values(of)) {
    for (const column of names) changes[column] = (column in under ? under[column] : columns[column]) ?? null
  }
  return { eventId, changes: changes as Changes, revisions: of, sweep }
}

const parsed = (state: string): State => {
  try {
    return JSON.parse(state)
  } catch {
    return {}
  }
}
