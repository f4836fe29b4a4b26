/**
 * Rows read back by the description of their table.
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import { fromWire, type NarrativeEvent } from "../../event/NarrativeEvent.js"
import { DamagedCell, firstOf } from "./columns.js"
import type { Row, Table } from "./tables.js"

/** A row as a driver gives it. */
export type Found = { readonly [column: string]: unknown }

/** A row that holds what we do not write: another program wrote it, or the disk did. */
export class DamagedRow extends Data.TaggedError("DamagedRow")<{
  readonly column: string
  readonly why: string
}> {
  override get message(): string {
    return `${this.column}: ${this.why}`
  }
}

/** Some of a table's columns. */
export const pick = <T extends Table, C extends keyof T & string>(table: T, columns: ReadonlyArray<C>): Pick<T, C> => {
  const picked: { -readonly [K in C]?: T[K] } = {}
  for (const column of columns) picked[column] = table[column]
  // Each of the columns was put in.
  return picked as Pick<T, C>
}

/** The columns for a SELECT from a table that the query calls `alias`. With a prefix, two tables' columns keep apart. */
export const selected = (alias: string, table: Table, prefix = ""): string =>
  Object.keys(table)
    .map((column) => `${alias}.${column} AS ${prefix}${column}`)
    .join(", ")

/** The columns of a table in a row. */
export const decodeRow = <T extends Table>(table: T, row: Found, prefix = ""): Either.Either<Row<T>, DamagedRow> => {
  const decoded: Record<string, unknown> = {}
  for (const { column, decode, name } of cellsOf(table, prefix)) {
    const cell = decode(row[name])
    if (cell instanceof DamagedCell) return Either.left(new DamagedRow({ column, why: cell.why }))
    decoded[column] = cell
  }
  // Each column was decoded by its own description, of which `Row` is made.
  return Either.right(decoded as Row<T>)
}

interface CellOf {
  readonly column: string
  /** Its name in the rows of a query. */
  readonly name: string
  readonly decode: (cell: unknown) => unknown
}

// Names put together for each row would cost more than all the decoding.
const cells = new WeakMap<Table, Map<string, ReadonlyArray<CellOf>>>()

const cellsOf = (table: Table, prefix: string): ReadonlyArray<CellOf> => {
  const byPrefix = cells.get(table) ?? new Map<string, ReadonlyArray<CellOf>>()
  const known = byPrefix.get(prefix)
  if (known !== undefined) return known
  const made = Object.entries(table).map(([column, { decode }]) => ({ column, name: `${prefix}${column}`, decode }))
  cells.set(table, byPrefix.set(prefix, made))
  return made
}

export const decodeRows = <T extends Table>(
  table: T,
  rows: ReadonlyArray<Found>
): Either.Either<ReadonlyArray<Row<T>>, DamagedRow> => Either.all(rows.map((row) => decodeRow(table, row)))

/** The event that a cell holds the wire form of. */
export const eventOf = <Tag extends NarrativeEvent["_tag"]>(
  wire: string | null,
  tag: Tag
): Either.Either<Extract<NarrativeEvent, { readonly _tag: Tag }>, DamagedRow> => {
  const decoded = fromWire(wire ?? "")
  if (Either.isLeft(decoded)) return Either.left(new DamagedRow({ column: tag, why: firstOf(decoded.left) }))
  const event = decoded.right
  return isOf(event, tag)
    ? Either.right(event)
    : Either.left(new DamagedRow({ column: tag, why: `it is a ${event._tag}` }))
}

const isOf = <Tag extends NarrativeEvent["_tag"]>(
  event: NarrativeEvent,
  tag: Tag
): event is Extract<NarrativeEvent, { readonly _tag: Tag }> => event._tag === tag
