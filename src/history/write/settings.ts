/**
 * The options of a history's renderer, checked once, before anything is opened.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { BufferOptions } from "../../delivery/Renderer.js"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import { misspeltIn } from "../../plain/misspelt.js"
import * as options from "../../plain/options.js"
import { text } from "../../plain/PlainValue.js"
import { propertyOf } from "../../plain/untrusted.js"
import { tags } from "../database/eventNames.js"
import * as pgOptions from "../database/pgOptions.js"
import { type Retention, wholeNumber } from "../HistoryFilter.js"
import { invalidSetting } from "../invalidSetting.js"
import type { Kept } from "./eventBatch.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface HistoryOptions extends Retention {
  /**
   * The kinds of event that get a row of their own, in the order in which they happened, for following a program live.
   * Stories, stages and failures are kept in any case; log lines and notes only here. All but `StageProgressed` by
   * default.
   */
  readonly events?: "all" | ReadonlyArray<NarrativeEvent["_tag"]> | undefined
  /** Most events in a transaction: 1–32,768 (default 2,048). */
  readonly batchSize?: number | undefined
  /** How long events may be gathered (default 100 ms). A process that is killed loses what it gathered. */
  readonly batchWithin?: Duration.DurationInput | undefined
  /** Most events waiting (default 16,384). */
  readonly capacity?: number | undefined
  /**
   * What happens when `capacity` events wait: `suspend` makes stages wait (the default), `dropping` drops the new event,
   * `sliding` the oldest.
   */
  readonly strategy?: BufferOptions["strategy"] | undefined
  /**
   * How long a database that others write to is waited for before events are given up (default 30 seconds). The
   * program's thread is not blocked meanwhile.
   */
  readonly busyTimeout?: Duration.DurationInput | undefined
  /**
   * How long a server that cannot be reached is waited for before events are given up (default 2 minutes); of a file there is
   * none. What does not fit `capacity` meanwhile is dealt with by `strategy`.
   */
  readonly reconnectTimeout?: Duration.DurationInput | undefined
  /**
   * How often a process with a running story writes that it lives, for readers on other machines (default 15 seconds).
   */
  readonly heartbeat?: Duration.DurationInput | undefined
  /**
   * On PostgreSQL, how many days' stories share a partition of `events` and `stages`, which is dropped as a whole: 1–366
   * (default 7). What is too old may be kept for so many days longer. Of a file there is none.
   */
  readonly partitionDays?: number | undefined
  /** How long the closing layer waits for the last events to be written (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

export interface Settings {
  readonly kept: Kept
  readonly batchSize: number
  readonly batchWithin: number
  readonly capacity: number
  readonly strategy: BufferOptions["strategy"]
  readonly busyTimeout: number
  readonly reconnectTimeout: number
  readonly heartbeat: number
  readonly partitionDays: number
  readonly shutdownTimeout: number
  readonly retention: Retention | undefined
}

const strategies: ReadonlyArray<BufferOptions["strategy"]> = ["suspend", "dropping", "sliding"]

const own: { readonly [Name in keyof HistoryOptions]-?: true } = {
  events: true,
  batchSize: true,
  batchWithin: true,
  capacity: true,
  strategy: true,
  busyTimeout: true,
  reconnectTimeout: true,
  heartbeat: true,
  partitionDays: true,
  shutdownTimeout: true,
  keepDays: true,
  keepStories: true
}

/** @internal */
export const names: ReadonlyArray<string> = Object.keys(own)

/** What the options of a layer may have besides: where the history is. */
const places: ReadonlyArray<string> = ["path", ...pgOptions.names]

/** @internal */
export const decode = (given: HistoryOptions, mostInBatch = 32_768): Effect.Effect<Settings, InvalidOption> =>
  Effect.suspend(() => {
    const mistake = misspeltIn("History", given, [...names, ...places])
    return mistake === undefined ? checked(given, mostInBatch) : Effect.fail(mistake)
  })

const checked = (given: HistoryOptions, mostInBatch: number): Effect.Effect<Settings, InvalidOption> =>
  options.attempt(() => ({
    kept: keptOf(given.events),
    batchSize: wholeNumber("batchSize", given.batchSize, { least: 1, most: mostInBatch, otherwise: 2_048 }),
    batchWithin: millis("batchWithin", given.batchWithin, 100),
    capacity: wholeNumber("capacity", given.capacity, { least: 1, most: 10_000_000, otherwise: 16_384 }),
    strategy: strategyOf(given.strategy),
    busyTimeout: millis("busyTimeout", given.busyTimeout, 30_000),
    reconnectTimeout: millis("reconnectTimeout", given.reconnectTimeout, 120_000),
    heartbeat: Math.max(100, millis("heartbeat", given.heartbeat, 15_000)),
    partitionDays: wholeNumber("partitionDays", given.partitionDays, { least: 1, most: 366, otherwise: 7 }),
    shutdownTimeout: millis("shutdownTimeout", given.shutdownTimeout, 5_000),
    retention: retentionOf(given)
  }))

/** The path of a database. Another version of an option's name must not end as a mistake of this library. */
export const decodePath = (given: unknown): Effect.Effect<string, InvalidOption> =>
  options.attempt(() => {
    const path = propertyOf(given, "path")
    if (typeof path === "string" && path.trim() !== "") return path
    throw invalidSetting("path", text(path), "the path of a database's file")
  })

/** `undefined` when everything is kept. Throws `InvalidOption`. */
export const retentionOf = ({ keepDays, keepStories }: Retention): Retention | undefined => {
  if (keepDays !== undefined && !(Number.isFinite(keepDays) && keepDays > 0)) {
    throw invalidSetting("keepDays", text(keepDays), "a number of days above 0")
  }
  wholeNumber("keepStories", keepStories, { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 })
  return keepDays === undefined && keepStories === undefined ? undefined : { keepDays, keepStories }
}

const keptOf = (events: HistoryOptions["events"]): Kept => {
  if (events === undefined) return new Set(tags.filter((tag) => tag !== "StageProgressed"))
  if (events === "all") return new Set(tags)
  const unknown = Array.isArray(events) ? events.find((tag) => !tags.includes(tag)) : events
  if (unknown === undefined) return new Set(events)
  throw invalidSetting("events", text(unknown), `"all", or of ${tags.join(", ")}`)
}

const strategyOf = (strategy: HistoryOptions["strategy"]): BufferOptions["strategy"] => {
  if (strategy === undefined || strategies.includes(strategy)) return strategy ?? "suspend"
  throw invalidSetting("strategy", text(strategy), strategies.join(", "))
}

const millis = (setting: string, input: Duration.DurationInput | undefined, otherwise: number): number => {
  if (input === undefined) return otherwise
  const decoded = Either.try(() => Duration.toMillis(Duration.decode(input)))
  if (Either.isRight(decoded) && Number.isFinite(decoded.right)) return decoded.right
  throw invalidSetting(setting, text(input), 'a duration, such as "5 seconds"')
}
