/**
 * What the dashboard's server gives to whom: its page and nothing else of the machine, and what was recorded only to those who
 * may have it.
 */
import { request } from "node:http"
import { gunzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Dashboard } from "../../src/dashboard/index.js"
import * as postgres from "../fixtures/postgres.js"
import { databases, serveBy } from "../server/serving.js"
import { validRun } from "../server/wrongRequests.js"

interface Raw {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Buffer
}

/** A request as no client of good manners sends it: its path and headers go out as they are. */
const raw = (port: number, path: string, headers: Readonly<Record<string, string>> = {}, method = "GET", body = "") =>
  Effect.promise(
    () =>
      new Promise<Raw>((resolve, reject) => {
        const sent = request({ host: "127.0.0.1", port, path, headers, method }, (response) => {
          const chunks: Array<Buffer> = []
          response.on("data", (chunk) => chunks.push(chunk))
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
          )
        })
        sent.on("error", reject)
        sent.end(body)
      })
  )

describe.each(databases(postgres.ofFile()))("The dashboard's server, $where,", ({ place }) => {
  const served = (more: Parameters<typeof Dashboard.layer>[0] = {}) =>
    Effect.flatMap(place, ({ options }) => serveBy(Dashboard.layer, { ...options, ...more }))

  it.scopedLive("serves its page at the address of every view, and its assets by the hash of what they are", () =>
    Effect.gen(function* () {
      const { port } = yield* served()
      for (const path of [
        "/",
        "/runs",
        "/runs?status=failed",
        "/stories/some%20id",
        "/failures",
        "/live",
        "/compare",
        "/analytics"
      ]) {
        const { body, headers, status } = yield* raw(port, path)
        assert.strictEqual(status, 200, path)
        assert.strictEqual(headers["content-type"], "text/html; charset=utf-8")
        assert.include(body.toString(), '<div id="page">')
      }
      const page = (yield* raw(port, "/")).body.toString()
      const script = /src="(\/assets\/dashboard-[0-9a-f]{16}\.js)"/.exec(page)?.[1] ?? ""
      const asset = yield* raw(port, script, { "accept-encoding": "gzip" })
      assert.strictEqual(asset.headers["content-encoding"], "gzip")
      assert.include(String(asset.headers["cache-control"]), "immutable")
      assert.include(gunzipSync(asset.body).toString(), "preact")
      assert.strictEqual((yield* raw(port, "/runs", {}, "HEAD")).status, 200)
    })
  )

  it.scopedLive("lets its page run nothing but its own script, talk to no other server and be framed by no page", () =>
    Effect.gen(function* () {
      const { port } = yield* served()
      const { headers } = yield* raw(port, "/runs")
      assert.deepStrictEqual(String(headers["content-security-policy"]).split("; "), [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'"
      ])
      assert.strictEqual(headers["x-content-type-options"], "nosniff")
      assert.strictEqual(headers["referrer-policy"], "no-referrer")
      assert.notProperty(headers, "access-control-allow-origin")
    })
  )

  it.scopedLive("has no path that leads to a file", () =>
    Effect.gen(function* () {
      const { port } = yield* served()
      for (const path of [
        "/package.json",
        "/assets/../package.json",
        "/assets/..%2f..%2fpackage.json",
        "/../../../../etc/passwd",
        "//etc/passwd",
        "/assets/",
        "/assets",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/runs/../../etc/passwd",
        "/stories/..%2f..%2fetc%2fpasswd/x",
        "/db/telemetry.sqlite",
        "/%00",
        "/runs%00.html"
      ]) {
        const { body, status } = yield* raw(port, path)
        assert.strictEqual(status, 404, path)
        assert.notInclude(body.toString(), "root:")
      }
    })
  )

  it.scopedLive("answers no one who came by another host's name, neither with data nor with its page", () =>
    Effect.gen(function* () {
      const { port } = yield* served()
      for (const path of ["/runs", "/api/v1/runs", "/health"]) {
        for (const host of [
          "evil.example",
          `evil.example:${port}`,
          "127.0.0.1.evil.example",
          "localhost.evil.example"
        ]) {
          assert.strictEqual((yield* raw(port, path, { host })).status, 421, `${host}${path}`)
        }
        assert.notStrictEqual((yield* raw(port, path, { host: `localhost:${port}` })).status, 421)
      }
    })
  )

  it.scopedLive("gives what was recorded to no one without its token, and its page to anyone", () =>
    Effect.gen(function* () {
      const { port } = yield* served({ token: "a secret" })
      const paths = [
        "/api/v1/runs",
        "/api/v1/runs/count",
        "/api/v1/runs/export?format=csv",
        "/api/v1/runs/bulk",
        "/api/v1/runs/none",
        "/api/v1/stories",
        "/api/v1/failures",
        "/api/v1/live",
        "/metrics"
      ]
      for (const path of paths) {
        for (const authorization of [
          undefined,
          "Bearer",
          "Bearer wrong",
          "Basic a secret",
          "a secret",
          "Bearer a secretx"
        ]) {
          const { body, headers, status } = yield* raw(port, path, authorization === undefined ? {} : { authorization })
          assert.deepStrictEqual([status, headers["www-authenticate"]], [401, "Bearer"], `${path} ${authorization}`)
          assert.notInclude(body.toString(), "a secret")
        }
        assert.notStrictEqual((yield* raw(port, path, { authorization: "Bearer a secret" })).status, 401, path)
      }
      assert.strictEqual((yield* raw(port, "/runs")).status, 200)
    })
  )

  it.scopedLive("takes no write that a form of another site can send", () =>
    Effect.gen(function* () {
      const { ask, port } = yield* served()
      yield* ask("/api/v1/runs", { body: { ...validRun, event_id: "a" } })
      const before = yield* ask("/api/v1/runs/a")
      const changes = JSON.stringify({ event_ids: ["a"], changes: { status: "failed" } })
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
        const headers = { "content-type": type, origin: "http://evil.example" }
        assert.strictEqual((yield* raw(port, "/api/v1/runs/bulk", headers, "POST", changes)).status, 415, type)
      }
      const asked = yield* raw(
        port,
        "/api/v1/runs/a",
        { origin: "http://evil.example", "access-control-request-method": "PATCH" },
        "OPTIONS"
      )
      assert.isAtLeast(asked.status, 400)
      assert.notProperty(asked.headers, "access-control-allow-origin")
      assert.deepStrictEqual((yield* ask("/api/v1/runs/a")).json, before.json)
    })
  )

  it.scopedLive("changes no run by an If-Match that was made up", () =>
    Effect.gen(function* () {
      const { ask } = yield* served()
      yield* ask("/api/v1/runs", { body: { ...validRun, event_id: "a" } })
      const { headers, json } = yield* ask("/api/v1/runs/a")
      const tag = headers.get("etag") ?? ""
      for (const forged of [
        '"x"',
        tag.slice(1, -1),
        `W/${tag}`,
        `${tag}, "x"`,
        '"2026-01-31T12:00:00.000Z"',
        "null",
        '""'
      ]) {
        const { status } = yield* ask("/api/v1/runs/a", {
          method: "PATCH",
          body: { items_failed: 1 },
          headers: { "if-match": forged }
        })
        assert.strictEqual(status, 412, forged)
      }
      assert.deepStrictEqual((yield* ask("/api/v1/runs/a")).json, json)
    })
  )
})
