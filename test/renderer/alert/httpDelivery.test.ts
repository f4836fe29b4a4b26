import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Schedule, TestClock, Tracer } from "effect"
import * as Redaction from "../../../src/redaction/Redaction.js"
import * as httpDelivery from "../../../src/renderer/alert/httpDelivery.js"
import * as AlertReceiver from "../../fixtures/AlertReceiver.js"
import { tick, until } from "../../fixtures/alerts.js"

const clients = { FetchHttpClient: FetchHttpClient.layer, NodeHttpClient: NodeHttpClient.layer } as const

/** 1, 2 and 4 seconds, to the millisecond. */
const retry = Schedule.exponential("1 second").pipe(Schedule.intersect(Schedule.recurs(3)))

const deliver = (url: string, options: { readonly timeout?: Duration.DurationInput } = {}) =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    httpDelivery.post(
      client,
      {
        destination: "hook",
        method: "POST",
        url,
        secrets: new Redaction.Secrets(),
        timeout: Duration.decode(options.timeout ?? "1 hour"),
        retry
      },
      '{"text":"Größe 😀"}',
      { "x-team": "data" }
    )
  )

/** Starts a delivery and lets real time go on until it is done, or until a condition holds. */
const started = (url: string, options?: { readonly timeout?: Duration.DurationInput }) =>
  Effect.map(Effect.fork(Effect.exit(deliver(url, options))), (fiber) => ({
    fiber,
    exit: Effect.zipRight(
      until(() => fiber.unsafePoll() !== null),
      Fiber.join(fiber)
    )
  }))

/** Long enough on the event loop for an answer on its way to arrive. */
const settled = Effect.repeatN(tick, 200)

const errorIn = (exit: Exit.Exit<void, httpDelivery.AlertDeliveryError>): httpDelivery.AlertDeliveryError => {
  if (Exit.isSuccess(exit)) assert.fail("it was delivered")
  const error = Cause.squash(exit.cause)
  if (error instanceof httpDelivery.AlertDeliveryError) return error
  return assert.fail(`not an AlertDeliveryError: ${String(error)}`)
}

