import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { assert, describe, it } from "@effect/vitest"
import { SpanStatusCode } from "@opentelemetry/api"
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor
} from "@opentelemetry/sdk-trace-base"
import {
  Data,
  type Duration,
  Effect,
  Exit,
  Fiber,
  FastCheck as fc,
  Layer,
  Option,
  Schedule,
  TestClock,
  Tracer
} from "effect"
import { FailureAnalyzer, Narrative, Renderer } from "../../src/index.js"
import { NarrativeTracing } from "../../src/otel/index.js"
import { shape } from "../laws/exits.js"
import { interpret, narrated, program as programs } from "../laws/programs.js"
import { backends, received } from "./backends.js"
import * as Collector from "./Collector.js"

class CsvError extends Data.TaggedError("CsvError")<{ readonly message: string; readonly password?: string }> {}

const lasting = (millis: number) => Effect.sleep(millis)

const names = (collector: Collector.Collector) => collector.spans.map((span) => span.name).toSorted()

const assertNoOrphans = (collector: Collector.Collector) => {
  const ids = new Set(collector.spans.map((span) => span.spanId))
  for (const span of collector.spans) {
    assert.isTrue(span.parentSpanId === "" || ids.has(span.parentSpanId), `${span.name} has no parent`)
  }
}

for (const backend of backends) {
  describe(`Stories and stages by ${backend.name}`, () => {
    it.scoped("are spans below each other, with what identifies them", () =>
      Effect.gen(function* () {
        const program = Effect.void.pipe(
          Narrative.stage("Parse", { attributes: { rows: 3 } }),
          Narrative.stage("Load"),
          Narrative.story("Import", { labels: { region: "eu" } })
        )
        const collector = yield* received(program, backend.layer)
        const story = Collector.spanNamed(collector, "Import")
        const load = Collector.spanNamed(collector, "Load")
        const parse = Collector.spanNamed(collector, "Parse")
        assert.deepStrictEqual([load.parentSpanId, parse.parentSpanId], [story.spanId, load.spanId])
        assert.deepStrictEqual(new Set(collector.spans.map((span) => span.traceId)).size, 1)
        assert.deepInclude(story.attributes, { "narrative.story.name": "Import", region: "eu" })
        assert.deepInclude(parse.attributes, {
          "narrative.story.id": story.attributes["narrative.story.id"],
          "narrative.stage.name": "Parse",
          "narrative.stage.index": 1,
          rows: 3
        })
        assert.strictEqual(parse.status.code, 1)
        assert.strictEqual(collector.resource["service.name"], "importer")
      })
    )

    it.scoped("take their span kind from what they are", () =>
      Effect.gen(function* () {
        const program = Effect.void.pipe(
          Narrative.stage("Ask", { kind: "provider" }),
          Narrative.story("POST /orders", { kind: "request" })
        )
        const collector = yield* received(program, backend.layer)
        assert.deepStrictEqual(
          [Collector.spanNamed(collector, "POST /orders").kind, Collector.spanNamed(collector, "Ask").kind],
          [2, 3]
        )
      })
    )

    it.scoped("carry the failure as an exception, without its secrets", () =>
      Effect.gen(function* () {
        const program = Effect.fail(
          new CsvError({ message: "hunter2hunter2 was refused", password: "hunter2hunter2" })
        ).pipe(Narrative.stage("Load"), Narrative.story("Import"))
        const collector = yield* received(program, backend.layer)
        for (const name of ["Load", "Import"]) {
          const span = Collector.spanNamed(collector, name)
          assert.strictEqual(span.status.code, 2)
          assert.strictEqual(span.status.message, "<redacted> was refused")
          assert.strictEqual(span.attributes["error.type"], "CsvError")
          const [exception] = span.events
          assert.strictEqual(exception?.name, "exception")
          assert.strictEqual(exception?.attributes["exception.type"], "CsvError")
        }
        assert.isNotEmpty(collector.bodies)
        assert.notInclude(collector.bodies.join(), "hunter2")
      })
    )

    it.scoped("say on the story's span where it failed, why, and how it ended", () =>
      Effect.gen(function* () {
        const program = Effect.fail(new CsvError({ message: "bad row" })).pipe(
          Narrative.stage("Load"),
          Effect.ensuring(Narrative.setOutcome("3 rows")),
          Narrative.story("Import")
        )
        const { attributes } = Collector.spanNamed(yield* received(program, backend.layer), "Import")
        assert.deepInclude(attributes, {
          "error.type": "CsvError",
          "code.file.path": "test/otel/NarrativeTracing.test.ts",
          "narrative.stage.name": "Load",
          "narrative.exception_chain": "CsvError: bad row",
          "narrative.error.code": "UNKNOWN",
          "narrative.story.status": "failed",
          "narrative.story.outcome": "3 rows"
        })
        assert.isAbove(Number(attributes["code.line.number"]), 0)
        assert.match(String(attributes["narrative.fingerprint"]), /^[0-9a-f]{16}$/)
      })
    )

    describe("with an analyzer", () => {
      const analysis = {
        analyzer: "oracle",
        model: "delphi",
        exactWhy: "The row is bad.",
        evidence: [],
        targetedFix: "",
        codeChanges: "",
        rawText: null,
        droppedCitations: 0
      }
      const oracle = FailureAnalyzer.layer(
        FailureAnalyzer.make(() => Effect.delay(Effect.succeedSome(analysis), "2 seconds"))
      )
      const program = Effect.fail("bad row").pipe(Narrative.stage("Load"), Narrative.story("Import"))
      const recorded = (analyzer: Layer.Layer<FailureAnalyzer.FailureAnalyzer>) =>
        Effect.gen(function* () {
          const collector = yield* Collector.make
          const running = yield* program.pipe(
            // Whoever sends the spans has to be there for as long as the analyzer.
            Effect.provide(
              Layer.provide(
                Layer.mergeAll(Renderer.replace(Renderer.make("nobody", () => {})), analyzer),
                backend.layer(collector.url)
              )
            ),
            Effect.exit,
            Effect.fork
          )
          yield* TestClock.adjust("1 minute")
          yield* running
          return collector
        })

      it.scoped("have the analysis as an event of the story's span", () =>
        Effect.gen(function* () {
          const { events } = Collector.spanNamed(yield* recorded(oracle), "Import")
          const event = events.find(({ name }) => name === "narrative.analysis")
          assert.deepInclude(event?.attributes, {
            "narrative.analysis.analyzer": "oracle",
            "narrative.analysis.model": "delphi",
            "narrative.analysis.latency_seconds": 2,
            "narrative.llm_analysis": "## Exact Why\nThe row is bad."
          })
        })
      )

      it.scoped("have the analysis in a linked span when it came after the story's end", () =>
        Effect.gen(function* () {
          const collector = yield* recorded(
            Layer.orDie(FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground())(oracle))
          )
          const story = Collector.spanNamed(collector, "Import")
          const own = Collector.spanNamed(collector, "Failure Analysis")
          assert.deepInclude(own.links[0], { traceId: story.traceId, spanId: story.spanId })
          assert.deepInclude(own.attributes, { "narrative.llm_analysis": "## Exact Why\nThe row is bad." })
          assert.strictEqual(BigInt(own.endTimeUnixNano) - BigInt(own.startTimeUnixNano), 2_000_000_000n)
        })
      )
    })

    it.scoped("report every parallel failure", () =>
      Effect.gen(function* () {
        const program = Narrative.group({
          A: Effect.fail("a is missing"),
          B: Effect.die(new RangeError("b is off"))
        }).pipe(Narrative.story("Import"))
        const collector = yield* received(program, backend.layer)
        const recorded = Collector.spanNamed(collector, "Import").events.filter((event) => event.name === "exception")
        assert.isAtLeast(recorded.length, 2)
        assert.include(JSON.stringify(recorded), "b is off")
      })
    )

    it.scoped("have their retries and notes as events", () =>
      Effect.gen(function* () {
        let attempts = 0
        const flaky = Effect.suspend(() => (attempts++ === 0 ? Effect.fail("busy") : Effect.void))
        const program = flaky.pipe(
          Narrative.retry(Schedule.spaced("2 seconds")),
          Effect.zipRight(Narrative.note("checkpoint", { row: 7, token: "abcdefgh" })),
          Narrative.stage("Load"),
          Narrative.story("Import")
        )
        const { events } = Collector.spanNamed(yield* received(program, backend.layer), "Load")
        assert.deepStrictEqual(
          events.map(({ attributes, name }) => ({ name, attributes })),
          [
            { name: "narrative.retry", attributes: { attempt: 2, delay_seconds: 2, reason: "string: busy" } },
            { name: "checkpoint", attributes: { row: 7, token: "<redacted>" } }
          ]
        )
      })
    )

    it.scoped("are linked both ways when a sub-story begins in a trace of its own", () =>
      Effect.gen(function* () {
        const elsewhere = Tracer.externalSpan({
          traceId: "0af7651916cd43dd8448eb211c80319c",
          spanId: "b7ad6b7169203331"
        })
        const program = Effect.void.pipe(
          Narrative.story("Child"),
          Effect.withParentSpan(elsewhere),
          Narrative.story("Parent")
        )
        const collector = yield* received(program, backend.layer)
        const parent = Collector.spanNamed(collector, "Parent")
        const child = Collector.spanNamed(collector, "Child")
        assert.strictEqual(child.traceId, elsewhere.traceId)
        assert.deepInclude(parent.links[0], { traceId: child.traceId, spanId: child.spanId })
        assert.deepInclude(child.links[0], { traceId: parent.traceId, spanId: parent.spanId })
      })
    )

    describe("when filtered", () => {
      const filtered = (options: NarrativeTracing.TracingOptions) => (url: string) =>
        Layer.provide(NarrativeTracing.layer(options), backend.layer(url))

      it.scoped("leave out an excluded stage, and give what is inside it to the span around it", () =>
        Effect.gen(function* () {
          const program = Effect.void.pipe(
            Effect.withSpan("query"),
            Effect.zipRight(Narrative.stage(Effect.void, "Inner")),
            Narrative.stage("Health Check"),
            Narrative.story("Import")
          )
          const collector = yield* received(program, filtered({ excludeStages: ["Health Check"] }))
          assert.deepStrictEqual(names(collector), ["Import", "Inner", "query"])
          const { spanId } = Collector.spanNamed(collector, "Import")
          assert.strictEqual(Collector.spanNamed(collector, "query").parentSpanId, spanId)
          assert.strictEqual(Collector.spanNamed(collector, "Inner").parentSpanId, spanId)
        })
      )

      it.scoped("keep an excluded stage that fails, with all that was said in it", () =>
        Effect.gen(function* () {
          const program = Narrative.annotate("row", 7).pipe(
            Effect.zipRight(Narrative.note("seen")),
            Effect.zipRight(Effect.fail("bad row")),
            Narrative.stage("Check"),
            Narrative.story("Import")
          )
          const collector = yield* received(program, filtered({ excludeStages: (name) => name === "Check" }))
          const check = Collector.spanNamed(collector, "Check")
          assert.strictEqual(check.parentSpanId, Collector.spanNamed(collector, "Import").spanId)
          assert.strictEqual(check.status.code, 2)
          assert.deepInclude(check.attributes, { row: 7, "error.type": "string" })
          assert.deepStrictEqual(
            check.events.map((event) => event.name),
            ["seen", "exception"]
          )
        })
      )

      it.scoped("leave out a stage that was too short, but not one that failed, nor one with a span inside", () =>
        Effect.gen(function* () {
          const program = Effect.all([
            Narrative.stage(lasting(4), "Short"),
            Narrative.stage(lasting(5), "Long"),
            Effect.ignore(Narrative.stage(Effect.fail("bad"), "Failing")),
            Narrative.stage(Effect.withSpan(Effect.void, "query"), "Around Query"),
            Narrative.stage(Narrative.stage(Effect.void, "Short Inside"), "Short Outside")
          ]).pipe(Narrative.story("Import"))
          const collector = yield* received(program, filtered({ minDuration: "5 millis" }))
          assert.deepStrictEqual(names(collector), ["Around Query", "Failing", "Import", "Long", "query"])
          assertNoOrphans(collector)
        })
      )

      it.scoped("keep a short stage around an excluded one that fails, even where that fails after it", () =>
        Effect.gen(function* () {
          const fails = (after: Duration.DurationInput) =>
            Effect.fail("bad row").pipe(Effect.delay(after), Narrative.stage("Check"), Effect.ignore)
          const program = Effect.gen(function* () {
            yield* fails(0).pipe(Narrative.stage("Around"))
            const late = yield* Effect.forkDaemon(fails(10)).pipe(
              Effect.zipLeft(Effect.yieldNow()),
              Narrative.stage("Before")
            )
            yield* Fiber.join(late)
          }).pipe(Narrative.story("Import"))
          const collector = yield* received(program, filtered({ excludeStages: ["Check"], minDuration: "5 millis" }))
          assert.deepStrictEqual(names(collector), ["Around", "Before", "Check", "Check", "Import"])
          assertNoOrphans(collector)
        })
      )

      it.scoped("have their long texts cut, those of failures too", () =>
        Effect.gen(function* () {
          const program = Narrative.annotate({ short: "abc", long: "x".repeat(500), list: ["y".repeat(500)] }).pipe(
            Effect.zipRight(Effect.fail(new CsvError({ message: "z".repeat(500) }))),
            Narrative.stage("Load"),
            Narrative.story("Import")
          )
          const collector = yield* received(program, filtered({ maxAttributeLength: 100 }))
          const load = Collector.spanNamed(collector, "Load")
          assert.strictEqual(load.attributes["short"], "abc")
          const texts = [load.attributes["long"], ...(load.attributes["list"] as Array<unknown>), load.status.message]
          for (const text of texts) assert.isBelow(String(text).length, 160)
          const message = load.events.at(-1)?.attributes["exception.message"]
          assert.isBelow(String(message).length, 160)
        })
      )
    })
  })
}

