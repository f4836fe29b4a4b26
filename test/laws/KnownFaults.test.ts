// @effect-diagnostics globalErrorInEffectFailure:off multipleEffectProvide:off -- plain errors are what these are about.
/**
 * The faults of the systems that came before: one test each, which catches the fault that it names.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Data, Deferred, Effect, Exit, Fiber, Layer, Logger, Option, TestClock } from "effect"
import { Prompt } from "../../src/analysis/index.js"
import { classify } from "../../src/diagnostics/source/stackFrames.js"
import { Diagnostics, FailureAnalyzer, Narrative, type NarrativeEvent, Redaction, Renderer } from "../../src/index.js"
import { analysisOf } from "../fixtures/analyzers.js"
import { failureReport } from "../fixtures/events.js"
import * as modelApis from "../fixtures/modelApis.js"
import * as ModelServer from "../fixtures/modelServer.js"
import { assertWellFormed, observe } from "./observed.js"

class Broken extends Data.TaggedError("Broken")<{ readonly what: string }> {}

type Tagged<Tag> = Extract<NarrativeEvent.NarrativeEvent, { readonly _tag: Tag }>

const recorded = <A, E, R>(self: Effect.Effect<A, E, R>, ...layers: ReadonlyArray<Layer.Layer<never>>) =>
  Effect.gen(function* () {
    const observed = observe(...layers)
    const exit = yield* Effect.exit(self).pipe(Effect.provide(observed.layer))
    assertWellFormed(observed.events)
    const all = <Tag extends NarrativeEvent.NarrativeEvent["_tag"]>(tag: Tag) =>
      observed.events.filter((event): event is Tagged<Tag> => event._tag === tag)
    return {
      exit,
      all,
      failure: () => all("FailureOccurred")[0]?.failures[0] ?? assert.fail("no failure was reported")
    }
  })

const fails = (what: string) => Effect.fail(new Broken({ what }))

describe("known faults of stories and failures", () => {
  it.effect("catches: the outermost stage is blamed instead of the innermost", () =>
    Effect.gen(function* () {
      const { failure } = yield* recorded(
        fails("x").pipe(Narrative.stage("Inner"), Narrative.stage("Outer"), Narrative.story("S"))
      )
      assert.strictEqual(failure().stageName, "Inner")
    })
  )

  it.effect("catches: a caught stage failure is blamed for a later, unrelated one", () =>
    Effect.gen(function* () {
      const { failure } = yield* recorded(
        fails("first").pipe(
          Narrative.stage("Caught"),
          Effect.ignore,
          Effect.zipRight(fails("second")),
          Narrative.story("S")
        )
      )
      assert.strictEqual(failure().stageName, null)
    })
  )

  it.effect("catches: a sub-story's failure is reported twice", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(fails("x").pipe(Narrative.story("Sub"), Narrative.story("Root")))
      assert.lengthOf(all("FailureOccurred"), 1)
      assert.lengthOf(all("StoryCompleted"), 2)
    })
  )

  it.effect("catches: cancellation is reported as a failure", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(
        Effect.never.pipe(
          Narrative.stage("Slow"),
          Narrative.story("S"),
          Effect.fork,
          Effect.tap(Effect.yieldNow()),
          Effect.flatMap(Fiber.interrupt)
        )
      )
      assert.lengthOf([...all("FailureOccurred"), ...all("StageFailed")], 0)
      assert.strictEqual(all("StoryCompleted")[0]?.status, "cancelled")
    })
  )

  it.effect("catches: a task that outlives its story emits stages after the story's end", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(
        Effect.gen(function* () {
          const gate = yield* Deferred.make<void>()
          const fiber = yield* Deferred.await(gate).pipe(
            Effect.zipRight(Effect.void.pipe(Narrative.stage("Late"))),
            Effect.forkDaemon,
            Narrative.story("Short")
          )
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.join(fiber)
        })
      )
      assert.lengthOf(all("StageStarted"), 0)
    })
  )

  it.effect("catches: durations include the time before entry and the renderers' own", () =>
    Effect.gen(function* () {
      const slow = Renderer.layer(Renderer.make("slow", () => TestClock.adjust("21 millis")))
      const stage = Effect.void.pipe(Narrative.stage("Empty"))
      const { all } = yield* recorded(
        TestClock.adjust("1 second").pipe(Effect.zipRight(stage), Narrative.story("S")),
        slow
      )
      assert.strictEqual(all("StageCompleted")[0]?.durationSeconds, 0)
    })
  )

  it.effect("catches: reusing one stage value shares its record", () =>
    Effect.gen(function* () {
      let round = 0
      const stage = Effect.suspend(() => Narrative.annotate("round", ++round)).pipe(Narrative.stage("Again"))
      const { all } = yield* recorded(Effect.repeatN(stage, 1).pipe(Narrative.story("S")))
      assert.deepStrictEqual(
        all("StageCompleted").map((event) => [event.stageIndex, event.attributes]),
        [
          [0, { round: 1 }],
          [1, { round: 2 }]
        ]
      )
    })
  )

  it.effect(
    "catches: an error whose toString throws replaces the application's own error and loses the end events",
    () =>
      Effect.gen(function* () {
        const error = {
          toString() {
            throw new Error("toString")
          },
          get message() {
            throw new Error("message")
          }
        }
        const { all, exit } = yield* recorded(Effect.fail(error).pipe(Narrative.stage("Odd"), Narrative.story("S")))
        const own = yield* Effect.flip(exit)
        assert.isTrue(own === error || Object.is(own.toString, error.toString))
        assert.lengthOf(all("StoryCompleted"), 1)
      })
  )

  it.effect("catches: an invalid redaction pattern replaces the application's own error", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.void.pipe(Effect.provide(Redaction.layer({ patterns: ["("] })), Effect.exit)
      assert.isTrue(Exit.isFailure(exit), "it is reported when the layer is built, before anything runs")
    })
  )
})

describe("known faults of reports", () => {
  it.effect("catches: the stack is cut at its new end, losing the message", () =>
    Effect.gen(function* () {
      const frames = Array.from({ length: 2_000 }, (_, i) => `    at frame${i} (/srv/app/file${i}.ts:1:1)`)
      const error = Object.assign(new Error("the message"), { stack: `Error: the message\n${frames.join("\n")}` })
      const exit = yield* recorded(Effect.fail(error).pipe(Narrative.story("S")))
      const { stackText, stackTruncated } = exit.failure()
      assert.isTrue(stackTruncated)
      assert.isAtMost(stackText.length, 12_000)
      assert.include(stackText, "the message")
      assert.include(stackText, "frame0 ")
      assert.notInclude(stackText, "frame1999")
    })
  )

  it("catches: node_modules under the working directory count as app code", () => {
    assert.strictEqual(classify("/app/node_modules/lib/index.js", ["/app"]), "dependency")
  })

  it("catches: /app2 counts as under /app", () => {
    assert.notStrictEqual(classify("/app2/index.js", ["/app"]), "app")
  })

  it.effect("catches: the message and chain are never trimmed", () =>
    Effect.gen(function* () {
      const long = "x".repeat(50_000)
      const error = new Error(long, { cause: new Error(long, { cause: new Error(long) }) })
      const { failure } = yield* recorded(Effect.fail(error).pipe(Narrative.story("S")))
      assert.isBelow(JSON.stringify(failure()).length, 100_000)
      assert.isBelow(failure().errorMessage.length, 10_000)
    })
  )

  it.live("catches: a secret hidden in locals is still in message, chain, snippet and stack", () =>
    Effect.gen(function* () {
      const { failure } = yield* recorded(
        Effect.gen(function* () {
          const apiKey = "k-0123456789"
          yield* Effect.yieldNow()
          return yield* Effect.fail(new Error(`cannot use ${apiKey}`, { cause: new Error(`key ${apiKey}`) }))
        }).pipe(Narrative.stage("Call"), Narrative.story("S"))
      ).pipe(Effect.provide(Diagnostics.layer({ mode: "rich" })))
      const { snippet, location, ...rest } = failure()
      assert.notInclude(JSON.stringify(rest), "k-0123456789")
      assert.include(rest.errorMessage, "cannot use <redacted>")
      assert.notInclude(JSON.stringify([snippet, location]), "k-0123456789")
    })
  )

  it.effect("catches: URL credentials, sets and object representations leak", () =>
    Effect.gen(function* () {
      const url = "postgres://admin:s3cr3t-pass@db.local/app"
      const { all, failure } = yield* recorded(
        Effect.fail(new Error(`cannot reach ${url}`)).pipe(
          Narrative.stage("Connect", { attributes: { url, set: new Set([{ password: "in-a-set-1" }]) } }),
          Narrative.story("S")
        )
      )
      const text = JSON.stringify([failure(), all("StageFailed"), all("StageStarted")])
      assert.notInclude(text, "s3cr3t-pass")
      assert.notInclude(text, "in-a-set-1")
    })
  )

  it.effect("catches: a redaction list in upper case never matches", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(
        Effect.void.pipe(Narrative.stage("A", { attributes: { internal_id: "i-778899" } }), Narrative.story("S"))
      ).pipe(Effect.provide(Redaction.layer({ extra: ["INTERNAL_ID"] })))
      assert.deepStrictEqual(all("StageStarted")[0]?.attributes, { internal_id: "<redacted>" })
    })
  )

  it.effect("catches: a predicate that throws means show it", () =>
    Effect.gen(function* () {
      const predicate = () => {
        throw new Error("predicate")
      }
      const { all } = yield* recorded(
        Effect.void.pipe(Narrative.stage("A", { attributes: { any: "value" } }), Narrative.story("S"))
      ).pipe(Effect.provide(Redaction.layer({ predicate })))
      assert.deepStrictEqual(all("StageStarted")[0]?.attributes, { any: "<redacted>" })
    })
  )

  it.effect("catches: an invalid mode in the environment is silently taken as lean", () =>
    Effect.gen(function* () {
      const provider = ConfigProvider.fromMap(new Map([["RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS", "rihc"]]))
      const exit = yield* Effect.exit(
        Diagnostics.status.pipe(
          Effect.provide(Diagnostics.layerEnvironment.pipe(Layer.provide(Layer.setConfigProvider(provider))))
        )
      )
      assert.isTrue(Exit.isFailure(exit))
    })
  )
})

describe("known faults of analyzers", () => {
  const explains = (asked: { count: number }) =>
    FailureAnalyzer.make(() =>
      Effect.sleep("1 second").pipe(
        Effect.tap(() => Effect.sync(() => asked.count++)),
        Effect.as(Option.some(analysisOf("because")))
      )
    )

  it.effect("catches: 8 concurrent equal failures make 8 model calls", () =>
    Effect.gen(function* () {
      const asked = { count: 0 }
      const cached = FailureAnalyzer.layer(explains(asked)).pipe(
        FailureAnalyzer.mapLayer(FailureAnalyzer.withCache({ capacity: 256 }))
      )
      const stories = Effect.all(
        Array.from({ length: 8 }, () => Effect.exit(fails("same").pipe(Narrative.story("S")))),
        { concurrency: "unbounded" }
      )
      const running = yield* Effect.fork(recorded(Effect.provide(stories, cached)))
      yield* TestClock.adjust("1 second")
      const { all } = yield* Fiber.join(running)
      assert.deepStrictEqual(
        all("FailureOccurred").map((event) => event.analysis?.exactWhy),
        Array.from({ length: 8 }, () => "because")
      )
      assert.strictEqual(asked.count, 1)
    })
  )

  it.effect("catches: an analyzer that throws replaces the application's own error and loses the end events", () =>
    Effect.gen(function* () {
      const throwing = FailureAnalyzer.make(() => {
        throw new TypeError("analyzer")
      })
      const { all, exit } = yield* recorded(
        fails("own").pipe(Narrative.story("S"), Effect.provide(FailureAnalyzer.layer(throwing)))
      )
      assert.strictEqual((yield* Effect.flip(exit)).what, "own")
      assert.lengthOf(all("StoryCompleted"), 1)
    })
  )

  it.effect("catches: background analysis is lost when the process ends", () =>
    Effect.gen(function* () {
      const later = FailureAnalyzer.layer(explains({ count: 0 })).pipe(
        FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground())
      )
      const running = yield* Effect.fork(recorded(fails("x").pipe(Narrative.story("S"), Effect.provide(later))))
      yield* TestClock.adjust("1 second")
      const { all } = yield* Fiber.join(running)
      assert.lengthOf(all("AnalysisReady"), 1)
    })
  )
})

describe("known faults of analyzers that ask a model", () => {
  const apis = [modelApis.ollama, modelApis.openAi, modelApis.anthropic]

  for (const api of apis) {
    it.scoped(`catches: a model that answers 42 or null crashes the parser (${api.name})`, () =>
      Effect.gen(function* () {
        for (const said of ["42", "null"]) {
          const { url } = yield* ModelServer.serve(ModelServer.json(api.saying(said)))
          const analyzer = yield* api.make({ endpoint: url, model: "llama3" })
          const { all, exit } = yield* recorded(
            fails("x").pipe(
              Narrative.story("S"),
              Effect.provide(FailureAnalyzer.layer(analyzer)),
              Effect.provide(Logger.remove(Logger.defaultLogger))
            )
          )
          assert.strictEqual((yield* Effect.flip(exit)).what, "x")
          assert.deepStrictEqual(
            all("FailureOccurred").map(({ llmAnalysis }) => llmAnalysis),
            [said === "42" ? "42" : null]
          )
        }
      }).pipe(Effect.provide(FetchHttpClient.layer))
    )

    it.scoped(`catches: the model name from the environment is read by one analyzer of three (${api.name})`, () =>
      Effect.gen(function* () {
        const { request, url } = yield* ModelServer.serve(ModelServer.json(api.saying("{}")))
        const analyzer = yield* api
          .make({ endpoint: url })
          .pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["RUNTIME_NARRATIVE_MODEL", "phi-4"]]))))
        yield* Effect.exit(analyzer.analyze(failureReport))
        assert.strictEqual((yield* request).body["model"], "phi-4")
      }).pipe(Effect.provide(FetchHttpClient.layer))
    )
  }

  it.scoped("catches: there is no way to send an API key", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.json(modelApis.openAi.saying("{}")))
      const analyzer = yield* modelApis.openAi.make({ endpoint: url, model: "llama3" })
      yield* Effect.exit(analyzer.analyze(failureReport))
      assert.strictEqual((yield* request).headers["authorization"], `Bearer ${modelApis.secretKey}`)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.effect("catches: a 50 KB message makes a 100 KB prompt", () =>
    Effect.gen(function* () {
      const { all } = yield* recorded(Effect.fail(new Error("x".repeat(50_000))).pipe(Narrative.story("S")))
      const [failure = assert.fail("no failure was reported")] = all("FailureOccurred")
      const { system, user } = yield* Prompt.make(failure)
      assert.isAtMost(system.length + user.length, 8_000)
    })
  )
})
