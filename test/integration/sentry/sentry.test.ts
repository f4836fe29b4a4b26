import { assert, describe, it } from "@effect/vitest"
import { createTransport, type Event as SentryEvent } from "@sentry/core"
import { NodeClient } from "@sentry/node"
import { Cause, Data, Effect, Layer, Redacted } from "effect"
import { Correlation, Diagnostics, Narrative, Renderer } from "../../../src/index.js"
import * as Sentry from "../../../src/integration/sentry/index.js"
import { withWarnings } from "../../renderer/rendererSuite.js"
import { ingest } from "./ingest.js"

class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly sku: string; readonly cause?: unknown }> {
  override get message(): string {
    return `${this.sku} is out of stock`
  }
}

const secret = "hunter2-of-the-north"

const order = Effect.gen(function* () {
  yield* Effect.void.pipe(Narrative.stage("Validate", { attributes: { password: secret } }))
  yield* Narrative.note("priced", { total: 42, said: `with ${secret}` })
  return yield* Effect.gen(function* () {
    const sku = yield* Effect.succeed("tea-7")
    const apiKey = yield* Effect.succeed(secret)
    return yield* new OutOfStock({ sku, cause: new TypeError(`no shelf of ${sku} for ${apiKey.slice(0, 0)}`) })
  }).pipe(Narrative.stage("Reserve"))
}).pipe(
  Narrative.story("Order", { kind: "request", labels: { region: "north" } }),
  Correlation.with({ userId: "ada", requestId: "request-1" })
)

const settings = { environment: "production", release: "shop@1.2.0" }

/** In real time, for the server is a real one. */
const run = <A, E>(self: Effect.Effect<A, E>, layer: Layer.Layer<never, unknown>) =>
  Effect.exit(self).pipe(Effect.provide(layer), Effect.scoped)

