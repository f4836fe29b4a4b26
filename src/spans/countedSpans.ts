/**
 * The spans in a stage, or in a story outside any stage, that are no stages: how many of each there were, how many failed,
 * and the last that did.
 */
import type * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import { leavesOf } from "../cause/causeLeaves.js"
import { origin } from "../cause/madeFrom.js"
import { isMadeFrom } from "../cause/repeatedText.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import { spanDetails } from "../event/spanDetails.js"
import * as eventFactory from "../narration/eventFactory.js"
import { emit, plainRecord, type Region } from "../narration/region.js"
import type { CountedSpans, Stage, Story } from "../narration/Story.js"
import * as stageRegion from "../narration/stageRegion.js"
import { type PlainRecord, text } from "../plain/PlainValue.js"
import { isObject } from "../plain/untrusted.js"
import { type AnyFiber, nanos, now } from "../runtime/fiber.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"

/** A counted span that is over. */
export interface Ended {
  readonly span: Tracer.Span
  readonly name: string
  readonly kind: string
  readonly attributes: Readonly<Record<string, unknown>> | undefined
  readonly definedAt: DefinedAt
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly exit: Exit.Exit<unknown, unknown>
}

interface Count {
  count: number
  failed: number
}

/** Most labels that are counted one by one. */
const maxLabels = 12
/** Most names of stages that are counted. */
const maxNames = 256

export class Counted implements CountedSpans {
  readonly #labels = new Map<string, Count>()
  readonly #made = new Map<string, number>()
  #others = 0
  #lifted: PlainRecord | undefined
  #lastFailed: Ended | undefined

  constructor(readonly region: Region) {}

  /** How many stages of a name there are with this one. */
  sibling(name: string): number {
    const made = (this.#made.get(name) ?? 0) + 1
    if (made > 1 || this.#made.size < maxNames) this.#made.set(name, made)
    return made
  }

  add(label: string, isFailed: boolean): void {
    let count = this.#labels.get(label)
    if (count === undefined) {
      if (this.#labels.size >= maxLabels) {
        this.#others += 1
        return
      }
      count = { count: 0, failed: 0 }
      this.#labels.set(label, count)
    }
    count.count += 1
    if (isFailed) count.failed += 1
  }

  lift(attributes: PlainRecord): void {
    this.#lifted = { ...this.#lifted, ...attributes }
  }

  failed(ended: Ended): void {
    this.#lastFailed = ended
  }

  end(fiber: AnyFiber, exit: Exit.Exit<unknown, unknown>): void {
    const of = this.region.stage ?? this.region.story
    of.attributes = { ...of.attributes, ...this.#lifted, ...this.#listed() }
    const last = this.#lastFailed
    this.#lastFailed = undefined
    if (exit._tag === "Success" || last?.exit._tag !== "Failure") return
    const known = leavesOf(last.exit.cause)
    const failures = leavesOf(exit.cause)
    for (const { error } of failures) noteMade(error, known[0]?.error)
    const isIts = failures.some(({ key }) => known.some((leaf) => leaf.key === key) && !this.#isPlaced(key))
    // The next event waits for it: that of the end.
    if (isIts) this.region.story.deferred = lateStage(fiber, this.region, last)
  }

  #listed(): PlainRecord {
    if (this.#labels.size === 0) return {}
    const parts = Array.from(this.#labels, ([label, { count, failed }]) => {
      const times = count === 1 ? "" : ` ×${count}`
      return `${text(label)}${times}${failed === 0 ? "" : ` (${failed} failed)`}`
    })
    if (this.#others > 0) parts.push(`${this.#others} more`)
    return { [spanDetails]: parts.join(" · ") }
  }

  /** Whether it came out of a stage in here: a transaction fails with what its stages failed with. */
  #isPlaced(failure: object): boolean {
    const { stage, story } = this.region
    const origin = story.originOf(failure)
    return origin !== undefined && (stage === undefined || origin.isWithin(stage))
  }
}

/** An error that says no more than what the last call failed with, or has its cause, was made from that. */
const noteMade = (error: unknown, called: unknown): void => {
  if (isObject(error) && isMadeFrom(error, called)) {
    origin.set(error, called)
  }
}

/** What is counted where a region is. */
export const countedIn = (region: Region): Counted => {
  const place: Stage | Story = region.stage ?? region.story
  if (place.counted instanceof Counted) return place.counted
  const counted = new Counted(region)
  place.counted = counted
  return counted
}

/** A counted span that is worth a line: its start and its end are emitted at once. */
export const lateStage = (fiber: AnyFiber, { stage: parent, story }: Region, ended: Ended): Waiting => {
  const { definedAt, endNanos, exit, kind, name, span, startNanos } = ended
  if (story.status !== "running") return undefined
  const attributes = plainRecord(fiber, story, ended.attributes)
  const stage = story.begin(name, kind, parent, fiber.id(), attributes, definedAt)
  stage.startNanos = startNanos
  const startedAt = Math.round(now(fiber) - Number(nanos(fiber) - startNanos) / 1e6)
  return inOrder(
    emit(fiber, story, () => eventFactory.stageStarted(story, stage, startedAt, span)),
    stageRegion.end(story, stage, span, fiber, endNanos, exit)
  )
}
