/**
 * The story a fiber is in: its identity, its stages so far, its progress and its timeline. Pure state; it does no I/O.
 *
 * @since 0.1.0
 */

import type * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as FiberId from "effect/FiberId"
import type * as Tracer from "effect/Tracer"
import type { Describer } from "../diagnostics/describer.js"
import type { Correlation } from "../event/correlationFields.js"
import type { Progress, TimelineEntry } from "../event/FailureReport.js"
import type { StoryStatus } from "../event/NarrativeEvent.js"
import { keptFirst, keptLast, percent } from "../event/progress.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import { Secrets } from "../redaction/secrets.js"
import type { AnyFiber } from "../runtime/fiber.js"
import type { Asker, ShownAsker } from "../tracing/currentCorrelation.js"
import type { WorkTally } from "./workTally.js"

export { percent } from "../event/progress.js"

/** What is known of the stages of one name that were made in one stage or story. */
export interface StagePlace {
  made: number
  /** Where the last one looked at was written, and that as a text. */
  definedAt: { readonly stack?: string } | undefined
  position: string | undefined
  /** Written in several places: each has to be looked at. */
  isAmbiguous: boolean
}

/** Spans of the program's own that are counted where they happened, instead of being stages. @internal */
export interface CountedSpans {
  /** The stage or story ends: it shows them, and the one that it failed with becomes a stage after all. */
  readonly end: (fiber: AnyFiber, exit: Exit.Exit<unknown, unknown>) => void
}

/**
 * One stage of a story, while it runs and after.
 *
 * @since 0.1.0
 * @category models
 */
export class Stage {
  status: TimelineEntry["status"] = "running"
  durationSeconds: number | null = null
  /** In milliseconds since the epoch, once it has failed. @internal */
  failedAt: number | undefined
  declare attributes: PlainRecord
  /** How often it was tried again. */
  retries = 0
  /** Whether a stand-in took the place of its work, in a dry run. @internal */
  stoodIn = false
  declare readonly name: string
  /** The 0-based order of starting within the story, nested stages included. */
  declare readonly index: number
  declare readonly kind: string
  declare readonly parent: Stage | undefined
  declare readonly fiberId: FiberId.Runtime
  /** @internal */ declare readonly definedAt: { readonly stack?: string } | undefined
  declare readonly depth: number
  /** Whether its story ended before it did. @internal */
  isOrphan = false
  /** @internal */ startNanos = 0n
  /** While it runs. @internal */ span: Tracer.Span | undefined
  /** @internal */ next: Stage | undefined
  /** @internal */ previous: Stage | undefined
  /** @internal */ progressAt = Number.NEGATIVE_INFINITY
  /** By the names of the stages made in it. @internal */
  places: Map<string, StagePlace> | undefined
  /** The spans in it that are no stages. @internal */
  counted: CountedSpans | undefined
  #path: ReadonlyArray<string> | undefined

  /** @internal */
  constructor(
    name: string,
    index: number,
    kind: string,
    parent: Stage | undefined,
    fiberId: FiberId.Runtime,
    attributes: PlainRecord,
    definedAt: { readonly stack?: string } | undefined
  ) {
    this.name = name
    this.index = index
    this.kind = kind
    this.parent = parent
    this.fiberId = fiberId
    this.definedAt = definedAt
    this.depth = parent === undefined ? 0 : parent.depth + 1
    this.attributes = attributes
  }

  /** The names of the stages from the outermost down to this one. */
  get path(): ReadonlyArray<string> {
    this.#path ??= this.parent === undefined ? [this.name] : [...this.parent.path, this.name]
    return this.#path
  }

  /** @internal */
  isWithin(stage: Stage): boolean {
    let outer: Stage | undefined = this
    while (outer !== undefined && outer !== stage) outer = outer.parent
    return outer === stage
  }
}

/** What was found out of a failure when the innermost stage that it came from ended. @internal */
export interface KnownFailure {
  readonly origin: Stage
  summary: ReturnType<Describer["summarize"]> | undefined
}

/** @internal */
export interface StoryInit {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly parent: Story | undefined
  /** The stage of the parent it is in. */
  readonly around: Stage | undefined
  readonly fiberId: FiberId.Runtime
  readonly totalStages: number | undefined
  readonly labels: { readonly [key: string]: string }
  readonly attributes: PlainRecord
  readonly dryRun: boolean
}

/**
 * A story. What a program reads of it with `Narrative.current` is a live view: it goes on changing while the story runs.
 *
 * @since 0.1.0
 * @category models
 */
export class Story {
  declare readonly id: string
  /** Decided when its start is emitted; a request that is served is named by its route. */
  declare name: string
  declare readonly kind: string
  declare readonly parentStoryId: string | null
  declare readonly rootStoryId: string
  declare readonly labels: { readonly [key: string]: string }
  declare readonly dryRun: boolean
  declare attributes: PlainRecord
  outcome: string | null = null
  status: StoryStatus | "running" = "running"

