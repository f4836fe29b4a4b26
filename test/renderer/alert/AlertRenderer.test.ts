// @effect-diagnostics multipleEffectProvide:off -- which layer is inside which is part of what is tested.
import { createHmac } from "node:crypto"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Effect,
  Exit,
  Fiber,
  FiberRef,
  Layer,
  Logger,
  Redacted,
  Schedule,
  Schema,
  Scope,
  TestClock
} from "effect"
import * as rendererSet from "../../../src/delivery/rendererSet.js"
import type { NarrativeEvent } from "../../../src/event/NarrativeEvent.js"
import { AlertRenderer, FailureAnalyzer, Narrative, Renderer } from "../../../src/index.js"
import type { InvalidOption } from "../../../src/plain/InvalidOption.js"
import * as AlertReceiver from "../../fixtures/AlertReceiver.js"
import { failure, failures, until } from "../../fixtures/alerts.js"
import { analysisOf, explainsAfter } from "../../fixtures/analyzers.js"
import { Narrator } from "../../fixtures/events.js"
import { assertConserved, type Destination, emitAll, rendererSuite, statsOf, withWarnings } from "../rendererSuite.js"

type Settings = Omit<AlertRenderer.AlertOptions<[]>, "destinations">

// A test clock goes on by one waiting fiber at a time: with a time limit for each alert, an hour of it takes long.
const everything = { deduplicate: false, rateLimit: false, retry: Schedule.stop, timeout: "1 day" } as const

rendererSuite(
  "AlertRenderer, to an effect",
  (destination) =>
    Effect.orDie(
      AlertRenderer.make({
        ...everything,
        destinations: [
          AlertRenderer.destination("suite", (alert) => destination.accept("sequence" in alert ? [alert.sequence] : []))
        ]
      })
    ),
  { events: failures }
)

rendererSuite(
  "AlertRenderer, to a server, with its windows and limits",
  (destination) =>
    AlertRenderer.make({
      destinations: [AlertRenderer.webhook("https://alerts.internal")],
      rateLimit: { alerts: 100_000, per: "1 minute" },
      retry: Schedule.stop,
      timeout: "1 day"
    }).pipe(Effect.orDie, Effect.provideService(HttpClient.HttpClient, clientOf(destination))),
  { events: failures }
)

/** A server of which only its verdict is real. */
const clientOf = (destination: Destination): HttpClient.HttpClient =>
  HttpClient.make((request) =>
    Effect.suspend(() => {
      const body = request.body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(request.body.body)) : {}
      return destination.accept([body.sequence])
    }).pipe(
      Effect.mapBoth({
        onSuccess: () => HttpClientResponse.fromWeb(request, new Response("ok")),
        onFailure: (cause) => new HttpClientError.RequestError({ request, reason: "Transport", cause })
      })
    )
  )

/** A destination that keeps what it is sent. */
const keeping = (name = "kept", filter?: AlertRenderer.AlertFilter) => {
  const alerts: Array<AlertRenderer.Alert> = []
  const destination = AlertRenderer.destination(name, (alert) => Effect.sync(() => alerts.push(alert)), filter)
  return { alerts, destination }
}

const occurrences = (alerts: ReadonlyArray<AlertRenderer.Alert>) =>
  alerts.filter((alert) => alert._tag === "FailureAlert" || alert._tag === "StoryAlert")
const analyses = (alerts: ReadonlyArray<AlertRenderer.Alert>) =>
  alerts.filter((alert) => alert._tag === "AnalysisAlert")
const summaries = (alerts: ReadonlyArray<AlertRenderer.Alert>) =>
  alerts.filter((alert) => alert._tag === "SummaryAlert")

const fails = (name: string) =>
  new Cause.NoSuchElementException(`nothing in ${name}`).pipe(
    Narrative.stage("Load"),
    Narrative.story(name),
    Effect.ignore
  )

/** Runs a program with the alerts on, and gives what was sent by its end. */
const sentBy = <E>(program: Effect.Effect<unknown, E>, options: Settings = {}) =>
  Effect.gen(function* () {
    const { alerts, destination } = keeping()
    yield* Effect.exit(program).pipe(
      Effect.provide(AlertRenderer.layer({ ...options, destinations: [destination] })),
      Effect.provide(Logger.remove(Logger.defaultLogger))
    )
    return alerts
  })

