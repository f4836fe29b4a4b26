/**
 * A program's spans narrated, against the same program written with stories and stages.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Exit, Fiber, FastCheck as fc, Layer, Logger, Tracer } from "effect"
import { Narrative, type NarrativeEvent, NarrativeSpans, Renderer } from "../../src/index.js"
import { shape } from "../laws/exits.js"
import { assertWellFormed, keepsContext } from "../laws/observed.js"
import { bare, interpret, narrated, program } from "../laws/programs.js"

type Event = NarrativeEvent.NarrativeEvent

const byHand = narrated

const bySpans: typeof narrated = {
  ...narrated,
  stage: (self, name) => Effect.withSpan(self, name),
  story: (self, name) => Effect.withSpan(self, name, { attributes: { begins: "story" } }),
  fn: (self, name) => {
    const call = Effect.fn(name)(function* () {
      return yield* self
    })
    return call()
  }
}

const stories = ({ attributes }: NarrativeSpans.SpanStart) => attributes["begins"] === "story"

/** Some parts of a program by hand, and others by spans: each has to find its place among the others. */
const mixed = (isSpan: (turn: number) => boolean): typeof narrated => {
  let turn = 0
  const pick = () => (isSpan(turn++) ? bySpans : byHand)
  return {
    ...narrated,
    stage: (self, name) => pick().stage(self, name),
    story: (self, name) => pick().story(self, name),
    fn: (self, name) => pick().fn(self, name)
  }
}

/** Without what differs from run to run: ids, times, and the place in the source. */
const essence = (events: ReadonlyArray<Event>): ReadonlyArray<unknown> => {
  const numbers = new Map<string | null, number>([[null, -1]])
  const numberOf = (id: string | null) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size)
    return numbers.get(id)
  }
  const of = (event: Event) => {
    switch (event._tag) {
      case "StoryStarted":
        return { name: event.storyName, kind: event.kind, parent: event.parentStageIndex }
      case "StageStarted":
        return { path: event.stagePath, index: event.stageIndex, depth: event.depth, kind: event.kind }
      case "StageCompleted":
        return { path: event.stagePath, index: event.stageIndex, progress: event.progress }
      case "StageCancelled":
        return { path: event.stagePath, index: event.stageIndex, orphaned: event.orphaned }
      case "StageFailed":
        return { path: event.stagePath, index: event.stageIndex, error: [event.errorType, event.errorMessage] }
      case "FailureOccurred":
        return {
          handled: event.handled,
          timeline: event.timeline.map(({ depth, index, name, status }) => [depth, index, name, status]),
          progress: event.progress,
          failures: event.failures.map(({ errorMessage, errorType, path, stageName, stagePath }) => ({
            path,
            errorMessage,
            errorType,
            stageName,
            stagePath
          }))
        }
      case "StoryCompleted":
        return {
          status: event.status,
          outcome: event.outcome,
          progress: event.progress,
          failed: [event.failedStages, event.cancelledStages],
          because: event.causedBy && [event.causedBy.storyName, event.causedBy.stageName, event.causedBy.errorType]
        }
      default:
        return "stageName" in event ? { stage: event.stageName } : {}
    }
  }
  return events.map((event) => ({
    tag: event._tag,
    story: numberOf(event.storyId),
    root: numberOf(event.rootStoryId),
    within: numberOf(event.parentStoryId),
    sequence: event.sequence,
    ...of(event)
  }))
}

/**
 * Of what a program does after its story, in fibers that outlive it, stages say nothing; spans are stories of their own.
 */
const inTime = (events: ReadonlyArray<Event>): ReadonlyArray<Event> => {
  const over = new Set<string>()
  const late = new Set<string>()
  let isOver = false
  for (const event of events) {
    const isAfter =
      event.parentStoryId === null ? isOver : over.has(event.parentStoryId) || late.has(event.parentStoryId)
    if (event._tag === "StoryStarted" && isAfter) late.add(event.storyId)
    if (event._tag === "StoryCompleted") over.add(event.storyId)
    isOver ||= event._tag === "StoryCompleted" && event.parentStoryId === null
  }
  return events.filter(({ storyId }) => !late.has(storyId))
}

