/**
 * What can go wrong with a history, each with what to do about it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * - `NotFound`: there is no such file.
 * - `CannotOpen`: the file cannot be opened: its folder or its rights do not allow it, or it is in use.
 * - `ReadOnly`: the file, its folder, or the way it was opened allows reading only.
 * - `NotADatabase`: the file is no SQLite database, or a damaged one.
 * - `Foreign`: a database of another application. Nothing was written to it.
 * - `NotCreated`: a database without a history: no `HistoryRenderer` has written to it yet.
 * - `NewerVersion`: written by a newer version of this package.
 * - `OlderVersion`: written by an older one, and opened for reading only: it has to be opened for writing once.
 * - `Damaged`: a row that cannot be read.
 * - `NotInstalled`: the package of the database is not installed.
 * - `QueryFailed`: the database refused a query; `cause` has its error.
 *
 * @since 0.1.0
 * @category models
 */
export type HistoryErrorReason = typeof HistoryErrorReason.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const HistoryErrorReason = Schema.Literal(
  "NotFound",
  "CannotOpen",
  "ReadOnly",
  "NotADatabase",
  "Foreign",
  "NotCreated",
  "NewerVersion",
  "OlderVersion",
  "Damaged",
  "NotInstalled",
  "QueryFailed"
)

/**
 * The database cannot be used. `filename` is `null` where the program provided its own `SqlClient`.
 *
 * @since 0.1.0
 * @category errors
 */
export class HistoryError extends Schema.TaggedError<HistoryError>()("HistoryError", {
  reason: HistoryErrorReason,
  filename: Schema.NullOr(Schema.String),
  detail: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message(): string {
    const where = this.filename === null ? "The history" : `The history ${this.filename}`
    return `${where} ${this.detail}`
  }
}

/**
 * No story's id begins or ends so. `idPrefix` is what was asked for.
 *
 * @since 0.1.0
 * @category errors
 */
export class StoryNotFound extends Schema.TaggedError<StoryNotFound>()("StoryNotFound", {
  idPrefix: Schema.String
}) {
  override get message(): string {
    return `No story has an id that begins or ends with "${this.idPrefix}"`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Candidate extends Schema.Schema.Type<typeof Candidate> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Candidate = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  /** UTC, in milliseconds since the epoch. */
  startedAt: Schema.Number
})

/**
 * More than one story's id begins or ends so. `candidates` are the newest of them, at most ten.
 *
 * @since 0.1.0
 * @category errors
 */
export class AmbiguousStoryId extends Schema.TaggedError<AmbiguousStoryId>()("AmbiguousStoryId", {
  idPrefix: Schema.String,
  candidates: Schema.Array(Candidate)
}) {
  override get message(): string {
    const ids = this.candidates.map(({ id, name }) => `${id} (${name})`).join(", ")
    return `More than one story has an id that ${beginsOrEnds(this)} "${this.idPrefix}": ${ids}. Give more of it`
  }
}

/**
 * How the ids of the candidates have in common what was asked for: `begins with`, `ends with` or both.
 *
 * @internal
 */
export const beginsOrEnds = ({ candidates, idPrefix }: AmbiguousStoryId): string => {
  if (candidates.every(({ id }) => id.startsWith(idPrefix))) return "begins with"
  return candidates.every(({ id }) => id.endsWith(idPrefix)) ? "ends with" : "begins or ends with"
}