describe("NarrativeTracing.layer", () => {
  it.effect("fails early, naming the setting and its value", () =>
    Effect.gen(function* () {
      const failure = (options: NarrativeTracing.TracingOptions) =>
        Effect.flip(Effect.scoped(Layer.build(NarrativeTracing.layer(options))))
      const tooShort = yield* failure({ maxAttributeLength: 0 })
      assert.include(tooShort.message, "maxAttributeLength takes a whole number of 1 or more, not 0")
      const noDuration = yield* failure({ minDuration: "soon" as never })
      assert.include(noDuration.message, 'minDuration takes a finite duration, such as "5 seconds", not "soon"')
    })
  )

  it.effect("does not let a function that throws leave anything out", () =>
    Effect.gen(function* () {
      const { layer, spans } = inMemory()
      const options = {
        excludeStages: () => {
          throw new Error("off")
        }
      }
      yield* Effect.void.pipe(
        Narrative.stage("Load"),
        Narrative.story("Import"),
        Effect.provide([Layer.provide(NarrativeTracing.layer(options), layer), Renderer.layerNone])
      )
      assert.deepStrictEqual(
        spans.map((span) => span.name),
        ["Load", "Import"]
      )
    })
  )

  it.effect("ends in the SDK every span that was started there, and exports none of those that were left out", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(programs, fc.subarray(["Load", "Validate", "Insert"]), async (random, excludeStages) => {
          const open = new Set<string>()
          const counting: SpanProcessor = {
            onStart: (span) => void open.add(span.spanContext().spanId),
            onEnd: (span) => void open.delete(span.spanContext().spanId),
            forceFlush: () => Promise.resolve(),
            shutdown: () => Promise.resolve()
          }
          const exporter = new InMemorySpanExporter()
          let exported: ReadonlyArray<ReadableSpan> = []
          const sdk = NodeSdk.layer(() => ({
            resource: { serviceName: "importer" },
            spanProcessor: [counting, new SimpleSpanProcessor(exporter)]
          }))
          await interpret(random, narrated).pipe(
            Narrative.story("Root"),
            Effect.exit,
            // Read before the SDK is shut down, which forgets them.
            Effect.zipRight(Effect.sync(() => (exported = exporter.getFinishedSpans().slice()))),
            Effect.provide([
              Layer.provide(NarrativeTracing.layer({ excludeStages, minDuration: "1 day" }), sdk),
              Renderer.layerNone
            ]),
            Effect.runPromise
          )
          assert.deepStrictEqual([...open], [])
          const stages = exported.filter((span) => "narrative.stage.name" in span.attributes)
          const ids = new Set(exported.map((span) => span.parentSpanContext?.spanId))
          for (const span of stages) {
            const isKept = span.status.code === SpanStatusCode.ERROR || ids.has(span.spanContext().spanId)
            assert.isTrue(isKept, `${span.name} was too short`)
          }
          assert.include(
            exported.map((span) => span.name),
            "Root"
          )
        }),
        { numRuns: 100 }
      )
    )
  )

  it.effect("never orphans a span, ends none twice, and leaves every failure in, whatever the program", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          programs,
          fc.subarray(["Load", "Validate", "Insert"]),
          fc.boolean(),
          async (random, excludeStages, short) => {
            const { layer, spans } = inMemory()
            const minDuration = short ? "1 day" : 0
            const bare = await Effect.runPromiseExit(
              interpret(random, narrated).pipe(Effect.provide(Renderer.layerNone))
            )
            const exit = await interpret(random, narrated).pipe(
              Narrative.story("Root"),
              Effect.provide([
                Layer.provide(NarrativeTracing.layer({ excludeStages, minDuration }), layer),
                Renderer.layerNone
              ]),
              Effect.runPromiseExit
            )
            // Who wins a race may differ; that it is the same kind of exit otherwise is what Transparency holds.
            if (!JSON.stringify(random).includes("Raced")) assert.deepStrictEqual(shape(exit), shape(bare))
            const ids = new Set(spans.map((span) => span.spanId))
            assert.strictEqual(ids.size, spans.length)
            for (const span of spans) {
              const parent = Option.getOrUndefined(span.parent)
              assert.isTrue(parent === undefined || ids.has(parent.spanId), `${span.name} is an orphan`)
              if (excludeStages.includes(span.name) && span.attributes.has("narrative.stage.name")) {
                assert.isTrue(span.status._tag === "Ended" && Exit.isFailure(span.status.exit))
              }
            }
          }
        ),
        { numRuns: 100 }
      )
    )
  )
})

/** A tracer that keeps the spans that ended, as a backend does. */
const inMemory = () => {
  const spans: Array<Tracer.Span> = []
  let id = 0
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      let status: Tracer.SpanStatus = { _tag: "Started", startTime }
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: String(id++),
        traceId: "trace",
        sampled: true,
        parent,
        context,
        links,
        kind,
        attributes,
        get status() {
          return status
        },
        attribute: (key, value) => void attributes.set(key, value),
        event: () => {},
        addLinks: () => {},
        end: (endTime, exit) => {
          assert.strictEqual(status._tag, "Started")
          status = { _tag: "Ended", startTime, endTime, exit }
          spans.push(span)
        }
      }
      return span
    },
    context: (f) => f()
  })
  return { spans, layer: Layer.setTracer(tracer) }
}
