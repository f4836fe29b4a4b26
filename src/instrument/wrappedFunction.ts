/**
 * A function whose every call inside a story is a stage. Outside any story it is called as it is.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import { contextWith, type Region, regionFor, regionIn } from "../narration/region.js"
import * as stageRegion from "../narration/stageRegion.js"
import * as validatedOptions from "../narration/validatedOptions.js"
import { Backlog } from "../promise/backlog.js"
import { exitOf, run } from "../promise/follow.js"
import { baseOf, callerPlace, contextOf, enter, type Place } from "../promise/places.js"
import * as regions from "../promise/regions.js"
import { type AnyFiber, nanos, withFiber } from "../runtime/fiber.js"
import { type AnyFunction, type Call, wrapper } from "./wrapper.js"

export type Init = stageRegion.StageInit<unknown>

let narration: regions.Narration | undefined

/** What narrates stages of plain code, made when the first of them is met. */
const narrationOf = (): regions.Narration => {
  narration ??= {
    base: baseOf(Runtime.defaultRuntime),
    backlog: new Backlog(Runtime.defaultRuntime),
    unended: new Set()
  }
  return narration
}

export const initOf = (name: string, kind: string | undefined): Init => {
  const checked = validatedOptions.nameOf("stage", name)
  return { name: checked.value, kind: kind ?? "stage", attributes: undefined, definedAt: undefined, warn: checked.warn }
}

/** The same function, whose calls are stages. */
export const wrap = <F extends object>(f: F, init: Init): F => wrapper(f, (original) => calling(original, init))

/** What becomes of a call outside any story, where something does. */
export type Outside = (call: OutsideCall) => unknown

export interface OutsideCall {
  readonly init: Init
  /** Calls it. */
  readonly bare: () => unknown
  /** Calls it as a stage of the story in which that is done. */
  readonly staged: () => unknown
  /** Whether its calls do their work themselves; unknown before the first one. */
  readonly isPlain: boolean | undefined
}

/** Calls a function as a stage of the story that the caller is in. */
export const calling = (f: AnyFunction, init: Init, outside: Outside | null = null): Call => {
  // Whether its calls do their work themselves; unknown before the first one, unless the function says so.
  let isPlain: boolean | undefined = plainKinds.has(Object.prototype.toString.call(f)) ? true : undefined
  // What a call has to close over is made only where that is needed: outside any story a call is to cost next to nothing.
  const inStory = (self: unknown, args: Array<unknown>, place: Place, region: Region): unknown => {
    if (isPlain === true) {
      const value = run(regions.openStage(narrationOf(), init), () => Reflect.apply(f, self, args))
      return stageOf(value, init)
    }
    const pending = regions.openPendingStage(narrationOf(), init, place, region)
    let value: unknown
    try {
      value = enter(pending.inside, () => Reflect.apply(f, self, args))
    } catch (error) {
      pending.end(exitOf(error))
      throw error
    }
    isPlain = !isLater(value)
    if (!isPlain && !pending.hasBegun()) return stageOf(value, init)
    pending.begin()
    return run(pending, () => value)
  }
  const beyond = (self: unknown, args: Array<unknown>, outside: Outside): unknown => {
    const bare = () => Reflect.apply(f, self, args)
    return outside({ init, bare, staged: () => call(self, args, null), isPlain })
  }
  const call = (self: unknown, args: Array<unknown>, whereNone: Outside | null = outside): unknown => {
    const place = callerPlace()
    const region = place === undefined ? undefined : regionIn(contextOf(place))
    if (place !== undefined && region !== undefined && isPlain !== false) return inStory(self, args, place, region)
    if (region === undefined && whereNone !== null) return beyond(self, args, whereNone)
    return stageOf(Reflect.apply(f, self, args), init)
  }
  return call
}

const plainKinds = new Set(["[object AsyncFunction]", "[object GeneratorFunction]", "[object AsyncGeneratorFunction]"])

/** Only effects of Effect's own making: an `Option`, a `Ref` or a statement is an effect, too, and much besides. */
const effectPrototypes = new Set<unknown>(
  [Effect.void, Effect.fail(0), Effect.sync(() => 0), Effect.withFiberRuntime(() => Effect.void)].map((effect) =>
    Object.getPrototypeOf(effect)
  )
)

const streamPrototype: unknown = Object.getPrototypeOf(Stream.empty)

const isEffect = (value: unknown): value is Effect.Effect<unknown, unknown, unknown> =>
  typeof value === "object" && value !== null && effectPrototypes.has(Object.getPrototypeOf(value))

const isStream = (value: unknown): value is Stream.Stream<unknown, unknown, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === streamPrototype

/** What does its work when it is run. */
export const isLater = (value: unknown): boolean => isEffect(value) || isStream(value)

/** An effect or a stream as a stage of the story it is run in; any other value as it is. */
export const stageOf = (value: unknown, init: Init): unknown =>
  isEffect(value) ? effectStage(value, init) : isStream(value) ? streamStage(value, init) : value

const effectStage = <A, E, R>(effect: Effect.Effect<A, E, R>, init: Init): Effect.Effect<A, E, R> =>
  withFiber((fiber) => (regionFor(fiber) === undefined ? effect : stageRegion.run(effect, init)))

/** From the first time something is pulled from it to its end, its failure, or the scope's in which it is run. */
const streamStage = <A, E, R>(stream: Stream.Stream<A, E, R>, init: Init): Stream.Stream<A, E, R> =>
  Stream.unwrapScoped(
    Effect.uninterruptible(
      withFiber((fiber) => {
        if (regionFor(fiber) === undefined) return Effect.succeed(stream)
        const opened = stageRegion.open(init, fiber)
        const end = Effect.addFinalizer((exit) =>
          withFiber((fiber: AnyFiber) => stageRegion.close(opened, fiber, exit, nanos(fiber)).waiting ?? Effect.void)
        )
        // What the stream needs is still there: the region comes in addition.
        const inside = Stream.mapInputContext(
          stream,
          (context: Context.Context<R>) =>
            contextWith(context as Context.Context<never>, opened.region, opened.span) as Context.Context<R>
        )
        return Effect.zipRight(opened.waiting ?? Effect.void, Effect.as(end, inside))
      })
    )
  )
