import { createServer } from "node:http"
import { HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "@effect/platform"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Data,
  Deferred,
  type Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  TestClock,
  Tracer
} from "effect"
import { Narrative, type NarrativeEvent, NarrativeSpans, Renderer } from "../../src/index.js"

type Event = NarrativeEvent.NarrativeEvent

class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

const quiet = Logger.replace(Logger.defaultLogger, Logger.none)

/** Runs an effect whose spans are narrated; gives its exit and a line for each event. */
const narrate = <A, E>(self: Effect.Effect<A, E>, options?: NarrativeSpans.SpansOptions) =>
  Effect.suspend(() => {
    const events: Array<Event> = []
    const recorder = Renderer.make("recorder", (event) => void events.push(event))
    return Effect.exit(self).pipe(
      Effect.provide(Layer.provideMerge(NarrativeSpans.layer(options), Layer.merge(Renderer.replace(recorder), quiet))),
      Effect.map((exit) => ({ exit, events, lines: events.map(line) }))
    )
  })

const line = (event: Event): string => {
  const details = "attributes" in event && event.attributes["narrative.details"]
  const suffix = typeof details === "string" ? ` · ${details}` : ""
  switch (event._tag) {
    case "StoryStarted":
      return `▶ ${event.kind} ${event.storyName}`
    case "StoryCompleted":
      return `■ ${event.storyName} ${event.status}${event.outcome === null ? "" : ` (${event.outcome})`}${suffix}`
    case "StageStarted":
      return `+ ${event.stagePath.join(" > ")}`
    case "StageCompleted":
      return `✔ ${event.stageName}${suffix}`
    case "StageFailed":
      return `✖ ${event.stageName} ${event.errorType}${suffix}`
    case "StageCancelled":
      return `⊘ ${event.stageName}${event.orphaned ? " (goes on)" : ""}`
    case "FailureOccurred":
      return `! ${event.failures[0].stagePath.join(" > ")} ${event.failures[0].errorType}${event.handled ? " (handled)" : ""}`
    default:
      return event._tag
  }
}

const query = (exit: Effect.Effect<void, Refused> = Effect.void) =>
  Effect.withSpan(exit, "sql.execute", { kind: "client", attributes: { "db.system.name": "sqlite" } })

const step = (name: string) => Effect.withSpan(Effect.void, name)

describe("where stories begin", () => {
  it.effect("at a span without a parent, and at none that calls another program", () =>
    Effect.gen(function* () {
      const { lines } = yield* narrate(Effect.all([query(), Effect.withSpan(step("Load"), "Import")]))
      assert.deepStrictEqual(lines, ["▶ story Import", "+ Load", "✔ Load", "■ Import success"])
    })
  )

  it.effect("at a span whose parent is elsewhere, and not at one whose parent goes on in this process", () =>
    Effect.gen(function* () {
      const elsewhere = Tracer.externalSpan({ spanId: "0123456789abcdef", traceId: "0123456789abcdef0123456789abcdef" })
      const served = (parent: Tracer.AnySpan) =>
        Effect.withSpan(step("Look Up"), "RpcServer.UserById", { kind: "server", parent })
      const inProcess = Effect.useSpan("RpcClient.UserById", { kind: "client" }, ({ spanId, traceId }) =>
        served(Tracer.externalSpan({ spanId, traceId }))
      )
      const { lines } = yield* narrate(Effect.zipRight(served(elsewhere), Effect.withSpan(inProcess, "Show User")))
      assert.deepStrictEqual(lines, [
        "▶ rpc UserById",
        "+ Look Up",
        "✔ Look Up",
        "■ UserById success",
        "▶ story Show User",
        "+ UserById",
        "+ UserById > Look Up",
        "✔ Look Up",
        "✔ UserById",
        "■ Show User success · RpcClient.UserById"
      ])
    })
  )

  it.effect("where `stories` says so, inside others", () =>
    Effect.gen(function* () {
      const { events, lines } = yield* narrate(Effect.withSpan(step("Job 7"), "Worker"), { stories: ["Job *"] })
      assert.deepStrictEqual(lines, ["▶ story Worker", "▶ story Job 7", "■ Job 7 success", "■ Worker success"])
      assert.strictEqual(events[1]?.parentStoryId, events[0]?.storyId)
    })
  )

  it.effect("not where a span is not sampled, nor where narration is off", () =>
    Effect.gen(function* () {
      const unsampled = Tracer.make({
        span: (name, parent, context, links, startTime, kind) => ({
          _tag: "Span",
          name,
          parent,
          context,
          links,
          kind,
          spanId: "1",
          traceId: "1",
          sampled: false,
          attributes: new Map(),
          status: { _tag: "Started", startTime },
          attribute: () => {},
          event: () => {},
          addLinks: () => {},
          end: () => {}
        }),
        context: (f) => f()
      })
      const off = yield* narrate(step("Import").pipe(Effect.provide(Narrative.disabled)))
      const events: Array<Event> = []
      yield* step("Import").pipe(
        Effect.provide(
          NarrativeSpans.layer().pipe(
            Layer.provideMerge(Layer.setTracer(unsampled)),
            Layer.provideMerge(Renderer.replace(Renderer.make("recorder", (event) => void events.push(event))))
          )
        )
      )
      assert.deepStrictEqual([off.events, events], [[], []])
    })
  )
})

