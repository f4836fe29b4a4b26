/**
 * Renderers that pass events on to others: what combinators make.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { toWaitFor } from "./dispatch.js"
import { makeRouted, type Renderer, type Route } from "./rendererModel.js"

/** A renderer that passes events on to others: they do the counting. */
export const routed = (name: string, parts: ReadonlyArray<Renderer>, send: Route["send"]): Renderer =>
  makeRouted(name, (event) => passOn(send, event), { parts, send })

/**
 * What a combinator does where it is called as a renderer like any other, by a buffer for instance: every part gets the
 * event, and the caller counts what goes wrong in any of them.
 */
const passOn = (send: Route["send"], event: NarrativeEvent): Waiting => {
  let faults: Cause.Cause<never> = Cause.empty
  const blame = (cause: Cause.Cause<never>): void => {
    faults = Cause.sequential(faults, cause)
  }
  const verdict = Effect.suspend(() => (Cause.isEmpty(faults) ? Effect.void : Effect.failCause(faults)))
  const waiting = send(event, (renderer, event) => {
    try {
      const waiting = toWaitFor(renderer.handle(event))
      return waiting && Effect.catchAllCause(waiting, (cause) => Effect.sync(() => blame(cause)))
    } catch (defect) {
      blame(Cause.die(defect))
      return undefined
    }
  })
  return waiting === undefined && Cause.isEmpty(faults) ? undefined : inOrder(waiting, verdict)
}
