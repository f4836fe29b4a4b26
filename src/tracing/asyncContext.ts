/**
 * The context of the fiber that is running, for code that is not Effect: drivers, event emitters, Promises.
 *
 * It is filled from the fiber and read at the edges only. Inside fibers an `AsyncLocalStorage` is wrong: a fiber that another
 * one wakes has the store of that one.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"

/** What a foreign function was called with, and what it keeps across its own `await`s. */
export const foreignContext = new AsyncLocalStorage<Context.Context<never>>()

const filling = new WeakSet<Tracer.Tracer>()

/** The same tracer, that also lets foreign code see the context of the fiber which calls it. */
const fillingForeign = (tracer: Tracer.Tracer): Tracer.Tracer => {
  if (filling.has(tracer)) return tracer
  const made = Tracer.make({
    span: (...args) => tracer.span(...args),
    context: (f, fiber) => {
      const { currentContext } = fiber
      return foreignContext.getStore() === currentContext
        ? tracer.context(f, fiber)
        : foreignContext.run(currentContext, () => tracer.context(f, fiber))
    }
  })
  filling.add(made)
  return made
}

/** Wraps the tracer in use: provide it inside the layer of an SDK. */
export const layerForeign: Layer.Layer<never> = /* @__PURE__ */ Layer.unwrapEffect(
  Effect.map(Effect.tracer, (tracer) => Layer.setTracer(fillingForeign(tracer)))
)
