/**
 * The work a story recorded: tokens, cost, quality, items and calls of providers, that of its sub-stories included.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { key } from "../plain/wireSchema.js"

/**
 * What one model was used for. `cachedTokens` are part of `promptTokens`, `reasoningTokens` of `completionTokens`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelUse extends Schema.Schema.Type<typeof ModelUse> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ModelUse = Schema.Struct({
  model: Schema.String,
  promptTokens: key(Schema.Int, "prompt_tokens"),
  completionTokens: key(Schema.Int, "completion_tokens"),
  cachedTokens: key(Schema.Int, "cached_tokens"),
  reasoningTokens: key(Schema.Int, "reasoning_tokens"),
  costUsd: key(Schema.JsonNumber, "cost_usd")
})

/**
 * A sub-story's work is part of the sub-story's and of that of every story around it: to sum up stories, take the root ones.
 * At most 32 models and 32 metrics of quality are kept apart; the rest is called `other`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Work extends Schema.Schema.Type<typeof Work> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Work = Schema.Struct({
  models: Schema.Array(ModelUse),
  /** `average` is from 0 to 1. */
  quality: Schema.Array(Schema.Struct({ metric: Schema.String, count: Schema.Int, average: Schema.JsonNumber })),
  items: Schema.Struct({
    discovered: Schema.Int,
    succeeded: Schema.Int,
    failed: Schema.Int,
    skipped: Schema.Int
  }),
  /** Calls of providers, the failed ones among them. */
  calls: Schema.Int,
  failedCalls: key(Schema.Int, "failed_calls")
})

/**
 * Prompt and completion tokens of every model.
 *
 * @since 0.1.0
 * @category reading
 */
export const tokens = ({ models }: Work): number =>
  models.reduce((sum, { completionTokens, promptTokens }) => sum + promptTokens + completionTokens, 0)

/**
 * Of every model, in US dollars.
 *
 * @since 0.1.0
 * @category reading
 */
export const costUsd = ({ models }: Work): number => models.reduce((sum, { costUsd }) => sum + costUsd, 0)

/**
 * In one line: `12 items (1 failed) · 3,400 tokens (gpt-4o) · $0.05 · quality 0.88`.
 *
 * @since 0.1.0
 * @category reading
 */
export const summary = (work: Work): string => {
  const { calls, failedCalls, items, models, quality } = work
  const parts: Array<string> = []
  const done = Math.max(items.discovered, items.succeeded + items.failed + items.skipped)
  if (done > 0) {
    const rest = [
      ...(items.failed > 0 ? [`${grouped(items.failed)} failed`] : []),
      ...(items.skipped > 0 ? [`${grouped(items.skipped)} skipped`] : [])
    ]
    parts.push(`${counted(done, "item")}${inBrackets(rest)}`)
  }
  if (calls > 0)
    parts.push(`${counted(calls, "call")}${inBrackets(failedCalls > 0 ? [`${grouped(failedCalls)} failed`] : [])}`)
  if (tokens(work) > 0) {
    const used = models.filter((use) => use.promptTokens + use.completionTokens > 0).map(({ model }) => model)
    parts.push(`${counted(tokens(work), "token")}${inBrackets(used.length > 3 ? [`${used.length} models`] : used)}`)
  }
  const cost = costUsd(work)
  if (cost > 0) parts.push(cost < 0.01 ? `$${cost.toPrecision(2)}` : `$${cost.toFixed(2)}`)
  const scores = quality.reduce((sum, { count }) => sum + count, 0)
  if (scores > 0) {
    const average = quality.reduce((sum, { average, count }) => sum + average * count, 0) / scores
    parts.push(`quality ${average.toFixed(2)}`)
  }
  return parts.join(" · ")
}

const grouped = (count: number): string => count.toLocaleString("en-US")

const counted = (count: number, what: string): string => `${grouped(count)} ${what}${count === 1 ? "" : "s"}`

const inBrackets = (parts: ReadonlyArray<string>): string => (parts.length === 0 ? "" : ` (${parts.join(", ")})`)
