/**
 * Spans as `Effect.withSpan` makes them, minus its gap: an interruption cannot come between the start of a span and the
 * handler that ends it, because the caller holds the fiber uninterruptible.
 */
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { muted } from "./renderers.js"

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

const noLinks: ReadonlyArray<Tracer.SpanLink> = []

/** `undefined` when tracing or narration is switched off here. */
export const start = (
  fiber: AnyFiber,
  name: string,
  kind: Tracer.SpanKind,
  parent: Tracer.AnySpan | undefined,
  startNanos: bigint
): Tracer.Span | undefined => {
  if (!fiber.getFiberRef(FiberRef.currentTracerEnabled) || fiber.getFiberRef(muted) > 0) return undefined
  const visible = visibleParent(parent)
  const links = fiber.getFiberRef(FiberRef.currentTracerSpanLinks)
  const span = fiber.currentTracer.span(
    name,
    visible === undefined ? Option.none() : Option.some(visible),
    Context.empty(),
    Chunk.isEmpty(links) ? noLinks : Chunk.toReadonlyArray(links),
    fiber.getFiberRef(FiberRef.currentTracerTimingEnabled) ? startNanos : 0n,
    kind
  )
  const annotations = fiber.getFiberRef(FiberRef.currentTracerSpanAnnotations)
  if (HashMap.size(annotations) > 0) HashMap.forEach(annotations, (value, key) => span.attribute(key, value))
  return span
}

const visibleParent = (span: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined => {
  let visible = span
  while (visible !== undefined && isHidden(visible)) {
    visible = visible._tag === "Span" ? Option.getOrUndefined(visible.parent) : undefined
  }
  return visible
}

// Most spans have no context of their own.
const isHidden = (span: Tracer.AnySpan): boolean =>
  span.context.unsafeMap.size > 0 && Context.get(span.context, Tracer.DisablePropagation)

// Where Effect's own `Cause.pretty` looks up the place a span was written.
const spanToTrace = globalValue("effect/Tracer/spanToTrace", () => new WeakMap<Tracer.Span, () => string | undefined>())

/** Ends a span once, telling of the place it was written when it failed. */
export const end = (
  fiber: AnyFiber,
  span: Tracer.Span,
  endNanos: bigint,
  exit: Exit.Exit<unknown, unknown>,
  definedAt: { readonly stack?: string } | undefined
): void => {
  if (span.status._tag === "Ended") return
  if (exit._tag === "Failure" && definedAt !== undefined) {
    const place = lastLine(definedAt.stack)
    if (place !== undefined) {
      spanToTrace.set(span, () => place)
      span.attribute("code.stacktrace", place)
    }
  }
  span.end(fiber.getFiberRef(FiberRef.currentTracerTimingEnabled) ? endNanos : 0n, exit)
}

const lastLine = (stack: string | undefined): string | undefined => {
  const line = stack?.trimEnd().split("\n").at(-1)?.trim()
  return line?.startsWith("at ") ? line : undefined
}