const statsNamed = (name: string) => Effect.map(Renderer.stats, (all) => all.find((stats) => stats.name === name))

describe("AlertRenderer: what is an alert", () => {
  it.effect("a failure is one, with story, stage, place and why", () =>
    Effect.gen(function* () {
      const [alert] = yield* sentBy(fails("Nightly ETL"))
      if (alert?._tag !== "FailureAlert") return assert.fail("no failure was sent")
      assert.deepInclude(alert, {
        status: "failed",
        storyName: "Nightly ETL",
        stageName: "Load",
        errorType: "NoSuchElementException",
        errorMessage: "nothing in Nightly ETL",
        occurrences: 1
      })
      assert.match(alert.location?.file ?? "", /AlertRenderer\.test\.ts$/)
      assert.match(alert.fingerprint, /^[\da-f]{16}$/)
    })
  )

  it.effect("a story that succeeds or is cancelled is none, nor is a failure that was caught", () =>
    Effect.gen(function* () {
      const caught = Effect.fail("x").pipe(Narrative.stage("Try"), Effect.ignore, Narrative.story("Caught"))
      const cancelled = Effect.interrupt.pipe(Narrative.story("Cancelled"), Effect.exit)
      assert.deepStrictEqual(yield* sentBy(Effect.zipRight(caught, cancelled)), [])
    })
  )

  it.effect("a failure of a sub-story is sent once, and knows the stories around it and its labels", () =>
    Effect.gen(function* () {
      const inner = Effect.fail("x").pipe(Narrative.story("Fetch", { labels: { region: "north" } }))
      const alerts = yield* sentBy(inner.pipe(Narrative.story("Nightly ETL")), {
        statuses: ["failed", "timeout", "partial", "cancelled"]
      })
      assert.deepStrictEqual(
        occurrences(alerts).map(({ labels, storyPath }) => [storyPath, labels]),
        [[["Nightly ETL", "Fetch"], { region: "north" }]]
      )
    })
  )

  it.effect("a timeout is sent once, as one", () =>
    Effect.gen(function* () {
      const program = Effect.never.pipe(Narrative.timeout("1 second"), Narrative.story("Slow"))
      const fiber = yield* Effect.fork(sentBy(program))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        occurrences(yield* Fiber.join(fiber)).map(({ _tag, status }) => [_tag, status]),
        [["FailureAlert", "timeout"]]
      )
    })
  )

  it.effect("stories that end partial or cancelled, and handled failures, are alerts where they are asked for", () =>
    Effect.gen(function* () {
      const program = Effect.all([
        Narrative.setStatus("partial").pipe(
          Effect.zipRight(Narrative.setOutcome("2 of 3")),
          Narrative.story("Partial")
        ),
        Effect.interrupt.pipe(Narrative.story("Cancelled"), Effect.exit),
        Narrative.recordFailure(Cause.fail("refunded")).pipe(Narrative.story("Handled"))
      ])
      const alerts = yield* sentBy(program, { statuses: ["partial", "cancelled", "handled"] })
      assert.deepStrictEqual(
        occurrences(alerts).map(({ status, storyName }) => [storyName, status]),
        [
          ["Partial", "partial"],
          ["Cancelled", "cancelled"],
          ["Handled", "handled"]
        ]
      )
      assert.lengthOf(yield* sentBy(program), 0)
    })
  )
})