describe("what becomes of the spans of a story", () => {
  it.effect("calls to others are counted where they were made, with what the program put on them", () =>
    Effect.gen(function* () {
      const transaction = Effect.annotateCurrentSpan("account", 7).pipe(
        Effect.zipRight(step("Insert")),
        Effect.withSpan("sql.transaction", { kind: "client" })
      )
      const { events, lines } = yield* narrate(
        Effect.all([query(), query(), transaction]).pipe(Effect.withSpan("Save"), Effect.withSpan("Request"))
      )
      assert.deepStrictEqual(lines, [
        "▶ story Request",
        "+ Save",
        "+ Save > Insert",
        "✔ Insert",
        "✔ Save · sql.execute ×2 · sql.transaction",
        "■ Request success"
      ])
      const [saved] = events.flatMap((event) => (event._tag === "StageCompleted" && event.depth === 0 ? [event] : []))
      assert.strictEqual(saved?.attributes["account"], 7)
    })
  )

  it.effect("of equal ones beside each other three are stages, and the others are counted with what is in them", () =>
    Effect.gen(function* () {
      const lookUp = Effect.withSpan(step("Decode"), "Look Up")
      const { lines } = yield* narrate(Effect.withSpan(Effect.replicateEffect(lookUp, 6), "Import"))
      assert.strictEqual(lines.filter((line) => line === "✔ Look Up").length, 3)
      assert.strictEqual(lines.at(-1), "■ Import success · Decode ×3 · Look Up ×3")
    })
  )

  it.effect("those that `include` names are stages however many there are", () =>
    Effect.gen(function* () {
      const { lines } = yield* narrate(Effect.withSpan(Effect.replicateEffect(query(), 6), "Import"), {
        include: /^sql\./
      })
      assert.strictEqual(lines.filter((line) => line === "✔ sql.execute").length, 6)
    })
  )

  it.effect("a counted one that takes long is a stage", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(
        narrate(Effect.withSpan(Effect.zipRight(query(), query(Effect.sleep("2 seconds"))), "Import"))
      )
      yield* TestClock.adjust("2 seconds")
      const { events, lines } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(lines, [
        "▶ story Import",
        "+ sql.execute",
        "✔ sql.execute",
        "■ Import success · sql.execute"
      ])
      const [, started, ended] = events
      assert.strictEqual(started?.timestamp, 0)
      assert.strictEqual(ended?._tag === "StageCompleted" ? ended.durationSeconds : undefined, 2)
    })
  )

  it.effect("of counted ones that failed, the one its stage failed of is a stage, and takes the blame", () =>
    Effect.gen(function* () {
      const refused = query(Effect.fail(new Refused({ message: "disk" })))
      const { lines } = yield* narrate(
        refused.pipe(Effect.retry({ times: 2 }), Effect.withSpan("Insert"), Effect.withSpan("Import"))
      )
      assert.deepStrictEqual(lines, [
        "▶ story Import",
        "+ Insert",
        "+ Insert > sql.execute",
        "✖ sql.execute Refused",
        "✖ Insert Refused · sql.execute ×3 (3 failed)",
        "! Insert > sql.execute Refused",
        "■ Import failed"
      ])
    })
  )

  it.effect("a counted one that fails with what a stage in it failed with is not blamed for it", () =>
    Effect.gen(function* () {
      const insert = Effect.withSpan(Effect.fail(new Refused({ message: "disk" })), "Insert")
      const transaction = Effect.withSpan(insert, "sql.transaction", { kind: "client" })
      const { lines } = yield* narrate(transaction.pipe(Effect.withSpan("Save"), Effect.withSpan("Import")))
      assert.deepStrictEqual(lines.slice(1), [
        "+ Save",
        "+ Save > Insert",
        "✖ Insert Refused",
        "✖ Save Refused · sql.transaction (1 failed)",
        "! Save > Insert Refused",
        "■ Import failed"
      ])
    })
  )

  it.effect("an error that only repeats what the last call failed with, or took its cause, came from that", () =>
    Effect.gen(function* () {
      class Unwrapped extends Data.TaggedError("Unwrapped")<{ readonly message: string; readonly cause: Error }> {}
      class SqlError extends Data.TaggedError("SqlError")<{ readonly message: string; readonly cause: Error }> {}
      const failed = () =>
        new SqlError({ message: "Failed to execute statement", cause: new Error("no such table: orders") })
      const inserting = Effect.withSpan(Effect.suspend(failed), "sql.execute", { kind: "client" })
      const waiting = Effect.withSpan(Effect.delay(Effect.suspend(failed), "2 seconds"), "sql.execute", {
        kind: "client"
      })
      const whyOf = (self: Effect.Effect<unknown, unknown>) =>
        Effect.map(narrate(Effect.withSpan(self, "Place Order")), ({ events }) => {
          const failure = events.find((event) => event._tag === "FailureOccurred")?.failures[0]
          return [failure?.errorType, failure?.exactCause, ...(failure?.causes.map(({ errorType }) => errorType) ?? [])]
        })
      const repeated = inserting.pipe(Effect.mapError(({ message }) => new Refused({ message })))
      assert.deepStrictEqual(yield* whyOf(repeated), ["Refused", "Error: no such table: orders", "SqlError", "Error"])
      const waited = waiting.pipe(Effect.mapError(({ message }) => new Refused({ message })))
      const fiber = yield* Effect.fork(whyOf(waited))
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["Refused", "Error: no such table: orders", "SqlError", "Error"])
      const unwrapped = inserting.pipe(Effect.mapError(({ cause }) => new Unwrapped({ message: "no order", cause })))
      assert.deepStrictEqual(yield* whyOf(unwrapped), [
        "Unwrapped",
        "Error: no such table: orders",
        "SqlError",
        "Error"
      ])
      const another = inserting.pipe(Effect.mapError(() => new Refused({ message: "no order" })))
      assert.deepStrictEqual(yield* whyOf(another), ["Refused", "Refused: no order"])
    })
  )

  it.effect("a failure that was caught is only counted", () =>
    Effect.gen(function* () {
      const refused = Effect.ignore(query(Effect.fail(new Refused({ message: "disk" }))))
      const { lines } = yield* narrate(Effect.withSpan(refused, "Import"))
      assert.deepStrictEqual(lines, ["▶ story Import", "■ Import success · sql.execute (1 failed)"])
    })
  )

  it.effect("what `exclude` names is left out, and what is in it belongs to what is around it", () =>
    Effect.gen(function* () {
      const { lines } = yield* narrate(step("Load").pipe(Effect.withSpan("Noise"), Effect.withSpan("Import")), {
        exclude: ({ name }) => name === "Noise"
      })
      assert.deepStrictEqual(lines, ["▶ story Import", "+ Load", "✔ Load", "■ Import success"])
    })
  )

  it.effect("`names` says what they are called", () =>
    Effect.gen(function* () {
      const { lines } = yield* narrate(Effect.withSpan(step("UsersRepo.insert"), "main"), {
        names: { main: "Import Users", "UsersRepo.insert": "Insert User" }
      })
      assert.deepStrictEqual(lines, [
        "▶ story Import Users",
        "+ Insert User",
        "✔ Insert User",
        "■ Import Users success"
      ])
    })
  )

  it.effect("a story has 200 of them, six deep; the others are counted", () =>
    Effect.gen(function* () {
      const deep = Array.from({ length: 9 }, (_, i) => `Level ${i}`).reduceRight<Effect.Effect<void>>(
        (self, name) => Effect.withSpan(self, name),
        Effect.void
      )
      const wide = Effect.forEach(
        Array.from({ length: 300 }, (_, i) => i),
        (i) => step(`Step ${i}`)
      )
      const { events, lines } = yield* narrate(Effect.withSpan(Effect.all([deep, wide]), "Import"))
      const started = events.flatMap((event) => (event._tag === "StageStarted" ? [event] : []))
      assert.strictEqual(started.length, 200)
      assert.strictEqual(Math.max(...started.map(({ depth }) => depth)), 5)
      assert.include(lines, "✔ Level 5 · Level 8 · Level 7 · Level 6")
      assert.match(lines.at(-1) ?? "", /Step 194 · .* more$/)
    })
  )

  it.effect("a stage by hand and a note inside a span belong to it", () =>
    Effect.gen(function* () {
      const { events } = yield* narrate(
        Narrative.note("Found").pipe(Narrative.stage("By Hand"), Effect.withSpan("Load"), Effect.withSpan("Import"))
      )
      const notes = events.flatMap((event) => (event._tag === "EventRecorded" ? [event.stageName] : []))
      const paths = events.flatMap((event) => (event._tag === "StageStarted" ? [event.stagePath] : []))
      assert.deepStrictEqual(notes, ["By Hand"])
      assert.deepStrictEqual(paths, [["Load"], ["Load", "By Hand"]])
    })
  )
})

