/**
 * When something was written to a schema of PostgreSQL, as far as the server says so.
 *
 * Between a program and the server may be what hands out connections statement by statement: a `LISTEN` succeeds there, and nothing ever comes.
 * So may the connection be lost without a word. Therefore nothing is made of silence before a probe of our own has come back, and every few seconds
 * another one has to.
 */
import { randomUUID } from "node:crypto"
import type { SqlClient } from "@effect/sql/SqlClient"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as RcRef from "effect/RcRef"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { withoutNarration } from "../../runtime/muting.js"
import { withoutHoldingProcess } from "../../runtime/unheldTimers.js"
import { canListen, channel, type Listening } from "../database/notifications.js"

export interface Arrivals {
  /** How many notifications came: a mark for {@link after}. */
  readonly count: () => number
  /** Whether notifications arrive: a probe came back a few seconds ago. */
  readonly isProven: () => boolean
  /** Waits until something is written after that count was taken, for so many milliseconds at most; and whether it was. */
  readonly after: (count: number, millis: number) => Effect.Effect<boolean>
}

/** Where nothing is notified. */
export const none: Arrivals = {
  count: () => 0,
  isProven: () => false,
  after: (_, millis) => Effect.as(Effect.sleep(millis), false)
}

/** In milliseconds. */
const probeInterval = 5_000
/** How long a probe may take, in milliseconds, until another one is sent; and how many are. */
const [probePatience, mostProbes] = [500, 10]
/** Between two attempts to listen, in milliseconds: longer and longer where none comes to anything. */
const [shortestRest, longestRest] = [1_000, 600_000]

/** Those of a database, shared by whoever follows it, and listened to for as long as anyone does. */
export const shared = (
  sql: SqlClient
): Effect.Effect<Effect.Effect<Arrivals, never, Scope.Scope>, never, Scope.Scope> =>
  canListen(sql)
    ? Effect.map(RcRef.make({ acquire: make(sql), idleTimeToLive: "30 seconds" }), RcRef.get)
    : Effect.succeed(Effect.succeed(none))

/** Listens until the scope is closed. */
export const make = (sql: SqlClient & Listening): Effect.Effect<Arrivals, never, Scope.Scope> =>
  Effect.gen(function* () {
    let [count, isProven, wasProven] = [0, false, false]
    let arrival = yield* Deferred.make<void>()
    const arrived = Effect.gen(function* () {
      const waited = arrival
      arrival = yield* Deferred.make<void>()
      count += 1
      yield* Deferred.succeed(waited, undefined)
    })
    const proven = Effect.sync(() => {
      isProven = true
      wasProven = true
    })
    const lost = Effect.sync(() => {
      isProven = false
    })
    const takeWasProven = Effect.sync(() => {
      const was = wasProven
      wasProven = false
      return was
    })
    yield* again(Effect.ensuring(listen(sql, arrived, proven), lost), takeWasProven).pipe(
      Effect.withTracerEnabled(false),
      withoutNarration,
      withoutHoldingProcess,
      Effect.interruptible,
      Effect.forkScoped
    )
    return {
      count: () => count,
      isProven: () => isProven,
      after: (before, millis) =>
        Effect.suspend(() =>
          count === before ? Effect.map(Effect.timeoutOption(Deferred.await(arrival), millis), Option.isSome) : yes
        )
    }
  })

const yes = Effect.succeed(true)

/** Listens, for as long as probes come back. */
const listen = (sql: SqlClient & Listening, arrived: Effect.Effect<void>, proven: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const [row] = yield* sql<{ schema: string | null }>`SELECT current_schema() AS schema`
    const probe = `probe ${randomUUID()}`
    let returned = yield* Deferred.make<void>()
    const receiving = sql
      .listen(channel)
      .pipe(
        Stream.runForEach((payload) =>
          payload === probe ? Deferred.succeed(returned, undefined) : payload === row?.schema ? arrived : Effect.void
        )
      )
    // Again until it comes back: what was sent before the server listened does not.
    const comesBack = Effect.gen(function* () {
      returned = yield* Deferred.make<void>()
      for (let sent = 0; sent < mostProbes; sent++) {
        yield* sql`SELECT pg_notify(${channel}, ${probe})`
        if (Option.isSome(yield* Effect.timeoutOption(Deferred.await(returned), probePatience))) return true
      }
      return false
    })
    const probing = Effect.gen(function* () {
      if (!(yield* comesBack)) return
      // Of what was written before it listened, no notification came.
      yield* arrived
      yield* proven
      do yield* Effect.sleep(probeInterval)
      while (yield* comesBack)
    })
    yield* whileReceiving(receiving, probing)
  })

/** The client says goodbye to a server that may not answer any more: only who listens again waits for that. */
const whileReceiving = <E, E2>(receiving: Effect.Effect<unknown, E>, self: Effect.Effect<void, E2>) =>
  Effect.gen(function* () {
    const receiver = yield* Effect.forkDaemon(receiving)
    yield* Effect.raceFirst(self, Fiber.join(receiver)).pipe(
      Effect.onInterrupt(() => Fiber.interruptFork(receiver)),
      Effect.exit,
      Effect.zipRight(Fiber.interrupt(receiver))
    )
  })

/** Again and again, with longer and longer rests while it comes to nothing. */
const again = <E>(listening: Effect.Effect<void, E>, wasProven: Effect.Effect<boolean>): Effect.Effect<never> => {
  const next = (rest: number): Effect.Effect<never> =>
    Effect.exit(listening).pipe(
      Effect.zipRight(wasProven),
      Effect.flatMap((was) =>
        Effect.zipRight(
          Effect.sleep(was ? shortestRest : rest),
          next(was ? shortestRest : Math.min(rest * 4, longestRest))
        )
      )
    )
  return next(shortestRest)
}
