/**
 * What keeps track of errors elsewhere: a service that groups failures and alerts of them. It gets each failure once, with what happened
 * in its story before. `effect-narrative/sentry` is one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Renderer from "../../delivery/Renderer.js"
import type * as Event from "../../event/NarrativeEvent.js"
import { OpenStories } from "../../event/openStories.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import { decode as decodeOptions, duration, flag, functionOf, wholeNumber, withDefault } from "../../plain/options.js"
import type { PlainRecord } from "../../plain/PlainValue.js"

/**
 * Something that happened in a story before its failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface Breadcrumb {
  /** In milliseconds since the epoch. */
  readonly timestamp: number
  readonly category: "stage" | "log" | "note" | "retry"
  readonly level: "debug" | "info" | "warning" | "error" | "fatal"
  readonly message: string
  readonly data: PlainRecord
}

/**
 * A failure, with what is known of its story. All of it is redacted.
 *
 * @since 0.1.0
 * @category models
 */
export interface TrackedError {
  readonly failure: Event.FailureOccurred
  readonly story: {
    readonly kind: string
    readonly labels: { readonly [name: string]: string }
    readonly attributes: PlainRecord
  }
  /** The last ones, in order. */
  readonly breadcrumbs: ReadonlyArray<Breadcrumb>
}

/**
 * `capture` hands a failure over, and fails where it could not be: that is counted (`Renderer.stats`) and logged, and changes nothing in
 * the program.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly name: string
  readonly capture: (error: TrackedError) => Effect.Effect<void, unknown>
}

/**
 * The tracker in use, for programs that hand it errors themselves.
 *
 * @since 0.1.0
 * @category services
 */
export class ErrorTracker extends Context.Tag("effect-narrative/ErrorTracker")<ErrorTracker, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Whether failures that were handled are tracked, too (default `true`). */
  readonly handled?: boolean | undefined
  /** Which failures are left out. */
  readonly ignore?: ((failure: Event.FailureOccurred) => boolean) | undefined
  /** Most breadcrumbs kept of a story (default 50). */
  readonly maxBreadcrumbs?: number | undefined
  /** Most failures waiting (default 100); beyond it the oldest is dropped, and counted. */
  readonly capacity?: number | undefined
  /** How long closing the layer waits for what is on its way (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/**
 * A tracker that is given every failure that is reported where the layer is provided.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (tracker: Service, options?: Options): Layer.Layer<ErrorTracker, InvalidOption> =>
  layerScoped(Effect.succeed(tracker), options)

/**
 * {@link layer}, for a scoped effect that makes a tracker.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerScoped = <E, R>(
  tracker: Effect.Effect<Service, E, R>,
  options: Options = {}
): Layer.Layer<ErrorTracker, E | InvalidOption, Exclude<R, Scope.Scope>> =>
  Layer.flatMap(Layer.scoped(ErrorTracker, tracker), (context) =>
    Layer.merge(
      Layer.succeedContext(context),
      Renderer.layerAlongside(rendererOf(Context.get(context, ErrorTracker), options))
    )
  )

interface State {
  readonly breadcrumbs: Array<Breadcrumb>
}

const rendererOf = (tracker: Service, options: Options): Effect.Effect<Renderer.Renderer, InvalidOption, Scope.Scope> =>
  Effect.flatMap(decode(options), ({ capacity, handled, ignore, maxBreadcrumbs, shutdownTimeout }) => {
    const open = new OpenStories<State>({
      beginStory: () => ({ breadcrumbs: [] }),
      beginStage: () => undefined
    })
    const tracked = new WeakMap<Event.NarrativeEvent, TrackedError>()
    const capture = Renderer.make(tracker.name, (event) => {
      const error = tracked.get(event)
      // The queue counts what fails, whatever it fails with.
      return error === undefined ? undefined : Effect.orDie(tracker.capture(error))
    })
    const buffer = Renderer.buffered(capture, { capacity, strategy: "sliding", shutdownTimeout })
    return Effect.map(buffer, (queue) =>
      Renderer.filter(queue, (event) => {
        if (event._tag === "AnalysisReady") return false
        const { started, state } = open.take(event).story
        keep(state.breadcrumbs, event, maxBreadcrumbs)
        if (event._tag !== "FailureOccurred" || (event.handled && !handled) || ignore?.(event) === true) return false
        tracked.set(event, {
          failure: event,
          story: {
            kind: started?.kind ?? "story",
            labels: started?.labels ?? {},
            attributes: started?.attributes ?? {}
          },
          breadcrumbs: [...state.breadcrumbs]
        })
        return true
      })
    )
  })

const decode = decodeOptions(
  "ErrorTracker",
  Schema.Struct({
    handled: withDefault(flag, true),
    ignore: Schema.optional(functionOf<NonNullable<Options["ignore"]>>("a function of a failure")),
    maxBreadcrumbs: withDefault(wholeNumber(0), 50),
    capacity: withDefault(wholeNumber(1), 100),
    shutdownTimeout: Schema.optional(duration)
  })
)

const keep = (breadcrumbs: Array<Breadcrumb>, event: Event.NarrativeEvent, most: number): void => {
  const breadcrumb = breadcrumbOf(event)
  if (breadcrumb === undefined) return
  breadcrumbs.push(breadcrumb)
  if (breadcrumbs.length > most) breadcrumbs.shift()
}

const levels = {
  TRACE: "debug",
  DEBUG: "debug",
  INFO: "info",
  WARN: "warning",
  ERROR: "error",
  FATAL: "fatal"
} as const

const breadcrumbOf = (event: Event.NarrativeEvent): Breadcrumb | undefined => {
  const { timestamp } = event
  switch (event._tag) {
    case "StageStarted":
      return {
        timestamp,
        category: "stage",
        level: "info",
        message: `${event.stageName} started`,
        data: event.attributes
      }
    case "StageCompleted":
    case "StageCancelled": {
      const end = event._tag === "StageCompleted" ? "completed" : "cancelled"
      const data = { duration_seconds: event.durationSeconds }
      return { timestamp, category: "stage", level: "info", message: `${event.stageName} ${end}`, data }
    }
    case "StageFailed": {
      const data = { duration_seconds: event.durationSeconds, error_type: event.errorType, error: event.errorMessage }
      return { timestamp, category: "stage", level: "error", message: `${event.stageName} failed`, data }
    }
    case "StageRetried": {
      const message = `${event.stageName} is tried again: ${event.reason}`
      return { timestamp, category: "retry", level: "warning", message, data: { attempt: event.attempt } }
    }
    case "LogRecorded":
      return { timestamp, category: "log", level: levels[event.level], message: event.message, data: event.annotations }
    case "EventRecorded":
      return { timestamp, category: "note", level: "info", message: event.name, data: { data: event.data } }
    default:
      return undefined
  }
}
