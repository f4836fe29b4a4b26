/**
 * What a stage costs beside a span, in a story of 2,000 stages.
 *
 *     npm run bench -- stages
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base"
import { Effect, Layer } from "effect"
import { Interceptor, install, Narrative, Renderer } from "./library.js"
import type { Case, Group } from "./rounds.js"

const stages = 2_000

let done = 0
const work = Effect.sync(() => {
  done += 1
})

type Wrap = (self: Effect.Effect<void>) => Effect.Effect<void>

/** The stage is made once, or wherever it runs: making it captures its place in the source. */
interface Loops {
  readonly "made once": Effect.Effect<void>
  readonly "made in place": Effect.Effect<void>
}

const loops = (make: () => Wrap): Loops => {
  const once = make()(work)
  return {
    "made once": Effect.gen(function* () {
      for (let i = 0; i < stages; i++) yield* once
    }),
    "made in place": Effect.gen(function* () {
      for (let i = 0; i < stages; i++) yield* make()(work)
    })
  }
}

const bare = loops(() => (self) => self)
const unplacedSpan = loops(() => Effect.withSpan("Load CSV", { captureStackTrace: false }))
const span = loops(() => Effect.withSpan("Load CSV"))
const stage = loops(() => Narrative.stage("Load CSV"))

const inSpan = Effect.withSpan("Import Customers", { captureStackTrace: false })
const inStory = Narrative.story("Import Customers", { totalStages: stages })

let handled = 0
const counting = (name: string) =>
  Renderer.layer(
    Renderer.make(name, () => {
      handled += 1
    })
  )

const discarding: SpanExporter = {
  export: (_spans, exported) => exported({ code: 0 }),
  shutdown: () => Promise.resolve()
}

const openTelemetry = Layer.discard(
  NodeSdk.layer(() => ({
    resource: { serviceName: "bench" },
    spanProcessor: new BatchSpanProcessor(discarding, { maxQueueSize: 2 * stages })
  }))
)

const plain = "withSpan, captureStackTrace: false"
const otel = "withSpan, OpenTelemetry SDK"

const cases = (way: keyof Loops): ReadonlyArray<Case> => {
  const one = (name: string, program: Effect.Effect<void>, layer: Layer.Layer<never> = Layer.empty): Case => ({
    name,
    run: () => Effect.runPromise(Effect.provide(program, layer))
  })
  const story = inStory(stage[way])
  return [
    one("bare effect", bare[way]),
    one("stage, narration disabled", story, Narrative.disabled),
    one("stage, no renderer", story, Renderer.layerNone),
    one("stage, one synchronous renderer", story, counting("first")),
    capturing(one("stage, one renderer, rich diagnostics", story, counting("first"))),
    one("stage, three renderers", story, Layer.mergeAll(counting("first"), counting("second"), counting("third"))),
    one(plain, inSpan(unplacedSpan[way])),
    one("withSpan", inSpan(span[way])),
    one(otel, inSpan(unplacedSpan[way]), openTelemetry),
    one("stage, OpenTelemetry SDK", story, Layer.merge(Renderer.layerNone, openTelemetry))
  ]
}

/** With failures watched as rich diagnostics watch them: a success should not notice. */
const capturing = ({ name, run }: Case): Case => ({
  name,
  run: async () => {
    const capture = install("rich")
    await run()
    capture.uninstall()
  }
})

const group = (way: keyof Loops): Group => ({
  title: `A stage, ${way}`,
  text:
    way === "made once"
      ? "A prebuilt stage or span around an effect that does next to nothing, 2,000 times in a loop."
      : "The same with `Narrative.stage(…)` or `Effect.withSpan(…)` called within the loop, which is how most code is written. `Narrative.stage` captures its place in the source there, as `Effect.withSpan` does by default; in a loop that makes more than sixteen of one name, it captures ever fewer.",
  command: "npm run bench -- stages",
  per: stages,
  rounds: 61,
  bytes: true,
  cases: cases(way),
  rows: [
    { name: "bare effect", against: plain },
    { name: "stage, narration disabled", against: plain, ...(way === "made once" ? { bar: 0.15 } : {}) },
    { name: "stage, no renderer", against: plain, bar: way === "made once" ? 0.35 : 0.45 },
    { name: "stage, one synchronous renderer", against: plain, ...(way === "made once" ? { bar: 0.5 } : {}) },
    { name: "stage, one renderer, rich diagnostics", against: "stage, one synchronous renderer" },
    { name: "stage, three renderers", against: plain },
    { name: plain },
    { name: "withSpan", against: plain },
    { name: "stage, no renderer", against: "withSpan" },
    { name: "stage, one synchronous renderer", against: "withSpan" },
    { name: otel, against: plain },
    { name: "stage, OpenTelemetry SDK", against: otel }
  ]
})

let intercepted = 0
const count = () => {
  intercepted += 1
}

const interceptor = (name: string) => Interceptor.layer({ name, before: count, after: count })

const ofEffects = Interceptor.layer({
  name: "effects",
  before: () => Effect.sync(count),
  after: () => Effect.sync(count)
})

const withInterceptors = (name: string, layer: Layer.Layer<never>): Case => ({
  name,
  run: () => Effect.runPromise(Effect.provide(inStory(stage["made once"]), Layer.merge(Renderer.layerNone, layer)))
})

const none = "stage, no interceptor"

const interceptors: Group = {
  title: "A stage with interceptors",
  text: "The stage made once, without a renderer; each interceptor counts before and after it, as a function or as an Effect that the stage waits for.",
  command: "npm run bench -- stages",
  per: stages,
  rounds: 61,
  bytes: true,
  cases: [
    withInterceptors(none, Layer.empty),
    withInterceptors("one, of functions", interceptor("first")),
    withInterceptors(
      "three, of functions",
      Layer.provideMerge(interceptor("first"), Layer.provideMerge(interceptor("second"), interceptor("third")))
    ),
    withInterceptors("one, of Effects", ofEffects)
  ],
  rows: [
    { name: none },
    { name: "one, of functions", against: none, bar: 1.15 },
    { name: "three, of functions", against: none },
    { name: "one, of Effects", against: none }
  ]
}

export const groups: ReadonlyArray<Group> = [group("made once"), group("made in place"), interceptors]

/** What the loops did, so that no compiler can leave it out. */
export const witnesses = () => [done, handled, intercepted]
