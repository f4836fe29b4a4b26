/**
 * What the schemas of events share.
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { PlainRecord } from "../plain/PlainValue.js"
import { key, NullableText, Timestamp } from "../plain/wireSchema.js"
import { Progress } from "./FailureReport.js"

export const tag = <Tag extends string>(name: Tag) => key(Schema.Literal(name), "event")

// Built on PlainRecord, which keeps a key named `__proto__`; `Schema.Record` would lose it.
export const Labels = Schema.declare(
  (value): value is { readonly [key: string]: string } =>
    Schema.is(PlainRecord)(value) && Object.values(value).every(Predicate.isString),
  {
    identifier: "Labels",
    arbitrary: () => (fc) => fc.dictionary(fc.string(), fc.string()),
    jsonSchema: { type: "object", additionalProperties: { type: "string" } }
  }
)

export const inStory = {
  storyId: key(Schema.String, "story_id"),
  storyName: key(Schema.String, "story_name"),
  rootStoryId: key(Schema.String, "root_story_id"),
  parentStoryId: key(NullableText, "parent_story_id"),
  /** UTC, in milliseconds since the epoch. */
  timestamp: Timestamp,
  /** 0, 1, 2, … within the story, without gaps. */
  sequence: Schema.Int
}

export const inSpan = {
  kind: Schema.String,
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id")
}

export const ofStage = {
  stageName: key(Schema.String, "stage_name"),
  /** The 0-based order of starting within the story, nested stages included. */
  stageIndex: key(Schema.Int, "stage_index"),
  /** The names of the stages from the outermost down to this one. */
  stagePath: key(Schema.Array(Schema.String), "stage_path"),
  parentStageName: key(NullableText, "parent_stage_name"),
  /** The `stageIndex` of the stage around this one; `null` for a top-level stage. */
  parentStageIndex: key(Schema.NullOr(Schema.Int), "parent_stage_index"),
  /** 0 for a top-level stage. */
  depth: Schema.NonNegativeInt,
  ...inSpan
}

export const endOfStage = {
  durationSeconds: key(Schema.JsonNumber, "duration_seconds"),
  attributes: PlainRecord,
  progress: Progress
}
