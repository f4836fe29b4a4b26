/**
 * What became of the events handed to a renderer. The law: emitted = delivered + dropped + failed + pending.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { logWarning } from "../runtime/logWarning.js"
import { isDue } from "../runtime/warningCadence.js"

/** Counts of one renderer. Mutable on purpose: they are touched once or twice an event. */
export class Delivery {
  emitted = 0
  delivered = 0
  failed = 0
  pending = 0
  readonly dropped = new Map<string, number>()
  #withheld = 0
  #logged = 0

  constructor(
    readonly renderer: string,
    /** What it is called in warnings. */
    readonly noun: "Renderer" | "Sink" = "Renderer"
  ) {}

  deliver(count: number): undefined {
    this.delivered += count
  }

  /** Counts `count` events that will not be delivered, and logs it at the 1st, 2nd, 4th, 8th, … loss. */
  drop(reason: string, count = 1): Effect.Effect<void> | undefined {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + count)
    return this.#warning(count, `dropped ${count === 1 ? "an event" : `${count} events`} (${reason})`, Cause.empty)
  }

  /** Counts an event that is not delivered because that is what was asked for: there is nothing to warn of. */
  withhold(reason: string): void {
    this.#withheld += 1
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1)
  }

  /** Counts `count` events whose delivery failed, and logs it as {@link drop} does. */
  fail(cause: Cause.Cause<unknown>, count = 1): Effect.Effect<void> | undefined {
    this.failed += count
    return this.#warning(count, "failed", cause)
  }

  get droppedTotal(): number {
    let total = 0
    for (const count of this.dropped.values()) total += count
    return total
  }

  get lost(): number {
    return this.failed + this.droppedTotal - this.#withheld
  }

  /** Losses that were not logged yet, as one warning. */
  finalWarning(): Effect.Effect<void> | undefined {
    if (this.lost === this.#logged) return undefined
    // A warning of the last of them may be on its way.
    return Effect.suspend(() =>
      this.lost > this.#logged ? this.#warn(`lost ${this.lost} event(s) in all`, Cause.empty) : Effect.void
    )
  }

  #warning(count: number, what: string, cause: Cause.Cause<unknown>): Effect.Effect<void> | undefined {
    return isDue(this.lost, this.lost - count) ? this.#warn(what, cause) : undefined
  }

  #warn(what: string, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#logged = this.lost
      const counts = {
        emitted: this.emitted,
        delivered: this.delivered,
        failed: this.failed,
        dropped: Object.fromEntries(this.dropped),
        pending: this.pending
      }
      return logWarning(`${this.noun} "${this.renderer}" ${what}; the program goes on`, cause).pipe(
        Effect.annotateLogs("narrative.delivery", counts),
        // A logger may throw: that must neither end the draining fiber nor reach the program.
        Effect.exit
      )
    })
  }
}
