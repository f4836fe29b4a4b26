/**
 * What an error says of itself in a report.
 */
import * as Schema from "effect/Schema"
import { PlainRecord } from "../plain/PlainValue.js"

/**
 * What an error says of itself by {@link details}.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorDetails extends Schema.Schema.Type<typeof ErrorDetails> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ErrorDetails = Schema.Struct({
  code: Schema.NullOr(Schema.String),
  help: Schema.NullOr(Schema.String),
  url: Schema.NullOr(Schema.String),
  labels: PlainRecord
})

/**
 * The property by which an error of yours says more of itself than its message: a code that can be looked up, what the
 * user can do about it, a page that explains it, labels to find it by, and whether trying again may help. Reports have
 * all of it, redacted. The property may be a value or a getter; what cannot be read is left out.
 *
 * @example
 * ```ts
 * import { Data } from "effect"
 * import { FailureReport } from "effect-narrative"
 *
 * export class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly article: string }> {
 *   get [FailureReport.details](): FailureReport.ErrorDetailsInput {
 *     return {
 *       code: "SHOP-17",
 *       help: `Order more of ${this.article}, or offer another article.`,
 *       url: "https://docs.example.com/errors/SHOP-17",
 *       labels: { article: this.article },
 *       retryable: false
 *     }
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category symbols
 */
export const details: unique symbol = Symbol.for("effect-narrative/FailureReport/details")

/**
 * @since 0.1.0
 * @category models
 */
export interface ErrorDetailsInput {
  /** A code of your own that can be looked up, e.g. `SHOP-17`. */
  readonly code?: string | undefined
  /** What to do about it, in a sentence or two. It takes the place of the rule book's hint. */
  readonly help?: string | undefined
  /** A page that explains it. */
  readonly url?: string | undefined
  /** What to find it by: few values each. */
  readonly labels?: { readonly [name: string]: string | number | boolean } | undefined
  /** Whether the same work may succeed later, unchanged. */
  readonly retryable?: boolean | undefined
}
