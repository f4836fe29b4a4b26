/**
 * A fiber ref changed until a scope closes.
 */
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"

/**
 * `Effect.locallyScoped` would do, were it not that its finalizer runs with the fiber refs of its acquisition: closing
 * merged layers, in parallel, then joins back what it should have undone.
 */
export const changeScoped = <A>(
  ref: FiberRef.FiberRef<A>,
  change: (value: A) => { readonly after: A; readonly undo: (value: A) => A }
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const { after, undo } = change(yield* FiberRef.get(ref))
      yield* FiberRef.set(ref, after)
      yield* Scope.addFinalizer(scope, FiberRef.update(ref, undo))
    })
  )
