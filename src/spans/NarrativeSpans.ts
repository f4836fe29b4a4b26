/**
 * The spans that a program already has, narrated: with one Layer at the edge, `Effect.withSpan`, `Effect.fn`, and the spans
 * of servers, clients and SQL become stories and stages.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as failureDescriber from "../narration/failureDescriber.js"
import * as options from "../plain/options.js"
import * as redactor from "../redaction/redactor.js"
import { narrating } from "./narratingTracer.js"
import * as spanRules from "./spanRules.js"
import { SpanStories } from "./spanStory.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  SpanMatch,
  /**
   * @since 0.1.0
   * @category models
   */
  SpanStart,
  /**
   * @since 0.1.0
   * @category models
   */
  SpansOptions
} from "./spanRules.js"

/**
 * Narrates the spans of whatever it is provided to, and changes nothing else: the tracer in use gets the spans it got, and
 * exports what it exported.
 *
 * - A span without a parent in this process begins a **story**, and so does a request that is served or a message that is
 *   consumed. An HTTP request is called by its method and route, an RPC by its name. Calls to others begin none.
 * - Every other span is a **stage**, where the spans around it are, `Narrative.stage`s among them in both directions.
 * - Calls to others (`http.client`, `sql.execute`, `RpcClient.*`) are **counted** on their stage, unless they take longer than
 *   `detailsOver`, or are what their stage failed of. So are equal spans beside each other from the fourth on, and whatever
 *   is beyond 200 stages of a story or 6 levels.
 * - A story fails, is cancelled or ends well as its span does. A response below 500 is its outcome, and no failure.
 *
 * Provide it inside the tracer that exports: it wraps the one that is there when it is built. Options that cannot be used are
 * a defect.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ConsoleRenderer, NarrativeSpans } from "effect-narrative"
 *
 * const load = Effect.fn("load")(function* (file: string) {
 *   yield* Effect.annotateCurrentSpan("file", file)
 *   return ["ada", "grace"]
 * })
 *
 * const program = load("customers.csv").pipe(
 *   Effect.withSpan("Import Customers"),
 *   Effect.provide([NarrativeSpans.layer(), ConsoleRenderer.layer()])
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (given: spanRules.SpansOptions = {}): Layer.Layer<never> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const rules = yield* Effect.orDie(options.attempt(() => spanRules.make(given)))
      // Nothing can wait for them when a span starts or ends.
      yield* redactor.load
      yield* failureDescriber.load
      const stories = new SpanStories()
      yield* Effect.addFinalizer(() => stories.close)
      return Layer.setTracer(narrating(yield* Effect.tracer, rules, stories))
    })
  )
