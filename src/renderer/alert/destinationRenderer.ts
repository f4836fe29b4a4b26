/**
 * One destination as a renderer: what passes its filter and its limiter goes into its queue, and one fiber sends it.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as boundedBuffer from "../../delivery/boundedBuffer.js"
import type { Renderer } from "../../delivery/Renderer.js"
import { makeCounting } from "../../delivery/rendererModel.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import { withoutNarration } from "../../runtime/muting.js"
import { inOrder } from "../../runtime/waiting.js"
import type { Alert, AlertStatus, AnalysisAlert, OccurrenceAlert } from "./Alert.js"
import * as alertFilter from "./alertFilter.js"
import { AlertLimiter, type LimiterConfig, type Verdict } from "./alertLimiter.js"
import type { AlertSource } from "./alertSource.js"
import type { Delivery, Destination } from "./Destination.js"
import { PendingAnalyses } from "./pendingAnalyses.js"

export interface DestinationConfig {
  /** What holds for every destination, except the statuses. */
  readonly filter: alertFilter.AlertFilter
  readonly statuses: ReadonlySet<AlertStatus>
  /** Whether analyses that come later are sent. */
  readonly analyses: boolean
  readonly limiter: LimiterConfig
  readonly delivery: Delivery
  readonly capacity: number
  readonly shutdownTimeout: Duration.Duration
}

export const make = <R>(
  name: string,
  destination: Destination<R>,
  source: AlertSource,
  config: DestinationConfig
): Effect.Effect<Renderer, InvalidOption, R | Scope.Scope> =>
  Effect.gen(function* () {
    const send = yield* destination.open(config.delivery)
    const clock = yield* Effect.clock
    // Monotonic, unlike the milliseconds, so that no window outlives a change of the system's time.
    const now = () => Number(clock.unsafeCurrentTimeNanos() / 1_000_000n)
    const { capacity, shutdownTimeout } = config
    const queue = yield* boundedBuffer.open<Alert, never>({
      name,
      capacity,
      // Of many alerts the first ones are worth more than the last ones.
      strategy: "dropping",
      shutdownTimeout,
      size: 1,
      within: 0,
      handle: ([alert]) => send(alert)
    })
    const limiter = new AlertLimiter(config.limiter)
    const awaited = new PendingAnalyses()
    let closed = false

    const withhold = (reason: string): undefined => {
      queue.delivery.emitted += 1
      queue.delivery.withhold(reason)
    }
    const put = (alert: Alert): Effect.Effect<void> | undefined => {
      if (config.analyses) awaited.sent(alert)
      return queue.offer(alert)
    }
    const act = (verdicts: ReadonlyArray<Verdict>): Effect.Effect<void> | undefined => {
      let waiting: Effect.Effect<void> | undefined
      for (const verdict of verdicts) {
        waiting = inOrder(waiting, verdict._tag === "Send" ? put(verdict.alert) : withhold(verdict.reason))
      }
      return waiting
    }
    const take = (alert: OccurrenceAlert): Effect.Effect<void> | undefined => {
      // The queue counts what comes too late.
      if (closed) return queue.offer(alert)
      if (!config.statuses.has(alert.status)) return withhold("filter")
      const everywhere = alertFilter.admits(config.filter, alert)
      const here = everywhere.admitted ? alertFilter.admits(destination.filter, alert) : everywhere
      if (!here.admitted) return inOrder(here.notice, withhold("filter"))
      const at = now()
      const waiting = act([...limiter.due(at), limiter.admit(alert, at)])
      wake()
      return inOrder(inOrder(everywhere.notice, here.notice), waiting)
    }

    const follow = (alert: AnalysisAlert): Effect.Effect<void> | undefined => {
      if (closed) return queue.offer(alert)
      const at = now()
      const waiting = act([...limiter.due(at), limiter.follow(alert, at)])
      wake()
      return waiting
    }

    // Before the queue closes, which waits for what is put into it here.
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        closed = true
        return act(limiter.close(now())) ?? Effect.void
      })
    )

    const wake = yield* actWhenDue(limiter, now, act)

    const handle = (event: Parameters<Renderer["handle"]>[0]) => {
      if (event._tag === "AnalysisReady") {
        const analysis = awaited.take(event)
        return analysis === undefined ? undefined : follow(analysis)
      }
      const alert = source.of(event)
      return alert === undefined ? undefined : take(alert)
    }
    return makeCounting(name, handle, queue.delivery)
  })

/** Acts on summaries when they are due, until the scope is closed. What is given back is called when another may be due next. */
const actWhenDue = (
  limiter: AlertLimiter,
  now: () => number,
  act: (verdicts: ReadonlyArray<Verdict>) => Effect.Effect<void> | undefined
): Effect.Effect<() => void, never, Scope.Scope> =>
  Effect.suspend(() => {
    let wake = () => {}
    /** Until the next summary is due, or something else may be. */
    const pause = Effect.suspend(() => {
      const { deadline } = limiter
      const change = Effect.async<void>((resume) => {
        // It may have changed since, when there was nothing to wake.
        if (limiter.deadline !== deadline) return resume(Effect.void)
        wake = () => limiter.deadline !== deadline && resume(Effect.void)
      })
      return deadline === undefined ? change : Effect.timeoutOption(change, Math.max(1, deadline - now()))
    })
    return pause.pipe(
      Effect.zipRight(Effect.suspend(() => act(limiter.due(now())) ?? Effect.void)),
      Effect.forever,
      withoutNarration,
      Effect.interruptible,
      Effect.forkScoped,
      Effect.as(() => wake())
    )
  })