  /** @internal */ declare readonly parent: Story | undefined
  /** The stage of the parent it is in. @internal */
  declare readonly around: Stage | undefined
  /** @internal */ declare readonly fiberId: FiberId.Runtime
  /** Why the last stage failed that is in no other, if it did. @internal */ declare lastFailure?:
    | Cause.Cause<unknown>
    | undefined
  /** Who asked for it. @internal */ asker: Asker | undefined
  /** The same, as far as it may be shown. @internal */ shownAsker: ShownAsker | undefined
  /** @internal */ declare declaredTotal: number | undefined
  /** @internal */ requestedStatus: StoryStatus | undefined
  /** @internal */ sequence = 0
  /** @internal */ startedStages = 0
  /** @internal */ completedStages = 0
  /** @internal */ failedStages = 0
  /** @internal */ cancelledStages = 0
  /** Waiting that an event without a fiber of its own (a log line) left to the next one. @internal */
  deferred: Effect.Effect<void> | undefined
  /** Emits its start, which was put off until something happens in it. @internal */
  announce: (() => void) | undefined
  /** How long its fiber waited for analyses: no part of its duration. @internal */
  idleNanos = 0n
  /** By the names of the stages made in it, outside any stage. @internal */
  places: Map<string, StagePlace> | undefined
  /** The spans in it, outside any stage, that are no stages. @internal */
  counted: CountedSpans | undefined
  /** The work recorded so far. @internal */
  tally: WorkTally | undefined
  /** Handled failures whose analysis is awaited: each is reported without it when the story ends first. @internal */
  unexplained: Set<() => Effect.Effect<void> | undefined> | undefined
  /** The innermost stage each failure came from; weak, so that caught failures are forgotten. @internal */
  #origins: WeakMap<object, Stage> | undefined
  /** Weak for the same reason. */
  #known: WeakMap<object, KnownFailure> | undefined
  #secrets: Secrets | undefined
  readonly #first: Array<Stage> = []
  readonly #last: Array<Stage> = []
  #openHead: Stage | undefined
  #openTail: Stage | undefined

  /** @internal */
  constructor(init: StoryInit) {
    this.id = init.id
    this.name = init.name
    this.kind = init.kind
    this.parent = init.parent
    this.around = init.around
    this.parentStoryId = init.parent?.id ?? null
    this.rootStoryId = init.parent?.rootStoryId ?? init.id
    this.labels = init.labels
    this.dryRun = init.dryRun
    this.attributes = init.attributes
    this.declaredTotal = init.totalStages
    this.fiberId = init.fiberId
  }

  /** Who asked for it, as far as that may be shown; `null` where nothing is known. */
  get correlation(): Correlation | null {
    return this.shownAsker?.correlation ?? null
  }

  get progress(): Progress {
    const total = this.declaredTotal ?? this.startedStages
    return {
      percent: percent(this.completedStages, total),
      completedStages: this.completedStages,
      totalStages: total
    }
  }

  /** The first 50 and the last 200 stages, in order of starting. */
  get stages(): ReadonlyArray<Stage> {
    const start = Math.max(0, this.startedStages - keptFirst) % keptLast
    return this.#last.length < keptLast
      ? [...this.#first, ...this.#last]
      : [...this.#first, ...this.#last.slice(start), ...this.#last.slice(0, start)]
  }

  /** How many stages between the first and the last ones are not in {@link stages}. */
  get omittedStages(): number {
    return this.startedStages - this.#first.length - this.#last.length
  }

  /** The stages still running, in order of starting. */
  get openStages(): ReadonlyArray<Stage> {
    const open: Array<Stage> = []
    for (let stage = this.#openHead; stage !== undefined; stage = stage.next) open.push(stage)
    return open
  }

  /** What was hidden so far in this story and those around it, so that it can be hidden wherever it turns up. @internal */
  get secrets(): Secrets {
    if (this.parent !== undefined) return this.parent.secrets
    this.#secrets ??= new Secrets()
    return this.#secrets
  }

  /** @internal */
  begin(
    name: string,
    kind: string,
    parent: Stage | undefined,
    fiberId: FiberId.Runtime,
    attributes: PlainRecord,
    definedAt: { readonly stack?: string } | undefined
  ): Stage {
    const stage = new Stage(name, this.startedStages, kind, parent, fiberId, attributes, definedAt)
    if (stage.index < keptFirst) this.#first.push(stage)
    else this.#last[(stage.index - keptFirst) % keptLast] = stage
    this.startedStages += 1
    stage.previous = this.#openTail
    if (this.#openTail === undefined) this.#openHead = stage
    else this.#openTail.next = stage
    this.#openTail = stage
    return stage
  }

  /** Ends a stage, once: `false` when it had ended before. @internal */
  end(stage: Stage, status: "completed" | "failed" | "cancelled", durationSeconds: number): boolean {
    if (stage.status !== "running") return false
    stage.status = status
    stage.durationSeconds = durationSeconds
    if (status === "completed") this.completedStages += 1
    else if (status === "failed") this.failedStages += 1
    else this.cancelledStages += 1
    if (stage.previous === undefined) this.#openHead = stage.next
    else stage.previous.next = stage.next
    if (stage.next === undefined) this.#openTail = stage.previous
    else stage.next.previous = stage.previous
    stage.next = stage.previous = undefined
    // The story keeps its stages, and a span many times their size: kept too, each would live long enough to become old.
    stage.span = undefined
    return true
  }

  /**
   * Notes that a failure came out of a stage. The innermost one is kept; an error value that failed before, in a stage
   * that is not inside this one, is a new failure. @internal
   */
  blame(failure: object, stage: Stage): void {
    this.#origins ??= new WeakMap()
    const known = this.#origins.get(failure)
    if (known === undefined || !known.isWithin(stage)) this.#origins.set(failure, stage)
  }

  /** @internal */
  originOf(failure: object): Stage | undefined {
    return this.#origins?.get(failure)
  }

  /** What is known of a failure; not of an earlier one that came from another stage with the same error. @internal */
  knownFailure(failure: object, origin: Stage): KnownFailure | undefined {
    const known = this.#known?.get(failure)
    return known?.origin === origin ? known : undefined
  }

  /** @internal */
  remember(failure: object, origin: Stage): KnownFailure {
    const known = { origin, summary: undefined }
    this.#known ??= new WeakMap()
    this.#known.set(failure, known)
    return known
  }

  /** @internal */
  isWithin(story: Story): boolean {
    let outer: Story | undefined = this
    while (outer !== undefined && outer !== story) outer = outer.parent
    return outer === story
  }
}
