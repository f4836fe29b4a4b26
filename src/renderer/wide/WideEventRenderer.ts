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
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { deliver } from "../../delivery/dispatch.js"
import * as Renderer from "../../delivery/Renderer.js"
import type { Deliver } from "../../delivery/rendererModel.js"
import { routed } from "../../delivery/routed.js"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import * as options from "../../plain/options.js"
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
export const layer = (given: WriteOptions): Layer.Layer<never, InvalidOption> =>
  Renderer.layerScoped(
    Effect.flatMap(decodeWrite(given), ({ capacity = 8_192, shutdownTimeout, write, ...records }) =>
      make(records, (recordsOf) =>
        Renderer.buffered(
          Renderer.make(name, (event) => writeAll(recordsOf(event), write)),
          { capacity, strategy: "suspend", shutdownTimeout }
        )
      )
    )
  )

/**
 * Appends each record to a file as a line of JSON, as `JsonRenderer.layerFile` does events. `Schema.parseJson(WideEvent)`
 * reads a line back.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (
  given: FileOptions
): Layer.Layer<never, PlatformError | InvalidOption, FileSystem.FileSystem> =>
  Renderer.layerScoped(
    Effect.flatMap(decodeFile(given), ({ path, stages, stories, ...file }) =>
      make({ stages, stories }, (recordsOf) =>
        Renderer.toFile(name, path, (event) => recordsOf(event).map(toJson).join("\n"), { ...file, isWhole: isJson })
      )
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
  wanted: { readonly stages: boolean; readonly stories: boolean },
  makeSink: (recordsOf: RecordsOf) => Effect.Effect<Renderer.Renderer, E, R>
): Effect.Effect<Renderer.Renderer, E, R | Scope.Scope> =>
  Effect.suspend(() => {
    const isWanted = ({ _tag }: WideEvent) => (_tag === "StageWide" ? wanted.stages : wanted.stories)
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

const common = {
  stages: options.withDefault(options.flag, true),
  stories: options.withDefault(options.flag, true),
  capacity: Schema.optional(options.wholeNumber(1)),
  shutdownTimeout: Schema.optional(options.duration)
}

const isOfUse = ({ stages, stories }: { readonly stages: boolean; readonly stories: boolean }) =>
  stages || stories || { path: ["stories"], message: 'true where "stages" is false: else there is nothing to write' }

const decodeWrite = options.decode(
  "WideEventRenderer",
  Schema.Struct({ ...common, write: options.functionOf<WriteOptions["write"]>("a function of a record") }).pipe(
    Schema.filter(isOfUse)
  )
)

const decodeFile = options.decode(
  "WideEventRenderer",
  Schema.Struct({
    ...common,
    path: options.nonEmptyText,
    flushInterval: Schema.optional(options.duration)
  }).pipe(Schema.filter(isOfUse))
)

const writeAll = (records: ReadonlyArray<WideEvent>, write: WriteOptions["write"]): Effect.Effect<void> | undefined => {
  let waiting: Effect.Effect<void> | undefined
  for (const record of records) waiting = inOrder(waiting, write(record) ?? undefined)
  return waiting
}
