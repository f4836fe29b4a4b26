/**
 * What is checked of a request before anything is done for it: the host it asks, how often it comes, and its token.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { RateLimit } from "../outbound/rateLimit.js"
import { Refusal } from "./answers.js"
import type { Settings } from "./settings.js"

/** Most callers whose requests are counted; beyond that the oldest is forgotten. */
const mostCallers = 10_000

/**
 * Each fails for a request that is not to be answered. `host` is of every request, `caller` of those for what was recorded.
 *
 * @internal
 */
export const make = ({ hosts, rateLimit, token }: Settings) => {
  const callers = new Map<string, RateLimit>()
  const checkRate = (address: string, now: number): Effect.Effect<void, Refusal> => {
    if (rateLimit === undefined) return Effect.void
    const known = callers.get(address) ?? new RateLimit(rateLimit, Duration.minutes(1))
    if (callers.size >= mostCallers && !callers.has(address)) callers.delete(callers.keys().next().value ?? "")
    callers.set(address, known)
    const wait = known.admit(now)
    if (wait === undefined) return Effect.void
    const seconds = String(Math.ceil(Duration.toSeconds(wait)))
    return new Refusal({
      status: 429,
      detail: `at most ${rateLimit} requests a minute`,
      headers: { "retry-after": seconds, "x-ratelimit-limit": String(rateLimit), "x-ratelimit-remaining": "0" }
    })
  }
  const host = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    // A page of another site can make a browser ask us, by a name of its own that leads here.
    const host = hostOf(request.headers["host"] ?? "")
    if (!hosts.has("*") && !hosts.has(host)) {
      return yield* new Refusal({ status: 421, detail: `the host ${host.slice(0, 100)} is not served here` })
    }
    const address = Option.getOrElse(request.remoteAddress, () => "")
    yield* checkRate(address, yield* Clock.currentTimeMillis)
  })
  const caller = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const isOpen = request.url.split("?", 1)[0] === "/health"
    if (token === undefined || isOpen || isToken(request.headers["authorization"] ?? "", token)) return
    return yield* new Refusal({
      status: 401,
      detail: "the header Authorization takes Bearer and the token of this server",
      headers: { "www-authenticate": "Bearer" }
    })
  })
  return { host, caller }
}

const hostOf = (header: string): string => {
  const [, host = ""] = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(header.trim()) ?? []
  return host.toLowerCase()
}

/** Compared in a time that says nothing of how much is right. */
const isToken = (header: string, token: string): boolean => {
  const [, given = ""] = /^Bearer +(.+)$/i.exec(header) ?? []
  return timingSafeEqual(digest(given), digest(token))
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
