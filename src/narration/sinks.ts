/**
 * The sinks a fiber emits to, and the ids that an event emitted there has beside it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { makeCounting, type Renderer } from "../delivery/rendererModel.js"
import { renderersOf } from "../delivery/rendererSet.js"
import { narrateAll, type SinkEvent, type SinkQueue, type Tried } from "../delivery/sinkQueue.js"
import { idsOf } from "../event/correlationFields.js"
import type { PlainValue } from "../plain/PlainValue.js"
import { Secrets } from "../redaction/secrets.js"
import { SinkEvents, type WideEvents } from "../renderer/sink/sinkEvents.js"
import { type AnyFiber, now } from "../runtime/fiber.js"
import { withoutNarration } from "../runtime/muting.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { askerIn } from "../tracing/currentCorrelation.js"
import { hide, redactorOf, regionFor } from "./region.js"

type Data = Readonly<Record<string, unknown>>

const queues = new WeakMap<Renderer, SinkQueue>()

/** The renderer that gives a sink what is narrated, and by which what is emitted finds it. */
export const rendererOf = (
  name: string,
  queue: SinkQueue,
  wide: WideEvents
): Effect.Effect<Renderer, never, Scope.Scope> =>
  Effect.suspend(() => {
    const events = new SinkEvents(wide)
    const renderer = makeCounting(
      name,
      (event) => narrateAll(queue, events.take(event), event.timestamp),
      queue.delivery
    )
    queues.set(renderer, queue)
    // Before the queue closes, which waits for what it is given here.
    const close = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      withoutNarration(narrateAll(queue, events.close(), now) ?? Effect.void)
    )
    return Effect.as(
      Effect.addFinalizer(() => close),
      renderer
    )
  })

export const sinksOf = (renderers: ReadonlyArray<Renderer>): ReadonlyArray<SinkQueue> =>
  renderers.flatMap((renderer) => queues.get(renderer) ?? [])

/** An event as it may leave. */
export const eventOf = (fiber: AnyFiber, type: string, data: Data | undefined): SinkEvent => {
  const here = regionFor(fiber)
  const secrets = here?.story.secrets
  const redactor = redactorOf(fiber)
  return {
    type: here === undefined ? redactor.text(type) : hide(fiber, here.story, type),
    data: { ...ofRun(fiber), ...(data === undefined ? {} : redactor.record(data, secrets)) }
  }
}

const ofRun = (fiber: AnyFiber): Record<string, PlainValue> => {
  const timestamp = new Date(now(fiber)).toISOString()
  const here = regionFor(fiber)
  if (here === undefined) {
    const asker = askerIn(fiber.currentContext)
    const shown = asker?.shown(redactorOf(fiber), () => new Secrets()).correlation
    return { timestamp, ...(shown === undefined ? {} : Object.fromEntries(idsOf(shown))) }
  }
  const { span, stage, story } = here
  return {
    timestamp,
    pipeline_run_id: story.id,
    pipeline_name: story.name,
    ...(stage === undefined ? {} : { stage: stage.name }),
    ...(story.correlation === null ? {} : Object.fromEntries(idsOf(story.correlation))),
    ...(span === undefined ? {} : { trace_id: span.traceId })
  }
}

/** Emits an event to every sink here; no event is made where there is none. */
export const emit = (fiber: AnyFiber, type: string, data: Data | undefined): Waiting => {
  const sinks = sinksOf(renderersOf(fiber))
  if (sinks.length === 0) return undefined
  const event = eventOf(fiber, type, data)
  let waiting: Waiting
  for (const sink of sinks) waiting = inOrder(waiting, sink.offer(event, now(fiber)))
  return waiting
}

/** The same, without waiting. */
export const tryEmit = (fiber: AnyFiber, type: string, data: Data | undefined): Tried => {
  const sinks = sinksOf(renderersOf(fiber))
  if (sinks.length === 0) return { taken: false, waiting: undefined }
  const event = eventOf(fiber, type, data)
  let taken = true
  let waiting: Waiting
  for (const sink of sinks) {
    const tried = sink.tryOffer(event, now(fiber))
    taken &&= tried.taken
    waiting = inOrder(waiting, tried.waiting)
  }
  return { taken, waiting }
}
