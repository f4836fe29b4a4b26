/**
 * Writes that go to a server at once: those that wait together are one transaction. While the server is out of reach they wait in
 * memory, up to a number of them, and the program does not wait for them.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { isUnreachable } from "../history/database/connections.js"
import { isBusy, writing } from "../history/database/database.js"
import type { HistoryError } from "../history/HistoryError.js"
import { withoutNarration } from "../runtime/muting.js"
import { withoutHoldingProcess } from "../runtime/unheldTimers.js"
import type { Write } from "./journalLine.js"
import type { RunSink } from "./Runs.js"
import type { RunStore } from "./runStore.js"
import { takeIn } from "./runUpsert.js"

export interface SharedWritesOptions {
  readonly store: RunStore
  /** Most writes that wait. */
  readonly capacity: number
  /** How long a server out of reach is waited for, in milliseconds. */
  readonly reconnectTimeout: number
}

/** A write that the server does not have. */
class NotWritten extends Data.TaggedError("NotWritten")<{ readonly message: string }> {}

interface Waiting {
  readonly write: Write
  readonly resume: (result: Exit.Exit<void, Error>) => void
}

/** Most writes of a transaction. */
const mostInTransaction = 500
/** How long a program waits for a write; after the first that took longer it waits for none, until the server answers again. */
const patience = "1 second"
/** How long the last writes are waited for when the scope is closed. */
const shutdownTimeout = "5 seconds"
/** Most milliseconds between two attempts to reach the server. */
const longestPause = 1_000

/** @internal */
export const make = (
  options: SharedWritesOptions
): Effect.Effect<Required<Pick<RunSink, "write" | "wait">>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const signal = yield* Queue.sliding<void>(1)
    const waiting: Array<Waiting> = []
    let underWay: ReadonlyArray<Waiting> = []
    let isLate = false
    let isClosed = false
    const idle = yield* Deferred.make<void>()
    const commit = committing(options)
    const step = Effect.gen(function* () {
      yield* Queue.take(signal)
      while (waiting.length > 0) {
        underWay = waiting.splice(0, mostInTransaction)
        yield* commit(underWay)
        underWay = []
        isLate = false
      }
      if (isClosed) yield* Deferred.succeed(idle, undefined)
    })
    yield* Effect.forkScoped(step.pipe(Effect.forever, withoutNarration, withoutHoldingProcess, Effect.interruptible))
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        yield* Effect.yieldNow()
        isClosed = true
        yield* Queue.offer(signal, undefined)
        yield* Effect.ignore(Effect.timeout(Effect.interruptible(Deferred.await(idle)), shutdownTimeout))
        for (const { resume } of [...underWay, ...waiting.splice(0)]) resume(Exit.fail(notInTime))
      })
    )
    const write: RunSink["write"] = (write) =>
      Effect.async<void, Error>((resume) => {
        if (isClosed) return resume(notInTime)
        if (waiting.length + underWay.length >= options.capacity) return resume(tooMany(options.capacity))
        waiting.push({ write, resume })
        Queue.unsafeOffer(signal, undefined)
      })
    const wait: Required<RunSink>["wait"] = (settled) =>
      Effect.gen(function* () {
        const known = yield* Deferred.make<void>()
        const end = Deferred.succeed(known, undefined)
        yield* Effect.forkDaemon(Effect.ensuring(settled, end))
        // It is among those that wait before the program goes on, and perhaps ends.
        yield* Effect.yieldNow()
        if (isLate) return
        const late = Effect.sync(() => {
          isLate = true
        })
        const timer = yield* Effect.sleep(patience).pipe(
          Effect.zipRight(late),
          Effect.zipRight(end),
          Effect.interruptible,
          Effect.forkDaemon
        )
        yield* Deferred.await(known)
        yield* Fiber.interruptFork(timer)
      })
    return { write, wait }
  })

const notInTime = new NotWritten({ message: "the server did not have it when the program ended" })

const tooMany = (capacity: number) => new NotWritten({ message: `more than ${capacity} writes wait for the server` })

/** Writes a batch, and says of each what became of it. */
const committing = ({ reconnectTimeout, store }: SharedWritesOptions) => {
  let lostSince: number | undefined
  const once = (batch: ReadonlyArray<Waiting>) =>
    store.use((sql) =>
      writing(
        sql,
        takeIn(
          sql,
          batch.map(({ write }) => write)
        )
      )
    )
  /** Until the server has it, or is given up: the time counts from when it was lost, and not for each batch. */
  const persistently = (batch: ReadonlyArray<Waiting>, pause = 25): Effect.Effect<void, HistoryError> =>
    Effect.matchEffect(once(batch), {
      onSuccess: () =>
        Effect.sync(() => {
          lostSince = undefined
        }),
      onFailure: (error) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (!isTemporary(error)) return Effect.fail(error)
          lostSince ??= now
          return now - lostSince >= reconnectTimeout
            ? Effect.fail(error)
            : Effect.zipRight(
                Effect.sleep(pause),
                Effect.suspend(() => persistently(batch, Math.min(pause * 2, longestPause)))
              )
        })
    })
  const commit = (batch: ReadonlyArray<Waiting>): Effect.Effect<void> =>
    Effect.flatMap(Effect.exit(persistently(batch)), (exit) => {
      // One that the database refuses must not take the others with it.
      if (Exit.isFailure(exit) && batch.length > 1 && lostSince === undefined) {
        return Effect.forEach(batch, (one) => commit([one]), { discard: true })
      }
      return Effect.sync(() => {
        for (const { resume } of batch) resume(exit)
      })
    })
  return commit
}

/** Whether trying again may help. */
const isTemporary = (error: HistoryError): boolean =>
  (error.reason === "CannotOpen" || error.reason === "QueryFailed") && (isBusy(error) || isUnreachable(error))
