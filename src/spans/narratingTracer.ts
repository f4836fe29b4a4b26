/**
 * A tracer that narrates the spans of another one: each becomes a story, a stage, or a count on the stage it is in. What the
 * other tracer is given, and what it exports, is as it was.
 */
import type * as Exit from "effect/Exit"
import { globalValue } from "effect/GlobalValue"
import * as Tracer from "effect/Tracer"
import { placeOf, type Region, regionAbove, regionOf } from "../narration/region.js"
import { type AnyFiber, currentFiber } from "../runtime/fiber.js"
import { runningFiber } from "../runtime/fiberInternals.js"
import { isEnabled } from "../runtime/muting.js"
import { localSpan } from "../tracing/localSpan.js"
import { isEffects, isNative, SpanOf, wraps } from "../tracing/spans.js"
import { isInbound, isOutbound, type Rules } from "./spanRules.js"
import { countSpan, type Narrated, type Started, stageOfSpan } from "./spanStage.js"
import { type SpanStories, spanAmong, takeTool } from "./spanStory.js"

/** Tracers of ours, with what they wrap: those of all copies of the library in a process. */
const wrapped = globalValue("effect-narrative/narratingTracers", () => new WeakMap<Tracer.Tracer, Tracer.Tracer>())

export const narrating = (given: Tracer.Tracer, rules: Rules, stories: SpanStories): Tracer.Tracer => {
  // One of ours inside another would narrate every span twice.
  const inner = wrapped.get(given) ?? given
  const calls = new Calls()
  // What Effect's own makes stays in the process, and so do these, at less than half the cost.
  const maker = isEffects(inner) ? { span: localSpan } : inner
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind, options) => {
      const span = maker.span(name, parent, context, links, startTime, kind, options)
      const rule = rules.of(name, kind, options)
      if (rule.role === "excluded" || context.unsafeMap.has(SpanOf.key)) return span
      const fiber = runningFiber()
      if (fiber === undefined || !span.sampled || !isEnabled(fiber)) return span
      try {
        const place = placeOfSpan(fiber, parent._tag === "Some" ? parent.value : undefined, stories, calls)
        if (rule.role === "counted" && place.region === undefined) return span
        // Where another tracer is between two of ours, the inner one was first.
        if (Object.isFrozen(span) || regionOf(span) !== undefined) return span
        const started: Started = { span, name, kind, rule, rules, options, startTime, fiber }
        const narrated = begin(started, place, stories)
        if (narrated !== undefined) endWith(started, narrated, calls)
      } catch {
        // Whatever goes wrong here must not reach the program.
      }
      return span
    },
    // Called for every operation of every fiber: Effect's own needs no `this`, and so no other function around it.
    context: isNative(inner) ? inner.context : (execution, fiber) => inner.context(execution, fiber)
  })
  wrapped.set(tracer, inner)
  wraps(tracer, inner)
  return tracer
}

interface SpanPlace {
  /** Where the span is, if that is known. */
  readonly region: Region | undefined
  /** It came from outside this process, as far as is known. */
  readonly isFromOutside: boolean
}

const placeOfSpan = (
  fiber: AnyFiber,
  parent: Tracer.AnySpan | undefined,
  stories: SpanStories,
  calls: Calls
): SpanPlace => {
  const around = placeOf(fiber)
  // Where a parent is known by its ids only, it may still go on in this process: in a cluster, or by RPC.
  const alive = parent?._tag === "ExternalSpan" ? (calls.get(parent.spanId) ?? spanAmong(stories, parent)) : parent
  const region = around?.at === alive ? around : (regionAbove(alive, around) ?? runningOf(around))
  return { region, isFromOutside: parent?._tag !== "ExternalSpan" || alive === undefined }
}

/** What becomes of a span that starts: nothing, or what has to know its end. */
const begin = (started: Started, { isFromOutside, region }: SpanPlace, stories: SpanStories): Narrated | undefined => {
  const { kind, options, rule } = started
  const isCounted = rule.role === "counted"
  if (region === undefined) return stories.begin(started, undefined)
  const isRequest = isInbound(kind) && !rule.isIncluded && isFromOutside
  if (rule.role === "story" || (isRequest && !isCounted)) return stories.begin(started, region)
  if (region.story.status === "running") {
    if (isCounted) return countSpan(started, region)
    if (options?.attributes !== undefined) takeTool(region, options.attributes)
    return stageOfSpan(started, region, stories.outlived)
  }
  if (isCounted) return undefined
  const continued = stories.continue(region, started)
  return continued === undefined ? stories.begin(started, region) : stageOfSpan(started, continued, stories.outlived)
}

const runningOf = (region: Region | undefined): Region | undefined =>
  region?.story.status === "running" ? region : undefined

/** Does it once, when the span ends: before its tracer does, which may hand it on at once. */
const endWith = ({ fiber, kind, span }: Started, narrated: Narrated, calls: Calls): void => {
  const { end } = span
  const isCall = isOutbound(kind)
  if (isCall) calls.add(span)
  let isOver = false
  span.end = (endTime: bigint, exit: Exit.Exit<unknown, unknown>) => {
    if (!isOver) {
      isOver = true
      if (isCall) calls.delete(span.spanId)
      try {
        narrated.end(currentFiber(fiber), endTime, exit)
      } catch {
        // Nor here.
      }
    }
    end.call(span, endTime, exit)
  }
}

/** Most calls that are looked up: one that never ends stays until then. */
const maxCalls = 10_000

/** The calls to others that are going on, by the ids which are sent along with them. */
class Calls {
  readonly #spans = new Map<string, Tracer.Span>()

  get(spanId: string): Tracer.Span | undefined {
    return this.#spans.get(spanId)
  }

  add(span: Tracer.Span): void {
    this.#spans.set(span.spanId, span)
    if (this.#spans.size <= maxCalls) return
    const [oldest] = this.#spans.keys()
    if (oldest !== undefined) this.#spans.delete(oldest)
  }

  delete(spanId: string): void {
    this.#spans.delete(spanId)
  }
}
