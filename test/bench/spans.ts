/**
 * What it costs to narrate the spans that a program has.
 *
 *     npm run bench -- spans
 */
import { Effect, Layer, Tracer } from "effect"
import { Narrative, NarrativeSpans, Renderer } from "./library.js"
import type { Case, Group } from "./rounds.js"

const spans = 2_000

let done = 0
const work = Effect.sync(() => {
  done += 1
})

const repeat = (self: Effect.Effect<void>) =>
  Effect.gen(function* () {
    for (let i = 0; i < spans; i++) yield* self
  })

const inSpan = Effect.withSpan("Import Customers", { captureStackTrace: false })
const inStory = Narrative.story("Import Customers")

const span = Effect.withSpan(work, "Load CSV", { captureStackTrace: false })
const call = Effect.withSpan(work, "sql.execute", { captureStackTrace: false, kind: "client" })
const stage = Narrative.stage(work, "Load CSV")

let handled = 0
const counting = Renderer.layer(
  Renderer.make("counting", () => {
    handled += 1
  })
)

/** A tracer in use, as any exporter gives one: a Layer that sets a tracer costs each span a little in itself. */
const passing = Layer.unwrapEffect(
  Effect.map(Effect.tracer, (inner) =>
    Layer.setTracer(Tracer.make({ span: (...span) => inner.span(...span), context: inner.context }))
  )
)

const traced = Layer.merge(passing, counting)

const narrating = Layer.provideMerge(NarrativeSpans.layer({ include: "Load CSV", exclude: "Noise" }), counting)

const one = (name: string, program: Effect.Effect<void>, layer: Layer.Layer<never> = traced): Case => ({
  name,
  run: () => Effect.runPromise(Effect.provide(program, layer))
})

const plain = "withSpan"
const both = "withSpan, and a stage with one synchronous renderer"

export const groups: ReadonlyArray<Group> = [
  {
    title: "Spans narrated by NarrativeSpans",
    text: "2,000 spans in a loop, in one that is a story. Against the same spans of a tracer that a Layer sets and that passes them on, and against such spans and stages one after the other, which is what a program has that narrates by hand beside its spans.",
    command: "npm run bench -- spans",
    per: spans,
    rounds: 61,
    cases: [
      one(plain, inSpan(repeat(span))),
      one(both, inStory(repeat(Effect.zipRight(span, stage)))),
      one("span, a stage, one synchronous renderer", inSpan(repeat(span)), narrating),
      one("span, counted on its stage", inSpan(repeat(call)), narrating),
      one("span, excluded", inSpan(repeat(Effect.withSpan(work, "Noise", { captureStackTrace: false }))), narrating),
      one("span, a call outside any story", repeat(call), narrating)
    ],
    rows: [
      { name: plain },
      { name: both, against: plain },
      { name: "span, a stage, one synchronous renderer", against: both, bar: 0.8 },
      { name: "span, counted on its stage", against: plain },
      { name: "span, excluded", against: plain, bar: 1.05 },
      { name: "span, a call outside any story", against: plain, bar: 1.05 }
    ]
  }
]

/** Whether the loops ran, and something was narrated. */
export const witnesses = () => [done, handled]
