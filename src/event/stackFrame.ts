/**
 * A line of source, and the frame of a call on it.
 */
import * as Schema from "effect/Schema"
import { PlainRecord } from "../plain/PlainValue.js"
import { key } from "../plain/wireSchema.js"

/**
 * A place in a source file. `line` and `column` count from 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Location extends Schema.Schema.Type<typeof Location> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Location = Schema.Struct({
  file: key(Schema.String, "filename"),
  line: key(Schema.Int, "lineno"),
  column: Schema.Int,
  function: Schema.String,
  sourceLine: key(Schema.NullOr(Schema.String), "source_line")
})

/**
 * Whose code a stack frame is.
 *
 * @since 0.1.0
 * @category models
 */
export type FrameOrigin = typeof FrameOrigin.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const FrameOrigin = Schema.Literal("app", "dependency", "effect", "node")

/**
 * One call on the way to a failure, innermost first in its list. `locals` are the variables there, redacted,
 * where they could be read (rich mode), else `null`. `suspended` marks a generator that was waiting at its `yield*`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StackFrame extends Schema.Schema.Type<typeof StackFrame> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StackFrame = Schema.Struct({
  file: key(Schema.String, "filename"),
  line: key(Schema.Int, "lineno"),
  column: Schema.Int,
  function: Schema.String,
  origin: FrameOrigin,
  suspended: Schema.Boolean,
  locals: Schema.NullOr(PlainRecord)
})

/**
 * A line of source around a location; `failing` marks the line the location points at.
 *
 * @since 0.1.0
 * @category models
 */
export interface SnippetLine extends Schema.Schema.Type<typeof SnippetLine> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const SnippetLine = Schema.Struct({
  line: key(Schema.Int, "lineno"),
  text: Schema.String,
  failing: Schema.Boolean
})
