import { HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import * as PlatformError from "@effect/platform/Error"
import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Config, ConfigProvider, Data, Effect, FastCheck as fc, Runtime, Schema } from "effect"
import { format, summarize } from "../../src/cause/errorSummary.js"
import { StageGroupError } from "../../src/narration/StageGroupError.js"
import { deepError, thrownValue } from "./thrownValues.js"

class Failed extends Data.TaggedError("Failed")<{ readonly cause: unknown }> {}

const codes = [
  "TIMEOUT",
  "CIRCUIT_OPEN",
  "RATE_LIMITED",
  "INVALID_INPUT",
  "NOT_FOUND",
  "UNAUTHORIZED",
  "CONFLICT",
  "UNAVAILABLE",
  "CANCELLED",
  "UNKNOWN"
]

const withCode = (code: string) => Object.assign(new Error("m"), { code })
const withStatus = (status: number) => Object.assign(new Error("m"), { status })
const named = (name: string) => Object.assign(new Error("m"), { name })

/** The code, and whether to try again. */
const verdict = (error: unknown) => {
  const { code, retryable } = summarize(error)
  return retryable ? `${code} retryable` : code
}

const thrownBy = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return assert.fail("nothing was thrown")
}

const request = HttpClientRequest.get("http://localhost/")
const answered = (status: number) =>
  new HttpClientError.ResponseError({
    request,
    response: HttpClientResponse.fromWeb(request, new Response(null, { status })),
    reason: "StatusCode"
  })

