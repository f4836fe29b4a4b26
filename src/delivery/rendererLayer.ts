/**
 * A renderer as a Layer.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as pendingWork from "./pendingWork.js"
import type { Renderer } from "./rendererModel.js"
import * as rendererSet from "./rendererSet.js"

/** Makes a renderer and changes the renderers in use, until the layer is closed. */
export const rendererLayer = <E, R>(
  renderer: Effect.Effect<Renderer, E, R>,
  update: (renderers: ReadonlyArray<Renderer>, renderer: Renderer) => ReadonlyArray<Renderer>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> =>
  Layer.scopedDiscard(
    Effect.zipRight(
      rendererSet.owned,
      Effect.flatMap(renderer, (renderer) =>
        rendererSet.changeRenderers((current) => update(current, renderer), pendingWork.awaitAll(renderer), renderer)
      )
    )
  )
