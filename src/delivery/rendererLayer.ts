/**
 * A renderer as a Layer.
 */
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { changeScoped } from "../runtime/scopedChange.js"
import * as pendingWork from "./pendingWork.js"
import type { Renderer } from "./rendererModel.js"
import * as rendererSet from "./rendererSet.js"

/** Makes a renderer and changes the renderers in use, until the layer is closed. */
export const rendererLayer = <E, R>(
  renderer: Effect.Effect<Renderer, E, R>,
  update: (renderers: rendererSet.Renderers, renderer: Renderer) => rendererSet.Renderers
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> =>
  Layer.scopedDiscard(
    Effect.zipRight(
      owned,
      Effect.flatMap(renderer, (renderer) => changeRenderers((current) => update(current, renderer), renderer))
    )
  )

/**
 * Makes the renderers a fiber ref of this fiber's own, as it must be before anything with a finalizer is acquired here:
 * what is not among the fiber refs of an acquisition is taken out while its finalizer runs, and comes back as new.
 */
const owned: Effect.Effect<void> = FiberRef.update(rendererSet.current, (renderers) => renderers)

/**
 * Changes the renderers until the scope is closed; `added` is the one that the change adds. What it has pending ends first of
 * all then, while everything that a renderer made in this scope depends on is still open.
 */
const changeRenderers = (
  change: (self: rendererSet.Renderers) => rendererSet.Renderers,
  added: Renderer
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.zipRight(
    changeScoped(rendererSet.current, (before) => {
      rendererSet.hold(added, 1)
      const after = change(before)
      const undo = rendererSet.differ.diff(after, before)
      return {
        after,
        undo: (self) => {
          rendererSet.hold(added, -1)
          return rendererSet.applyPatch(undo, self)
        }
      }
    }),
    // Not by `Effect.addFinalizer`: see `changeScoped`.
    Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, pendingWork.awaitAll(added)))
  )
