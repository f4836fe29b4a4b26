/**
 * Runs of equal stages emitted once: a loop that polls every second should not fill the screen.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StageCompleted, StageStarted } from "../event/NarrativeEvent.js"
import * as options from "../plain/options.js"
import { inOrder } from "../runtime/waiting.js"
import type { Deliver, Renderer } from "./rendererModel.js"
import { routed } from "./routed.js"

interface Run {
  readonly place: string
  /** Completed stages of the run so far. */
  seen: number
  /** The start that may yet turn out to belong to a held back stage. */
  started: StageStarted | undefined
  held: number
  durationSeconds: number
  last: StageCompleted | undefined
}

/** Most stories whose runs are followed at a time. */
const maxRuns = 1_000

const placeOf = (event: StageStarted | StageCompleted): string => event.stagePath.join("\u0000")

const decode = options.decodeOrThrow("Renderer.coalesce", Schema.Struct({ threshold: options.wholeNumber(1) }))

/** @internal */
export const make = (self: Renderer, given: { readonly threshold: number }): Renderer => {
  const { threshold } = decode(given)
  const runs = new Map<string, Run>()

  const summary = (run: Run, deliver: Deliver): Effect.Effect<void> | undefined => {
    const last = run.last
    if (last === undefined || run.held === 0) return undefined
    const { storyId, storyName, rootStoryId, parentStoryId, timestamp, sequence, traceId } = last
    const data = { stage_name: last.stageName, count: run.held, duration_seconds: run.durationSeconds }
    const inStory = { storyId, storyName, rootStoryId, parentStoryId, timestamp, sequence, traceId }
    // The held stages are not known to those below, so the summary names neither their index nor their span.
    const where = {
      stageName: last.parentStageName,
      stageIndex: null,
      depth: Math.max(0, last.depth - 1),
      spanId: null
    }
    run.held = 0
    run.durationSeconds = 0
    return deliver(self, { _tag: "EventRecorded", ...inStory, ...where, name: "stages.coalesced", data })
  }

  const end = (storyId: string, deliver: Deliver): Effect.Effect<void> | undefined => {
    const run = runs.get(storyId)
    if (run === undefined) return undefined
    runs.delete(storyId)
    const waiting = summary(run, deliver)
    return run.started === undefined ? waiting : inOrder(waiting, deliver(self, run.started))
  }

  return routed(self.name, [self], (event, deliver) => {
    const run = runs.get(event.storyId)
    if (event._tag === "StageStarted" && run?.place === placeOf(event) && run.started === undefined) {
      if (run.seen >= threshold) {
        run.started = event
        return undefined
      }
      return deliver(self, event)
    }
    if (event._tag === "StageCompleted") {
      if (run?.started !== undefined && run.started.stageIndex === event.stageIndex) {
        run.started = undefined
        run.held += 1
        run.durationSeconds += event.durationSeconds
        run.last = event
        return undefined
      }
      if (run?.place === placeOf(event) && run.started === undefined) {
        run.seen += 1
        return deliver(self, event)
      }
    }
    let waiting = inOrder(end(event.storyId, deliver), deliver(self, event))
    if (event._tag === "StageCompleted") {
      // Before this one is added: a story whose end never comes by here would be kept for good.
      for (const [oldest] of runs) {
        if (runs.size < maxRuns) break
        waiting = inOrder(waiting, end(oldest, deliver))
      }
      runs.set(event.storyId, {
        place: placeOf(event),
        seen: 1,
        started: undefined,
        held: 0,
        durationSeconds: 0,
        last: undefined
      })
    }
    return waiting
  })
}
