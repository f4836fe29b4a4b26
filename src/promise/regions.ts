/**
 * Stories and stages of plain code: begun and ended as those of an Effect are, in no fiber that runs.
 */
import * as Chunk from "effect/Chunk"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import type * as Tracer from "effect/Tracer"
import { dryResult } from "../narration/dryRun.js"
import type { Recording } from "../narration/recordings.js"
import { contextWith, type Region, regionIn } from "../narration/region.js"
import type { Story } from "../narration/Story.js"
import * as stageRegion from "../narration/stageRegion.js"
import * as storyRegion from "../narration/storyRegion.js"
import { isObject } from "../plain/untrusted.js"
import { nanos } from "../runtime/fiber.js"
import { enterContext, leaveRefs, refsOf, setRef } from "../runtime/fiberInternals.js"
import { isEnabled } from "../runtime/muting.js"
import type { Correlation } from "../tracing/Correlation.js"
import type { Backlog } from "./backlog.js"
import type { Following } from "./follow.js"
import { contextOf, fiberAt, here, type Place } from "./places.js"

/** Ends what plain code left open when there is to be no more of it. */
export type Unended = Set<() => void>

export interface Narration {
  readonly base: Place
  readonly backlog: Backlog
  /** What is to be ended when the narrator is disposed of. */
  readonly unended: Unended
}

/** A part of plain code that narration is switched off for. */
const silent = (inside: Place): Following => ({ inside, end: (exit) => exit })

const once = (end: Following["end"]): Following["end"] => {
  let isOver = false
  return (exit) => {
    if (isOver) return exit
    isOver = true
    return end(exit)
  }
}

/** A story that has begun. */
export interface FollowedStory extends Following {
  /** `undefined` where narration is switched off. */
  readonly story: Story | undefined
  /** Says something in it. */
  readonly record: (recording: Recording) => void
}

export const openStory = (
  { backlog, unended }: Narration,
  init: storyRegion.StoryInit,
  place: Place,
  correlation?: Correlation,
  links: ReadonlyArray<Tracer.SpanLink> = []
): FollowedStory => {
  const fiber = fiberAt(place, correlation)
  if (!isEnabled(fiber)) return { ...silent(refsOf(fiber)), story: undefined, record: () => undefined }
  const around = fiber.getFiberRef(FiberRef.currentTracerSpanLinks)
  if (links.length > 0) setRef(fiber, FiberRef.currentTracerSpanLinks, Chunk.fromIterable(links))
  const { opened, waiting } = storyRegion.open(init, fiber)
  // Only the story itself is linked, not what is in it.
  if (links.length > 0) setRef(fiber, FiberRef.currentTracerSpanLinks, around)
  const { region } = opened
  const entered = enterContext(fiber, contextWith(fiber.currentContext, region, region.span))
  const inside = refsOf(fiber)
  backlog.add(region.story, waiting)
  opened.startNanos = nanos(fiber)
  const end = once((exit) => {
    unended.delete(cancel)
    leaveRefs(fiber, entered)
    const ended = region.story.dryRun ? dryResult(exit) : exit
    backlog.add(region.story, storyRegion.close(opened, fiber, identified(region.story, ended)))
    return ended
  })
  const cancel = () => void end(Exit.interrupt(fiber.id()))
  unended.add(cancel)
  const record = (recording: Recording): void => {
    if (region.story.status === "running") backlog.add(region.story, recording(region, fiber))
  }
  return { inside, end, story: region.story, record }
}

export const openStage = (
  { backlog, base }: Narration,
  init: stageRegion.StageInit<unknown>,
  place = here(base)
): Following => {
  const fiber = fiberAt(place)
  if (!isEnabled(fiber)) return silent(place)
  const opened = stageRegion.open(init, fiber)
  const { region, span, stage, story } = opened
  const entered = enterContext(fiber, contextWith(fiber.currentContext, region, span))
  const inside = refsOf(fiber)
  backlog.add(story, opened.waiting)
  if (stage !== undefined) stage.startNanos = nanos(fiber)
  const end = once((exit) => {
    const endNanos = nanos(fiber)
    leaveRefs(fiber, entered)
    const ended = stageRegion.close(opened, fiber, identified(story, exit), endNanos)
    backlog.add(story, ended.waiting)
    // The same failure, but for a dry run.
    return ended.exit._tag === "Failure" ? exit : ended.exit
  })
  return { inside, end }
}

/** A stage that begins when something happens in it, or when it is asked to. */
export interface PendingStage extends Following {
  readonly begin: () => void
  readonly hasBegun: () => boolean
}

/** A stage of plain code of which it is not known yet whether it does its work itself, or only makes an Effect of it. */
export const openPendingStage = (
  { backlog }: Narration,
  init: stageRegion.StageInit<unknown>,
  place: Place,
  around: Region
): PendingStage => {
  const outer = fiberAt(place)
  const startNanos = nanos(outer)
  let opened: stageRegion.OpenStage<unknown> | undefined
  const open = (): stageRegion.OpenStage<unknown> => {
    if (opened === undefined) {
      opened = stageRegion.open(init, outer)
      backlog.add(opened.story, opened.waiting)
      if (opened.stage !== undefined) opened.stage.startNanos = startNanos
    }
    return opened
  }
  const region: Region = {
    story: around.story,
    at: around.at,
    get stage() {
      return open().stage
    },
    get span() {
      return open().span
    }
  }
  const fiber = fiberAt(place)
  enterContext(fiber, contextWith(fiber.currentContext, region, undefined))
  const end = once((exit) => {
    const stage = open()
    const ended = stageRegion.close(stage, outer, identified(stage.story, exit), nanos(outer))
    backlog.add(stage.story, ended.waiting)
    return ended.exit._tag === "Failure" ? exit : ended.exit
  })
  return { inside: refsOf(fiber), end, begin: () => void open(), hasBegun: () => opened !== undefined }
}

/** Says something where the caller is; nothing outside a story. */
export const record = ({ backlog, base }: Narration, recording: Recording): void => {
  const place = here(base)
  const region = regionIn(contextOf(place))
  if (region === undefined) return
  const fiber = fiberAt(place)
  if (isEnabled(fiber)) backlog.add(region.story, recording(region, fiber))
}

/** The last failure of each outermost story that has no identity of its own: a text that was thrown, for instance. */
const lastPrimitives = new WeakMap<Story, { readonly error: unknown; readonly exit: Exit.Exit<unknown, unknown> }>()

/** The same failure each time the same value comes out of one stage or story after the other. */
const identified = (story: Story | undefined, exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (story === undefined || exit._tag === "Success" || exit.cause._tag !== "Fail") return exit
  const { error } = exit.cause
  if (isObject(error)) return exit
  let root = story
  while (root.parent !== undefined) root = root.parent
  const last = lastPrimitives.get(root)
  if (last !== undefined && Object.is(last.error, error)) return last.exit
  lastPrimitives.set(root, { error, exit })
  return exit
}
