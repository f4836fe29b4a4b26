/**
 * What runs before and after every stage: checks, measurements, limits. Interceptors are ordered by their priority; the lowest is the
 * outermost: its `before` runs first and its `after` last.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Interceptor, Narrative } from "effect-narrative"
 *
 * const Audit = Interceptor.layer({
 *   name: "audit",
 *   priority: 50,
 *   before: (stage) => Effect.logDebug(`${stage.name} begins`),
 *   after: (stage, exit) => Effect.logDebug(`${stage.name} ends: ${exit._tag}`)
 * })
 *
 * export const program = Effect.void.pipe(
 *   Narrative.stage("llm"),
 *   Narrative.story("Answer"),
 *   Effect.provide(Audit)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { logWarning } from "../runtime/logWarning.js"
import { withoutNarration } from "../runtime/muting.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { isDue } from "../runtime/warningCadence.js"
import { type Intercepting, type Interceptors, key } from "./interceptors.js"

/**
 * The stage that something runs around. `storyId` and `storyName` are `null` outside any story.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stage {
  readonly name: string
  readonly kind: string
  readonly storyId: string | null
  readonly storyName: string | null
  readonly path: ReadonlyArray<string>
}

/**
 * Nothing when done, or an Effect that the stage waits for.
 *
 * @since 0.1.0
 * @category models
 */
export type Done = void | Effect.Effect<void, unknown>

/**
 * - `before`: runs before the stage's work. If it fails, the work still runs, unless the interceptor is `critical`; its own `after` and `onError` do not.
 *   It cannot be interrupted, so that what it acquires is released; mark a wait in it `Effect.interruptible`.
 * - `after`: runs once when the work has ended, however it ended.
 * - `onError`: runs before `after`, where the work failed and was not interrupted.
 *
 * Each returns nothing when it is done, or an Effect. A fault of any of them is isolated, and logged at its 1st, 2nd, 4th, 8th, … time. What they do is not narrated.
 *
 * @since 0.1.0
 * @category models
 */
export interface Interceptor {
  readonly name: string
  /** Lower ones are further out (default 100). */
  readonly priority?: number | undefined
  /** Whether a failing `before` keeps the stage from its work: it dies of an {@link InterceptorRejected} (default `false`). */
  readonly critical?: boolean | undefined
  readonly before?: ((stage: Stage) => Done) | undefined
  readonly after?: ((stage: Stage, exit: Exit.Exit<unknown, unknown>) => Done) | undefined
  readonly onError?: ((stage: Stage, cause: Cause.Cause<unknown>) => Done) | undefined
}

/**
 * What a stage dies of where a critical interceptor failed before it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InterceptorRejected extends Data.TaggedError("InterceptorRejected")<{
  readonly interceptor: string
  readonly stage: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `The interceptor "${this.interceptor}" did not let the stage "${this.stage}" run`
  }
}

interface Service extends Interceptors {
  readonly all: ReadonlyArray<Interceptor>
}

const Service = Context.GenericTag<Service>(key)

/**
 * Adds interceptors for everything the layer is provided to; those that are there stay.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (...interceptors: ReadonlyArray<Interceptor>): Layer.Layer<never> =>
  // Nothing asks for the service by its type: it is looked up where a stage begins.
  Layer.effect(
    Service,
    Effect.map(Effect.context<never>(), (context) => {
      const outer: Service | undefined = context.unsafeMap.get(key)
      return compile([...(outer?.all ?? []), ...interceptors])
    })
  ) as unknown as Layer.Layer<never>

const defaultPriority = 100

/** Of equal ones the first is further out. */
const compile = (all: ReadonlyArray<Interceptor>): Service => {
  const inwards = all.toSorted((a, b) => (a.priority ?? defaultPriority) - (b.priority ?? defaultPriority))
  return {
    all,
    begin: (name, kind, { stage, story }) => {
      const run = new Run({
        name,
        kind,
        storyId: story?.id ?? null,
        storyName: story?.name ?? null,
        path: stage?.path ?? [name]
      })
      for (const interceptor of inwards) run.begin(interceptor)
      return run
    }
  }
}

/** The interceptors of one stage: each of those that began has its end. */
class Run implements Intercepting {
  waiting: Waiting
  rejected: Effect.Effect<never> | undefined
  private readonly begun: Array<Interceptor> = []

  constructor(private readonly stage: Stage) {}

  /** What does not have to be waited for is done at once. */
  begin(interceptor: Interceptor): void {
    this.waiting =
      this.waiting === undefined
        ? this.before(interceptor)
        : inOrder(
            this.waiting,
            Effect.suspend(() => this.before(interceptor) ?? Effect.void)
          )
  }

  private before(interceptor: Interceptor): Waiting {
    if (this.rejected !== undefined) return undefined
    try {
      const waiting = interceptor.before?.(this.stage)
      if (!Effect.isEffect(waiting)) {
        this.begun.push(interceptor)
        return undefined
      }
      return Effect.matchCauseEffect(withoutNarration(waiting), {
        onSuccess: () => Effect.sync(() => void this.begun.push(interceptor)),
        onFailure: (cause) => this.failed(interceptor, cause)
      })
    } catch (defect) {
      return this.failed(interceptor, Cause.die(defect))
    }
  }

  private failed(interceptor: Interceptor, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    if (Cause.isInterrupted(cause)) {
      this.rejected = Effect.failCause(cause as Cause.Cause<never>)
      return Effect.void
    }
    if (interceptor.critical !== true) return faulted(interceptor, cause)
    const { name } = interceptor
    const rejection = new InterceptorRejected({ interceptor: name, stage: this.stage.name, cause: Cause.squash(cause) })
    this.rejected = Effect.die(rejection)
    return Effect.void
  }

  end(exit: Exit.Exit<unknown, unknown>): Waiting {
    const failure = exit._tag === "Failure" && !Cause.isInterruptedOnly(exit.cause) ? exit.cause : undefined
    let waiting: Waiting
    for (let i = this.begun.length - 1; i >= 0; i--) {
      const interceptor = this.begun[i]
      if (interceptor === undefined) continue
      const { after, onError } = interceptor
      if (failure !== undefined && onError !== undefined) {
        waiting = then(waiting, interceptor, () => onError(this.stage, failure))
      }
      if (after !== undefined) waiting = then(waiting, interceptor, () => after(this.stage, exit))
    }
    return waiting
  }
}

/** Does something after what is waited for, or at once where nothing is. No fault of it gets any further. */
const then = (waiting: Waiting, interceptor: Interceptor, f: () => Done): Waiting => {
  if (waiting !== undefined) {
    return inOrder(
      waiting,
      Effect.suspend(() => then(undefined, interceptor, f) ?? Effect.void)
    )
  }
  try {
    const done = f()
    if (!Effect.isEffect(done)) return undefined
    return Effect.catchAllCause(withoutNarration(done), (cause) => faulted(interceptor, cause))
  } catch (defect) {
    return faulted(interceptor, Cause.die(defect))
  }
}

const faults = new WeakMap<Interceptor, number>()

const faulted = (interceptor: Interceptor, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const count = (faults.get(interceptor) ?? 0) + 1
    faults.set(interceptor, count)
    if (!isDue(count)) return Effect.void
    const warning = logWarning(`The interceptor "${interceptor.name}" failed; the program goes on`, cause)
    return Effect.asVoid(Effect.exit(withoutNarration(warning)))
  })
