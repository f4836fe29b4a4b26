/**
 * Requests under way: at the end they are answered before what they need is closed, and others are sent away.
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ofRefusal, Refusal } from "./answers.js"

/** How long they are waited for. */
const patience = "10 seconds"

const stopping = ofRefusal(
  new Refusal({
    status: 503,
    detail: "the server is stopping",
    headers: { connection: "close", "retry-after": "1" }
  })
)

/** Counts the requests of an app for as long as the scope is open, and waits for them when it is closed. */
export const drained = <E, R>(app: HttpApp.Default<E, R>): Effect.Effect<HttpApp.Default<E, R>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const isDone = yield* Deferred.make<void>()
    let isStopping = false
    let underWay = 0
    const end = Effect.suspend(() => {
      underWay -= 1
      return isStopping && underWay === 0 ? Deferred.succeed(isDone, undefined) : Effect.void
    })
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        isStopping = true
        // Only what waits is interruptible: whoever closes the scope has been interrupted, by a signal, and would not wait at all.
        return underWay === 0
          ? Effect.void
          : Effect.timeoutOption(Effect.interruptible(Deferred.await(isDone)), patience)
      })
    )
    return Effect.suspend(() => {
      if (isStopping) return Effect.succeed(stopping)
      underWay += 1
      return Effect.ensuring(app, end)
    })
  })
