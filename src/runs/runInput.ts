/**
 * What other programs send of runs: checked column by column, with each fault named.
 */
import * as Predicate from "effect/Predicate"
import type { PlainValue } from "../plain/PlainValue.js"
import { type Changes, columnNames, isFault, type RunColumn, runColumns, valueFor } from "./runColumns.js"
import * as runId from "./runId.js"

/** What is wrong with a part of what was sent, as FastAPI says it. */
export interface InputFault {
  readonly loc: ReadonlyArray<string | number>
  readonly msg: string
  readonly type: "missing" | "value_error" | "type_error"
}

export type Checked<A> = { readonly value: A } | { readonly faults: ReadonlyArray<InputFault> }

export const isFaulty = <A>(checked: Checked<A>): checked is { readonly faults: ReadonlyArray<InputFault> } =>
  "faults" in checked

const required: ReadonlyArray<RunColumn> = ["event_id", "run_id", "agent_name", "job_type", "start_time"]

/** What a server itself says of a run. */
const ours: ReadonlySet<RunColumn> = new Set(["story_id", "process", "updated_at"])

export interface NewRun {
  readonly eventId: string
  readonly changes: Changes
}

/** A run that is to be created. Fields that are not known are left out, as other servers do. */
export const newRun = (given: unknown, loc: ReadonlyArray<string | number>): Checked<NewRun> => {
  if (!Predicate.isRecord(given)) return { faults: [{ loc, msg: "takes an object", type: "type_error" }] }
  const { changes, faults } = columnsIn(given, (column) => !ours.has(column), loc)
  for (const column of required) {
    if (given[column] === undefined || given[column] === null) {
      faults.push({ loc: [...loc, column], msg: "is required", type: "missing" })
    } else if (runColumns[column].kind === "text" && String(given[column]).trim() === "") {
      faults.push({ loc: [...loc, column], msg: "takes a text that is not empty", type: "value_error" })
    }
  }
  for (const column of ["event_id", "run_id"] as const) {
    const fault = typeof changes[column] === "string" ? runId.faultOf(changes[column]) : undefined
    if (fault === "path_separator" || fault === "nul") {
      faults.push({ loc: [...loc, column], msg: "takes a text without /, \\ and NUL", type: "value_error" })
    }
  }
  if (faults.length > 0) return { faults }
  const { event_id: eventId, ...rest } = changes
  return { value: { eventId: String(eventId), changes: { ...rest, status: rest.status ?? "running" } } }
}

/** Changes of a run: `null` clears a field, but for the status. */
export const patch = (given: unknown): Checked<Changes> => {
  const loc = ["body"]
  if (!Predicate.isRecord(given)) return { faults: [{ loc, msg: "takes an object", type: "type_error" }] }
  const { changes, faults } = columnsIn(given, (column) => runColumns[column].editable, loc)
  if (given["status"] === null) faults.push({ loc: [...loc, "status"], msg: "cannot be cleared", type: "value_error" })
  return faults.length > 0 ? { faults } : { value: changes }
}

/** A commit that came of a run. */
export const commit = (given: unknown): Checked<Changes> => {
  const loc = ["body"]
  if (!Predicate.isRecord(given)) return { faults: [{ loc, msg: "takes an object", type: "type_error" }] }
  const { commit_author: author, commit_hash: hash, commit_source: source, commit_timestamp: timestamp } = given
  const faults: Array<InputFault> = []
  if (hash === undefined || hash === null)
    faults.push({ loc: [...loc, "commit_hash"], msg: "is required", type: "missing" })
  else if (typeof hash !== "string" || !/^[0-9a-f]{7,40}$/i.test(hash)) {
    faults.push({ loc: [...loc, "commit_hash"], msg: "takes 7 to 40 hexadecimal digits", type: "value_error" })
  }
  if (source === undefined || source === null) {
    faults.push({ loc: [...loc, "commit_source"], msg: "is required", type: "missing" })
  }
  const made = {
    git_commit_source: source ?? undefined,
    git_commit_author: author ?? undefined,
    git_commit_timestamp: timestamp ?? undefined
  }
  const more = columnsIn(made, () => true, loc)
  for (const fault of more.faults) {
    faults.push({ ...fault, loc: fault.loc.map((part) => String(part).replace(/^git_/, "")) })
  }
  if (faults.length > 0) return { faults }
  return { value: { git_commit_hash: String(hash).toLowerCase(), ...more.changes } }
}

const columnsIn = (
  given: Readonly<Record<string, unknown>>,
  isTaken: (column: RunColumn) => boolean,
  loc: ReadonlyArray<string | number>
) => {
  const changes: { [C in RunColumn]?: PlainValue } = {}
  const faults: Array<InputFault> = []
  for (const column of columnNames) {
    if (!Object.hasOwn(given, column) || given[column] === undefined || !isTaken(column)) continue
    const made = valueFor(column, given[column], false)
    if (isFault(made)) faults.push({ loc: [...loc, column], msg: `takes ${made.expected}`, type: "value_error" })
    else changes[column] = made
  }
  // Each value was made for its column.
  return { changes: changes as Changes, faults }
}
