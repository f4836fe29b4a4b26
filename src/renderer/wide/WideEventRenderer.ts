/**
 * Wide events: one record for each stage and each story, with its story's labels, its counts and its error beside it, for
 * stores that are asked by columns.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { deliver, routed } from "../../delivery/dispatch.js"
import * as Renderer from "../../delivery/Renderer.js"
import type { Deliver } from "../../delivery/rendererModel.js"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import { withoutNarration } from "../../runtime/muting.js"
import { inOrder } from "../../runtime/waiting.js"
import { isJson } from "../json/JsonRenderer.js"
import { OpenRecords } from "./openRecords.js"
import type { WideEvent } from "./WideEvent.js"
import * as wideEventJson from "./wideEventJson.js"

export { LogCounts, StageResult, StageWide, StoryWide, WideEvent, WideNote } from "./WideEvent.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface WideEventOptions {
  /** Whether a record is made of each stage (default `true`). */
  readonly stages?: boolean | undefined
  /** Whether a record is made of each story (default `true`). */
  readonly stories?: boolean | undefined
  /** Most events waiting (default 8,192); beyond it, stages wait. */
  readonly capacity?: number | undefined
  /** How long the closing layer waits for the last records (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface WriteOptions extends WideEventOptions {
  /**
   * Takes one record at a time. Return nothing when done, or an Effect: the next record waits for it, the program does
   * not.
   */
  readonly write: (record: WideEvent) => void | Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FileOptions extends WideEventOptions {
  /** The file, such as `logs/wide-events.jsonl`. Folders are created. */
  readonly path: string
  /**
   * How long records may be gathered before they are written. By default they are written as soon as the write before is
   * done.
   */
  readonly flushInterval?: Duration.DurationInput | undefined
}

const name = "wide-events"

/**
 * Hands each record to a function. A stage's record is made when the stage ends, however it ends; a story's when the
 * story ends, or, as `unfinished`, when the layer closes before.
 *
 * Dies with a `TypeError` that names the option when one cannot be used.
 *
 * @example
 * ```ts
 * import { Console, Effect } from "effect"
 * import { Narrative, WideEventRenderer } from "effect-narrative"
 *
 * const program = Effect.void.pipe(Narrative.stage("Charge"), Narrative.story("Process Payment"))
 *
 * const WideEvents = WideEventRenderer.layer({
 *   stages: false,
 *   write: (record) => Console.log(`${record.storyName}: ${record.status} in ${record.durationSeconds}s`)
 * })
 *
 * program.pipe(Effect.provide(WideEvents), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: WriteOptions): Layer.Layer<never> =>
  Renderer.layerScoped(
    make(options, (recordsOf) => {
      if (!Predicate.isFunction(options.write)) {
        throw new TypeError('WideEventRenderer: the option "write" is a function that takes a record')
      }
      const sink = Renderer.make(name, (event) => writeAll(recordsOf(event), options.write))
      const { capacity = 8_192, shutdownTimeout } = options
      return Renderer.buffered(sink, { capacity, strategy: "suspend", shutdownTimeout })
    })
  )

/**
 * Appends each record to a file as a line of JSON, as `JsonRenderer.layerFile` does events. `Schema.parseJson(WideEvent)`
 * reads a line back.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (options: FileOptions): Layer.Layer<never, PlatformError, FileSystem.FileSystem> =>
  Renderer.layerScoped(
    make(options, (recordsOf) =>
      Renderer.toFile(name, options.path, (event) => recordsOf(event).map(toJson).join("\n"), {
        ...options,
        isWhole: isJson
      })
    )
  )

/**
 * A record as one line of JSON.
 *
 * @since 0.1.0
 * @category encoding
 */
export const toJson: (record: WideEvent) => string = wideEventJson.encode

type RecordsOf = (event: NarrativeEvent) => ReadonlyArray<WideEvent>

/**
 * What comes between the program and a sink: the sink gets only the events that complete a record, and asks for the
 * record when it comes to write it.
 */
const make = <E, R>(
  options: WideEventOptions,
  makeSink: (recordsOf: RecordsOf) => Effect.Effect<Renderer.Renderer, E, R>
): Effect.Effect<Renderer.Renderer, E, R | Scope.Scope> =>
  Effect.suspend(() => {
    const isWanted = wanted(options)
    const records = new WeakMap<NarrativeEvent, ReadonlyArray<WideEvent>>()
    return Effect.gen(function* () {
      const sink = yield* makeSink((event) => records.get(event) ?? [])
      const open = new OpenRecords()
      const pass = (event: NarrativeEvent, all: ReadonlyArray<WideEvent>, deliver: Deliver) => {
        const made = all.filter(isWanted)
        if (made.length === 0) return undefined
        records.set(event, made)
        return deliver(sink, event)
      }
      // Before the sink closes, which waits for what it is given here.
      yield* Effect.addFinalizer(() =>
        Effect.suspend(() => {
          let waiting: Effect.Effect<void> | undefined
          for (const [event, record] of open.close()) waiting = inOrder(waiting, pass(event, [record], deliver))
          return waiting === undefined ? Effect.void : withoutNarration(waiting)
        })
      )
      return routed(name, [sink], (event, deliver) => pass(event, open.take(event), deliver))
    })
  })

const wanted = ({ capacity, stages = true, stories = true }: WideEventOptions): ((record: WideEvent) => boolean) => {
  for (const [option, value] of Object.entries({ stages, stories })) {
    if (typeof value === "boolean") continue
    throw new TypeError(`WideEventRenderer: the option "${option}" is true or false, not ${String(value)}`)
  }
  if (!stages && !stories) {
    throw new TypeError('WideEventRenderer: with "stages" and "stories" both false there is nothing to write')
  }
  if (capacity !== undefined && !(Number.isSafeInteger(capacity) && capacity >= 1)) {
    throw new TypeError(
      `WideEventRenderer: the option "capacity" is a whole number of 1 or more, not ${String(capacity)}`
    )
  }
  return ({ _tag }) => (_tag === "StageWide" ? stages : stories)
}

const writeAll = (records: ReadonlyArray<WideEvent>, write: WriteOptions["write"]): Effect.Effect<void> | undefined => {
  let waiting: Effect.Effect<void> | undefined
  for (const record of records) waiting = inOrder(waiting, write(record) ?? undefined)
  return waiting
}
