/**
 * A program's events and spans, and the laws every run of any program obeys.
 */
import * as assert from "node:assert"
import { Array, Context, Effect, type Exit, Layer, Option, Tracer } from "effect"
import { type NarrativeEvent, Renderer } from "../../src/index.js"

type Event = NarrativeEvent.NarrativeEvent

export interface Observed {
  readonly events: ReadonlyArray<Event>
  readonly openSpans: () => ReadonlyArray<string>
  readonly layer: Layer.Layer<never>
  /** Forgets what was observed so far. */
  readonly clear: () => void
}

/** Records events and spans of whatever the layer is provided to. */
export const observe = (...others: ReadonlyArray<Layer.Layer<never>>): Observed => {
  const events: globalThis.Array<Event> = []
  const open = new Map<string, string>()
  let nextSpan = 0
  const tracer = Tracer.make({
    span(name, parent, context, links, startTime, kind) {
      const spanId = String(nextSpan++)
      open.set(spanId, name)
      const attributes = new Map<string, unknown>()
      let status: Tracer.SpanStatus = { _tag: "Started", startTime }
      return {
        _tag: "Span",
        name,
        parent,
        context,
        links,
        kind,
        spanId,
        traceId: "trace",
        sampled: true,
        attributes,
        get status() {
          return status
        },
        attribute: (key, value) => void attributes.set(key, value),
        event: () => {},
        addLinks: () => {},
        end(endTime: bigint, exit: Exit.Exit<unknown, unknown>) {
          assert.ok(open.delete(spanId), `span ${name} ended twice`)
          status = { _tag: "Ended", startTime, endTime, exit }
        }
      }
    },
    context: (f) => f()
  })
  const recorder = Renderer.make("recorder", (event) => void events.push(event))
  return {
    events,
    openSpans: () => globalThis.Array.from(open.values()),
    clear: () => {
      events.length = 0
      open.clear()
    },
    layer: Layer.mergeAll(Renderer.replace(recorder), Layer.setTracer(tracer), ...others)
  }
}

/** Every start has one end, in order, and nothing comes after the end of its story. */
export const assertWellFormed = (events: ReadonlyArray<Event>): void => {
  for (const ofStory of Object.values(Array.groupBy(events, (event) => event.storyId))) {
    const tags = ofStory.map((event) => event._tag)
    const recorded = () => tags.join(" ")
    assert.strictEqual(tags[0], "StoryStarted", recorded())
    const late = tags.slice(tags.lastIndexOf("StoryCompleted") + 1)
    assert.ok(tags.includes("StoryCompleted"), recorded())
    assert.ok(
      late.every((tag) => tag === "AnalysisReady"),
      recorded()
    )
    assert.strictEqual(tags.filter((tag) => tag === "StoryStarted" || tag === "StoryCompleted").length, 2, recorded())
    const reports = ofStory.filter((event) => event._tag === "FailureOccurred" && !event.handled)
    assert.ok(reports.length <= 1, recorded())
    assert.deepStrictEqual(
      ofStory.map((event) => event.sequence),
      ofStory.map((_, i) => i),
      recorded()
    )
    const open = new Map<number, string>()
    let started = 0
    for (const event of ofStory) {
      switch (event._tag) {
        case "StageStarted":
          assert.strictEqual(event.stageIndex, started++)
          open.set(event.stageIndex, event.stageName)
          break
        case "StageCompleted":
        case "StageFailed":
        case "StageCancelled":
          assert.strictEqual(open.get(event.stageIndex), event.stageName, `ended without a start: ${recorded()}`)
          open.delete(event.stageIndex)
          assert.ok(event.durationSeconds >= 0)
          break
        case "StageProgressed":
        case "StageRetried":
          assert.ok(open.has(event.stageIndex), `emitted outside its stage: ${recorded()}`)
          break
        case "FailureOccurred":
          assert.ok(event.handled || open.size === 0, `stages open at the failure: ${recorded()}`)
      }
    }
    assert.strictEqual(open.size, 0, `never ended: ${[...open.values()]} in ${recorded()}`)
  }
}

/** Runs an effect and fails unless the context of the fiber is as it was. */
export const keepsContext = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const before = yield* Effect.context<never>()
      const exit = yield* Effect.exit(restore(self))
      const after = yield* Effect.context<never>()
      assert.deepStrictEqual(
        globalThis.Array.from(after.unsafeMap.keys()),
        globalThis.Array.from(before.unsafeMap.keys())
      )
      assert.strictEqual(
        Option.getOrUndefined(Context.getOption(after, Tracer.ParentSpan)),
        Option.getOrUndefined(Context.getOption(before, Tracer.ParentSpan))
      )
      return yield* exit
    })
  )
