/**
 * What a dry run visited.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import type { LazyArg } from "effect/Function"
import { globalValue } from "effect/GlobalValue"
import { leavesOf } from "../cause/causeLeaves.js"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import { withFiber } from "../runtime/fiber.js"
import { regionIn } from "./region.js"
import type { Stage, Story } from "./Story.js"

/** Most stages a report lists; the rest is counted. */
const maxStages = 10_000

/** A stage as a dry run saw it. */
export interface DryRunStage {
  readonly storyName: string
  readonly name: string
  /** The names of the stages from the outermost down to this one. */
  readonly path: ReadonlyArray<string>
  /** Whether a stand-in took the place of the body. */
  readonly standIn: boolean
  /** How the body failed without its real surroundings, as `Type: message`. */
  readonly failure: string | null
}

/** Gathers the stages visited, in order of ending. */
export class DryRunLog {
  readonly stages: Array<DryRunStage> = []
  omitted = 0

  visit(story: Story, stage: Stage, standIn: boolean, exit: Exit.Exit<unknown, unknown>): void {
    if (this.stages.length >= maxStages) {
      this.omitted += 1
      return
    }
    this.stages.push({ storyName: story.name, name: stage.name, path: stage.path, standIn, failure: failureOf(exit) })
  }
}

const failureOf = (exit: Exit.Exit<unknown, unknown>): string | null => {
  if (exit._tag === "Success") return null
  if (Cause.isInterruptedOnly(exit.cause)) return "interrupted"
  const error = leavesOf(exit.cause)[0]?.error
  return `${typeOf(error)}: ${messageOf(error)}`
}

/**
 * A dry run goes on after whatever its effects did without their real surroundings, and after the absence of the results
 * of earlier ones; only an interruption still ends it. The value means nothing.
 */
export const dryResult = <A, E>(exit: Exit.Exit<A, E>): Exit.Exit<A, E> =>
  exit._tag === "Success" || Cause.isInterruptedOnly(exit.cause) ? exit : Exit.succeed(undefined as A)

/** Set while stories run dry. */
export const dryRun: FiberRef.FiberRef<DryRunLog | undefined> = globalValue("effect-narrative/dryRun", () =>
  FiberRef.unsafeMake<DryRunLog | undefined>(undefined)
)

/** In a dry run, the stand-in instead of the effect. */
export const standInFor = <A, E, R, B>(self: Effect.Effect<A, E, R>, standIn: LazyArg<B>): Effect.Effect<A | B, E, R> =>
  withFiber<A | B, E, R>((fiber) => {
    const region = regionIn(fiber.currentContext)
    if (region === undefined || !region.story.dryRun) return self
    if (region.stage !== undefined) region.stage.stoodIn = true
    return Effect.sync(standIn)
  })
