/**
 * Stages that run in a context which is not that of their story: caches, resolvers, services.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cache, Context, Effect, Fiber, Layer, Option, Request, RequestResolver, TestClock, type Tracer } from "effect"
import * as Renderer from "../../src/delivery/Renderer.js"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import * as Narrative from "../../src/Narrative.js"

const eventsOf = <A, E>(program: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const events: Array<NarrativeEvent> = []
    yield* program.pipe(
      Effect.exit,
      Effect.provide(Renderer.replace(Renderer.make("kept", (event) => void events.push(event))))
    )
    return events
  })

const stagesIn = (events: ReadonlyArray<NarrativeEvent>) =>
  events.flatMap((event) =>
    event._tag === "StageCompleted" ? [`${event.storyName}: ${event.stagePath.join(" > ")}`] : []
  )

const nothing = Context.empty() as Context.Context<never>
/** As a layer does that was built outside any story. */
const elsewhere = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.mapInputContext(effect, (_: Context.Context<never>) => nothing)

describe("a stage in a context that is another's", () => {
  it.effect("is part of the story that asks a cache, inside the stage that does", () =>
    Effect.gen(function* () {
      const prices = yield* Cache.make({
        capacity: 8,
        timeToLive: "1 minute",
        lookup: (sku: string) => Effect.succeed(sku.length).pipe(Narrative.stage("Look Up"))
      })
      const ask = (sku: string) => prices.get(sku).pipe(Narrative.stage("Price"), Narrative.story("Quote"))
      const events = yield* eventsOf(Effect.zip(ask("a"), ask("a")))
      assert.deepStrictEqual(stagesIn(events), ["Quote: Price > Look Up", "Quote: Price", "Quote: Price"])
    })
  )

  it.effect("is found by the parent span where another fiber does the work", () =>
    Effect.gen(function* () {
      class Find extends Request.TaggedClass("Find")<string, never, { readonly id: number }> {}
      const work = Effect.succeed("found").pipe(Narrative.stage("Find"))
      const ask = Effect.flatMap(Effect.currentParentSpan, (span: Tracer.AnySpan) =>
        Effect.request(
          new Find({ id: 1 }),
          RequestResolver.fromEffect(() =>
            Effect.promise(() => Effect.runPromise(work.pipe(Effect.withParentSpan(span), Effect.provide(kept))))
          )
        )
      ).pipe(Effect.orDie)
      const found: Array<NarrativeEvent> = []
      const kept = Renderer.replace(Renderer.make("found", (event) => void found.push(event)))
      yield* ask.pipe(Narrative.stage("Ask"), Narrative.story("Quote"), Effect.provide(kept))
      assert.deepStrictEqual(stagesIn(found), ["Quote: Ask > Find", "Quote: Ask"])
    })
  )

  it.effect("may be a sub-story, and knows the story around it", () =>
    Effect.gen(function* () {
      const inner = elsewhere(Effect.void.pipe(Narrative.story("Inner")))
      const events = yield* eventsOf(inner.pipe(Narrative.stage("Outside"), Narrative.story("Outer")))
      const outer = events.find(({ _tag }) => _tag === "StoryStarted")
      const started = events.find((event) => event._tag === "StoryStarted" && event.storyName === "Inner")
      assert.strictEqual(started?.parentStoryId, outer?.storyId)
    })
  )

  it.effect("is in no story once the story is over, and outside any there is none", () =>
    Effect.gen(function* () {
      const current = elsewhere(Narrative.current)
      assert.isTrue(Option.isNone(yield* current))
      assert.isTrue(Option.isSome(yield* current.pipe(Narrative.story("Runs"))))
      const [, after] = yield* Effect.zip(current.pipe(Narrative.story("Over")), current)
      assert.isTrue(Option.isNone(after))
    })
  )

  it.effect("built by a layer runs in the story of whoever calls it", () =>
    Effect.gen(function* () {
      class Clerk extends Context.Tag("Clerk")<Clerk, { readonly file: Effect.Effect<void> }>() {}
      const live = Layer.succeed(Clerk, { file: elsewhere(Effect.void.pipe(Narrative.stage("File"))) })
      const events = yield* eventsOf(
        Effect.flatMap(Clerk, ({ file }) => file).pipe(Narrative.story("Office"), Effect.provide(live))
      )
      assert.deepStrictEqual(stagesIn(events), ["Office: File"])
    })
  )
})

describe("a stage that goes on after its story", () => {
  const background = <A, E>(stage: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkDaemon(stage).pipe(
        Effect.zipLeft(TestClock.adjust("10 millis")),
        Narrative.story("Request")
      )
      yield* TestClock.adjust("1 second")
      return yield* Fiber.await(fiber)
    })
  const late = Effect.sleep("300 millis")

  it.effect("ends as a story of its own, whose parent is that one", () =>
    Effect.gen(function* () {
      const events = yield* eventsOf(background(late.pipe(Narrative.stage("Preload"))))
      const ends = events.filter((event) => event._tag === "StoryCompleted")
      assert.deepStrictEqual(
        ends.map(({ durationSeconds, parentStoryId, status, storyName }) => [
          storyName,
          parentStoryId,
          status,
          durationSeconds
        ]),
        [
          ["Request", null, "success", 0.01],
          ["Preload", events[0]?.storyId, "success", 0.3]
        ]
      )
    })
  )

  it.effect("is reported when it fails, once, with the stages inside it", () =>
    Effect.gen(function* () {
      const failing = late.pipe(Effect.andThen(Effect.fail("no episode")), Narrative.stage("Find"))
      const events = yield* eventsOf(background(failing.pipe(Narrative.stage("Preload"))))
      const reports = events.filter(({ _tag }) => _tag === "FailureOccurred")
      assert.deepStrictEqual(
        reports.map(({ storyName }) => storyName),
        ["Preload"]
      )
    })
  )
})
