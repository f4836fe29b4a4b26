/**
 * Runs as CSV (RFC 4180), for spreadsheets: no cell of it is taken for a formula.
 */
import { columnNames } from "./runColumns.js"

/** The columns of a run, in the order of the journal and of the HTTP API. */
export const heading: string = `${columnNames.join(",")}\r\n`

/** One run, by the names of its columns, with its line break. */
export const line = (run: Readonly<Record<string, unknown>>): string => row(columnNames.map((column) => run[column]))

/** Cells with their line break. */
export const row = (cells: ReadonlyArray<unknown>): string => `${cells.map(cell).join(",")}\r\n`

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  const text = typeof value === "string" ? defused(value) : textOf(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const textOf = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value))

/** What a spreadsheet would compute is shown as it is: a text of a program may have come from anywhere. */
const defused = (text: string): string => (/^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text)