describe("how stories of spans end", () => {
  it.effect("a story that its program leaves by interruption is cancelled", () =>
    Effect.gen(function* () {
      const { lines } = yield* narrate(
        Effect.timeoutOption(Effect.never.pipe(Effect.withSpan("Wait"), Effect.withSpan("Import")), 10).pipe(
          Effect.zipLeft(TestClock.adjust(10), { concurrent: true })
        )
      )
      assert.deepStrictEqual(lines, ["▶ story Import", "+ Wait", "⊘ Wait", "■ Import cancelled"])
    })
  )

  it.effect("a story whose span is never ended is cancelled with the fiber that began it, or with the layer", () =>
    Effect.gen(function* () {
      const lost = Effect.zipRight(Effect.makeSpan("Lost"), Effect.never)
      const fiber = yield* Effect.fork(
        narrate(
          Effect.gen(function* () {
            const fiber = yield* Effect.fork(lost)
            yield* Effect.yieldNow()
            yield* Fiber.interrupt(fiber)
            yield* Effect.makeSpan("Forgotten")
          })
        )
      )
      const { lines } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(lines, ["▶ story Lost", "■ Lost cancelled", "▶ story Forgotten", "■ Forgotten cancelled"])
    })
  )

  it.effect("a span that outlives its story goes on, and what begins in it then is in a story of its own", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const preload = Deferred.await(gate).pipe(Effect.zipRight(step("Fetch")), Effect.withSpan("Preload"))
      const { events, lines } = yield* narrate(
        Effect.gen(function* () {
          const fiber = yield* Effect.withSpan(Effect.zipLeft(Effect.forkDaemon(preload), Effect.yieldNow()), "Play")
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.join(fiber)
        })
      )
      assert.deepStrictEqual(lines, [
        "▶ story Play",
        "+ Preload",
        "⊘ Preload (goes on)",
        "■ Play success",
        "▶ stage Preload",
        "+ Fetch",
        "✔ Fetch",
        "■ Preload success"
      ])
      assert.strictEqual(events[4]?.parentStoryId, events[0]?.storyId)
    })
  )

  it.effect("a call whose failure is its answer says what failed in it", () =>
    Effect.gen(function* () {
      const call = (failure: Effect.Effect<never, Refused>) =>
        Effect.exit(Effect.withSpan(failure, "Charge")).pipe(
          Effect.withSpan("RpcServer.Pay", { kind: "server", root: true })
        )
      const { lines } = yield* narrate(
        Effect.zip(call(Effect.fail(new Refused({ message: "no" }))), call(Effect.die(new Error("broken"))))
      )
      assert.deepStrictEqual(lines, [
        "▶ rpc Pay",
        "+ Charge",
        "✖ Charge Refused",
        "■ Pay success (Refused)",
        "▶ rpc Pay",
        "+ Charge",
        "✖ Charge Error",
        "! Charge Error (handled)",
        "■ Pay success"
      ])
    })
  )

  it.effect("a renderer that makes wait gets every event, in order, before it is closed", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const slow = Renderer.make("slow", (event) =>
        Effect.zipRight(
          Effect.yieldNow().pipe(Effect.repeatN(3)),
          Effect.sync(() => void seen.push(line(event)))
        )
      )
      yield* Effect.withSpan(step("Load"), "Import").pipe(
        Effect.provide(Layer.provideMerge(NarrativeSpans.layer(), Renderer.replace(slow)))
      )
      assert.deepStrictEqual(seen, ["▶ story Import", "+ Load", "✔ Load", "■ Import success"])
    })
  )

  it.effect("two of the layers narrate a span once", () =>
    Effect.gen(function* () {
      const { lines } = yield* narrate(step("Import").pipe(Effect.provide(NarrativeSpans.layer())))
      assert.deepStrictEqual(lines, ["▶ story Import", "■ Import success"])
    })
  )

  it.effect("options that cannot be used are a defect which names them", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        Effect.provide(Effect.void, NarrativeSpans.layer({ detailsOver: "long" as Duration.DurationInput }))
      )
      const [error] = Exit.isFailure(exit) ? Array.from(Cause.defects(exit.cause)) : []
      assert.match(String(error), /detailsOver/)
    })
  )
})

