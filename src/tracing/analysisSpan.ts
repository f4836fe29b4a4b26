/**
 * Where an analysis goes in a trace.
 */
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { analysisText } from "../event/analysisText.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { AnyFiber } from "../runtime/fiber.js"
import { analysisAttributes } from "./spanAttributes.js"
import * as spanEvents from "./spanEvents.js"
import * as spans from "./spans.js"

/** An analysis, as an event of its story's span; where that has ended, in a span of its own, linked to it. */
export const addAnalysis = (
  fiber: AnyFiber,
  span: Tracer.Span | undefined,
  analysis: FailureAnalysis,
  askedNanos: bigint,
  nanos: bigint
): void => {
  if (!spans.isRead(fiber, span)) return
  const attributes = {
    ...analysisAttributes(analysis, Number(nanos - askedNanos) / 1e9),
    "narrative.llm_analysis": analysisText(analysis)
  }
  if (span.status._tag !== "Ended") {
    spanEvents.add(fiber, span, nanos, "narrative.analysis", attributes)
    return
  }
  try {
    const link: Tracer.SpanLink = { _tag: "SpanLink", span, attributes: { "narrative.link": "analysis-of" } }
    const own = fiber.currentTracer.span(
      "Failure Analysis",
      Option.none(),
      Context.empty(),
      [link],
      askedNanos,
      "internal"
    )
    for (const [key, value] of Object.entries(attributes)) own.attribute(key, value)
    own.end(nanos, Exit.void)
  } catch {
    // A tracer that cannot take it must not keep the analysis from others.
  }
}
