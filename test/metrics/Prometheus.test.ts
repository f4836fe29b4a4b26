import { execFile } from "node:child_process"
import { createServer } from "node:http"
import { createServer as createTcpServer } from "node:net"
import { Command, FileSystem, HttpClient, HttpServer } from "@effect/platform"
import { NodeContext, NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Metric, MetricBoundaries, Schedule, Stream } from "effect"
import { Narrative, NarrativeMetrics, PrometheusRenderer, Renderer } from "../../src/index.js"
import * as ChildProgram from "../docs/ChildProgram.js"
import { compiled } from "../fixtures/compiled.js"
import { processorTimed } from "../fixtures/processorTime.js"
import { freshPrefix } from "./readings.js"

const install = "install it: apt-get install prometheus"

/** What promtool says of a text: nothing when it is well. */
const check = (text: string) =>
  Effect.async<string>((resume) => {
    const child = execFile("promtool", ["check", "metrics"], (error, stdout, stderr) => {
      if (error?.code === "ENOENT") return resume(Effect.dieMessage(`promtool is missing; ${install}`))
      resume(Effect.succeed(`${stdout}${stderr}`.trim()))
    })
    child.stdin?.end(text)
  })

const freePort = Effect.async<number>((resume) => {
  const server = createTcpServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

/** Starts the example, waits until its three stories have ended, and gives the address at which it serves. */
const example = Effect.gen(function* () {
  const address = yield* Deferred.make<string>()
  const ended = yield* Deferred.make<void>()
  let stories = 0
  const child = yield* Command.make(process.execPath, yield* compiled("examples/prometheus.ts")).pipe(
    Command.workingDirectory(ChildProgram.root),
    Command.env({ PORT: "0", NO_COLOR: "1" }),
    Command.start
  )
  // Read to its end: a program whose output is not read stops.
  yield* child.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => {
      if (line.includes('"event":"StoryCompleted"') && ++stories === 3) return Deferred.succeed(ended, undefined)
      const port = /Listening on http:\/\/\S+:(\d+)/.exec(line)?.[1]
      return port === undefined ? Effect.void : Deferred.succeed(address, `127.0.0.1:${port}`)
    }),
    Effect.forkScoped
  )
  yield* Deferred.await(ended)
  return yield* Deferred.await(address)
})

const prometheus = Effect.fnUntraced(function* (target: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped()
  const port = yield* freePort
  yield* fs.writeFileString(
    `${folder}/prometheus.yml`,
    [
      "global: { scrape_interval: 1s }",
      `scrape_configs: [{ job_name: example, static_configs: [{ targets: ["${target}"] }] }]`
    ].join("\n")
  )
  yield* Command.make(
    "prometheus",
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--enable-feature=exemplar-storage"
  ).pipe(
    Command.start,
    Effect.catchAll((error) => Effect.dieMessage(`prometheus does not start (${error.message}); ${install}`))
  )
  const client = yield* HttpClient.HttpClient
  return (expression: string) =>
    client.get(`http://127.0.0.1:${port}/api/v1/query`, { urlParams: { query: expression } }).pipe(
      Effect.flatMap((response) => response.json),
      Effect.flatMap((answer) => {
        const { data } = answer as { data: { result: ReadonlyArray<{ value: readonly [number, string] }> } }
        return data.result.length === 0
          ? Effect.fail("nothing yet")
          : Effect.succeed(data.result.map(({ value }) => Number(value[1])))
      }),
      Effect.retry(Schedule.intersect(Schedule.spaced("250 millis"), Schedule.recurs(80)))
    )
})

