import type { HttpClient } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import {
  type Cause,
  Context,
  Data,
  Effect,
  flow,
  type Layer,
  type Option,
  pipe,
  Schedule,
  type Scope,
  type Tracer
} from "effect"
import { expectTypeOf } from "vitest"
import { OllamaAnalyzer } from "../src/analysis/index.js"
import { FailureAnalyzer, Narrative, Renderer, type Story } from "../src/index.js"
import type { InvalidOption } from "../src/plain/InvalidOption.js"

class Database extends Context.Tag("Database")<Database, { readonly url: string }>() {}
class Missing extends Data.TaggedError("Missing")<{ readonly id: number }> {}

declare const find: (id: number) => Effect.Effect<string, Missing, Database>

// Only the types are looked at: nothing in here is run.
const types = () => {
  expectTypeOf(find(1).pipe(Narrative.stage("Find"))).toEqualTypeOf<Effect.Effect<string, Missing, Database>>()
  expectTypeOf(Narrative.stage(find(1), "Find")).toEqualTypeOf<Effect.Effect<string, Missing, Database>>()
  expectTypeOf(find(1).pipe(Narrative.story("Find", { labels: { a: "b" } }))).toEqualTypeOf<
    Effect.Effect<string, Missing, Database>
  >()
  expectTypeOf(Narrative.story(find(1), "Find")).toEqualTypeOf<Effect.Effect<string, Missing, Database>>()
  expectTypeOf(Narrative.stage({} as Effect.Effect<void, never, Tracer.ParentSpan>, "Span")).toEqualTypeOf<
    Effect.Effect<void>
  >()
  expectTypeOf(find(1).pipe(Narrative.whenDryRun(() => "stand-in"))).toEqualTypeOf<
    Effect.Effect<string, Missing, Database>
  >()
  expectTypeOf(Narrative.whenDryRun(find(1), () => 0)).toEqualTypeOf<
    Effect.Effect<string | number, Missing, Database>
  >()
  expectTypeOf(find(1).pipe(Narrative.timeout("1 second"))).toEqualTypeOf<
    Effect.Effect<string, Missing | Cause.TimeoutException, Database>
  >()
  expectTypeOf(find(1).pipe(Narrative.retry(Schedule.recurs(2)))).toEqualTypeOf<
    Effect.Effect<string, Missing, Database>
  >()
  expectTypeOf(find(1).pipe(Narrative.retry({ times: 2, until: (error) => error.id === 1 }))).toEqualTypeOf<
    Effect.Effect<string, Missing, Database>
  >()
  const findTwice = Narrative.fn("Find Twice")(function* (a: number, b?: number) {
    return [yield* find(a), yield* find(b ?? a)] as const
  })
  expectTypeOf(findTwice).toEqualTypeOf<
    (a: number, b?: number) => Effect.Effect<readonly [string, string], Missing, Database>
  >()
  expectTypeOf(
    Narrative.fn(function* (id: number) {
      return yield* find(id)
    })
  ).toEqualTypeOf<(id: number) => Effect.Effect<string, Missing, Database>>()
  expectTypeOf(
    Narrative.fn()(
      function* (id: number) {
        return yield* find(id)
      },
      (self, id) => Effect.map(self, (name) => ({ id, name }))
    )
  ).toEqualTypeOf<(id: number) => Effect.Effect<{ id: number; name: string }, Missing, Database>>()
  expectTypeOf(Narrative.group({ name: find(1), count: Effect.succeed(1) })).toEqualTypeOf<
    Effect.Effect<{ readonly name: string; readonly count: number }, Narrative.StageGroupError<Missing>, Database>
  >()
  expectTypeOf(Narrative.annotate("a", 1)).toEqualTypeOf<Effect.Effect<void>>()
  expectTypeOf(Narrative.annotate({ a: 1 })).toEqualTypeOf<Effect.Effect<void>>()
  expectTypeOf(Narrative.current).toEqualTypeOf<Effect.Effect<Option.Option<Story.Story>>>()
  expectTypeOf(Narrative.storyScoped("S")).toEqualTypeOf<Effect.Effect<Story.Story, never, Scope.Scope>>()
  expectTypeOf(Narrative.dryRun(find(1))).toEqualTypeOf<Effect.Effect<Narrative.DryRunReport, Missing, Database>>()
  expectTypeOf(Narrative.disabled).toEqualTypeOf<Layer.Layer<never>>()
  const renderer = Renderer.make("any", () => undefined)
  expectTypeOf(Renderer.layer(renderer)).toEqualTypeOf<Layer.Layer<never>>()
  expectTypeOf(Renderer.layerEffect({} as Effect.Effect<Renderer.Renderer, Missing, Database>)).toEqualTypeOf<
    Layer.Layer<never, Missing, Database>
  >()
  expectTypeOf(
    Renderer.layerScoped({} as Effect.Effect<Renderer.Renderer, Missing, Database | Scope.Scope>)
  ).toEqualTypeOf<Layer.Layer<never, Missing, Database>>()
  const ollama = OllamaAnalyzer.layer({ model: "llama3" }).pipe(
    FailureAnalyzer.mapLayer(FailureAnalyzer.withTimeout("12 seconds")),
    FailureAnalyzer.mapLayer(
      flow(
        FailureAnalyzer.withRetry(Schedule.recurs(2)),
        FailureAnalyzer.withRateLimit({ limit: 10, interval: "1 minute" }),
        FailureAnalyzer.withCircuitBreaker({ failures: 3, resetAfter: "1 minute" }),
        FailureAnalyzer.withCache({ capacity: 256 })
      )
    )
  )
  expectTypeOf(ollama).toEqualTypeOf<
    Layer.Layer<FailureAnalyzer.FailureAnalyzer, FailureAnalyzer.AnalyzerError | InvalidOption, HttpClient.HttpClient>
  >()
  const database = {} as Layer.Layer<Database | FailureAnalyzer.FailureAnalyzer, Missing>
  expectTypeOf(
    database.pipe(
      FailureAnalyzer.withFallbackLayer(ollama),
      FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground())
    )
  ).toEqualTypeOf<
    Layer.Layer<
      Database | FailureAnalyzer.FailureAnalyzer,
      Missing | FailureAnalyzer.AnalyzerError | InvalidOption,
      HttpClient.HttpClient
    >
  >()
  const analyzer = {} as FailureAnalyzer.Analyzer
  expectTypeOf(pipe(analyzer, FailureAnalyzer.withTimeout("1 second"))).toEqualTypeOf<FailureAnalyzer.Analyzer>()
  expectTypeOf(ollama.pipe(FailureAnalyzer.mapLayer(FailureAnalyzer.withFallback(analyzer)))).toEqualTypeOf<
    typeof ollama
  >()
  expectTypeOf(FailureAnalyzer.inBackground(analyzer)).toEqualTypeOf<
    Effect.Effect<FailureAnalyzer.Analyzer, InvalidOption, Scope.Scope>
  >()
  expectTypeOf(FailureAnalyzer.layerScoped(Effect.as(find(1), analyzer))).toEqualTypeOf<
    Layer.Layer<FailureAnalyzer.FailureAnalyzer, Missing, Database>
  >()
  // @ts-expect-error a layer of something else is no analyzer
  Narrative.disabled.pipe(FailureAnalyzer.mapLayer(FailureAnalyzer.withTimeout("1 second")))
  // @ts-expect-error a story has a name
  Narrative.story()
  // @ts-expect-error totals are numbers
  Narrative.story("S", { totalStages: "3" })
}

describe("the types", () => {
  it("of an effect are kept by every combinator: R gains nothing, E is kept, fn infers, group gives a struct; so are those of an analyzer's Layer", () => {
    expectTypeOf(types).toBeFunction()
  })
})