for (const [name, client] of Object.entries(clients)) {
  describe(`HttpDelivery with ${name}`, () => {
    const scoped = <A, E>(test: Effect.Effect<A, E, HttpClient.HttpClient | import("effect").Scope.Scope>) =>
      test.pipe(Effect.scoped, Effect.provide(client))

    it.effect("brings the whole body, once", () =>
      scoped(
        Effect.gen(function* () {
          const receiver = yield* AlertReceiver.make()
          assert.isTrue(Exit.isSuccess(yield* (yield* started(receiver.url)).exit))
          assert.lengthOf(receiver.received, 1)
          const [request] = receiver.received
          assert.deepInclude(request, { method: "POST", path: "/hook/T0/B0/s3cretpath", body: '{"text":"Größe 😀"}' })
          assert.strictEqual(request?.headers["content-type"], "application/json")
          assert.strictEqual(request?.headers["x-team"], "data")
        })
      )
    )

    it.effect("waits as long as Retry-After says, in seconds, and tries again", () =>
      scoped(
        Effect.gen(function* () {
          const receiver = yield* AlertReceiver.make({ status: 429, headers: { "retry-after": "30" } }, { status: 200 })
          const { exit, fiber } = yield* started(receiver.url)
          yield* until(() => receiver.received.length === 1)
          yield* settled
          yield* TestClock.adjust("29 seconds")
          yield* settled
          assert.lengthOf(receiver.received, 1)
          assert.isNull(fiber.unsafePoll())
          yield* TestClock.adjust("1 second")
          yield* until(() => receiver.received.length === 2)
          assert.isTrue(Exit.isSuccess(yield* exit))
        })
      )
    )

    it.effect("waits until the date that Retry-After names", () =>
      scoped(
        Effect.gen(function* () {
          yield* TestClock.setTime(Date.UTC(2025, 0, 1))
          const headers = { "retry-after": new Date(Date.UTC(2025, 0, 1, 0, 1)).toUTCString() }
          const receiver = yield* AlertReceiver.make({ status: 503, headers }, { status: 204 })
          const { exit } = yield* started(receiver.url)
          yield* until(() => receiver.received.length === 1)
          yield* settled
          yield* TestClock.adjust("59 seconds")
          yield* settled
          assert.lengthOf(receiver.received, 1)
          yield* TestClock.adjust("1 second")
          yield* until(() => receiver.received.length === 2)
          assert.isTrue(Exit.isSuccess(yield* exit))
        })
      )
    )

    it.effect("gives up at once when it is to wait longer than five minutes", () =>
      scoped(
        Effect.gen(function* () {
          const receiver = yield* AlertReceiver.make({ status: 429, headers: { "retry-after": "301" } })
          const error = errorIn(yield* (yield* started(receiver.url)).exit)
          assert.deepInclude(error, { reason: "Overloaded", status: 429, attempts: 1 })
        })
      )
    )

    it.effect("backs off from a server that fails, and gives up after the last attempt", () =>
      scoped(
        Effect.gen(function* () {
          const receiver = yield* AlertReceiver.make({ status: 500, body: "oops\u001b[31m" })
          const { exit } = yield* started(receiver.url)
          for (const [i, delay] of [1, 2, 4].entries()) {
            yield* until(() => receiver.received.length === i + 1)
            yield* settled
            yield* TestClock.adjust(`${delay * 1_000 - 1} millis`)
            yield* settled
            assert.lengthOf(receiver.received, i + 1)
            yield* TestClock.adjust("1 millis")
          }
          const error = errorIn(yield* exit)
          assert.lengthOf(receiver.received, 4)
          assert.strictEqual(
            error.message,
            "The alert was not delivered to hook (Unavailable, status 500: oops\\x1b[31m; 4 attempts)"
          )
        })
      )
    )

    it.effect("does not ask again for what was refused", () =>
      scoped(
        Effect.gen(function* () {
          for (const status of [301, 400, 401, 404, 410]) {
            const receiver = yield* AlertReceiver.make({
              status,
              headers: { location: "/elsewhere" },
              body: "no_service"
            })
            const error = errorIn(yield* (yield* started(receiver.url)).exit)
            assert.deepInclude(error, { reason: "Refused", status, attempts: 1, detail: "no_service" })
            assert.lengthOf(receiver.received, 1)
          }
        })
      )
    )

    it.effect("follows no redirection: neither body nor headers get to another host", () =>
      scoped(
        Effect.gen(function* () {
          const elsewhere = yield* AlertReceiver.make()
          for (const status of [301, 302, 303, 307, 308]) {
            const receiver = yield* AlertReceiver.make({ status, headers: { location: elsewhere.url } })
            const error = errorIn(yield* (yield* started(receiver.url)).exit)
            assert.deepInclude(error, { reason: "Refused", status })
          }
          assert.deepStrictEqual(elsewhere.received, [])
        })
      )
    )

    it.effect("tries again after a connection was cut", () =>
      scoped(
        Effect.gen(function* () {
          const receiver = yield* AlertReceiver.make("reset", { status: 200 })
          const { exit } = yield* started(receiver.url)
          yield* until(() => receiver.received.length === 1)
          yield* until(() => receiver.received.length === 2, "100 millis")
          assert.isTrue(Exit.isSuccess(yield* exit))
        })
      )
    )

    it.effect("says that no server listens, and not where", () =>
      scoped(
        Effect.gen(function* () {
          const url = yield* Effect.scoped(Effect.map(AlertReceiver.make(), ({ url }) => url))
          const { fiber } = yield* started(url)
          yield* until(() => fiber.unsafePoll() !== null, "100 millis")
          const exit = yield* Fiber.join(fiber)
          const error = errorIn(exit)
          assert.deepInclude(error, { reason: "Unreachable", detail: "ECONNREFUSED", attempts: 4 })
          const shown = [error.message, String(error), JSON.stringify(error), String(error.stack)].join("\n")
          assert.notInclude(shown, "s3cretpath")
          if (Exit.isFailure(exit))
            assert.notInclude(Cause.pretty(exit.cause, { renderErrorCause: true }), "s3cretpath")
        })
      )
    )

    it.effect("waits for a server that says nothing as long as an attempt may take", () =>
      scoped(
        Effect.gen(function* () {
          const receiver = yield* AlertReceiver.make("hang", { status: 200 })
          const { exit, fiber } = yield* started(receiver.url, { timeout: "10 seconds" })
          yield* until(() => receiver.received.length === 1)
          yield* TestClock.adjust("9999 millis")
          yield* settled
          assert.isNull(fiber.unsafePoll())
          yield* TestClock.adjust("1 millis")
          yield* settled
          yield* TestClock.adjust("1 second")
          yield* until(() => receiver.received.length === 2)
          assert.isTrue(Exit.isSuccess(yield* exit))
        })
      )
    )

    it.effect("makes no span and sends no trace header", () =>
      scoped(
        Effect.gen(function* () {
          const receiver = yield* AlertReceiver.make()
          const names: Array<string> = []
          const current = yield* Effect.tracer
          const tracer = Tracer.make({
            ...current,
            span: (name, ...rest) => {
              names.push(name)
              return current.span(name, ...rest)
            }
          })
          const fiber = yield* Effect.fork(
            deliver(receiver.url).pipe(Effect.withSpan("around"), Effect.withTracer(tracer))
          )
          yield* until(() => fiber.unsafePoll() !== null)
          assert.deepStrictEqual(names, ["around"])
          assert.notProperty(receiver.received[0]?.headers, "traceparent")
          assert.notProperty(receiver.received[0]?.headers, "b3")
        })
      )
    )
  })
}

describe("HttpDelivery", () => {
  it.effect("shows nothing of a client that dies with the address in its error", () =>
    Effect.gen(function* () {
      const broken = HttpClient.make((request) => Effect.die(new Error(`cannot reach ${request.url}`)))
      const fiber = yield* Effect.fork(
        Effect.exit(Effect.provideService(deliver("https://example.org/s3cretpath"), HttpClient.HttpClient, broken))
      )
      yield* TestClock.adjust("1 minute")
      const exit = yield* Fiber.join(fiber)
      assert.strictEqual(errorIn(exit).reason, "Unreachable")
      assert.notInclude(String(exit), "s3cretpath")
    })
  )
})
