/**
 * Cells read back. Somebody else may have written them: each is what it has to be, or a {@link DamagedRow}.
 */
import * as Either from "effect/Either"
import { ArrayFormatter, type ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { FailureAnalysis } from "../../event/FailureAnalysis.js"
import { ErrorCode, Interruptor } from "../../event/FailureReport.js"
import { CausedBy, fromWire, type NarrativeEvent, StoryStarted } from "../../event/NarrativeEvent.js"
import { Work } from "../../event/WorkSummary.js"
import { clip, PlainRecord } from "../../plain/PlainValue.js"
import { json, parseJson } from "../../plain/wireSchema.js"
import { eventNames } from "../database/eventNames.js"
import { StageState, StoryState } from "../StoryRecord.js"

/** What a row holds under a column's name; of PostgreSQL a bigint is a text. */
export type ReadRow = { readonly [column: string]: unknown }

/** Whatever a cell holds that is not what we write: somebody else wrote it, or the disk did. */
export class DamagedRow extends Error {}

/** The first of what a Schema has against a value, on a line of its own. */
export const damaged = (what: string, error: ParseError): DamagedRow => {
  const [issue] = ArrayFormatter.formatErrorSync(error)
  return new DamagedRow(
    issue === undefined ? what : clip(`${what}: ${issue.path.map(String).join(".")} ${issue.message}`, 200)
  )
}

const decoder = <A, I>(schema: Schema.Schema<A, I>, what: string, whenNull: A) => {
  const decode = Schema.decodeUnknownEither(json(schema))
  return (cell: unknown): A => {
    if (cell === null || cell === undefined) return whenNull
    const decoded = decode(cell)
    if (Either.isRight(decoded)) return decoded.right
    throw damaged(what, decoded.left)
  }
}

/** JSON that is what it should be as it is: many times faster than decoding it. */
const parser = <A>(schema: Schema.Schema<A>, what: string, whenNull: A) => {
  const is = Schema.is(schema)
  return (cell: unknown): A => {
    if (cell === null || cell === undefined) return whenNull
    const parsed = Either.getOrUndefined(Either.try(() => parseJson(textOf(cell))))
    if (is(parsed)) return parsed
    throw new DamagedRow(what)
  }
}

export const labelsOf = parser(StoryStarted.fields.labels, "labels of a story", {})
export const recordOf = parser(PlainRecord, "attributes", {})
export const pathOf = decoder<ReadonlyArray<string> | null, ReadonlyArray<string> | null>(
  Schema.NullOr(Schema.Array(Schema.String)),
  "path of a stage",
  null
)
export const interruptorsOf = decoder(Schema.Array(Interruptor), "interruptors of a stage", [])
export const workOf = decoder(Schema.NullOr(Work), "work of a story", null)
export const causedByOf = decoder(Schema.NullOr(CausedBy), "cause of a story", null)
export const analysisOf = decoder(Schema.NullOr(FailureAnalysis), "analysis of a failure", null)

export const textOf = (cell: unknown): string => (typeof cell === "string" ? cell : String(cell ?? ""))
export const optionalText = (cell: unknown): string | null =>
  cell === null || cell === undefined ? null : textOf(cell)
export const numberOf = (cell: unknown): number => {
  const number = Number(cell ?? 0)
  if (Number.isFinite(number)) return number
  throw new DamagedRow(`${shown(cell)} is no number`)
}
export const wholeOf = (cell: unknown): number => {
  const number = numberOf(cell)
  if (Number.isSafeInteger(number)) return number
  throw new DamagedRow(`${shown(cell)} is no whole number below 2^53`)
}
export const optionalNumber = (cell: unknown): number | null =>
  cell === null || cell === undefined ? null : numberOf(cell)
export const optionalWhole = (cell: unknown): number | null =>
  cell === null || cell === undefined ? null : wholeOf(cell)
export const timeOf = (cell: unknown): number => {
  const millis = Date.parse(textOf(cell))
  if (Number.isFinite(millis)) return millis
  throw new DamagedRow(`${shown(cell)} is no time`)
}
export const optionalTime = (cell: unknown): number | null =>
  cell === null || cell === undefined ? null : timeOf(cell)

/** One of the words that a column may hold. */
const wordOf =
  <A extends string>(words: ReadonlyArray<A>, what: string) =>
  (cell: unknown): A => {
    const word = words.find((word) => word === cell)
    if (word !== undefined) return word
    throw new DamagedRow(`${shown(cell)} is no ${what}`)
  }
export const storyStateOf = wordOf(StoryState.literals, "state of a story")
export const stageStateOf = wordOf(StageState.literals, "state of a stage")
export const errorCodeOf = wordOf(ErrorCode.literals, "code of an error")
export const eventNameOf = wordOf(eventNames, "event")

const shown = (cell: unknown): string => clip(JSON.stringify(textOf(cell)), 60)

/** The durations of a group, as the database lists them; what has none has `null` there. */
export const secondsOf = (row: ReadRow): ReadonlyArray<number> => {
  const listed: unknown = typeof row["seconds"] === "string" ? JSON.parse(row["seconds"]) : []
  return Array.isArray(listed) ? listed.filter(Number.isFinite) : []
}

/** The event a row holds the wire form of. */
export const eventOf = <Tag extends NarrativeEvent["_tag"]>(
  cell: unknown,
  tag: Tag
): Extract<NarrativeEvent, { readonly _tag: Tag }> => {
  const decoded = fromWire(textOf(cell))
  if (Either.isLeft(decoded)) throw damaged(tag, decoded.left)
  const event = decoded.right
  if (!isOf(event, tag)) throw new DamagedRow(`${tag}: it is a ${event._tag}`)
  return event
}

const isOf = <Tag extends NarrativeEvent["_tag"]>(
  event: NarrativeEvent,
  tag: Tag
): event is Extract<NarrativeEvent, { readonly _tag: Tag }> => event._tag === tag

/** What a row of a retry holds besides its stage. */
export const retryOf = decoder(
  Schema.NullOr(Schema.Struct({ attempt: Schema.Int, delay_seconds: Schema.Number, reason: Schema.String })),
  "a retry",
  null
)
