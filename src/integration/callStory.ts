/**
 * The story of a call whose errors may be outcomes: what the story ends with is not what the call ends with.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { contextWith } from "../narration/region.js"
import type { Story } from "../narration/Story.js"
import * as storyRegion from "../narration/storyRegion.js"
import { currentFiber, nanos, withFiber } from "../runtime/fiber.js"
import { enterContext, leaveContext } from "../runtime/fiberInternals.js"

/** Runs an effect as a story, that ends as `endOf` says. The effect's own exit is left as it is. */
export const run = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  init: storyRegion.StoryInit,
  endOf: (exit: Exit.Exit<unknown, unknown>, story: Story) => Exit.Exit<unknown, unknown>
): Effect.Effect<A, E, R> =>
  withFiber((fiber) =>
    Effect.uninterruptibleMask((restore) => {
      const { opened, waiting } = storyRegion.open(init, fiber)
      const { region } = opened
      const entered = enterContext(fiber, contextWith(fiber.currentContext, region, region.span))
      const leave = (exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
        const here = currentFiber(fiber)
        leaveContext(here, entered)
        const waiting = storyRegion.close(opened, here, endOf(exit, region.story))
        return waiting === undefined ? exit : Effect.zipRight(waiting, exit)
      }
      const body = () => {
        opened.startNanos = nanos(currentFiber(fiber))
        return Effect.matchCauseEffect(restore(self), {
          onSuccess: (value) => leave(Exit.succeed(value)),
          onFailure: (cause) => leave(Exit.failCause(cause))
        })
      }
      return waiting === undefined ? body() : Effect.flatMap(waiting, body)
    })
  )