describe("AlertRenderer: an analysis made in the background", () => {
  const analyzed = (program: Effect.Effect<unknown, unknown>, options: Settings = {}) =>
    Effect.gen(function* () {
      const slow = explainsAfter("3 seconds")
      const { alerts, destination } = keeping()
      const layer = AlertRenderer.layer({ ...options, destinations: [destination] })
      const fiber = yield* Effect.exit(program).pipe(
        Effect.zipRight(statsNamed("alerts: kept")),
        Effect.tap(() => Effect.sync(() => assert.lengthOf(analyses(alerts), 0))),
        Effect.provide(
          FailureAnalyzer.layer(slow).pipe(FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground()))
        ),
        Effect.provide(layer),
        Effect.fork
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      return alerts
    })

  it.effect("follows its failure, at the latest when the layer closes, and names it", () =>
    Effect.gen(function* () {
      const [failed, analysis, ...more] = yield* analyzed(fails("Nightly ETL"))
      if (failed?._tag !== "FailureAlert" || analysis?._tag !== "AnalysisAlert") return assert.fail("not both")
      assert.isNull(failed.llmAnalysis)
      const { fingerprint, id: failureId, storyId } = failed
      assert.deepInclude(analysis, { failureId, fingerprint, storyId, stageName: "Load", latencySeconds: 3 })
      assert.deepInclude(analysis, { storyName: "Nightly ETL", errorMessage: "nothing in Nightly ETL" })
      assert.include(analysis.llmAnalysis, "because nothing in Nightly ETL")
      assert.notStrictEqual(analysis.id, failureId)
      assert.deepStrictEqual(more, [])
    })
  )

  it.effect("belongs to the failure it was asked for, of several that one stage handled", () =>
    Effect.gen(function* () {
      const handled = Narrative.recordFailure(Cause.fail("first")).pipe(
        Effect.zipRight(Effect.sleep("1 second")),
        Effect.zipRight(Narrative.recordFailure(Cause.fail(new Error("second")))),
        Narrative.stage("Refund"),
        Narrative.story("Order")
      )
      const alerts = yield* analyzed(handled, { statuses: ["handled"] })
      assert.deepStrictEqual(
        analyses(alerts).map(({ errorMessage, llmAnalysis }) => llmAnalysis.includes(`because ${errorMessage}`)),
        [true, true]
      )
    })
  )

  it.effect("of a failure that was held back or filtered is not sent, nor one that is not asked for", () =>
    Effect.gen(function* () {
      const twice = Effect.zipRight(fails("Import"), fails("Import"))
      assert.lengthOf(analyses(yield* analyzed(twice)), 1)
      assert.lengthOf(analyses(yield* analyzed(twice, { stories: ["Other"] })), 0)
      assert.lengthOf(analyses(yield* analyzed(twice, { analyses: false })), 0)
    })
  )

  it.effect("counts for the limit, and is left out and counted where that is reached", () =>
    Effect.gen(function* () {
      const { alerts, destination } = keeping()
      const scope = yield* Scope.make()
      const renderer = yield* Scope.extend(
        AlertRenderer.make({ rateLimit: { alerts: 1, per: "1 minute" }, destinations: [destination] }),
        scope
      )
      const narrator = new Narrator("Nightly")
      const pairs = ["1", "2"].map((fingerprint) => [
        narrator.failureOccurred({ failures: [failure({ fingerprint })] }),
        narrator.analysisReady(analysisOf("no row"), { stageName: failure().stageName })
      ])
      yield* emitAll(renderer, pairs.flat())
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(closing)
      const stats = yield* statsOf(renderer)
      assertConserved(stats)
      assert.deepInclude(stats, { emitted: 4, delivered: 2, dropped: { rate_limit: 2 } })
      assert.deepStrictEqual(
        alerts.map((alert) => (alert._tag === "SummaryAlert" ? alert.count : alert._tag)),
        ["FailureAlert", 1]
      )
    })
  )
})

