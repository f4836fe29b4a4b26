/**
 * Rows of the tables: written from what the journal says, and read back.
 */

import type { Cell } from "../history/database/columns.js"
import type { PlainValue } from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { parseJson } from "../plain/wireSchema.js"
import { type Changes, columnNames, isFault, type RunColumn, runColumns, valueFor } from "./runColumns.js"
import * as storedRun from "./storedRun.js"

/** A row as the driver gives it. */
export type Found = { readonly [column: string]: unknown }

/** The columns that are written. */
export const writtenColumns = [...columnNames, "revisions"] as const

export type WrittenRow = { readonly [C in (typeof writtenColumns)[number]]: Cell }

export const encode = (run: storedRun.StoredRun): WrittenRow => {
  const row = storedRun.rowOf(run)
  const cells: { [column: string]: Cell } = { revisions: storedRun.encodeState(run) }
  for (const column of columnNames) cells[column] = cellOf(column, row[column])
  // Each of the columns was put in.
  return cells as WrittenRow
}

const cellOf = (column: RunColumn, value: PlainValue | undefined): Cell => {
  if (value === null || value === undefined) return null
  if (runColumns[column].kind === "json") return JSON.stringify(value)
  if (typeof value === "boolean") return value ? 1 : 0
  return typeof value === "number" ? value : String(value)
}

/** The columns of a row, and under `unreadable` those whose JSON is none. */
export const decodeColumns = (
  row: Found
): { readonly columns: Changes; readonly unreadable: ReadonlyArray<RunColumn> } => {
  const columns: { [C in RunColumn]?: PlainValue } = {}
  const unreadable: Array<RunColumn> = []
  for (const column of columnNames) {
    const cell = row[column]
    if (cell === null || cell === undefined) {
      columns[column] = null
    } else if (runColumns[column].kind === "json") {
      const parsed = attempt(() => ({ value: parseJson(String(cell)) as PlainValue }), undefined)
      if (parsed === undefined) unreadable.push(column)
      columns[column] = parsed === undefined ? String(cell) : parsed.value
    } else {
      const made = valueFor(column, isNumber(column) ? numberOf(cell) : cell, true)
      columns[column] = isFault(made) ? null : made
    }
  }
  // Each value was made for its column.
  return { columns: columns as Changes, unreadable }
}

const isNumber = (column: RunColumn): boolean => ["count", "flag"].includes(runColumns[column].kind)

/** A bigint of PostgreSQL is given as a text. */
const numberOf = (cell: unknown): unknown => (typeof cell === "string" && /^\d{1,16}$/.test(cell) ? Number(cell) : cell)

export const decodeStored = (row: Found): storedRun.StoredRun =>
  storedRun.fromRow(String(row["event_id"]), decodeColumns(row).columns, String(row["revisions"] ?? "{}"))
