/**
 * A function whose every call inside a story is a stage. Outside any story it is called as it is.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import { contextWith, regionFor, regionIn } from "../narration/region.js"
import * as stageRegion from "../narration/stageRegion.js"
import * as validatedOptions from "../narration/validatedOptions.js"
import { attempt } from "../plain/untrusted.js"
import { Backlog } from "../promise/backlog.js"
import { exitOf, run } from "../promise/follow.js"
import { baseOf, callerPlace, contextOf, enter } from "../promise/places.js"
import * as regions from "../promise/regions.js"
import { type AnyFiber, nanos, withFiber } from "../runtime/fiber.js"

export type AnyFunction = (this: unknown, ...args: Array<unknown>) => unknown

type Init = stageRegion.StageInit<unknown>

/** Those made here, and those that are stages or are to be left as they are. */
const untouched = new WeakSet<object>()

/** Leaves a function as it is from now on. */
export const skip = (f: object): void => void untouched.add(f)

export const isSkipped = (f: object): boolean => untouched.has(f)

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

/** The same function to whoever looks at it: its name, length, prototype and properties. */
export const wrap = <F extends object>(f: F, init: Init): F => {
  if (isSkipped(f)) return f
  // Only functions are given.
  const original = f as unknown as AnyFunction
  const call = calling(original, init)
  const wrapper = Object.hasOwn(original, "prototype")
    ? function (this: unknown, ...args: Array<unknown>): unknown {
        if (new.target === undefined) return call(this, args)
        return Reflect.construct(original, args, new.target === wrapper ? original : new.target)
      }
    : // A method has no prototype, and is no constructor.
      {
        wrapper(this: unknown, ...args: Array<unknown>): unknown {
          return call(this, args)
        }
      }.wrapper
  Object.setPrototypeOf(wrapper, Object.getPrototypeOf(original))
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key)
    if (property !== undefined) attempt(() => Object.defineProperty(wrapper, key, property), undefined)
  }
  if (!Object.hasOwn(original, "toString")) {
    const value = () => Function.prototype.toString.call(original)
    Object.defineProperty(wrapper, "toString", { value, configurable: true, writable: true })
  }
  skip(wrapper)
  return wrapper as unknown as F
}

type Call = (self: unknown, args: Array<unknown>) => unknown

const calling = (f: AnyFunction, init: Init): Call => {
  // Whether its calls do their work themselves; unknown before the first one, unless the function says so.
  let isPlain: boolean | undefined = plainKinds.has(Object.prototype.toString.call(f)) ? true : undefined
  return (self, args) => {
    const place = callerPlace()
    const region = place === undefined ? undefined : regionIn(contextOf(place))
    if (place === undefined || region === undefined) return stageOf(Reflect.apply(f, self, args), init)
    if (isPlain === true) {
      const value = run(regions.openStage(narrationOf(), init), () => Reflect.apply(f, self, args))
      return stageOf(value, init)
    }
    if (isPlain === false) return stageOf(Reflect.apply(f, self, args), init)
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