describe("a server's requests", () => {
  const router = HttpRouter.empty.pipe(
    HttpRouter.get("/orders/:id", Effect.as(step("Load"), HttpServerResponse.text("order"))),
    HttpRouter.get("/refused", Effect.fail(new Refused({ message: "no" }))),
    HttpRouter.get(
      "/answered",
      Effect.fail(new Refused({ message: "no" })).pipe(
        Effect.withSpan("Pay"),
        Effect.catchAll(() => HttpServerResponse.empty({ status: 503 }))
      )
    ),
    HttpRouter.get("/broken", HttpServerResponse.empty({ status: 503 }))
  )
  const served = HttpServer.serve(router).pipe(
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.provideMerge(NodeHttpClient.layer)
  )

  it.scopedLive("are stories called by method and route, and end as their response says", () =>
    Effect.gen(function* () {
      const events: Array<Event> = []
      const finished = yield* Deferred.make<void>()
      const recorder = Renderer.make("recorder", (event) => {
        events.push(event)
        if (event._tag === "StoryCompleted" && event.storyName === "GET /broken")
          Deferred.unsafeDone(finished, Exit.void)
      })
      const get = (path: string) =>
        Effect.gen(function* () {
          const client = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
          const { address } = yield* HttpServer.HttpServer
          const port = address._tag === "TcpAddress" ? address.port : 0
          const response = yield* client.get(`http://127.0.0.1:${port}${path}`)
          return response.status
        }).pipe(Effect.scoped)
      const statuses = yield* Effect.forEach(
        ["/orders/7?token=1", "/nowhere", "/refused", "/answered", "/broken"],
        get
      ).pipe(
        Effect.zipLeft(Deferred.await(finished)),
        Effect.provide(
          served.pipe(
            Layer.provideMerge(NarrativeSpans.layer()),
            Layer.provideMerge(Layer.merge(Renderer.replace(recorder), quiet))
          )
        )
      )
      assert.deepStrictEqual(statuses, [200, 404, 500, 503, 503])
      assert.deepStrictEqual(events.map(line), [
        "▶ request GET /orders/:id",
        "+ Load",
        "✔ Load",
        "■ GET /orders/:id success (200)",
        "▶ request GET /nowhere",
        "■ GET /nowhere success (404)",
        "▶ request GET /refused",
        "!  Refused",
        "■ GET /refused failed (500)",
        "▶ request GET /answered",
        "+ Pay",
        "✖ Pay Refused",
        "! Pay Refused",
        "■ GET /answered failed (503)",
        "▶ request GET /broken",
        "■ GET /broken failed (503)"
      ])
      const [ended] = events.flatMap((event) => (event._tag === "StoryCompleted" ? [event] : []))
      assert.notInclude(JSON.stringify(ended), "token")
      assert.isTrue(Option.isSome(Option.fromNullable(ended?.traceId)))
    })
  )
})
