/**
 * Who analyses a story's failure, and what asks them.
 */
import * as Effect from "effect/Effect"
import * as requests from "../analysis/requests.js"
import type { AnyFiber } from "../runtime/fiber.js"
import type { Story } from "./Story.js"

/** An analyzer to ask here, with what asks it; `undefined` where there is none. A dry run asks none. */
export const analyzerIn = (
  fiber: AnyFiber,
  story: Story
): { readonly analyzer: unknown; readonly analyses: requests.Analyses | undefined } | undefined => {
  const analyzer: unknown = fiber.currentContext.unsafeMap.get(requests.key)
  if (analyzer === undefined || story.dryRun) return undefined
  const analyses = requests.get()
  return analyses?.isSilent(analyzer) === true ? undefined : { analyzer, analyses }
}

/** Loads what asks analyzers; `undefined` where that fails. */
export const loadAnalyses: Effect.Effect<requests.Analyses | undefined> = Effect.suspend(() => {
  const known = requests.get()
  return known === undefined
    ? Effect.promise(() =>
        import("../analysis/FailureAnalyzer.js").then(
          () => requests.get(),
          () => undefined
        )
      )
    : Effect.succeed(known)
})
