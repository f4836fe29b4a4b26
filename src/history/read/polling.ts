/**
 * How whoever follows a history asks again and again: less and less often while there is nothing new, and at once when word comes that something was
 * written.
 */
import * as Effect from "effect/Effect"
import type { Arrivals } from "./arrivals.js"

export interface Polling {
  /** Asks. Where the answer has nothing new, that is given after a pause. */
  readonly ask: <A, E, R>(question: Effect.Effect<A, E, R>, isNew: (answer: A) => boolean) => Effect.Effect<A, E, R>
}

/** In milliseconds. */
export interface Pauses {
  readonly shortest: number
  readonly longest: number
  /** Where word comes of what is written. A program of an older version sends none. */
  readonly longestNotified: number
}

const usual: Pauses = { shortest: 100, longest: 1_000, longestNotified: 5_000 }

/** In milliseconds: what is written close together is read together. */
const gathered = 25

/** Of one follower. */
export const make = (arrivals: Arrivals, { longest, longestNotified, shortest }: Pauses = usual): Polling => {
  let pause = shortest
  // Word came of what is not given yet: a transaction that is still open, of whatever program, may yet write before it, and ends without a word.
  let isAwaited = false
  return {
    ask: (question, isNew) =>
      Effect.gen(function* () {
        const before = arrivals.count()
        const answer = yield* question
        if (isNew(answer)) {
          pause = shortest
          isAwaited = false
          return answer
        }
        if (yield* arrivals.after(before, pause)) {
          pause = shortest
          isAwaited = true
          yield* Effect.sleep(gathered)
        } else {
          pause = Math.min(pause * 1.5, arrivals.isProven() && !isAwaited ? longestNotified : longest)
        }
        return answer
      })
  }
}