describe("AlertRenderer: routing", () => {
  it.effect("each destination gets what its filter and everybody's let through", () =>
    Effect.gen(function* () {
      const all = keeping("all")
      const etl = keeping("etl", { stories: ["Nightly ETL"] })
      const missing = keeping("missing", { errorTypes: ["NoSuchElementException"] })
      const late = keeping("late", { errorCodes: ["TIMEOUT"] })
      const cancelled = keeping("cancelled", { statuses: ["cancelled"] })
      const odd = keeping("odd", { predicate: (alert) => alert.storyName === "Other" })
      const everyone = [all, etl, missing, late, cancelled, odd]
      const program = Effect.gen(function* () {
        yield* Effect.fail("x").pipe(Narrative.story("Fetch"), Narrative.story("Nightly ETL"), Effect.ignore)
        yield* fails("Other")
        yield* Effect.interrupt.pipe(Narrative.story("Other"), Effect.exit)
        yield* fails("Not for anybody")
      })
      const layer = AlertRenderer.layer({
        destinations: everyone.map(({ destination }) => destination),
        predicate: (alert) => !alert.storyName.startsWith("Not")
      })
      const stats = yield* Effect.provide(Effect.zipRight(program, Renderer.stats), layer)
      const namesOf = ({ alerts }: ReturnType<typeof keeping>) =>
        occurrences(alerts).map(({ status, storyName }) => `${storyName} ${status}`)
      assert.deepStrictEqual(everyone.map(namesOf), [
        ["Fetch failed", "Other failed"],
        ["Fetch failed"],
        ["Other failed"],
        [],
        ["Other cancelled"],
        ["Other failed"]
      ])
      assert.deepStrictEqual(
        stats.map(({ dropped, emitted, name }) => [name, emitted, dropped]),
        [
          ["alerts: all", 4, { filter: 2 }],
          ["alerts: etl", 4, { filter: 3 }],
          ["alerts: missing", 4, { filter: 3 }],
          ["alerts: late", 4, { filter: 4 }],
          ["alerts: cancelled", 4, { filter: 3 }],
          ["alerts: odd", 4, { filter: 3 }]
        ]
      )
    })
  )

  it.effect("what was held back on purpose is no reason to warn", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        yield* sentBy(Effect.repeatN(fails("Same"), 20), { stories: ["Same"] })
        yield* sentBy(Effect.repeatN(fails("Other"), 20), { stories: ["Same"] })
        assert.deepStrictEqual(warnings, [])
      })
    )
  )

  it.effect("a predicate that throws lets the alert through", () =>
    Effect.gen(function* () {
      const alerts = yield* sentBy(fails("Import"), {
        predicate: () => {
          throw new Error("predicate")
        }
      })
      assert.lengthOf(alerts, 1)
    })
  )

  it.effect("a destination that hangs, dies or throws delays no other, and not the program", () =>
    Effect.gen(function* () {
      const kept = keeping()
      const program = Effect.gen(function* () {
        for (let i = 0; i < 5; i++) yield* fails(`Import ${i}`)
        yield* Effect.repeatN(Effect.yieldNow(), 50)
        assert.lengthOf(kept.alerts, 5)
        return yield* Effect.succeed("done")
      })
      const layer = AlertRenderer.layer({
        ...everything,
        destinations: [
          AlertRenderer.destination("hangs", () => Effect.never),
          AlertRenderer.destination("dies", () => Effect.die("no")),
          AlertRenderer.destination("throws", (): Effect.Effect<void> => {
            throw new Error("no")
          }),
          kept.destination
        ]
      })
      const fiber = yield* Effect.fork(withWarnings(() => Effect.provide(program, layer)))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* Fiber.join(fiber), "done")
    })
  )
})