describe("Sentry.layer", () => {
  it.live("sends a failure as an event, with its chain, its place, its breadcrumbs and who asked", () =>
    Effect.gen(function* () {
      const server = yield* ingest
      yield* run(order, Sentry.layer({ dsn: server.dsn, ...settings, tags: { team: "shop" } }))
      assert.strictEqual(server.taken.length, 1)
      const [{ contentType, envelope, url } = { contentType: "", envelope: [{}, []] as never, url: "" }] = server.taken
      assert.match(url, /^\/api\/42\/envelope\/\?.*sentry_key=public-key/)
      assert.strictEqual(contentType, "application/x-sentry-envelope")
      const [headers, items] = envelope
      const [event] = server.events
      assert.match(event?.event_id ?? "", /^[0-9a-f]{32}$/)
      assert.strictEqual((headers as { readonly event_id?: string }).event_id, event?.event_id)
      assert.deepStrictEqual(
        items.map(([header]) => header.type),
        ["event"]
      )
      assert.deepInclude(event, {
        platform: "node",
        level: "error",
        transaction: "Order",
        environment: "production",
        release: "shop@1.2.0"
      })
      assert.deepInclude(event?.tags, {
        region: "north",
        team: "shop",
        story: "Order",
        stage: "Reserve",
        story_kind: "request"
      })
      assert.deepInclude(event?.contexts?.["correlation"], { request_id: "request-1" })
      assert.deepStrictEqual(event?.user, { id: "ada" })
      assert.lengthOf(event?.fingerprint ?? [], 1)
      const values = event?.exception?.values ?? []
      assert.deepStrictEqual(
        values.map(({ type }) => type),
        ["TypeError", "OutOfStock"]
      )
      assert.deepStrictEqual(values.at(-1)?.mechanism, { type: "effect-narrative", handled: false })
      const frames = values.at(-1)?.stacktrace?.frames ?? []
      const last = frames.at(-1)
      assert.isTrue(last?.in_app)
      assert.match(last?.filename ?? "", /sentry\.test\.ts$/)
      assert.include(last?.context_line, "OutOfStock")
      const crumbs = event?.breadcrumbs?.map(({ category, message }) => `${category}: ${message}`)
      assert.deepStrictEqual(crumbs, [
        "stage: Validate started",
        "stage: Validate completed",
        "note: priced",
        "stage: Reserve started",
        "stage: Reserve failed"
      ])
      assert.notInclude(JSON.stringify(server.taken), secret)
    }).pipe(Effect.scoped)
  )

  it.live("has the local variables of frames as their vars, redacted", () =>
    Effect.gen(function* () {
      const server = yield* ingest
      const layers = Layer.merge(Sentry.layer({ dsn: server.dsn }), Diagnostics.layer({ mode: "rich" }))
      yield* run(order, layers as Layer.Layer<never, unknown>)
      const frames = server.events[0]?.exception?.values?.at(-1)?.stacktrace?.frames ?? []
      const vars = frames.flatMap((frame) => (frame.vars === undefined ? [] : [frame.vars]))
      assert.isTrue(vars.some((one) => one["sku"] === "tea-7"))
      assert.notInclude(JSON.stringify(server.taken), secret)
    }).pipe(Effect.scoped)
  )

  it.live("sends nothing twice, and a handled failure as a warning", () =>
    Effect.gen(function* () {
      const server = yield* ingest
      const program = Effect.gen(function* () {
        yield* Narrative.recordFailure(Cause.fail(new OutOfStock({ sku: "handled" })))
        yield* Effect.ignore(Effect.fail("caught").pipe(Narrative.stage("Caught")))
        return yield* order
      }).pipe(Narrative.story("Outer"))
      yield* run(program, Sentry.layer({ dsn: server.dsn }))
      assert.deepStrictEqual(
        server.events.map(({ level, transaction }) => [level, transaction]),
        [
          ["warning", "Outer"],
          ["error", "Order"]
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.live("keeps the limits that Sentry asks for, and counts what it did not send", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const server = yield* ingest
        server.answer = { status: 429, headers: { "x-sentry-rate-limits": "60:error:organization" } }
        const stats = yield* Effect.gen(function* () {
          yield* Effect.exit(order)
          yield* Effect.sleep("300 millis")
          yield* Effect.exit(order)
          yield* Effect.sleep("300 millis")
          return yield* Renderer.stats
        }).pipe(Effect.provide(Sentry.layer({ dsn: server.dsn })))
        assert.strictEqual(server.taken.length, 1)
        assert.deepInclude(stats[0], { name: "sentry", emitted: 2, failed: 2, delivered: 0, pending: 0 })
        assert.match(warnings[0] ?? "", /Renderer "sentry" failed/)
      }).pipe(Effect.scoped)
    )
  )

  it.live("tries again where there is no connection, and never shows the key", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const dsn = Redacted.make("http://very-secret-key@127.0.0.1:9/42")
        const layer = Sentry.layer({ dsn, shutdownTimeout: "200 millis" })
        yield* run(order, layer)
        assert.isNotEmpty(warnings)
        assert.notInclude(warnings.join("\n"), "very-secret-key")
      })
    )
  )

  it.live("sends nothing without a DSN, and refuses one that is none without showing it", () =>
    Effect.gen(function* () {
      yield* run(order, Sentry.layer({ dsn: undefined }))
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Sentry.layer({ dsn: "not-a-dsn-secret" }))))
      assert.strictEqual(error.setting, "dsn")
      assert.notInclude(error.message, "not-a-dsn-secret")
    })
  )

  it.live("lets a program change an event, or drop it", () =>
    Effect.gen(function* () {
      const server = yield* ingest
      const changed = Sentry.layer({ dsn: server.dsn, beforeSend: (event) => ({ ...event, server_name: "web-1" }) })
      yield* run(order, changed)
      yield* run(order, Sentry.layer({ dsn: server.dsn, beforeSend: () => null }))
      yield* run(
        order,
        Sentry.layer({ dsn: server.dsn, ignore: ({ failures }) => failures[0].errorType === "OutOfStock" })
      )
      assert.deepStrictEqual(
        server.events.map(({ server_name }) => server_name),
        ["web-1"]
      )
    }).pipe(Effect.scoped)
  )
})

describe("Sentry.layerClient", () => {
  it.live("hands failures to the program's own client", () =>
    Effect.gen(function* () {
      const sent: Array<SentryEvent> = []
      const client = new NodeClient({
        dsn: "http://publickey@127.0.0.1:9/42",
        integrations: [],
        stackParser: () => [],
        environment: "staging",
        transport: (options) => createTransport(options, () => Promise.resolve({ statusCode: 200 })),
        beforeSend: (event) => {
          sent.push(event)
          return event
        }
      })
      client.init()
      yield* run(order, Sentry.layerClient(client))
      assert.deepStrictEqual(
        sent.map(({ environment, transaction }) => [environment, transaction]),
        [["staging", "Order"]]
      )
      assert.notInclude(JSON.stringify(sent), secret)
    })
  )
})
