/**
 * A span that begins a story.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import { isInterruption, leavesOf } from "../cause/causeLeaves.js"
import { typeOf } from "../cause/thrownValue.js"
import { renderersOf } from "../delivery/rendererSet.js"
import { dryRun } from "../narration/dryRun.js"
import * as eventFactory from "../narration/eventFactory.js"
import { emitTo, mark, plainRecord, type Region } from "../narration/region.js"
import { type Stage, Story } from "../narration/Story.js"
import * as storyFailure from "../narration/storyFailure.js"
import * as storyRegion from "../narration/storyRegion.js"
import * as validatedOptions from "../narration/validatedOptions.js"
import { type AnyFiber, currentFiber, nanos, now, withFiber } from "../runtime/fiber.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { askerIn } from "../tracing/currentCorrelation.js"
import { settle } from "./settling.js"
import * as spanRules from "./spanRules.js"
import { type Narrated, type Outlived, placeOf, type Started, takeAttributes } from "./spanStage.js"

/** How a story begins: as a span, or as what is left of one that outlived its story. */
interface Beginning {
  readonly span: Tracer.Span
  readonly name: string
  readonly kind: string
  readonly around: Region | undefined
  readonly fiber: AnyFiber
  readonly attributes: Readonly<Record<string, unknown>> | undefined
  readonly definedAt: ReturnType<typeof placeOf>
  /** The name it has in the end, where that is decided late. */
  readonly nameOf?: (story: SpanStory) => string
}

class SpanStory implements Region, Narrated {
  readonly stage = undefined
  readonly isOwn = true
  readonly story: Story
  readonly opened: storyRegion.OpenStory
  /** The tool that was called. */
  tool: string | undefined
  readonly #observer: (exit: Exit.Exit<unknown, unknown>) => void

  constructor(
    readonly beginning: Beginning,
    readonly stories: SpanStories
  ) {
    const { around, definedAt, fiber, kind, name } = beginning
    this.story = new Story({
      id: storyRegion.idIn(fiber),
      name: validatedOptions.nameOf("story", name).value,
      kind,
      parent: around?.story,
      around: around?.stage,
      fiberId: fiber.id(),
      totalStages: undefined,
      labels: {},
      attributes: {},
      dryRun: around?.story.dryRun === true || fiber.getFiberRef(dryRun) !== undefined
    })
    this.story.asker = askerIn(fiber.currentContext)
    this.story.shownAsker = storyRegion.shownAsker(fiber, this.story)
    this.story.attributes = plainRecord(fiber, this.story, beginning.attributes)
    this.opened = { region: this, init: { definedAt }, startNanos: nanos(fiber) }
    stories.open.add(this)
    // An interruption may come between the start of a span and what would end it.
    this.#observer = (exit) => {
      if (exit._tag === "Failure" && Cause.isInterrupted(exit.cause)) this.end(fiber, 0n, exit)
    }
    fiber.addObserver(this.#observer)
  }

  get span(): Tracer.Span {
    return this.beginning.span
  }

  get at(): Tracer.Span {
    return this.beginning.span
  }

  /** Takes the name it has by now. */
  rename(): void {
    const { nameOf } = this.beginning
    if (nameOf !== undefined) this.story.name = validatedOptions.nameOf("story", nameOf(this)).value
  }

  end(fiber: AnyFiber, _: bigint, exit: Exit.Exit<unknown, unknown>): void {
    settle(fiber, this.story, this.close(fiber, exit))
  }

  /** Ends it, once. */
  close(fiber: AnyFiber, exit: Exit.Exit<unknown, unknown>): Waiting {
    if (!this.stories.open.delete(this)) return undefined
    this.beginning.fiber.removeObserver(this.#observer)
    takeAttributes(fiber, this.story, this.story, this.span)
    this.rename()
    const failed = this.#failedInside(fiber, exit)
    return inOrder(failed, storyRegion.close(this.opened, fiber, this.#exitOf(exit)))
  }

  /** A call whose failure is its answer ends well: what failed in it is said nevertheless. */
  #failedInside(fiber: AnyFiber, exit: Exit.Exit<unknown, unknown>): Waiting {
    const { story } = this
    const { lastFailure } = story
    if (exit._tag === "Failure" || lastFailure === undefined) return undefined
    if (story.kind !== "rpc" && story.kind !== "tool") return undefined
    const [first] = leavesOf(lastFailure)
    if (first?.kind === "die") return storyFailure.recordFailure(this, fiber, lastFailure, undefined)
    story.outcome ??= typeOf(first?.error)
    return undefined
  }

  /** Below 500 a response is an outcome, whatever the program made it of. */
  #exitOf(exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> {
    const { span, story } = this
    const status = span.kind === "server" ? span.attributes.get("http.response.status_code") : undefined
    if (typeof status !== "number") return exit
    story.outcome ??= String(status)
    if (exit._tag === "Success") {
      if (status < 500) return exit
      // An `HttpApi` answers the errors that it declares: the last stage has why.
      if (story.lastFailure !== undefined) return Exit.failCause(story.lastFailure)
      story.requestedStatus ??= "failed"
      return exit
    }
    return status < 500 && !isInterruption(exit.cause) ? Exit.void : exit
  }
}

/** The stories that spans began, as long as they go on. */
export class SpanStories {
  readonly open = new Set<SpanStory>()
  readonly #continued = new WeakMap<Tracer.Span, SpanStory>()

