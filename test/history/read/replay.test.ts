import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Fiber, Layer, Logger, Schedule, TestClock } from "effect"
import { History } from "../../../src/history/index.js"
import { FailureAnalyzer, Narrative, type NarrativeEvent } from "../../../src/index.js"
import { StoryPage } from "../../../src/renderer/html/storyPage.js"
import { explainsAfter } from "../../fixtures/analyzers.js"
import { observe } from "../../laws/observed.js"
import { emitAll } from "../../renderer/rendererSuite.js"
import { asked, layerAt, onBothDatabases, rendererOf } from "../histories.js"

class Busy extends Data.TaggedError("Busy")<{ readonly message: string }> {}

/** Takes its time, so that no two events of a story are of one moment. */
const step = Effect.sleep("7 millis")

const fetchRates = Effect.suspend(() => {
  let attempts = 0
  return Effect.zipRight(
    step,
    Effect.suspend(() => (attempts++ < 2 ? new Busy({ message: `busy ${attempts}` }) : Effect.void))
  ).pipe(Narrative.retry(Schedule.intersect(Schedule.spaced("40 millis"), Schedule.recurs(3))))
})

const ship = Effect.gen(function* () {
  yield* step
  yield* Effect.log("packing", { boxes: 2 })
  yield* step
  yield* Narrative.stage(step, "Pack")
  yield* step
}).pipe(Narrative.story("Ship Order", { labels: { carrier: "bike" } }))

const order = Effect.gen(function* () {
  yield* step
  yield* fetchRates.pipe(Narrative.stage("Fetch Rates", { attributes: { from: "bank" } }))
  yield* step
  yield* Narrative.note("priced", { amount: 250 })
  yield* step
  yield* ship.pipe(Effect.zipLeft(step), Narrative.stage("Ship"))
  yield* step
  yield* Narrative.recordFailure(Cause.fail(new Busy({ message: "no stamp" })))
  yield* step
  return yield* Narrative.progress(3, 10).pipe(
    Effect.zipRight(step),
    Effect.zipRight(new Busy({ message: "the bank is closed" })),
    Narrative.stage("Charge"),
    Effect.ensuring(step),
    Narrative.stage("Pay")
  )
}).pipe(Effect.ensuring(step), Narrative.story("Order", { totalStages: 3, attributes: { by: "test" } }), Effect.exit)

const pageOf = (events: ReadonlyArray<NarrativeEvent.NarrativeEvent>) => {
  const [first] = events
  if (first === undefined) throw new Error("nothing was recorded")
  const page = new StoryPage(first)
  for (const event of events) page.take(event)
  return { data: page.data(false), card: page.card(false) }
}

onBothDatabases(({ file }) => {
  describe("a story replayed from its history", () => {
    it.scoped("gives the page that it gave live: retries, progress, records, failures and a late analysis", () =>
      Effect.gen(function* () {
        const observed = observe(
          Narrative.logger,
          Layer.orDie(
            FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground())(
              Layer.succeed(FailureAnalyzer.FailureAnalyzer, explainsAfter("2 seconds"))
            )
          ),
          Logger.replace(Logger.defaultLogger, Logger.none)
        )
        const running = yield* Effect.fork(Effect.provide(order, observed.layer))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(running)
        const filename = yield* file
        yield* Effect.scoped(
          Effect.flatMap(rendererOf(layerAt(filename)), (renderer) => emitAll(renderer, observed.events))
        )
        const replayed = yield* asked(
          Effect.flatMap(History.stories({ rootsOnly: true, since: 0 }), ({ stories: [root] }) =>
            History.replay(root?.id ?? "")
          ),
          filename
        )
        const live = pageOf(observed.events)
        assert.deepStrictEqual(pageOf(replayed), live)
        // All but the progress, which has no row, is as it was emitted.
        const kept = ({ _tag }: NarrativeEvent.NarrativeEvent) => _tag !== "StageProgressed"
        assert.deepStrictEqual(replayed.filter(kept), observed.events.filter(kept))
        // What the page is made of, so that two empty pages are not taken for equal.
        const fetched = live.data.nodes.find(({ name }) => name === "Fetch Rates")
        assert.deepStrictEqual(
          fetched?.retries?.map(({ attempt, delaySeconds, reason }) => ({ attempt, delaySeconds, reason })),
          [
            { attempt: 2, delaySeconds: 0.04, reason: "Busy: busy 1" },
            { attempt: 3, delaySeconds: 0.04, reason: "Busy: busy 2" }
          ]
        )
        assert.deepInclude(live.data.nodes.find(({ name }) => name === "Charge") ?? {}, {
          progress: { done: 3, total: 10 }
        })
        assert.deepStrictEqual(
          live.data.failures.map(({ analysis, handled, latencySeconds }) => [
            handled,
            analysis?.exactWhy,
            latencySeconds
          ]),
          [
            [true, "because no stamp", 2],
            [undefined, "because the bank is closed", 2]
          ]
        )
      })
    )
  })
})
