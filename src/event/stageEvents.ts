/**
 * What can happen in a stage.
 */
import * as Schema from "effect/Schema"
import { PlainRecord } from "../plain/PlainValue.js"
import { key } from "../plain/wireSchema.js"
import { endOfStage, inStory, ofStage, tag } from "./eventFields.js"
import { ErrorCode, Interruptor, Location } from "./FailureReport.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface StageStarted extends Schema.Schema.Type<typeof StageStarted> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageStarted = Schema.Struct({
  _tag: tag("StageStarted"),
  ...inStory,
  ...ofStage,
  attributes: PlainRecord
})

/**
 * How far a long stage has come. `total` is `null` while it is unknown.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageProgressed extends Schema.Schema.Type<typeof StageProgressed> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageProgressed = Schema.Struct({
  _tag: tag("StageProgressed"),
  ...inStory,
  ...ofStage,
  done: Schema.JsonNumber,
  total: Schema.NullOr(Schema.JsonNumber)
})

/**
 * A stage is about to be tried again. `attempt` is the number of the coming attempt (the first retry is attempt 2),
 * `delaySeconds` the wait before it, `reason` the error that made it necessary.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageRetried extends Schema.Schema.Type<typeof StageRetried> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageRetried = Schema.Struct({
  _tag: tag("StageRetried"),
  ...inStory,
  ...ofStage,
  attempt: Schema.Int,
  delaySeconds: key(Schema.JsonNumber, "delay_seconds"),
  reason: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export interface StageCompleted extends Schema.Schema.Type<typeof StageCompleted> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageCompleted = Schema.Struct({
  _tag: tag("StageCompleted"),
  ...inStory,
  ...ofStage,
  ...endOfStage
})

/**
 * A stage failed. Whether the story fails with it is said by `FailureOccurred`: a failure that is caught has none.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageFailed extends Schema.Schema.Type<typeof StageFailed> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageFailed = Schema.Struct({
  _tag: tag("StageFailed"),
  ...inStory,
  ...ofStage,
  ...endOfStage,
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  errorCode: key(ErrorCode, "error_code"),
  retryable: Schema.Boolean,
  /** The failing line, without its text; `null` where it is not known. */
  location: Schema.optionalWith(Schema.NullOr(Location), { default: () => null })
})

/**
 * A stage was interrupted; `orphaned` when it was still running as its story ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageCancelled extends Schema.Schema.Type<typeof StageCancelled> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageCancelled = Schema.Struct({
  _tag: tag("StageCancelled"),
  ...inStory,
  ...ofStage,
  ...endOfStage,
  orphaned: Schema.Boolean,
  interruptors: Schema.Array(Interruptor)
})
