/**
 * What the address says of the list of runs, and what the server is asked for that.
 */
import { number } from "../../kit/format.js"
import type { Query } from "../router.js"

/** Parts of the address that are no filter. */
const ofThePage = ["sort", "limit", "cursor", "at", "columns", "run", "within"]

export const pageSizes = [10, 25, 50, 100, 200, 500]

const usualSize = 50

/** Spans of time up to now, by what the address calls them. */
export const spans: ReadonlyArray<{ readonly name: string; readonly title: string; readonly millis: number }> = [
  { name: "1h", title: "Last hour", millis: 3_600_000 },
  { name: "24h", title: "Last 24 hours", millis: 86_400_000 },
  { name: "7d", title: "Last 7 days", millis: 7 * 86_400_000 },
  { name: "30d", title: "Last 30 days", millis: 30 * 86_400_000 }
]

export const sizeOf = (query: URLSearchParams): number => {
  const given = Number(query.get("limit") ?? usualSize)
  return Number.isInteger(given) && given >= 10 && given <= 500 ? given : usualSize
}

export const sortOf = (query: URLSearchParams): string => query.get("sort") ?? "-start_time"

/** The filter as the API takes it. `now`: what a span of time ends with. */
export const filterOf = (query: URLSearchParams, now = Date.now()): { readonly [name: string]: string } => {
  const filter: { [name: string]: string } = {}
  for (const [name, value] of query) if (!ofThePage.includes(name) && value !== "") filter[name] = value
  const span = spans.find(({ name }) => name === query.get("within"))
  if (span !== undefined) filter["start_time_from"] = new Date(now - span.millis).toISOString()
  return filter
}

export const isFiltered = (query: URLSearchParams): boolean => Object.keys(filterOf(query)).length > 0

/** Changes of the address that leave out every filter. */
export const withoutFilter = (query: URLSearchParams): Query => ({
  ...Object.fromEntries(
    Array.from(query.keys(), (name) => [name, ofThePage.includes(name) ? (query.get(name) ?? "") : ""])
  ),
  within: "",
  cursor: "",
  at: ""
})

/** A change of the filter begins at the first page again. */
export const filtered = (changes: Query): Query => ({ ...changes, cursor: "", at: "" })

/** Which rows are shown, e.g. `51–100 of 12,345`. */
export const rangeText = (at: number, rows: number, total: number | undefined): string => {
  if (rows === 0) return total === undefined ? "" : `0 of ${number(total)}`
  const range = `${number(at + 1)}–${number(at + rows)}`
  return total === undefined ? range : `${range} of ${number(Math.max(total, at + rows))}`
}
