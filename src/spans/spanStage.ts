/**
 * A span as a stage of the story it is in, or as one of those that are only counted there.
 */
import type * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import { isInterruption } from "../cause/causeLeaves.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import * as eventFactory from "../narration/eventFactory.js"
import { emitTo, mark, plainRecord, type Region } from "../narration/region.js"
import type { Stage, Story } from "../narration/Story.js"
import * as stageRegion from "../narration/stageRegion.js"
import * as validatedOptions from "../narration/validatedOptions.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, nanos, now } from "../runtime/fiber.js"
import { countedIn, lateStage } from "./countedSpans.js"
import { settle } from "./settling.js"
import * as spanRules from "./spanRules.js"

/** A span that has just started. */
export interface Started {
  readonly span: Tracer.Span
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly rule: spanRules.Rule
  readonly rules: spanRules.Rules
  readonly options: Tracer.SpanOptions | undefined
  /** 0 where tracers are not given times. */
  readonly startTime: bigint
  readonly fiber: AnyFiber
}

/** What a span is narrated as. */
export interface Narrated {
  /** What is to be done when the span ends. */
  readonly end: (fiber: AnyFiber, endTime: bigint, exit: Exit.Exit<unknown, unknown>) => void
}

/** What becomes of a span that is still going on when its story is over. */
export type Outlived = (
  region: Region & { readonly span: Tracer.Span },
  stage: Stage,
  fiber: AnyFiber,
  exit: Exit.Exit<unknown, unknown>
) => void

/** Most equal siblings that are stages of their own. */
const maxSiblings = 3
/** Most stages of a story that are made by themselves. */
const maxStages = 200
/** How deep they are nested. */
const maxDepth = 6

export const stageOfSpan = (started: Started, place: Region, outlived: Outlived): Narrated => {
  const { fiber, options, rule, span, startTime } = started
  const { story } = place
  const name = validatedOptions.nameOf("stage", rule.name).value
  if (!rule.isIncluded && isTooMuch(place, name)) {
    mark(span, { story, stage: place.stage, span, at: span, isOwn: true, isCounted: true })
    return countSpan(started, place)
  }
  const attributes = plainRecord(fiber, story, options?.attributes)
  const stage = story.begin(name, "stage", place.stage, fiber.id(), attributes, placeOf(options))
  stage.span = span
  const region = new SpanStage(story, stage, span, outlived)
  mark(span, region)
  const renderers = renderersOf(fiber)
  if (renderers.length === 0) stage.startNanos = startTime > 0n ? startTime : nanos(fiber)
  else {
    const waiting = emitTo(renderers, story, () => eventFactory.stageStarted(story, stage, now(fiber), span))
    if (waiting !== undefined) settle(fiber, story, waiting)
    // A duration covers the span only, not what renderers did before.
    stage.startNanos = nanos(fiber)
  }
  return region
}

class SpanStage implements Region, Narrated {
  readonly isOwn = true

  constructor(
    readonly story: Story,
    readonly stage: Stage,
    readonly span: Tracer.Span,
    readonly outlived: Outlived
  ) {}

  get at(): Tracer.Span {
    return this.span
  }

  end(fiber: AnyFiber, endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    const { span, stage, story } = this
    if (stage.status !== "running") {
      this.outlived(this, stage, fiber, exit)
      return
    }
    takeAttributes(fiber, story, stage, span)
    const waiting = stageRegion.end(story, stage, span, fiber, endOf(fiber, endTime), exit)
    if (waiting !== undefined) settle(fiber, story, waiting)
  }
}

const isTooMuch = (place: Region, name: string): boolean =>
  place.isCounted === true ||
  (place.stage !== undefined && place.stage.depth + 1 >= maxDepth) ||
  place.story.startedStages >= maxStages ||
  countedIn(place).sibling(name) > maxSiblings

/** Counts a span where it is. What takes long is a stage after all. */
export const countSpan = (started: Started, place: Region): Narrated => {
  const { fiber, kind, name, options, rule, rules, span, startTime } = started
  const startNanos = startTime > 0n ? startTime : nanos(fiber)
  const counted = countedIn(place)
  const end: Narrated["end"] = (fiber, endTime, exit) => {
    const { stage, story } = place
    if (story.status !== "running") return
    const isCall = spanRules.isOutbound(kind)
    const endNanos = endOf(fiber, endTime)
    const label = rule.name === name ? spanRules.labelOf(name, span.attributes) : rule.name
    const ended = () => ({
      span,
      name: validatedOptions.nameOf("stage", label).value,
      kind: isCall ? "client" : "stage",
      attributes: spanRules.shownAttributes(span.attributes),
      definedAt: placeOf(options),
      startNanos,
      endNanos,
      exit
    })
    const isFailed = exit._tag === "Failure" && !isInterruption(exit.cause)
    if (isFailed) counted.failed(ended())
    if (endNanos - startNanos >= rules.detailsOverNanos && story.startedStages < maxStages) {
      settle(fiber, story, lateStage(fiber, { ...place, stage }, ended()))
      return
    }
    counted.add(label, isFailed)
    const lifted = span.attributes.size === 0 ? undefined : spanRules.liftedAttributes(span.attributes)
    if (lifted !== undefined) counted.lift(plainRecord(fiber, story, lifted))
  }
  return { end }
}

/** What was put on a span by its end, as its stage or story shows it. */
export const takeAttributes = (fiber: AnyFiber, story: Story, of: Stage | Story, span: Tracer.Span): void => {
  attempt(() => {
    if (span.attributes.size === 0) return
    of.attributes = { ...of.attributes, ...plainRecord(fiber, story, spanRules.shownAttributes(span.attributes)) }
  }, undefined)
}

const endOf = (fiber: AnyFiber, endTime: bigint): bigint => (endTime > 0n ? endTime : nanos(fiber))

/** Where a span was made: Effect captures it, and formats it when it is asked. */
export const placeOf = (options: Tracer.SpanOptions | undefined): DefinedAt => {
  const trace = options?.captureStackTrace
  return typeof trace === "function" ? new Trace(trace) : undefined
}

class Trace {
  readonly #trace: () => string | undefined

  constructor(trace: () => string | undefined) {
    this.#trace = trace
  }

  get stack(): string {
    return this.#trace() ?? ""
  }
}
