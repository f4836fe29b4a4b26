/**
 * Spans of calls of models and of agents, as they leave the process, by the names of OpenTelemetry's conventions for
 * generative AI: https://github.com/open-telemetry/semantic-conventions-genai
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { SpanKind, SpanStatusCode } from "@opentelemetry/api"
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_AGENT_ID,
  ATTR_GEN_AI_AGENT_NAME,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
  GEN_AI_OPERATION_NAME_VALUE_CHAT,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
  GEN_AI_PROVIDER_NAME_VALUE_OPENAI
} from "@opentelemetry/semantic-conventions/incubating"
import { Data, Effect, Layer } from "effect"
import { Narrative, Renderer, Work } from "../../src/index.js"
import { NarrativeTracing } from "../../src/otel/index.js"
import { backends, received } from "./backends.js"
import * as Collector from "./Collector.js"

class RateLimited extends Data.TaggedError("RateLimited")<{ readonly message: string }> {}

const chat = { operation: "chat", provider: "openai", model: "gpt-4o" }

/** An agent that asks a model, and is refused when it asks again. */
const program = Effect.succeed({ prompt: 1000, completion: 250, cached: 600, reasoning: 50 }).pipe(
  Work.providerCall({ ...chat, usage: (usage) => usage }),
  Effect.zipRight(
    Effect.ignore(Work.providerCall(new RateLimited({ message: "slow down" }), { ...chat, model: "gpt-4o-mini" }))
  ),
  Work.agent({ id: "writer", name: "Lead Writer", provider: "openai", model: "gpt-4o" }),
  Narrative.story("Produce")
)

const call = {
  [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_CHAT,
  [ATTR_GEN_AI_PROVIDER_NAME]: GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
  [ATTR_GEN_AI_REQUEST_MODEL]: "gpt-4o",
  [ATTR_GEN_AI_AGENT_ID]: "writer",
  [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: 1000,
  [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: 250,
  [ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS]: 600,
  [ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS]: 50
}
const refused = {
  [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_CHAT,
  [ATTR_GEN_AI_PROVIDER_NAME]: GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
  [ATTR_GEN_AI_REQUEST_MODEL]: "gpt-4o-mini",
  [ATTR_GEN_AI_AGENT_ID]: "writer"
}
const agent = {
  [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
  [ATTR_GEN_AI_PROVIDER_NAME]: GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
  [ATTR_GEN_AI_AGENT_NAME]: "Lead Writer",
  [ATTR_GEN_AI_REQUEST_MODEL]: "gpt-4o",
  [ATTR_GEN_AI_AGENT_ID]: "writer"
}

const genAi = (attributes: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => name.startsWith("gen_ai.")))

/** The protocol counts kinds from 1, its API from 0. */
const kindOf = (span: Collector.ReceivedSpan): SpanKind => span.kind - 1

const ways = [
  ...backends,
  {
    name: "NarrativeTracing.layerOtlp",
    layer: (url: string) =>
      NarrativeTracing.layerOtlp({ url: `${url}/v1/traces`, timeout: "1 day" }).pipe(
        Layer.provide([NodeHttpClient.layer, OtlpSerialization.layerProtobuf])
      )
  }
]

for (const { layer, name } of ways) {
  describe(`Calls of models by ${name}`, () => {
    it.scoped("are spans of a client that say what was asked, of whom, by which agent, and what it used", () =>
      Effect.gen(function* () {
        const collector = yield* received(program, layer)
        const span = Collector.spanNamed(collector, "chat gpt-4o")
        assert.strictEqual(kindOf(span), SpanKind.CLIENT)
        assert.deepStrictEqual(genAi(span.attributes), call)
        assert.strictEqual(span.status.code, SpanStatusCode.OK)
      })
    )

    it.scoped("that fail say how, and nothing of tokens", () =>
      Effect.gen(function* () {
        const collector = yield* received(program, layer)
        const span = Collector.spanNamed(collector, "chat gpt-4o-mini")
        assert.strictEqual(kindOf(span), SpanKind.CLIENT)
        assert.deepStrictEqual(genAi(span.attributes), refused)
        assert.strictEqual(span.attributes[ATTR_ERROR_TYPE], "RateLimited")
        assert.strictEqual(span.status.code, SpanStatusCode.ERROR)
      })
    )

    it.scoped("stand below their agent's span, which is no client's", () =>
      Effect.gen(function* () {
        const collector = yield* received(program, layer)
        const span = Collector.spanNamed(collector, "Lead Writer")
        assert.strictEqual(kindOf(span), SpanKind.INTERNAL)
        assert.deepStrictEqual(genAi(span.attributes), agent)
        for (const name of ["chat gpt-4o", "chat gpt-4o-mini"]) {
          assert.strictEqual(Collector.spanNamed(collector, name).parentSpanId, span.spanId)
        }
        assert.deepStrictEqual(genAi(Collector.spanNamed(collector, "Produce").attributes), {})
      })
    )
  })
}

describe("An exporter of OpenTelemetry's SDK", () => {
  it.effect("an exporter of OpenTelemetry's SDK gets the same spans as ours", () => {
    const exporter = new InMemorySpanExporter()
    const sdk = NodeSdk.layer(() => ({
      resource: { serviceName: "writer" },
      spanProcessor: new SimpleSpanProcessor(exporter)
    }))
    return Effect.gen(function* () {
      // Shutting down, it forgets what it was given.
      const spans = yield* Effect.zipRight(
        program,
        Effect.sync(() => exporter.getFinishedSpans())
      ).pipe(Effect.provide([sdk, Renderer.layerNone]))
      assert.deepStrictEqual(
        spans.map(({ attributes, kind, name, status }) => [name, kind, status.code, genAi(attributes)]),
        [
          ["chat gpt-4o", SpanKind.CLIENT, SpanStatusCode.OK, call],
          ["chat gpt-4o-mini", SpanKind.CLIENT, SpanStatusCode.ERROR, refused],
          ["Lead Writer", SpanKind.INTERNAL, SpanStatusCode.OK, agent],
          ["Produce", SpanKind.INTERNAL, SpanStatusCode.OK, {}]
        ]
      )
    })
  })
})
