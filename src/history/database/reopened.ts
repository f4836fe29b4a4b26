/**
 * What was opened at a place, and is opened again where something else was put there.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Permits } from "../../runtime/permits.js"

export interface ReopenedOptions<A, E> {
  readonly open: Effect.Effect<A, E, Scope.Scope>
  /** Distinguishes what is at the place now from another one. */
  readonly identity: () => string | undefined
  /** Runs before it is opened again. */
  readonly onReplaced?: Effect.Effect<void>
}

export interface Reopened<A, E> {
  /** What is at the place now, opened when it is asked for. */
  readonly current: Effect.Effect<A, E>
  /** What was opened last, whether it is still at the place or not. */
  readonly last: () => A | undefined
}

interface Held<A> {
  readonly value: A
  readonly identity: string | undefined
  readonly scope: Scope.CloseableScope
}

/**
 * Not a `ScopedRef`: one that is interrupted when it has just acquired keeps neither the value nor its scope, so that a
 * connection stays open for as long as the process.
 *
 * @internal
 */
export const make = <A, E>(options: ReopenedOptions<A, E>): Effect.Effect<Reopened<A, E>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { identity, onReplaced = Effect.void, open } = options
    let held: Held<A> | undefined
    let isOver = false
    const alone = new Permits(1)
    const release = Effect.suspend(() => {
      const { scope } = held ?? {}
      held = undefined
      return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
    })
    const renew = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        if (held !== undefined) yield* onReplaced
        yield* release
        const scope = yield* Scope.make()
        const opened = yield* Effect.exit(restore(Scope.extend(open, scope)))
        if (Exit.isSuccess(opened) && !isOver) {
          held = { value: opened.value, identity: identity(), scope }
        } else {
          yield* Scope.close(scope, Exit.void)
        }
        return yield* isOver ? Effect.interrupt : opened
      })
    )
    yield* Effect.addFinalizer(() => {
      isOver = true
      return release
    })
    const current = Effect.suspend(() =>
      held !== undefined && held.identity === identity() ? Effect.succeed(held.value) : renew
    )
    return { current: alone.run(current), last: () => held?.value }
  })
