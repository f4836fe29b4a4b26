/**
 * Stages run at once, and all of them awaited.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { StageGroupError } from "./StageGroupError.js"

/** A struct of the results, or every failure under its name. */
export const run = <A, E, R>(
  stages: { readonly [name: string]: Effect.Effect<A, E, R> },
  concurrency: number | "unbounded"
): Effect.Effect<{ readonly [name: string]: A }, StageGroupError<E>, R> =>
  Effect.flatMap(
    Effect.forEach(
      Object.entries(stages),
      ([name, stage]) => Effect.map(Effect.exit(stage), (exit) => [name, exit] as const),
      { concurrency }
    ),
    (exits) => {
      const results: Array<readonly [string, A]> = []
      const failures: Array<readonly [string, Cause.Cause<E>]> = []
      for (const [name, exit] of exits) {
        if (Exit.isSuccess(exit)) results.push([name, exit.value])
        else failures.push([name, exit.cause])
      }
      return failures.length > 0
        ? Effect.fail(new StageGroupError({ failures: Object.fromEntries(failures) }))
        : Effect.succeed(Object.fromEntries(results))
    }
  )