describe("AlertRenderer: windows and limits", () => {
  const recorded = <A>(
    options: Settings,
    use: (
      emit: (...events: ReadonlyArray<NarrativeEvent>) => Effect.Effect<void>,
      alerts: ReadonlyArray<AlertRenderer.Alert>,
      renderer: Renderer.Renderer
    ) => Effect.Effect<A>
  ) =>
    Effect.gen(function* () {
      const { alerts, destination } = keeping()
      const scope = yield* Scope.make()
      const renderer = yield* Scope.extend(AlertRenderer.make({ ...options, destinations: [destination] }), scope)
      yield* use((...events) => emitAll(renderer, events), alerts, renderer)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(closing)
      return { alerts, stats: yield* statsOf(renderer) }
    })

  const same = (count: number) => {
    const narrator = new Narrator()
    return Array.from({ length: count }, () => narrator.failureOccurred())
  }

  it.effect("the first of equal failures is sent at once, and how many followed when the window ends", () =>
    Effect.gen(function* () {
      const { stats } = yield* recorded({ deduplicate: "5 minutes" }, (emit, alerts) =>
        Effect.gen(function* () {
          yield* emit(...same(13))
          yield* Effect.repeatN(Effect.yieldNow(), 10)
          assert.lengthOf(alerts, 1)
          yield* TestClock.adjust("4 minutes")
          assert.lengthOf(alerts, 1)
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(
            summaries(alerts).map(({ count, reason, since, until }) => [count, reason, since, until]),
            [[12, "duplicates", 0, 300_000]]
          )
          yield* emit(...same(1))
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(
            occurrences(alerts).map(({ occurrences }) => occurrences),
            [1, 14]
          )
        })
      )
      // A summary is one alert more.
      assert.deepInclude(stats, { emitted: 15, delivered: 3, dropped: { duplicate: 12 }, failed: 0, pending: 0 })
    })
  )

  it.effect("the layer that closes does not wait for the window, and keeps nothing to itself", () =>
    Effect.gen(function* () {
      const { alerts } = yield* recorded({ deduplicate: "1 day" }, (emit) => emit(...same(8)))
      assert.deepStrictEqual(
        summaries(alerts).map(({ count }) => count),
        [7]
      )
    })
  )

  it.effect("only so many are sent in an interval, and the rest in one summary", () =>
    Effect.gen(function* () {
      const { stats } = yield* recorded({ rateLimit: { alerts: 5, per: "1 minute" } }, (emit, alerts) =>
        Effect.gen(function* () {
          yield* emit(...failures(25))
          yield* TestClock.adjust("59 seconds")
          assert.lengthOf(alerts, 5)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(
            summaries(alerts).map(({ count, reason }) => [count, reason]),
            [[20, "rate_limit"]]
          )
          // It took one of the next interval's five.
          yield* emit(...failures(30).slice(25))
          yield* TestClock.adjust("1 second")
          assert.lengthOf(occurrences(alerts), 9)
        })
      )
      assert.deepInclude(stats, { emitted: 32, delivered: 11, dropped: { rate_limit: 21 } })
    })
  )

  it.effect("two programs at once, a window and a limit: every failure is sent or counted in what is sent", () =>
    Effect.gen(function* () {
      const { alerts } = yield* recorded(
        { deduplicate: "10 seconds", rateLimit: { alerts: 3, per: "7 seconds" } },
        (emit) =>
          Effect.forEach(failures(200), (event) =>
            Effect.zipRight(
              emit({ ...event, failures: [failure({ fingerprint: String(event.sequence % 7) })] }),
              event.sequence % 3 === 0 ? TestClock.adjust("1 second") : Effect.void
            )
          )
      )
      const count = summaries(alerts).reduce((sum, { count }) => sum + count, 0)
      assert.strictEqual(occurrences(alerts).length + count, 200)
      assert.isBelow(alerts.length, 60)
    })
  )

  it.effect("is built on a bounded queue: what finds no room is dropped, counted and warned of", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const renderer = yield* AlertRenderer.make({
          ...everything,
          capacity: 10,
          destinations: [AlertRenderer.destination("hangs", () => Effect.never)]
        }).pipe(Scope.extend(scope))
        yield* emitAll(renderer, failures(50))
        assert.isAtLeast((yield* statsOf(renderer)).dropped["overflow"] ?? 0, 39)
        assert.include(warnings[0], "alerts: hangs")
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(closing)
        assert.strictEqual((yield* statsOf(renderer)).pending, 0)
      })
    )
  )
})

