import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Either, TestClock } from "effect"
import * as Renderer from "../../src/delivery/Renderer.js"
import * as Diagnostics from "../../src/diagnostics/Diagnostics.js"
import { fromWire, type NarrativeEvent, toWire } from "../../src/event/NarrativeEvent.js"
import { failureRow } from "../../src/history/write/eventRows.js"
import { sentryEvent } from "../../src/integration/sentry/sentryEvent.js"
import * as Narrative from "../../src/Narrative.js"
import * as logRecord from "../../src/otel/logRecord.js"
import { fromFailure } from "../../src/renderer/alert/Alert.js"
import { StoryPage } from "../../src/renderer/html/storyPage.js"

class Sunk extends Data.TaggedError("Sunk")<{ readonly ship: string }> {}

/** Fails a second after its beginning, and ends four seconds later. */
const lateStory = Effect.fail(new Sunk({ ship: "Margrethe" })).pipe(
  Effect.delay("1 second"),
  Narrative.stage("Sail"),
  Effect.ensuring(Effect.sleep("4 seconds")),
  Narrative.stage("Cruise"),
  Narrative.story("Voyage")
)

const eventsOf = <E>(story: Effect.Effect<unknown, E>) =>
  Effect.gen(function* () {
    const events: Array<NarrativeEvent> = []
    const renderer = Renderer.make("kept", (event) => void events.push(event))
    const running = yield* story.pipe(
      Effect.exit,
      Effect.provide([Renderer.replace(renderer), Diagnostics.layer({ mode: "lean" })]),
      Effect.fork
    )
    yield* TestClock.adjust("10 seconds")
    yield* running.await
    const failure = events.find((event) => event._tag === "FailureOccurred")
    return { events, failure: failure ?? assert.fail("no failure was reported") }
  })

describe("the time of a failure", () => {
  it.effect("is the end of the innermost stage it came from, though its story goes on", () =>
    Effect.gen(function* () {
      const { events, failure } = yield* eventsOf(lateStory)
      const ends = events.flatMap((event) => (event._tag === "StageFailed" ? [event.timestamp] : []))
      assert.deepStrictEqual(ends, [1_000, 5_000])
      assert.strictEqual(failure.failures[0].failedAt, 1_000)
      assert.strictEqual(failure.timestamp, 5_000)
    })
  )

  it.effect("is the end of the story where the failure came from no stage", () =>
    Effect.gen(function* () {
      const story = Effect.fail("lost").pipe(Effect.delay("3 seconds"), Narrative.story("Voyage"))
      const { failure } = yield* eventsOf(story)
      assert.strictEqual(failure.failures[0].failedAt, 3_000)
    })
  )

  it.effect("is what each output shows", () =>
    Effect.gen(function* () {
      const { events, failure } = yield* eventsOf(lateStory)
      const [first = assert.fail("nothing was emitted"), ...rest] = events
      const page = new StoryPage(first)
      for (const event of rest) page.take(event)
      assert.deepStrictEqual(
        page.data(false).failures.map(({ at }) => at),
        [1_000]
      )
      assert.strictEqual(failureRow(failure).occurred_at, "1970-01-01T00:00:01.000Z")
      assert.strictEqual(logRecord.of(failure).timestamp, 1_000)
      assert.strictEqual(fromFailure(failure, { path: ["Voyage"], labels: {} }).timestamp, 1_000)
      const story = { kind: "story", labels: {}, attributes: {} }
      assert.strictEqual(sentryEvent({ failure, story, breadcrumbs: [] }, {}).timestamp, 1)
    })
  )

  it.effect("is unknown in what was written without it", () =>
    Effect.gen(function* () {
      const { failure } = yield* eventsOf(lateStory)
      const line = toWire(failure).replaceAll('"failed_at":"1970-01-01T00:00:01.000Z",', "")
      assert.notInclude(line, "failed_at")
      const read = Either.getOrThrow(fromWire(line))
      assert.strictEqual(read._tag === "FailureOccurred" ? read.failures[0].failedAt : undefined, null)
    })
  )
})
