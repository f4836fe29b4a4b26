/**
 * Effects run by plain code: where that is, in the story it is in.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { contextOf, following, here, type Place, runnerPlace, runtimeAt } from "./places.js"

/** What runs effects in a place, with the services of the narrator's own runtime. */
const runtimeIn = <R>(base: Place, place: Place): Runtime.Runtime<R> => {
  // The services of `base` are those of the runtime a narrator with this `R` was made of.
  const found = Context.merge(contextOf(base), contextOf(place)) as Context.Context<R>
  const { fiberRefs, runtimeFlags } = runtimeAt(place)
  return Runtime.make({ context: found, runtimeFlags, fiberRefs })
}

export const runPromise = <A, E, R>(
  base: Place,
  effect: Effect.Effect<A, E, R>,
  options?: { readonly signal?: AbortSignal | undefined }
): Promise<A> =>
  Runtime.runPromise(runtimeIn<R>(base, here(base)), following(effect), options?.signal && { signal: options.signal })

export const runPromiseExit = <A, E, R>(
  base: Place,
  effect: Effect.Effect<A, E, R>,
  options?: { readonly signal?: AbortSignal | undefined }
) =>
  Runtime.runPromiseExit(
    runtimeIn<R>(base, here(base)),
    following(effect),
    options?.signal && { signal: options.signal }
  )

export const runSync = <A, E, R>(base: Place, effect: Effect.Effect<A, E, R>): A =>
  Runtime.runSync(runtimeIn<R>(base, here(base)), following(effect))

export const runFork = <A, E, R>(base: Place, effect: Effect.Effect<A, E, R>, options?: Runtime.RunForkOptions) =>
  Runtime.runFork(runtimeIn<R>(base, here(base)), following(effect), options)

/** Runs an effect in a fiber of its own, as the runner's place has it, for a fiber of any runtime. */
export const provide = <A, E, R>(base: Place, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const runtime = runtimeIn<R>(base, runnerPlace(base))
    return Effect.async<A, E>((resume) => {
      const fiber = Runtime.runFork(runtime, following(effect))
      fiber.addObserver(resume)
      return Effect.asVoid(fiber.interruptAsFork(fiber.id()).pipe(Effect.zipRight(fiber.await)))
    })
  })