describe("AlertRenderer, to real servers", () => {
  const toServers = <A, E>(
    program: Effect.Effect<A, E>,
    ...destinations: ReadonlyArray<AlertRenderer.Destination<HttpClient.HttpClient>>
  ) =>
    Effect.gen(function* () {
      const fiber = yield* program.pipe(
        Effect.provide(
          AlertRenderer.layer({
            destinations,
            timeout: "1 hour",
            shutdownTimeout: "1 hour",
            retry: Schedule.recurs(1)
          }).pipe(Layer.provide(FetchHttpClient.layer))
        ),
        Effect.fork
      )
      yield* until(() => fiber.unsafePoll() !== null, "100 millis")
      return yield* Fiber.join(fiber)
    })

  it.scoped("a webhook is sent what the Schema reads back, in order, signed", () =>
    Effect.gen(function* () {
      const receiver = yield* AlertReceiver.make()
      const secret = Redacted.make("signing secret")
      const program = Effect.forEach(["A", "B", "A"], (name) => fails(name))
      yield* toServers(
        program,
        AlertRenderer.webhook(receiver.url, {
          method: "PUT",
          secret,
          headers: { authorization: Redacted.make("Bearer t0ken") }
        })
      )
      const alerts = receiver.received.map(({ body }) => Schema.decodeSync(Schema.parseJson(AlertRenderer.Alert))(body))
      assert.deepStrictEqual(
        occurrences(alerts).map(({ storyName }) => storyName),
        ["A", "B"]
      )
      assert.deepStrictEqual(
        summaries(alerts).map(({ count }) => count),
        [1]
      )
      for (const { body, headers, method } of receiver.received) {
        const digest = createHmac("sha256", "signing secret").update(body).digest("hex")
        assert.strictEqual(method, "PUT")
        assert.strictEqual(headers["x-narrative-signature"], `sha256=${digest}`)
        assert.strictEqual(headers.authorization, "Bearer t0ken")
      }
      const body = JSON.parse(receiver.received[0]?.body ?? "")
      assert.containsAllKeys(body, [
        "version",
        "alert",
        "story_name",
        "location",
        "exact_cause",
        "hint",
        "llm_analysis"
      ])
      assert.deepInclude(body, { version: 1, alert: "failure", stage_name: "Load", occurrences: 1 })
    })
  )

  it.scoped("Slack is sent blocks in which a program's words mention no user", () =>
    Effect.gen(function* () {
      const receiver = yield* AlertReceiver.make({ status: 200, body: "ok" })
      yield* toServers(
        Effect.fail("<!channel> & <@U1>").pipe(Narrative.story("<!here>"), Effect.ignore),
        AlertRenderer.slack(Redacted.make(receiver.url))
      )
      const body = JSON.parse(receiver.received[0]?.body ?? "")
      assert.strictEqual(body.blocks[0].text.text.includes("&lt;!here&gt;"), true)
      assert.notMatch(receiver.received[0]?.body ?? "", /[<>]/)
    })
  )

  it.scoped("a server that is down costs its own alerts, is warned of, and its address is never shown", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        const logger = Logger.make(({ cause, message }) => {
          lines.push(`${String(message)} ${Cause.pretty(cause, { renderErrorCause: true })} ${JSON.stringify(cause)}`)
        })
        const down = yield* Effect.scoped(Effect.map(AlertReceiver.make(), ({ url }) => url))
        const refusing = yield* AlertReceiver.make({
          status: 404,
          body: "Cannot POST /hook/T0/B0/s3cretpath: no s3cretpath for key k3y-of-the-team, signed by the s3cret of ours"
        })
        const up = yield* AlertReceiver.make()
        const stats = yield* toServers(
          Effect.gen(function* () {
            yield* Effect.forEach(["A", "B"], fails)
            yield* Effect.sleep("5 seconds")
            return yield* Effect.all([
              statsNamed("alerts: slack"),
              statsNamed("alerts: webhook"),
              statsNamed("alerts: slack 2")
            ])
          }),
          AlertRenderer.slack(down),
          AlertRenderer.webhook(refusing.url, {
            headers: { "x-key": Redacted.make("k3y-of-the-team") },
            secret: "the s3cret of ours"
          }),
          AlertRenderer.slack(up.url)
        ).pipe(Effect.provide(Logger.add(logger)))
        assert.deepStrictEqual(
          stats.map((one) => [one?.emitted, one?.delivered, one?.failed]),
          [
            [2, 0, 2],
            [2, 0, 2],
            [2, 2, 0]
          ]
        )
        assert.isAtLeast(warnings.length, 2)
        assert.include(lines.join("\n"), "ECONNREFUSED")
        assert.notInclude(lines.join("\n"), new URL(down).port)
        assert.include(lines.join("\n"), "Cannot POST")
        for (const secret of [refusing.url, "s3cret", "k3y"]) assert.notInclude(lines.join("\n"), secret)
      })
    )
  )
})

