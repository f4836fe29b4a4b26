/**
 * The stage of a stream: it begins when the stream is run, and ends once, when the stream has ended, failed, or is not asked for
 * more. A stream that is never run is no stage.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { type AnyFiber, nanos, withFiber } from "../runtime/fiber.js"
import { isEnabled } from "../runtime/muting.js"
import { contextWith } from "./region.js"
import * as stageRegion from "./stageRegion.js"
import { WorkContext } from "./workContext.js"

/** A stream's stage as it is about to begin. */
export interface StreamInit {
  readonly init: stageRegion.StageInit<void>
  /** Of a call of a provider: what is recorded inside. */
  readonly work?: WorkContext | undefined
}

export const run = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  prepare: (fiber: AnyFiber) => StreamInit
): Stream.Stream<A, E, R> =>
  Stream.suspend(() => {
    let running: Running | undefined
    let failure: Exit.Exit<void, unknown> | undefined
    const opening = withFiber((fiber): Effect.Effect<Stream.Stream<A, E, R>> => {
      if (!isEnabled(fiber)) return Effect.succeed(self)
      const { init, work } = prepare(fiber)
      const opened = stageRegion.open(init, fiber)
      // Nothing waits for a fiber that has ended: what is left to wait for goes on by itself.
      const unobserve = onInterrupted(fiber, (exit) => Effect.runFork(close(fiber, exit)))
      running = { opened, unobserve }
      const inside = self.pipe(
        Stream.tapErrorCause((cause) =>
          Effect.sync(() => {
            failure = Exit.failCause(cause)
          })
        ),
        Stream.mapInputContext((context: Context.Context<R>) => {
          const inside = contextWith(context as Context.Context<never>, opened.region, opened.span)
          // It has what the context had, and where its work is.
          return (work === undefined ? inside : Context.add(inside, WorkContext, work)) as Context.Context<R>
        })
      )
      return Effect.as(opened.waiting ?? Effect.void, inside)
    })
    const close = (fiber: AnyFiber, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> => {
      if (running === undefined) return Effect.void
      const { opened, unobserve } = running
      running = undefined
      unobserve()
      return stageRegion.close(opened, fiber, failure ?? Exit.asVoid(exit), nanos(fiber)).waiting ?? Effect.void
    }
    return Stream.unwrap(Effect.uninterruptible(opening)).pipe(
      Stream.ensuringWith((exit) => withFiber((fiber) => close(fiber, exit)))
    )
  })

interface Running {
  readonly opened: stageRegion.OpenStage<void>
  readonly unobserve: () => void
}

/**
 * Calls back when the fiber that began a stream was interrupted: between two steps of streams in each other, Effect may lose the
 * finalizers of the inner one.
 */
const onInterrupted = (fiber: AnyFiber, f: (exit: Exit.Exit<unknown, unknown>) => void): (() => void) => {
  const observer = (exit: Exit.Exit<unknown, unknown>): void => {
    if (exit._tag === "Failure" && Cause.isInterrupted(exit.cause)) f(exit)
  }
  fiber.addObserver(observer)
  return () => fiber.removeObserver(observer)
}
