/**
 * One question for what several callers want.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"

/**
 * Asks for what is wanted in one turn of the event loop by one question. It is asked whatever becomes of the caller that came first: others
 * wait for its answer.
 *
 * @internal
 */
export const together = <A>(
  ask: (keys: ReadonlyArray<string>) => Effect.Effect<A>
): ((key: string) => Effect.Effect<A>) => {
  let gathering: { readonly keys: Array<string>; readonly answer: Deferred.Deferred<A> } | undefined
  return (key) =>
    // The region begins before the gathering does: one that nothing ends would be waited for by all who come later.
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        if (gathering !== undefined) {
          gathering.keys.push(key)
          return restore(Deferred.await(gathering.answer))
        }
        const asked = { keys: [key], answer: Deferred.unsafeMake<A>(FiberId.none) }
        gathering = asked
        const question = Effect.suspend(() => {
          gathering = undefined
          return Effect.intoDeferred(ask(asked.keys), asked.answer)
        })
        return nextTurn.pipe(Effect.zipRight(question), Effect.zipRight(restore(Deferred.await(asked.answer))))
      })
    )
}

const nextTurn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
