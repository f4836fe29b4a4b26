/**
 * Timers that do not keep a process alive which has nothing else to do.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Node's longest timer, in milliseconds. */
const longestTimer = 2 ** 31 - 1

/** The clock of the system, whose sleeps Node does not wait for. */
const unheld = (clock: Clock.Clock): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanos: clock.currentTimeNanos,
  sleep: (duration) =>
    Effect.async<void>((resume) => {
      const millis = Duration.toMillis(duration)
      if (millis > longestTimer) return
      const timer = setTimeout(() => resume(Effect.void), millis)
      timer.unref()
      return Effect.sync(() => clearTimeout(timer))
    })
})

/** Runs what repeats in the background. A clock that the program chose is left as it is. */
export const withoutHoldingProcess = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.clockWith((clock) => {
    const system = Context.get(DefaultServices.liveServices, Clock.Clock)
    return clock === system ? Effect.withClock(self, unheld(clock)) : self
  })
