import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Fiber, Layer, Logger } from "effect"
import { Narrative, NarrativeEvent, Renderer } from "../../src/index.js"
import { assertWellFormed, observe } from "../laws/observed.js"

const logged = <A, E>(self: Effect.Effect<A, E>, ...others: ReadonlyArray<Layer.Layer<never>>) =>
  Effect.gen(function* () {
    const observed = observe(Narrative.logger, Logger.remove(Logger.defaultLogger), ...others)
    yield* Effect.exit(self).pipe(Effect.provide(observed.layer))
    assertWellFormed(observed.events)
    return observed.events.filter((event): event is NarrativeEvent.LogRecorded => event._tag === "LogRecorded")
  })

describe("Narrative.logger", () => {
  it.effect("makes an event of each log line: level, message, annotations, cause and stage", () =>
    Effect.gen(function* () {
      const [event, ...more] = yield* logged(
        Effect.logError("charge failed", { order: 42 }, Cause.fail("card declined")).pipe(
          Effect.annotateLogs({ customer: "ada" }),
          Narrative.stage("Charge"),
          Narrative.story("Order")
        )
      )
      assert.lengthOf(more, 0)
      assert.deepInclude(event, {
        level: "ERROR",
        message: 'charge failed {"order":42}',
        annotations: { customer: "ada" },
        stageName: "Charge",
        stageIndex: 0,
        loggerName: "effect",
        sequence: 2
      })
      assert.include(event?.cause ?? "", "card declined")
      assert.match(event?.fiberId ?? "", /^#\d+$/)
    })
  )

  it.effect("names the levels as the wire form does", () =>
    Effect.gen(function* () {
      const events = yield* logged(
        Effect.all([Effect.logInfo("i"), Effect.logWarning("w"), Effect.logFatal("f")]).pipe(Narrative.story("Levels"))
      )
      assert.deepStrictEqual(
        events.map((event) => event.level),
        ["INFO", "WARN", "FATAL"]
      )
      for (const event of events) {
        assert.deepStrictEqual(yield* NarrativeEvent.fromWire(NarrativeEvent.toWire(event)), event)
      }
    })
  )

  it.effect("says nothing more once its layer is closed, whatever was closed with it", () =>
    Effect.gen(function* () {
      const observed = observe(Logger.remove(Logger.defaultLogger))
      const closing = Layer.scopedDiscard(Effect.addFinalizer(() => Effect.void))
      yield* Effect.gen(function* () {
        for (const layers of [Layer.merge(Narrative.logger, closing), Layer.merge(closing, Narrative.logger)]) {
          yield* Effect.log("heard").pipe(Narrative.story("Inside"), Effect.provide(layers))
          yield* Effect.log("not heard").pipe(Narrative.story("Afterwards"))
        }
      }).pipe(Effect.provide(observed.layer))
      assert.deepStrictEqual(
        observed.events.flatMap((event) => (event._tag === "LogRecorded" ? [event.message] : [])),
        ["heard", "heard"]
      )
    })
  )

  it.effect("says nothing outside a story, and nothing once it is over", () =>
    Effect.gen(function* () {
      const events = yield* logged(
        Effect.gen(function* () {
          yield* Effect.log("before")
          const late = yield* Effect.forkDaemon(Effect.yieldNow().pipe(Effect.zipRight(Effect.log("late")))).pipe(
            Narrative.story("Short")
          )
          yield* Fiber.join(late)
        })
      )
      assert.deepStrictEqual(events, [])
    })
  )

  it.effect("keeps the loggers in use, and leaves them as they were", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const other = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void lines.push(message))
      )
      yield* Effect.gen(function* () {
        yield* Effect.log("inside").pipe(
          Narrative.story("Story"),
          Effect.provide(Layer.mergeAll(Narrative.logger, Renderer.layerNone))
        )
        yield* Effect.log("after")
      }).pipe(Effect.provide(other))
      assert.deepStrictEqual(lines, [["inside"], ["after"]])
    })
  )

  it.effect("does not come back to a renderer that logs, however it logs", () =>
    Effect.gen(function* () {
      let recorded = 0
      const chatty = Renderer.make("chatty", () => {
        recorded += 1
        return Effect.logError("from an effect").pipe(Narrative.stage("Of the renderer"))
      })
      const events = yield* logged(Effect.log("once").pipe(Narrative.story("Loop")), Renderer.layer(chatty))
      assert.deepStrictEqual(
        events.map((event) => event.message),
        ["once"]
      )
      assert.strictEqual(recorded, 3)
    })
  )

  it.effect("has a renderer that waits wait at the story's next event, and loses nothing", () =>
    Effect.gen(function* () {
      const waited: Array<string> = []
      const waiting = Renderer.make("waiting", (event) =>
        Effect.yieldNow().pipe(
          Effect.repeatN(3),
          Effect.zipRight(Effect.sync(() => waited.push(event._tag))),
          Effect.asVoid
        )
      )
      const stats = yield* Effect.zipRight(
        Effect.log("a").pipe(Effect.zipRight(Effect.log("b")), Narrative.story("Owed")),
        Renderer.stats
      ).pipe(
        Effect.provide(Layer.mergeAll(Renderer.replace(waiting), Narrative.logger, Logger.remove(Logger.defaultLogger)))
      )
      assert.deepStrictEqual(waited, ["StoryStarted", "LogRecorded", "LogRecorded", "StoryCompleted"])
      assert.deepInclude(stats[0], { emitted: 4, delivered: 4, pending: 0 })
    })
  )
})
