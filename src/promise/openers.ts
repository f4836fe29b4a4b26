/**
 * What begins the stories and stages of a narrator.
 */
import { types } from "node:util"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Tracer from "effect/Tracer"
import { type DefinedAt, definedBy } from "../diagnostics/source/callSite.js"
import type { StoryStatus } from "../event/NarrativeEvent.js"
import { stageInit, storyInit } from "../narration/combinators.js"
import type { StageOptions } from "../narration/Options.js"
import * as recordings from "../narration/recordings.js"
import { isAbort, type Narrated, runBegun } from "./follow.js"
import type { NarratorStoryOptions, OpenStory, Run, StoryEnd } from "./models.js"
import { enter, here, type Place } from "./places.js"
import * as regions from "./regions.js"

/** What begins stories and stages. */
export interface Opens {
  /** Calls a function as a story; inside another story, as a sub-story of it. */
  readonly story: Run<NarratorStoryOptions>
  /** Calls a function as a stage of the story it is called in. Outside any story it is only a span. */
  readonly stage: Run<StageOptions>
  /** A function whose every call is a stage. */
  readonly wrap: <This, Args extends Array<unknown>, A>(
    name: string,
    f: (this: This, ...args: Args) => A,
    options?: StageOptions
  ) => (this: This, ...args: Args) => Narrated<A>
  /** Begins a story that ends when it is said to. */
  readonly open: (name: string, options?: NarratorStoryOptions) => OpenStory
}

export const openersOf = (narration: regions.Narration): Opens => {
  const story = <A>(name: string, ...rest: Arguments<NarratorStoryOptions, A>): Narrated<A> => {
    const { f, options } = argumentsOf(rest)
    const place = here(narration.base)
    const definedAt = definedBy(story)
    return runBegun(() => storyAt(narration, name, options, definedAt, place), f, types.isGeneratorFunction(f))
  }
  const stage = <A>(name: string, ...rest: Arguments<StageOptions, A>): Narrated<A> => {
    const { f, options } = argumentsOf(rest)
    const init = stageInit(name, options, definedBy(stage))
    const place = here(narration.base)
    return runBegun(() => regions.openStage(narration, init, place), f, types.isGeneratorFunction(f))
  }
  const wrap = <This, Args extends Array<unknown>, A>(
    name: string,
    f: (this: This, ...args: Args) => A,
    options?: StageOptions
  ) => {
    const definedAt = definedBy(wrap)
    return function (this: This, ...args: Args): Narrated<A> {
      const init = stageInit(name, options, definedAt)
      const place = here(narration.base)
      const call = () => f.apply(this, args)
      return runBegun(() => regions.openStage(narration, init, place), call, types.isGeneratorFunction(f))
    }
  }
  const open = (name: string, options?: NarratorStoryOptions): OpenStory =>
    handleOf(storyAt(narration, name, options, definedBy(open), here(narration.base)))
  rootOpeners.set(open, (name, options, link) => {
    const links = link === undefined ? [] : [{ _tag: "SpanLink" as const, span: link, attributes: {} }]
    const init = storyInit(name, options, undefined)
    return handleOf(regions.openStory(narration, init, narration.base, options.correlation, links))
  })
  return { story, stage, wrap, open }
}

/**
 * Begins a story that no line of the program begins, such as a request's: a failure in it is never placed at the library, and
 * what the program was doing when it began to listen is not around it. It may be linked to the span of another trace.
 */
export type OpenRoot = (name: string, options: NarratorStoryOptions, link?: Tracer.AnySpan) => OpenStory

const rootOpeners = new WeakMap<Opens["open"], OpenRoot>()

/** @internal */
export const openRootBy = ({ open }: Pick<Opens, "open">): OpenRoot => rootOpeners.get(open) ?? open

type Arguments<Options, A> = readonly [f: () => A] | readonly [options: Options, f: () => A]

const argumentsOf = <Options, A>(
  given: Arguments<Options, A>
): { readonly options: Options | undefined; readonly f: () => A } =>
  given.length === 1 ? { options: undefined, f: given[0] } : { options: given[0], f: given[1] }

const storyAt = (
  narration: regions.Narration,
  name: string,
  options: NarratorStoryOptions | undefined,
  definedAt: DefinedAt,
  place: Place
): regions.FollowedStory =>
  regions.openStory(narration, storyInit(name, options, definedAt), place, options?.correlation)

const handleOf = (followed: regions.FollowedStory): OpenStory => {
  const { inside, record, story } = followed
  return {
    story,
    run: (f) => enter(inside, f),
    end: (end = {}) => {
      if (end.attributes !== undefined) record(recordings.annotation(end.attributes))
      if (end.outcome !== undefined) record(recordings.outcome(end.outcome))
      const { exit, status } = endOf(end)
      if (status !== undefined) record(recordings.status(status))
      followed.end(exit)
    }
  }
}

const endOf = (end: StoryEnd): { readonly exit: Exit.Exit<unknown, unknown>; readonly status?: StoryStatus } => {
  const { error } = end
  const status = end.status ?? (error === undefined ? "success" : isAbort(error) ? "cancelled" : "failed")
  if (status === "cancelled") return { exit: Exit.failCause(Cause.interrupt(FiberId.none)) }
  if (error !== undefined && (status === "failed" || status === "timeout")) return { exit: Exit.fail(error), status }
  return { exit: Exit.void, status }
}
