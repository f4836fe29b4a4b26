/**
 * What keeps one failure, reported a thousand times, from being a thousand messages: equal alerts are sent once a window,
 * and only so many alerts of any kind an interval. What is held back is counted, and sent in a summary.
 *
 * Pure state: it is asked what to do at a time, and knows nothing of clocks and fibers.
 */
import {
  type Alert,
  type AnalysisAlert,
  type HeldBack,
  identityOf,
  type OccurrenceAlert,
  type SummaryAlert
} from "./Alert.js"

export interface LimiterConfig {
  /** In milliseconds; `null`: equal alerts are sent, too. */
  readonly window: number | null
  readonly limit: { readonly alerts: number; readonly per: number } | null
}

/** What becomes of an alert. */
export type Verdict =
  | { readonly _tag: "Send"; readonly alert: Alert }
  | { readonly _tag: "HoldBack"; readonly reason: "duplicate" | "rate_limit" }

/** Most alerts remembered; beyond it the oldest one's window ends early. */
const maxRemembered = 1_000
/** Most kinds of alerts that a summary names. */
const maxNamed = 10

interface Window {
  readonly since: number
  heldBack: number
  last: OccurrenceAlert
}

interface Interval {
  readonly since: number
  sent: number
  heldBack: number
  readonly kinds: Map<string, HeldBack>
}

export class AlertLimiter {
  /** By what makes alerts the same one; all windows are equally long, so the first ends first. */
  readonly #windows = new Map<string, Window>()
  readonly #occurrences = new Map<string, number>()
  readonly #config: LimiterConfig
  #interval: Interval | undefined
  #summaries = 0

  constructor(config: LimiterConfig) {
    this.#config = config
  }

  /** Decides on an alert, after what was {@link due}. */
  admit(alert: OccurrenceAlert, now: number): Verdict {
    const identity = identityOf(alert)
    const counted = this.#count(alert, identity)
    const window = this.#windows.get(identity)
    if (window !== undefined) {
      window.heldBack += 1
      window.last = alert
      return { _tag: "HoldBack", reason: "duplicate" }
    }
    const verdict = this.#limited(counted, now)
    // One that is not sent opens no window: the next like it may be sent.
    if (verdict._tag === "Send" && this.#config.window !== null) {
      this.#windows.set(identity, { since: now, heldBack: 0, last: alert })
    }
    return verdict
  }

  /** Decides on an analysis, after what was {@link due}. Its failure was sent: no summary has to count it. */
  follow(alert: AnalysisAlert, now: number): Verdict {
    return this.#limited(alert, now)
  }

  /** The summaries of what is over, each with what becomes of it. */
  due(now: number): ReadonlyArray<Verdict> {
    const out: Array<Verdict> = []
    const { limit, window: length } = this.#config
    const interval = this.#interval
    if (interval !== undefined && limit !== null && now >= interval.since + limit.per) {
      this.#interval = undefined
      if (interval.heldBack > 0) out.push(this.#limited(this.#ofInterval(interval, now), now))
    }
    for (const [identity, window] of this.#windows) {
      if (length !== null && now < window.since + length && this.#windows.size <= maxRemembered) break
      this.#windows.delete(identity)
      if (window.heldBack > 0) out.push(this.#limited(this.#ofWindow(window, now), now))
    }
    return out
  }

  /** When there will next be a summary, if nothing else happens. */
  get deadline(): number | undefined {
    const { limit, window: length } = this.#config
    let deadline: number | undefined
    if (length !== null) {
      for (const { heldBack, since } of this.#windows.values()) {
        if (heldBack === 0) continue
        deadline = since + length
        break
      }
    }
    if (limit === null || this.#interval === undefined || this.#interval.heldBack === 0) return deadline
    return Math.min(deadline ?? Number.POSITIVE_INFINITY, this.#interval.since + limit.per)
  }

  /** The summaries of everything still held back. */
  close(now: number): ReadonlyArray<Verdict> {
    const out = [...this.due(now)]
    for (const window of this.#windows.values()) {
      if (window.heldBack > 0) out.push(this.#limited(this.#ofWindow(window, now), now))
    }
    this.#windows.clear()
    const interval = this.#interval
    this.#interval = undefined
    if (interval !== undefined && interval.heldBack > 0) {
      out.push({ _tag: "Send", alert: this.#ofInterval(interval, now) })
    }
    return out
  }

  #count(alert: OccurrenceAlert, identity: string): OccurrenceAlert {
    const occurrences = (this.#occurrences.get(identity) ?? 0) + 1
    // Again at the end: the one not seen for longest is forgotten first.
    this.#occurrences.delete(identity)
    this.#occurrences.set(identity, occurrences)
    if (this.#occurrences.size > maxRemembered) {
      for (const oldest of this.#occurrences.keys()) {
        this.#occurrences.delete(oldest)
        break
      }
    }
    return occurrences === 1 ? alert : { ...alert, occurrences }
  }

  #limited(alert: Alert, now: number): Verdict {
    const { limit } = this.#config
    if (limit === null) return { _tag: "Send", alert }
    this.#interval ??= { since: now, sent: 0, heldBack: 0, kinds: new Map() }
    if (this.#interval.sent < limit.alerts) {
      this.#interval.sent += 1
      return { _tag: "Send", alert }
    }
    if (alert._tag !== "AnalysisAlert") holdBack(this.#interval, alert)
    return { _tag: "HoldBack", reason: "rate_limit" }
  }

  #ofWindow({ heldBack, last, since }: Window, now: number): SummaryAlert {
    return this.#summary("duplicates", since, now, heldBack, [named(last, heldBack)])
  }

  #ofInterval({ heldBack, kinds, since }: Interval, now: number): SummaryAlert {
    return this.#summary("rate_limit", since, now, heldBack, Array.from(kinds.values()))
  }

  #summary(
    reason: SummaryAlert["reason"],
    since: number,
    until: number,
    count: number,
    heldBack: ReadonlyArray<HeldBack>
  ): SummaryAlert {
    const id = `summary/${since}/${this.#summaries++}/${heldBack[0]?.fingerprint ?? ""}`
    return { _tag: "SummaryAlert", version: 1, id, reason, count, since, until, heldBack }
  }
}

/** A summary that is itself one too many counts for all that it summarizes. */
const holdBack = (interval: Interval, alert: OccurrenceAlert | SummaryAlert): void => {
  for (const one of alert._tag === "SummaryAlert" ? alert.heldBack : [named(alert, 1)]) {
    const key = `${one.status} ${one.fingerprint} ${one.storyName}`
    const known = interval.kinds.get(key)
    if (known !== undefined) interval.kinds.set(key, { ...known, count: known.count + one.count })
    else if (interval.kinds.size < maxNamed) interval.kinds.set(key, one)
  }
  interval.heldBack += alert._tag === "SummaryAlert" ? alert.count : 1
}

const named = (alert: OccurrenceAlert, count: number): HeldBack => ({
  fingerprint: alert.fingerprint,
  storyName: alert.storyName,
  status: alert.status,
  stageName: alert._tag === "FailureAlert" ? alert.stageName : null,
  errorType: alert._tag === "FailureAlert" ? alert.errorType : null,
  errorMessage: alert._tag === "FailureAlert" ? alert.errorMessage : alert.outcome,
  count
})
