/**
 * Kinds of column: how a value of each is written into a cell, and how it is read back from one.
 *
 * Another program may have written the cell, or the disk: each is what it has to be, or a {@link DamagedCell}.
 */
import * as Either from "effect/Either"
import { ArrayFormatter, type ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { clip, PlainRecord } from "../../plain/PlainValue.js"
import { json, parseJson } from "../../plain/wireSchema.js"

/** What a database holds in a cell. */
export type Cell = string | number | null

/** What is wrong with a cell. */
export class DamagedCell {
  constructor(readonly why: string) {}
}

/**
 * A column of cells `C`, which hold values `A`. Decoding takes whatever a driver gives; of PostgreSQL a bigint is a text. It
 * gives the value itself, not an `Either`: a page of events has some ten thousand cells.
 */
export interface Column<A, C extends Cell> {
  readonly encode: (value: A) => C
  readonly decode: (cell: unknown) => A | DamagedCell
}

const damaged = (cell: unknown, what: string): DamagedCell =>
  new DamagedCell(`${clip(JSON.stringify(String(cell)), 60)} is no ${what}`)

const isEmpty = (cell: unknown): boolean => cell === null || cell === undefined

const identity = <A>(value: A): A => value

export const text: Column<string, string> = {
  encode: identity,
  decode: (cell) => (typeof cell === "string" ? cell : isEmpty(cell) ? damaged(cell, "text") : String(cell))
}

export const real: Column<number, number> = {
  encode: identity,
  decode: (cell) => {
    const number = isEmpty(cell) ? Number.NaN : Number(cell)
    return Number.isFinite(number) ? number : damaged(cell, "number")
  }
}

export const whole: Column<number, number> = {
  encode: identity,
  decode: (cell) => {
    const number = isEmpty(cell) ? Number.NaN : Number(cell)
    return Number.isSafeInteger(number) ? number : damaged(cell, "whole number below 2^53")
  }
}

export const flag: Column<boolean, number> = {
  encode: (value) => (value ? 1 : 0),
  decode: (cell) => {
    const number = whole.decode(cell)
    return number instanceof DamagedCell ? number : number === 1
  }
}

// Many events of one millisecond follow each other.
let lastMillis = Number.NaN
let lastText = ""

/** UTC of a fixed width, so that the order of the texts is that of the times; read as milliseconds since the epoch. */
export const time: Column<number, string> = {
  encode: (millis) => {
    const wholeMillis = Math.trunc(millis)
    if (wholeMillis !== lastMillis) {
      lastMillis = wholeMillis
      lastText = new Date(wholeMillis).toISOString()
    }
    return lastText
  },
  decode: (cell) => {
    const millis = typeof cell === "string" ? Date.parse(cell) : Number.NaN
    return Number.isFinite(millis) ? millis : damaged(cell, "time")
  }
}

/** One of a few words. */
export const word = <A extends string>(words: ReadonlyArray<A>, what: string): Column<A, A> => ({
  encode: identity,
  decode: (cell) => words.find((word) => word === cell) ?? damaged(cell, what)
})

/** A column that may be NULL. */
export const nullable = <A, C extends Cell>(column: Column<A, C>): Column<A | null, C | null> => ({
  encode: (value) => (value === null ? null : column.encode(value)),
  decode: (cell) => (isEmpty(cell) ? null : column.decode(cell))
})

/** JSON of something that its Schema changes. NULL where there is none. */
export const nullableJson = <A, I>(schema: Schema.Schema<A, I>): Column<A | null, string | null> => {
  const encode = Schema.encodeSync(Schema.parseJson(schema))
  const decode = Schema.decodeUnknownEither(json(schema))
  return {
    encode: (value) => (value === null ? null : encode(value)),
    decode: (cell) => {
      if (isEmpty(cell)) return null
      const decoded = decode(cell)
      return Either.isRight(decoded) ? decoded.right : new DamagedCell(firstOf(decoded.left))
    }
  }
}

/** The first of what a Schema has against a value, on a line of its own. */
export const firstOf = (error: ParseError): string => {
  const [issue] = ArrayFormatter.formatErrorSync(error)
  return issue === undefined ? "it cannot be read" : clip(`${issue.path.map(String).join(".")} ${issue.message}`, 200)
}

/** JSON that is what it should be as it is, many times faster than decoding it. What is empty is NULL. */
const emptyOr = <A>(schema: Schema.Schema<A>, empty: A, isEmptyValue: (value: A) => boolean, what: string) => {
  const is = Schema.is(schema)
  const column: Column<A, string | null> = {
    encode: (value) => (isEmptyValue(value) ? null : JSON.stringify(value)),
    decode: (cell) => {
      if (isEmpty(cell)) return empty
      const parsed = Either.getOrUndefined(Either.try(() => parseJson(String(cell))))
      return is(parsed) ? parsed : damaged(cell, what)
    }
  }
  return column
}

const hasNoKey = (record: object): boolean => {
  for (const _ in record) return false
  return true
}

/** `{}` where it is NULL. */
export const record = <A extends PlainRecord>(schema: Schema.Schema<A>, empty: A): Column<A, string | null> =>
  emptyOr(schema, empty, hasNoKey, "record")

export const plainRecord: Column<PlainRecord, string | null> = record(PlainRecord, {})

/** NULL where there is none. */
export const nullableTexts: Column<ReadonlyArray<string> | null, string | null> = emptyOr(
  Schema.NullOr(Schema.Array(Schema.String)),
  null,
  (texts) => texts === null,
  "list of texts"
)
