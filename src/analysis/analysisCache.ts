/**
 * The analyses of failures that were seen before, and one call for those that are seen at the same time.
 */
import { hash } from "node:crypto"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { FailureReport } from "../event/FailureReport.js"
import type { Answer } from "./Analyzer.js"
import type { AnalyzerError } from "./AnalyzerError.js"

interface Known {
  readonly analysis: FailureAnalysis
  /** In milliseconds since the epoch. */
  readonly expiresAt: number
}

interface Call {
  readonly answer: Deferred.Deferred<Option.Option<FailureAnalysis>, AnalyzerError>
  waiters: number
  fiber: Fiber.RuntimeFiber<unknown> | undefined
}

// Not Effect's `Cache`: there the fiber that asked first makes the call, and its interruption is everybody's.
export class AnalysisCache {
  // A Map keeps the order of insertion, so its first key is the one unused for longest.
  readonly #known = new Map<string, Known>()
  readonly #calls = new Map<string, Call>()

  constructor(
    readonly capacity: number,
    readonly timeToLive: Duration.Duration
  ) {}

  /** The analysis known, or that of the call that is under way, or of one that is made now. */
  ask(report: FailureReport, analyze: Answer): Answer {
    return Effect.uninterruptibleMask((restore) =>
      Effect.clockWith((clock) => {
        const key = keyOf(report)
        const known = this.#recall(key, clock.unsafeCurrentTimeMillis())
        if (known !== undefined) return Effect.succeedSome(known)
        const underWay = this.#calls.get(key)
        const call = underWay ?? { answer: Deferred.unsafeMake(FiberId.none), waiters: 0, fiber: undefined }
        call.waiters += 1
        const awaited = restore(Deferred.await(call.answer)).pipe(Effect.ensuring(this.#leave(key, call)))
        return underWay === undefined ? Effect.zipRight(this.#start(key, call, analyze), awaited) : awaited
      })
    )
  }

  #start(key: string, call: Call, analyze: Answer): Effect.Effect<void> {
    this.#calls.set(key, call)
    return Effect.interruptible(analyze).pipe(
      Effect.exit,
      Effect.flatMap((exit) =>
        Effect.clockWith((clock) => {
          if (this.#calls.get(key) === call) this.#calls.delete(key)
          this.#remember(key, exit, clock.unsafeCurrentTimeMillis())
          return Deferred.done(call.answer, exit)
        })
      ),
      Effect.forkDaemon,
      Effect.flatMap((fiber) => {
        call.fiber = fiber
        return Effect.void
      })
    )
  }

  /** Whoever waits last and leaves before the answer is there cancels the call. */
  #leave(key: string, call: Call): Effect.Effect<void> {
    return Effect.suspend(() => {
      call.waiters -= 1
      if (call.waiters > 0 || this.#calls.get(key) !== call) return Effect.void
      this.#calls.delete(key)
      return call.fiber === undefined ? Effect.void : Fiber.interruptFork(call.fiber)
    })
  }

  #recall(key: string, now: number): FailureAnalysis | undefined {
    const known = this.#known.get(key)
    if (known === undefined) return undefined
    this.#known.delete(key)
    if (known.expiresAt <= now) return undefined
    this.#known.set(key, known)
    return known.analysis
  }

  #remember(key: string, exit: Exit.Exit<Option.Option<FailureAnalysis>, AnalyzerError>, now: number): void {
    if (exit._tag === "Failure" || Option.isNone(exit.value)) return
    this.#known.delete(key)
    this.#known.set(key, {
      analysis: exit.value.value,
      expiresAt: now + Duration.toMillis(this.timeToLive)
    })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.capacity) break
      this.#known.delete(oldest)
    }
  }
}

const keyOf = ({ failures: [primary] }: FailureReport): string =>
  hash(
    "sha256",
    JSON.stringify([
      primary.errorType,
      primary.location?.file ?? null,
      primary.location?.line ?? null,
      primary.exceptionChain
    ]),
    "hex"
  )
