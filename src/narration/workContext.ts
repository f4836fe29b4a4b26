/**
 * Where work is recorded: the story and the span a fiber is in, the agent and the call around it, and what measures.
 */
import * as Context from "effect/Context"
import type * as Tracer from "effect/Tracer"
import { renderersOf } from "../delivery/rendererSet.js"
import type { Instrument } from "../metrics/Instruments.js"
import { metersOf } from "../metrics/meter.js"
import { type AnyFiber, now } from "../runtime/fiber.js"
import { isEnabled } from "../runtime/muting.js"
import { regionFor } from "./region.js"
import type { Stage, Story } from "./Story.js"
import { WorkTally } from "./workTally.js"

/** The call of a provider that is going on: what it used so far, and what it cost, where that was recorded. */
export interface Call extends Record<"prompt" | "completion" | "cached" | "reasoning", number> {
  costUsd: number | undefined
}

export interface WorkContext {
  readonly agentId: string | undefined
  readonly call: Call | undefined
}

export const WorkContext = Context.GenericTag<WorkContext>("effect-narrative/WorkContext")

const nowhere: WorkContext = { agentId: undefined, call: undefined }

export const workContextOf = (fiber: AnyFiber): WorkContext =>
  fiber.currentContext.unsafeMap.get(WorkContext.key) ?? nowhere

/** The agent label where there is no agent. */
const noAgent = "none"

export const agentIdOf = (fiber: AnyFiber): string => workContextOf(fiber).agentId ?? noAgent

export interface Place {
  readonly story: Story | undefined
  readonly stage: Stage | undefined
  readonly span: Tracer.Span | undefined
}

export const placeOf = (fiber: AnyFiber): Place =>
  regionFor(fiber) ?? { story: undefined, stage: undefined, span: undefined }

/** Hands a measurement to every meter in use; no fault of one reaches the program. */
export const measure = (
  fiber: AnyFiber,
  { span, story }: Pick<Place, "story" | "span">,
  instrument: Instrument,
  labels: ReadonlyArray<string>,
  value: number
): void => {
  if (!isEnabled(fiber)) return
  const meters = metersOf(renderersOf(fiber))
  if (meters.length === 0) return
  const at = { storyLabels: story?.labels, span, timestamp: now(fiber) }
  for (const meter of meters) {
    try {
      meter.record(instrument, labels, value, at)
    } catch {
      // As with a renderer: measuring must not fail what is measured.
    }
  }
}

/** Adds to the work of a story and of every story around it. */
export const tally = (story: Story | undefined, add: (tally: WorkTally) => void): void => {
  for (let outer = story; outer !== undefined; outer = outer.parent) {
    outer.tally ??= new WorkTally()
    add(outer.tally)
  }
}