layer(Layer.mergeAll(NodeContext.layer, NodeHttpClient.layer), { excludeTestServices: true })(
  "PrometheusRenderer",
  (it) => {
    it.scoped(
      "a real Prometheus fetches the example's metrics, and answers what happened",
      () =>
        Effect.gen(function* () {
          const address = yield* example
          const query = yield* prometheus(address)
          assert.deepStrictEqual(yield* query('narrative_story_total{story_name="Import Order",success="true"}'), [2])
          assert.deepStrictEqual(yield* query('narrative_story_total{success="false",region="eu"}'), [1])
          assert.deepStrictEqual(yield* query('narrative_story_failures_total{error_type="NoPrice"}'), [1])
          assert.deepStrictEqual(yield* query('narrative_stage_duration_seconds_count{stage_name="Load"}'), [3])
          assert.deepStrictEqual(yield* query("sum(narrative_story_active)"), [0])
          const [median = 0] = yield* query(
            'histogram_quantile(0.5, narrative_stage_duration_seconds_bucket{stage_name="Load"})'
          )
          assert.isAbove(median, 0.01)
          assert.isBelow(median, 1)
          assert.isAbove((yield* query("effect_fiber_started_total"))[0] ?? 0, 0)
          const fs = yield* FileSystem.FileSystem
          const page = yield* fs.readFileString(`${ChildProgram.root}docs/metrics.md`)
          const shown = page.match(/^narrative_\w+\{.*$/gm) ?? []
          assert.isAbove(shown.length, 8)
          const served = yield* Effect.flatMap(HttpClient.get(`http://${address}/metrics`), ({ text }) => text)
          assert.includeMembers(served.split("\n"), shown)
        }),
      40_000
    )

    for (const [accept, type] of [
      ["", "text/plain; version=0.0.4; charset=utf-8"],
      ["*/*", "text/plain; version=0.0.4; charset=utf-8"],
      [
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
      ],
      ["application/openmetrics-text;version=0.0.1,text/plain;q=0.2", "text/plain; version=0.0.4; charset=utf-8"],
      ["application/openmetrics-text;q=0.1,text/plain;q=0.2", "text/plain; version=0.0.4; charset=utf-8"]
    ] as const) {
      it.scoped(`whoever accepts ${JSON.stringify(accept)} gets ${type}`, () =>
        Effect.gen(function* () {
          const server = yield* HttpServer.HttpServer
          const client = yield* HttpClient.HttpClient
          const port = server.address._tag === "TcpAddress" ? server.address.port : 0
          const get = (path: string) => client.get(`http://127.0.0.1:${port}${path}`, { headers: { accept } })
          const response = yield* get("/internal/metrics")
          assert.strictEqual(response.headers["content-type"], type)
          assert.include(yield* response.text, "# TYPE ")
          assert.strictEqual((yield* get("/metrics")).status, 404)
        }).pipe(
          Effect.provide(
            PrometheusRenderer.layer({ path: "/internal/metrics", prefix: freshPrefix() }).pipe(
              Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
            )
          )
        )
      )
    }
  }
)

describe("PrometheusRenderer.text", () => {
  it.effect("has each series once, where a program makes a counter twice, once with a description", () =>
    Effect.gen(function* () {
      const name = `${freshPrefix()}jobs`
      yield* Metric.increment(Metric.counter(name, { incremental: true, description: "Jobs done" }))
      yield* Metric.incrementBy(Metric.counter(name, { incremental: true }), 5)
      yield* Metric.set(Metric.gauge(`${name}_open`, { description: "Jobs open" }), 3)
      yield* Metric.set(Metric.gauge(`${name}_open`), 4)
      for (const format of ["prometheus", "openmetrics"] as const) {
        const text = yield* PrometheusRenderer.text(format)
        const samples = text.split("\n").filter((line) => line.startsWith(name))
        assert.lengthOf(samples, 2)
        assert.include(samples, `${name}_total 6`)
      }
    })
  )

  it.effect("keeps a label named unit whose value is none", () =>
    Effect.gen(function* () {
      const name = `${freshPrefix()}beds_free`
      for (const [ward, beds] of [
        ["ward north", 3],
        ["ward south", 4]
      ] as const) {
        yield* Metric.set(Metric.gauge(name).pipe(Metric.tagged("unit", ward)), beds)
      }
      const text = yield* PrometheusRenderer.text("prometheus")
      assert.include(text, `${name}{unit="ward north"} 3\n${name}{unit="ward south"} 4\n`)
    })
  )

  /** The example's metrics and some of every other kind, with all that a label may have in it. */
  const recorded = (prefix: string) =>
    Effect.gen(function* () {
      const nasty = 'say "hi" \\ then\nbreak\u2028 {a="b"} ☃'
      yield* Effect.void.pipe(Narrative.stage(nasty), Narrative.story("Import"))
      yield* Metric.increment(
        Metric.counter(`${prefix}.my-count`, { incremental: true, description: 'a "count"\\' })
      ).pipe(Effect.tagMetrics("the.tag", nasty))
      yield* Metric.set(Metric.gauge(`${prefix}.my level`), -1.5)
      yield* Metric.update(Metric.frequency(`${prefix}.words`, { description: "words" }), nasty)
      yield* Metric.update(Metric.histogram(`${prefix}.bytes`, MetricBoundaries.fromIterable([1, 10])), 5)
      yield* Effect.void.pipe(Metric.trackDuration(Metric.timer(`${prefix}.took`, "how long")))
      yield* Metric.update(
        Metric.summary({ name: `${prefix}.sizes`, maxAge: "1 day", maxSize: 10, error: 0, quantiles: [0.5, 0.9] }),
        3
      )
    })

  it.scoped("promtool finds nothing wrong with the text, whatever is in labels", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      yield* recorded(prefix)
      const text = yield* PrometheusRenderer.text("prometheus", { include: "narrative", prefix })
      assert.include(text, `# TYPE ${prefix}_my_count_total counter`)
      assert.include(text, `${prefix}_my_count_total{the_tag="say \\"hi\\" \\\\ then\\nbreak`)
      assert.include(text, `${prefix}_my_level -1.5`)
      assert.include(text, `# TYPE ${prefix}_took_milliseconds histogram`)
      assert.include(text, `${prefix}_sizes{quantile="0.5"} 3`)
      // Linted are style and form; that a user's own metrics have no help is style.
      const found = (yield* check(text))
        .split("\n")
        .filter((line) => line !== "" && !/no help text|milliseconds/.test(line))
      assert.deepStrictEqual(found, [])
    }).pipe(Effect.provide([Renderer.layerNone, NarrativeMetrics.layer({ prefix })]))
  })

  it.scoped("OpenMetrics has units, a trace for a bucket, and an end", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      yield* Effect.void.pipe(Narrative.stage("Load"), Narrative.story("Import"))
      const text = yield* PrometheusRenderer.text("openmetrics", { include: "narrative", prefix })
      assert.include(text, `# TYPE ${prefix}_story counter\n`)
      assert.include(text, `${prefix}_story_total{story_name="Import",success="true"} 1\n`)
      assert.include(text, `# UNIT ${prefix}_stage_duration_seconds seconds\n`)
      assert.match(
        text,
        /_stage_duration_seconds_bucket\{story_name="Import",stage_name="Load",le="0\.001"\} 1 # \{trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"\} \d[\d.e-]* [\d.]+\n/
      )
      assert.isTrue(text.endsWith("# EOF\n"))
      assert.strictEqual(text.split("# EOF").length, 2)
    }).pipe(Effect.provide([Renderer.layerNone, NarrativeMetrics.layer({ prefix })]))
  })

  it.scoped("ten thousand series are text in less than a second of one processor, and others run meanwhile", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      for (let i = 0; i < 10_000; i++) {
        yield* Metric.increment(Metric.counter(`${prefix}.many`, { incremental: true })).pipe(
          Effect.tagMetrics("name", `${i}`)
        )
      }
      let turns = 0
      const others = yield* Effect.fork(
        Effect.forever(
          Effect.zipRight(
            Effect.sync(() => (turns += 1)),
            Effect.yieldNow()
          )
        )
      )
      const [took, text] = yield* processorTimed(
        PrometheusRenderer.text("prometheus", { include: "narrative", prefix })
      )
      assert.isBelow(took, 1_000)
      assert.strictEqual(text.split("\n").length, 10_002)
      assert.isAbove(turns, 5)
      yield* Fiber.interrupt(others)
    })
  })

  it.effect("a path that is none is an early error", () =>
    Effect.gen(function* () {
      const path = "metrics" as "/metrics"
      const error = yield* Effect.flip(Effect.scoped(Layer.build(PrometheusRenderer.layer({ path }))))
      assert.include(error.message, 'path takes a path: / and then letters, digits, . _ ~ - and /, not "metrics"')
    }).pipe(Effect.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })))
  )
})