describe("ErrorSummary", () => {
  it("never throws, whatever was thrown, and keeps to its codes", () => {
    fc.assert(
      fc.property(thrownValue, (make) => {
        const summary = summarize(make())
        assert.include(codes, summary.code)
        assert.isString(summary.type)
        assert.isBelow(summary.message.length, 600)
        assert.notInclude(format(summary), "\n")
      }),
      { numRuns: 500 }
    )
  })

  it.each([
    ["a timeout of Effect's", new Cause.TimeoutException("m"), "TIMEOUT retryable"],
    ["a timeout of the platform's signals", new DOMException("m", "TimeoutError"), "TIMEOUT retryable"],
    ["an open circuit", named("BrokenCircuitError"), "CIRCUIT_OPEN retryable"],
    ["a rate limit", named("RateLimitExceeded"), "RATE_LIMITED retryable"],
    ["an aborted signal", new DOMException("m", "AbortError"), "CANCELLED"],
    ["an interruption", new Cause.InterruptedException(), "CANCELLED"],
    ["nothing in an Option", new Cause.NoSuchElementException(), "NOT_FOUND"],
    ["a tag that ends in NotFound", { _tag: "UserNotFound" }, "NOT_FOUND"],
    ["a wrong argument", new Cause.IllegalArgumentException("m"), "INVALID_INPUT"],
    ["wrong credentials", named("InvalidCredentialsError"), "UNAUTHORIZED"],
    ["a duplicate", { _tag: "DuplicateEmail" }, "CONFLICT"],
    ["a code of the program's own", withCode("TOO_MANY_REQUESTS"), "RATE_LIMITED retryable"],
    ["a bug", thrownBy(() => (undefined as unknown as { x: 1 }).x), "UNKNOWN"],
    ["bad JSON", thrownBy(() => JSON.parse("{")), "INVALID_INPUT"],
    ["a bad URL", thrownBy(() => new URL("nope")), "INVALID_INPUT"],
    ["a value that does not fit", thrownBy(() => Schema.decodeUnknownSync(Schema.Number)("a")), "INVALID_INPUT"]
  ])("knows %s", (_what, error, expected) => {
    assert.strictEqual(verdict(error), expected)
  })

  it.each([
    ["ENOENT", "NOT_FOUND"],
    ["EACCES", "UNAUTHORIZED"],
    ["EEXIST", "CONFLICT"],
    ["EADDRINUSE", "CONFLICT"],
    ["ECONNREFUSED", "UNAVAILABLE retryable"],
    ["ECONNRESET", "UNAVAILABLE retryable"],
    ["ENOTFOUND", "UNAVAILABLE retryable"],
    ["ETIMEDOUT", "TIMEOUT retryable"],
    ["EPIPE", "UNAVAILABLE retryable"],
    ["EMFILE", "UNAVAILABLE retryable"],
    ["ENOSPC", "UNAVAILABLE"],
    ["CERT_HAS_EXPIRED", "UNAUTHORIZED"],
    ["ABORT_ERR", "CANCELLED"],
    ["SQLITE_BUSY", "UNAVAILABLE retryable"],
    ["SQLITE_LOCKED_SHAREDCACHE", "UNAVAILABLE retryable"],
    ["SQLITE_CONSTRAINT_UNIQUE", "CONFLICT"],
    ["SQLITE_CONSTRAINT_FOREIGNKEY", "CONFLICT"],
    ["SQLITE_CONSTRAINT_NOTNULL", "INVALID_INPUT"],
    ["SQLITE_READONLY", "UNAUTHORIZED"],
    ["SQLITE_FULL", "UNAVAILABLE"],
    ["SQLITE_ERROR", "UNKNOWN"],
    ["23505", "CONFLICT"],
    ["23502", "INVALID_INPUT"],
    ["40001", "CONFLICT retryable"],
    ["08006", "UNAVAILABLE retryable"],
    ["57014", "CANCELLED"],
    ["28P01", "UNAUTHORIZED"],
    ["22P02", "INVALID_INPUT"],
    ["ER_DUP_ENTRY", "CONFLICT"],
    ["WHATEVER", "UNKNOWN"]
  ])("reads the code %s", (code, expected) => {
    assert.strictEqual(verdict(withCode(code)), expected)
  })

  it.each([
    [400, "INVALID_INPUT"],
    [401, "UNAUTHORIZED"],
    [403, "UNAUTHORIZED"],
    [404, "NOT_FOUND"],
    [408, "TIMEOUT retryable"],
    [409, "CONFLICT"],
    [422, "INVALID_INPUT"],
    [429, "RATE_LIMITED retryable"],
    [500, "UNAVAILABLE retryable"],
    [501, "UNAVAILABLE"],
    [503, "UNAVAILABLE retryable"],
    [504, "TIMEOUT retryable"],
    [200, "UNKNOWN"]
  ])("reads the status %i, wherever it is", (status, expected) => {
    const statusCode = status
    const errors = [withStatus(status), { statusCode }, { response: { status } }, answered(status)]
    for (const error of errors) assert.strictEqual(verdict(error), expected)
  })

  it("reads the reason of a platform error", () => {
    const error = (reason: PlatformError.SystemErrorReason) =>
      new PlatformError.SystemError({ reason, module: "FileSystem", method: "open" })
    assert.strictEqual(verdict(error("PermissionDenied")), "UNAUTHORIZED")
    assert.strictEqual(verdict(error("Busy")), "UNAVAILABLE retryable")
    assert.strictEqual(verdict(error("Unknown")), "UNKNOWN")
  })

  it.effect("knows a setting that is missing", () =>
    Effect.gen(function* () {
      const error = yield* Config.string("KEY").pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map())),
        Effect.flip
      )
      assert.strictEqual(verdict(error), "INVALID_INPUT")
    })
  )

  it("looks through wrappers to the error that decides", () => {
    const refused = withCode("ECONNREFUSED")
    const wrapped = [
      new Failed({ cause: refused }),
      new Error("could not load", { cause: new Error("fetch failed", { cause: refused }) }),
      new Cause.UnknownException(refused),
      Runtime.makeFiberFailure(Cause.die(refused)),
      new AggregateError([refused]),
      [refused, new Error("another")],
      new HttpClientError.RequestError({ request, reason: "Transport", cause: refused }),
      new StageGroupError({ failures: { load: Cause.fail(refused) } })
    ]
    for (const error of wrapped) assert.strictEqual(verdict(error), "UNAVAILABLE retryable")
  })

  it("lets the first link that knows decide", () => {
    const error = Object.assign(new Error("gone", { cause: withCode("ETIMEDOUT") }), { status: 404 })
    assert.strictEqual(verdict(error), "NOT_FOUND")
  })

  it("finds a code ten links down, and gives up in a chain without end", () => {
    let error: unknown = withCode("ETIMEDOUT")
    for (let i = 0; i < 10; i++) error = new Error(`level ${i}`, { cause: error })
    assert.strictEqual(summarize(error).code, "TIMEOUT")
    assert.strictEqual(summarize(deepError(10_000)).code, "UNKNOWN")
  })

  it("takes type and message from the error that speaks for itself", () => {
    const sqlite = Object.assign(new Error("UNIQUE constraint failed: c.id"), { code: "SQLITE_CONSTRAINT_UNIQUE" })
    assert.deepStrictEqual(summarize(new SqlError({ cause: sqlite, message: "Failed to execute statement" })), {
      code: "CONFLICT",
      type: "Error",
      message: "UNIQUE constraint failed: c.id",
      retryable: false
    })
    const outer = summarize(new Error("could not load", { cause: new Cause.TimeoutException("after 1s") }))
    assert.deepStrictEqual(outer, { code: "TIMEOUT", type: "Error", message: "could not load", retryable: true })
  })

  it("is one line of text: the code, and the message or else the type", () => {
    assert.strictEqual(
      format(summarize(new Cause.TimeoutException("Stage timed out\nat 9"))),
      "TIMEOUT: Stage timed out"
    )
    assert.strictEqual(format(summarize(new Cause.NoSuchElementException())), "NOT_FOUND: NoSuchElementException")
  })
})
