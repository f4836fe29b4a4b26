/**
 * The runs of a filter as CSV, JSON or a workbook: in the order of the list, a page at a time, and none that began meanwhile.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { parameterized } from "../history/database/connections.js"
import type { PlainValue } from "../plain/PlainValue.js"
import { columnNames, cut, type RunColumn } from "./runColumns.js"
import * as runCsv from "./runCsv.js"
import type { Position, RunFilter } from "./runFilter.js"
import * as runQuery from "./runQuery.js"
import * as runRows from "./runRows.js"
import { RunSummary } from "./runSummary.js"
import * as xlsx from "./xlsx.js"

export const formats = ["csv", "xlsx", "json"] as const

export type Format = (typeof formats)[number]

export const contentTypes: { readonly [F in Format]: string } = {
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  json: "application/json"
}

export type Use<E> = <A>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A, SqlError>) => Effect.Effect<A, E>

export interface Exported<E> {
  /** How many runs it has. */
  readonly count: number
  /** Whether the filter finds more than are wanted. */
  readonly isCut: boolean
  readonly bytes: Stream.Stream<Uint8Array, E>
}

export interface ExportOptions {
  readonly format: Format
  /** Most runs. */
  readonly most: number
  /** What the filter is, in words. */
  readonly title: string
  readonly now: number
}

/** Runs that are read at a time: what is made of them is in memory until the reader has taken it. */
const pageSize = 100

type Run = { readonly [C in RunColumn]?: PlainValue }

/** Counts the runs, and then reads them as they are taken. */
export const make = <E>(use: Use<E>, filter: RunFilter, options: ExportOptions): Effect.Effect<Exported<E>, E> =>
  Effect.gen(function* () {
    const newest = yield* use(newestId)
    const bounded = { ...filter, where: [...filter.where, { text: "id <= ?", parameters: [newest] }] }
    const found = yield* use((sql) => runQuery.count(sql, bounded.where))
    const count = Math.min(found, options.most)
    const runs = pages(use, bounded, count)
    const columns = filter.fields ?? columnNames
    const summary = new RunSummary({ ...options, count, isCut: found > count })
    return { count, isCut: found > count, bytes: writers[options.format](runs, columns, summary) }
  })

const newestId = (sql: SqlClient.SqlClient): Effect.Effect<number, SqlError> =>
  Effect.map(sql.unsafe<{ n: unknown }>(parameterized(sql, "SELECT max(id) AS n FROM agent_runs")), ([row]) =>
    Number(row?.n ?? 0)
  )

const pages = <E>(use: Use<E>, filter: RunFilter, most: number): Stream.Stream<ReadonlyArray<Run>, E> => {
  const begin: { readonly from: Position | undefined; readonly left: number } = { from: undefined, left: most }
  return Stream.unfoldEffect(begin, ({ from, left }) => {
    if (left <= 0) return Effect.succeedNone
    const limit = Math.min(pageSize, left)
    const wanted = { ...filter, from, limit, offset: 0, isBackward: false, fields: undefined }
    return Effect.map(
      use((sql) => runQuery.page(sql, wanted)),
      ({ rows }) => {
        const last = rows.at(-1)
        if (last === undefined) return Option.none()
        const next = { from: runQuery.positionOf(last, filter.order), left: left - rows.length }
        return Option.some([rows.map((row) => runRows.decodeColumns(row).columns), next] as const)
      }
    )
  })
}

type Writer = <E>(
  runs: Stream.Stream<ReadonlyArray<Run>, E>,
  columns: ReadonlyArray<RunColumn>,
  summary: RunSummary
) => Stream.Stream<Uint8Array, E>

const csv: Writer = (runs, columns) =>
  Stream.succeed(runCsv.row(columns)).pipe(
    Stream.concat(
      Stream.map(runs, (some) => some.map((run) => runCsv.row(columns.map((column) => run[column]))).join(""))
    ),
    Stream.encodeText
  )

const json: Writer = (runs, columns) =>
  Stream.suspend(() => {
    let isFirst = true
    const body = Stream.map(runs, (some) =>
      some
        .map((run) => {
          const before = isFirst ? "[\n" : ",\n"
          isFirst = false
          return before + JSON.stringify(Object.fromEntries(columns.map((column) => [column, run[column] ?? null])))
        })
        .join("")
    )
    return Stream.encodeText(
      Stream.concat(
        body,
        Stream.sync(() => (isFirst ? "[]\n" : "\n]\n"))
      )
    )
  })

const workbook: Writer = (runs, columns, summary) => {
  const rows = Stream.map(runs, (some) =>
    some.map((run) => {
      summary.add(run)
      return columns.map((column) => cellOf(run[column], summary))
    })
  )
  return xlsx.workbook([
    { name: "Runs", widths: columns.map(widthOf), rows: Stream.concat(Stream.succeed([columns]), rows) },
    { name: "Summary", widths: [28, 60], rows: Stream.sync(() => summary.rows()) },
    { name: "Agents", widths: [28, ...Array<number>(12).fill(14)], rows: Stream.sync(() => summary.agents()) }
  ])
}

const writers: { readonly [F in Format]: Writer } = { csv, json, xlsx: workbook }

const cellOf = (value: PlainValue | undefined, summary: RunSummary): xlsx.Cell => {
  if (value === undefined || value === null) return null
  if (typeof value === "number" || typeof value === "boolean") return value
  const text = typeof value === "string" ? value : JSON.stringify(value)
  if (text.length > xlsx.mostCharacters) summary.cells += 1
  return cut(text, xlsx.mostCharacters)
}

const widthOf = (column: RunColumn): number => (/_(?:id|time|at|summary|json)$/.test(column) ? 26 : 16)
