/**
 * Rows that are new, sent to PostgreSQL by `COPY`: many times cheaper for the server than any `INSERT`, and no more than a line of text
 * each for us. A row that is there already fails the whole statement.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Cell } from "./columns.js"
import { codeOf } from "./database.js"

/** A `COPY` into these columns of a table. */
export interface Copy<Column extends string> {
  readonly columns: ReadonlyArray<Column>
  readonly text: string
}

export const copyInto = <Column extends string>(table: string, columns: ReadonlyArray<Column>): Copy<Column> => ({
  columns,
  text: `COPY ${table} (${columns.join(", ")}) FROM STDIN`
})

/** A connection of `pg`, as far as a statement of our own needs it. */
interface Wire {
  readonly query: (text: string) => void
  readonly sendCopyFromChunk: (chunk: Buffer) => void
  readonly endCopyFrom: () => void
}

interface Submittable {
  readonly submit: (wire: Wire) => void
}

/** A client of `pg`, which takes statements that speak the protocol themselves. */
interface Client {
  readonly query: (statement: Submittable) => unknown
}

/** `undefined` for the connection of another client, which may have no such thing. */
export const clientOf = (connection: Connection): Client | undefined => {
  // The client of `pg` that the connection holds, which its type does not show.
  const { pg } = connection as { readonly pg?: Client }
  return Predicate.hasProperty(pg, "connection") && Predicate.hasProperty(pg.connection, "sendCopyFromChunk")
    ? pg
    : undefined
}

/** Sends all rows. */
export const copyRows = <Column extends string>(
  client: Client,
  { columns, text }: Copy<Column>,
  rows: ReadonlyArray<{ readonly [C in Column]: Cell }>
): Effect.Effect<void, SqlError> =>
  rows.length === 0
    ? Effect.void
    : Effect.async((resume) => {
        client.query(
          new CopyIn(text, chunksOf(rows, columns), (cause) =>
            resume(
              cause === null
                ? Effect.void
                : Effect.fail(new SqlError({ cause, message: "Failed to execute statement" }))
            )
          )
        )
      })

/** Whether a row was there already. */
export const isThere = (error: unknown): boolean => codeOf(error) === "23505"

/** A statement of `pg`, by the methods that its client calls. */
class CopyIn implements Submittable {
  /** The client puts another one in its place when it has waited for too long. */
  callback: (error: unknown) => void

  constructor(
    readonly text: string,
    readonly chunks: Iterable<string>,
    callback: (error: unknown) => void
  ) {
    this.callback = callback
  }

  submit(wire: Wire): void {
    wire.query(this.text)
  }

  /** The server takes in what has come while the rest is put into text. */
  handleCopyInResponse(wire: Wire): void {
    for (const chunk of this.chunks) wire.sendCopyFromChunk(Buffer.from(chunk))
    wire.endCopyFrom()
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(null)
  }

  handleError(error: unknown): void {
    this.callback(error)
  }
}

/** Characters that are sent at once, or some more. */
const chunkSize = 65_536

function* chunksOf<Column extends string>(
  rows: ReadonlyArray<{ readonly [C in Column]: Cell }>,
  columns: ReadonlyArray<Column>
): Iterable<string> {
  let chunk = ""
  for (const row of rows) {
    let separator = ""
    for (const column of columns) {
      chunk += separator + cellText(row[column])
      separator = "\t"
    }
    chunk += "\n"
    if (chunk.length < chunkSize) continue
    yield chunk
    chunk = ""
  }
  if (chunk !== "") yield chunk
}

/** `\N` is NULL. Of a number that is none, JSON makes the same. */
const cellText = (cell: Cell): string => {
  if (cell === null) return "\\N"
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : "\\N"
  return special.test(cell) ? cell.replaceAll(everySpecial, escaped) : cell
}

// What separates cells and rows, and NUL, which a text of PostgreSQL has not.
const special = /[\\\t\n\r\0]/
const everySpecial = /[\\\t\n\r\0]/g

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\0": "\ufffd"
}

const escaped = (character: string): string => escapes[character] ?? character
