// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Correlation, Narrative, NarrativeEvent } from "../../src/index.js"
import { observe } from "../laws/observed.js"

const correlationsOf = (events: ReadonlyArray<NarrativeEvent.NarrativeEvent>) =>
  events.flatMap((event) => ("correlation" in event ? [[event._tag, event.correlation] as const] : []))

describe("A story", () => {
  it.effect("says who asked for it when it begins, fails and ends", () =>
    Effect.gen(function* () {
      const observed = observe()
      yield* Effect.fail("declined").pipe(
        Narrative.story("Charge"),
        Correlation.with({ requestId: "r-1", tenant: "Fjord Tea" }),
        Effect.exit,
        Effect.provide(observed.layer)
      )
      const said = { requestId: "r-1", tenant: "Fjord Tea" }
      assert.deepStrictEqual(correlationsOf(observed.events), [
        ["StoryStarted", said],
        ["FailureOccurred", said],
        ["StoryCompleted", said]
      ])
      for (const event of observed.events) {
        assert.deepStrictEqual(yield* NarrativeEvent.fromWire(NarrativeEvent.toWire(event)), event)
      }
    })
  )

  it.effect("says nothing where nothing is known, and a sub-story what holds for it", () =>
    Effect.gen(function* () {
      const observed = observe()
      yield* Effect.void.pipe(
        Narrative.story("Inner"),
        Correlation.with({ userId: "u" }),
        Narrative.story("Middle"),
        Correlation.with({ requestId: "r" }),
        Narrative.story("Outer"),
        Effect.provide(observed.layer)
      )
      const starts = observed.events.filter((event) => event._tag === "StoryStarted")
      assert.deepStrictEqual(
        starts.map(({ correlation, storyName }) => [storyName, correlation]),
        [
          ["Outer", null],
          ["Middle", { requestId: "r" }],
          ["Inner", { requestId: "r", userId: "u" }]
        ]
      )
    })
  )

  it.effect("shows no secret of it, and hides that wherever it turns up", () =>
    Effect.gen(function* () {
      const observed = observe()
      yield* Effect.fail(new RangeError("no session s-123456")).pipe(
        Narrative.story("Charge"),
        Correlation.with({
          sessionId: "s-123456",
          baggage: { "api-key": "k-987654", region: { value: "eu", properties: "ttl=5" } }
        }),
        Effect.exit,
        Effect.provide(observed.layer)
      )
      const text = observed.events.map(NarrativeEvent.toWire).join()
      assert.notInclude(text, "s-123456")
      assert.notInclude(text, "k-987654")
      assert.include(text, '"region":{"value":"eu","properties":"ttl=5"}')
    })
  )

  it.effect("is a child of the span that asked, and its span has the ids", () =>
    Effect.gen(function* () {
      const traceId = "0af7651916cd43dd8448eb211c80319c"
      const span = yield* Effect.currentSpan.pipe(
        Narrative.story("Charge"),
        Correlation.with({
          traceId,
          spanId: "b7ad6b7169203331",
          requestId: "r-1",
          tenant: "acme",
          extra: { shop: "7" }
        })
      )
      assert.strictEqual(span.traceId, traceId)
      assert.deepInclude(Object.fromEntries(span.attributes), {
        "narrative.request_id": "r-1",
        "narrative.tenant": "acme",
        "narrative.extra.shop": "7"
      })
    })
  )
})
