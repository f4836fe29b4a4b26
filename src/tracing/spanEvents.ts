/**
 * What happens inside a span.
 */
import type * as Tracer from "effect/Tracer"
import { attempt } from "../plain/untrusted.js"
import type { AnyFiber } from "../runtime/fiber.js"
import { isRead } from "./spans.js"

/** Most events of one span, as in OpenTelemetry's own limits. */
const maxEvents = 128

const eventCounts = new WeakMap<Tracer.Span, number>()

/** Adds an event to a span that is exported and that has not ended. Beyond the most there may be, they are counted. */
export const add = (
  fiber: AnyFiber,
  span: Tracer.Span | undefined,
  nanos: bigint,
  name: string,
  attributes: Readonly<Record<string, unknown>>
): void => {
  if (!isRead(fiber, span) || span.status._tag === "Ended") return
  const count = (eventCounts.get(span) ?? 0) + 1
  eventCounts.set(span, count)
  if (count > maxEvents) span.attribute("narrative.events.dropped", count - maxEvents)
  else attempt(() => span.event(name, nanos, attributes), undefined)
}
