/**
 * Nothing can wait where a span starts or ends: what its events leave to wait for runs in a fiber of its own.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as pendingWork from "../delivery/pendingWork.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { Story } from "../narration/Story.js"
import type { AnyFiber } from "../runtime/fiber.js"
import type { Waiting } from "../runtime/waiting.js"

/** Longest that a closing renderer waits for one event. */
const timeout = Duration.seconds(10)

/** Runs what an event left to wait for; the story's next event waits for it in turn, so that they stay in order. */
export const settle = (fiber: AnyFiber, story: Story, waiting: Waiting): void => {
  if (waiting === undefined) return
  const runtime = Runtime.make({
    context: fiber.currentContext,
    fiberRefs: fiber.getFiberRefs(),
    runtimeFlags: Runtime.defaultRuntimeFlags
  })
  const settling = Runtime.runFork(runtime)(Effect.uninterruptible(waiting))
  if (settling.unsafePoll() !== null) return
  const done = Effect.asVoid(Fiber.await(settling))
  story.deferred = done
  const renderers = renderersOf(fiber)
  const work: pendingWork.PendingWork = { done, timeout, abandon: () => undefined }
  for (const renderer of renderers) pendingWork.register(renderer, work)
  settling.addObserver(() => {
    if (story.deferred === done) story.deferred = undefined
    for (const renderer of renderers) pendingWork.complete(renderer, work)
  })
}