  /** Those whose span does not end before the tracer goes are cancelled. */
  readonly close: Effect.Effect<void> = withFiber((fiber) => {
    let waiting: Waiting
    for (const story of Array.from(this.open).toReversed()) {
      waiting = inOrder(waiting, story.close(fiber, Exit.interrupt(fiber.id())))
    }
    return waiting ?? Effect.void
  })

  /** Begins the story of a span; `around` is what it is in, perhaps a story that is over. */
  begin(started: Started, around: Region | undefined): Narrated {
    const { fiber, name, options, rule, span } = started
    const isRenamed = rule.name !== name
    const nameOf = isRenamed ? undefined : lateNameOf(name, span)
    return this.#begin({
      span,
      name: rule.name,
      kind: rule.storyKind,
      around,
      fiber,
      attributes: options?.attributes,
      definedAt: placeOf(options),
      ...(nameOf === undefined ? {} : { nameOf })
    })
  }

  #begin(beginning: Beginning): SpanStory {
    const { around, fiber, nameOf, span } = beginning
    const of = new SpanStory(beginning, this)
    const { story } = of
    mark(span, of)
    const startedAt = now(fiber)
    const announce = () => {
      story.announce = undefined
      of.rename()
      const here = currentFiber(fiber)
      const waiting = emitTo(renderersOf(here), story, () =>
        eventFactory.storyStarted(story, around?.stage, startedAt, span)
      )
      settle(here, story, waiting)
    }
    if (nameOf === undefined) announce()
    else {
      story.announce = announce
      announceAtRoute(span, story)
    }
    of.opened.startNanos = nanos(fiber)
    return of
  }

  /**
   * A span that outlived its story, and in which something else starts now: the rest of it is a story of its own. `undefined`
   * where the span is over, too.
   */
  continue(region: Region, { fiber }: Started): Region | undefined {
    const { at, isOwn, stage } = region
    if (isOwn !== true || stage === undefined || at?._tag !== "Span" || at.status._tag === "Ended") return undefined
    const continued = this.#goOn(region, stage, at, fiber)
    this.#continued.set(at, continued)
    return continued
  }

  /** The end of a span that outlived its story: that of its own, or all there is of one. */
  readonly outlived: Outlived = (region, stage, fiber, exit) => {
    const { span, story } = region
    const continued = this.#continued.get(span)
    if (continued !== undefined) {
      continued.end(fiber, 0n, exit)
      return
    }
    for (let outer = stage.parent; outer !== undefined; outer = outer.parent) if (outer.isOrphan) return
    if (story.dryRun) return
    const late = this.#goOn(region, stage, span, fiber)
    late.opened.startNanos = stage.startNanos
    late.end(fiber, 0n, exit)
  }

  #goOn({ story }: Region, stage: Stage, span: Tracer.Span, fiber: AnyFiber): SpanStory {
    const { definedAt, kind, name } = stage
    const around = { story, stage, span, at: span }
    return this.#begin({ span, name, kind, around, fiber, attributes: undefined, definedAt })
  }
}

/** The span of an id, where it goes on in one of these stories. */
export const spanAmong = ({ open }: SpanStories, { spanId, traceId }: Tracer.AnySpan): Tracer.Span | undefined => {
  for (const { span, story } of open) {
    if (span.traceId !== traceId) continue
    const found = span.spanId === spanId ? span : story.openStages.find(({ span }) => span?.spanId === spanId)?.span
    if (found !== undefined) return found
  }
  return undefined
}

/** A tool that is called names the call it is called by. */
export const takeTool = (place: Region, attributes: Readonly<Record<string, unknown>> | undefined): void => {
  const tool = attributes?.["tool"]
  if (place instanceof SpanStory && typeof tool === "string") place.tool ??= tool
}

/** What decides the name of a span after its start. */
const lateNameOf = (name: string, span: Tracer.Span): ((story: SpanStory) => string) | undefined => {
  if (spanRules.isHttpServer(name)) return () => spanRules.requestName(name, span.attributes)
  return spanRules.isToolCall(name) ? ({ tool }) => tool ?? name : undefined
}

/** The start of a request is emitted when its route is known, or when the first thing happens in it. */
const announceAtRoute = (span: Tracer.Span, story: Story): void => {
  const { attribute } = span
  span.attribute = (key, value) => {
    attribute.call(span, key, value)
    if (key === "http.route") story.announce?.()
  }
}