describe("AlertRenderer: settings", () => {
  const slack = AlertRenderer.slack("https://hooks.slack.com/services/T0/B0/x")
  type Options = Parameters<typeof AlertRenderer.layer>[0]

  const invalid: ReadonlyArray<readonly [options: { [Key in keyof Options]?: unknown }, message: RegExp]> = [
    [{ destinations: [] }, /destinations takes a list of one or more of AlertRenderer\.slack, webhook or destination/],
    [{ destinations: ["https://x"] }, /destinations takes/],
    [
      { destinations: [AlertRenderer.slack("hooks.slack.com/T0/s3cret")] },
      /slack\.url takes an http:\/\/ or https:\/\/ URL$/
    ],
    [{ destinations: [AlertRenderer.slack(Redacted.make("ftp://s3cret"))] }, /slack\.url takes/],
    [
      { destinations: [AlertRenderer.webhook("https://ada:s3cret@alerts.internal")] },
      /webhook\.url takes a URL without a user and a password/
    ],
    [
      { destinations: [AlertRenderer.webhook("https://x", { method: "GET" as never })] },
      /webhook\.method takes "POST", "PUT" or "PATCH", not "GET"/
    ],
    [
      { destinations: [AlertRenderer.webhook("https://x", { secret: "" })] },
      /webhook\.secret takes a text that is not empty/
    ],
    [
      { destinations: [AlertRenderer.webhook("https://x", { headers: { "a b": "s3cret" } })] },
      /webhook\.headers\.a b takes a name and a text that HTTP allows/
    ],
    [
      { destinations: [AlertRenderer.webhook("https://x", { headers: { a: "s3cret\r\nb: c" } })] },
      /webhook\.headers\.a takes a name and a text that HTTP allows/
    ],
    [
      { destinations: [AlertRenderer.slack("https://x", { stories: [] })] },
      /slack\.stories takes a list of one name or more, not \[\]/
    ],
    [
      { destinations: [AlertRenderer.destination(" ", () => Effect.void)] },
      / \.name takes a text that is not empty, not " "/
    ],
    [{ errorCodes: ["Timeout"] }, /errorCodes\[0\] takes one of TIMEOUT, .*, not "Timeout"/],
    [{ statuses: ["success"] }, /statuses\[0\] takes one of failed, timeout, partial/],
    [{ predicate: "all" }, /predicate takes a function, not "all"/],
    [{ deduplicate: "soon" }, /deduplicate takes a duration/],
    [{ deduplicate: 0 }, /deduplicate takes a duration of a millisecond or more, .*, or false, not 0/],
    [{ rateLimit: { alerts: 0.5, per: "1 minute" } }, /rateLimit\.alerts takes a whole number of 1 or more, not 0\.5/],
    [{ rateLimit: { alerts: 1 } }, /rateLimit\.per takes a duration/],
    [{ timeout: -1 }, /timeout takes/],
    [{ retry: 3 }, /retry takes a Schedule, not 3/],
    [{ analyses: "late" }, /analyses takes true or false, not "late"/],
    [{ capacity: 0 }, /capacity takes a whole number of 1 or more, not 0/],
    [{ shutdownTimeout: "never" }, /shutdownTimeout takes a duration/]
  ]

  for (const [options, message] of invalid) {
    it.effect(`says what is wrong: ${message.source}`, () =>
      Effect.gen(function* () {
        // What only a program without types could pass.
        const wrong = { destinations: [slack], ...options } as unknown as { destinations: [typeof slack] }
        const error = yield* Effect.flip(Effect.scoped(Layer.build(AlertRenderer.layer(wrong))))
        assert.strictEqual(error._tag, "InvalidOption")
        assert.match(error.message, message)
        assert.notInclude(error.message, "s3cret")
      }).pipe(Effect.provide(FetchHttpClient.layer))
    )
  }

  it.effect("adds to the renderers in use, and needs only what its destinations need", () =>
    Effect.gen(function* () {
      const other = Renderer.layer(Renderer.make("other", () => {}))
      const alone: Layer.Layer<never, InvalidOption> = AlertRenderer.layer({
        destinations: [keeping().destination]
      })
      const names = Effect.map(FiberRef.get(rendererSet.current), (all) => all.map(({ name }) => name))
      assert.deepStrictEqual(yield* Effect.provide(names, [other, alone]), ["other", "alerts"])
    })
  )
})

describe("Closing the alerts", () => {
  it.effect("waits for several destinations that hang as long as for one", () =>
    Effect.gen(function* () {
      const names = ["one", "two", "three"]
      const destinations = names.map((name) => AlertRenderer.destination(name, () => Effect.never))
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(AlertRenderer.layer({ destinations }), scope)
      yield* Effect.provide(fails("Import"), context)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("4 seconds")
      assert.isNull(closing.unsafePoll())
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(closing)
    })
  )
})
