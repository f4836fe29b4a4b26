/**
 * Why a failure happened and what would fix it, as an analyzer answered: a language model, or the rule book.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { key } from "../plain/wireSchema.js"
import { analysisText } from "./analysisText.js"

/**
 * A part of the failure report that an analysis cites: its id in the prompt (`F1` a frame, `S1` a stage, `E1` an error,
 * `V1` a value), and what is there, so that it can be read without the prompt.
 *
 * @since 0.1.0
 * @category models
 */
export interface Citation extends Schema.Schema.Type<typeof Citation> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Citation = /* @__PURE__ */ Schema.Struct({
  id: Schema.String,
  text: Schema.String
})

/**
 * One observation that an analysis rests on, and the parts of the report that show it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Evidence extends Schema.Schema.Type<typeof Evidence> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Evidence = /* @__PURE__ */ Schema.Struct({
  text: Schema.String,
  cites: Schema.Array(Citation)
})

/**
 * - `analyzer`: who answered, e.g. `ollama`, `anthropic`, `rule-book`; `model`: the model's name, `null` without one.
 * - `exactWhy`, `evidence`, `targetedFix`, `codeChanges`: the answer; empty where it said nothing.
 * - `rawText`: the answer as it came, where it was not in the form asked for; the four parts are empty then. Else `null`.
 * - `droppedCitations`: how many citations were taken out because the prompt gave out no such id.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureAnalysis extends Schema.Schema.Type<typeof FailureAnalysis> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const FailureAnalysis = /* @__PURE__ */ Schema.Struct({
  analyzer: Schema.String,
  model: Schema.NullOr(Schema.String),
  exactWhy: key(Schema.String, "exact_why"),
  evidence: Schema.Array(Evidence),
  targetedFix: key(Schema.String, "targeted_fix"),
  codeChanges: key(Schema.String, "code_changes"),
  rawText: key(Schema.NullOr(Schema.String), "raw_text"),
  droppedCitations: key(Schema.Int, "dropped_citations")
})

/**
 * The analysis as text: a `## Heading` before each part that says something, or the answer as it came. This is what
 * is `llm_analysis` on the wire.
 *
 * @since 0.1.0
 * @category combinators
 */
export const format: (analysis: FailureAnalysis) => string = analysisText