/** In a fiber of its own, which ends only when those it forked have ended. */
const alone = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.flatMap(Effect.forkDaemon(self), Fiber.await)

const quiet = Logger.replace(Logger.defaultLogger, Logger.none)

const record = (self: Effect.Effect<unknown, unknown>, layer: Layer.Layer<never> = Layer.empty) =>
  Effect.suspend(() => {
    const events: Array<Event> = []
    const recorder = Renderer.make("recorder", (event) => void events.push(event))
    return keepsContext(self).pipe(
      alone,
      Effect.provide(Layer.provideMerge(layer, Renderer.replace(recorder))),
      Effect.map((exit) => ({ exit, events }))
    )
  })

const spans = NarrativeSpans.layer({ include: "*", stories })

describe("the spans of a program", () => {
  it.live.prop(
    "say what its stages would have, and leave its exit alone",
    [program],
    ([tree]) =>
      Effect.gen(function* () {
        const written = yield* record(Narrative.story(interpret(tree, byHand), "Random"))
        const spanned = yield* record(bySpans.story(interpret(tree, bySpans), "Random"), spans)
        assert.deepStrictEqual(essence(inTime(spanned.events)), essence(inTime(written.events)))
        assertWellFormed(spanned.events)
        assert.strictEqual(shape(spanned.exit), shape(yield* alone(interpret(tree, bare))))
      }).pipe(Effect.provide(quiet), Effect.timeout("10 seconds")),
    { fastCheck: { numRuns: 120 }, timeout: 300_000 }
  )

  it.live.prop(
    "find their places among stages written by hand, and those among them",
    [program, fc.array(fc.boolean(), { minLength: 1, maxLength: 8 })],
    ([tree, choices]) =>
      Effect.gen(function* () {
        const isSpan = (turn: number) => choices[turn % choices.length] === true
        const written = yield* record(Narrative.story(interpret(tree, byHand), "Random"))
        const spoken = mixed(isSpan)
        const spanned = yield* record(spoken.story(interpret(tree, spoken), "Random"), spans)
        assert.deepStrictEqual(essence(inTime(spanned.events)), essence(inTime(written.events)))
      }).pipe(Effect.provide(quiet), Effect.timeout("10 seconds")),
    { fastCheck: { numRuns: 120 }, timeout: 300_000 }
  )

  it.live.prop(
    "reach the tracer as they would have",
    [program],
    ([tree]) =>
      Effect.gen(function* () {
        const exported = () => {
          const spans: Array<unknown> = []
          const native = Tracer.make({
            span: (name, parent, context, links, startTime, kind) => {
              const attributes = new Map<string, unknown>()
              const span: Tracer.Span = {
                _tag: "Span",
                name,
                parent,
                context,
                links,
                kind,
                spanId: String(spans.length),
                traceId: "trace",
                sampled: true,
                attributes,
                status: { _tag: "Started", startTime },
                attribute: (key, value) => void attributes.set(key, value),
                event: () => {},
                addLinks: () => {},
                end: (_, exit) => {
                  spans.push([
                    name,
                    parent._tag === "Some" ? parent.value.spanId : null,
                    kind,
                    Array.from(attributes.keys()),
                    shape(exit)
                  ])
                }
              }
              return span
            },
            context: (f) => f()
          })
          return { spans, layer: Layer.setTracer(native) }
        }
        const plain = exported()
        const wrapped = exported()
        const self = () => bySpans.story(interpret(tree, { ...bySpans, speak: Effect.void }), "Random")
        yield* record(self(), plain.layer)
        yield* record(self(), Layer.provideMerge(spans, wrapped.layer))
        assert.deepStrictEqual(wrapped.spans, plain.spans)
      }).pipe(Effect.provide(quiet), Effect.timeout("10 seconds")),
    { fastCheck: { numRuns: 60 }, timeout: 300_000 }
  )
})
