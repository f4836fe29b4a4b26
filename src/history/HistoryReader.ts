/**
 * What can be asked of a history.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import type { AmbiguousStoryId, HistoryError, StoryNotFound } from "./HistoryError.js"
import type { EventFilter, FailureFilter, Retention, StatsFilter, StoryFilter } from "./HistoryFilter.js"
import type { HistoryStats } from "./HistoryStats.js"
import type { FailureSummary, HistoryEvent, StoryRecord, StorySummary } from "./StoryRecord.js"

/**
 * A page of stories, the newest first.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryPage {
  readonly stories: ReadonlyArray<StorySummary>
  /** The cursor of the page after this one; `null` on the last. */
  readonly next: string | null
}

/**
 * Events as they were emitted, in the order in which they were written.
 *
 * @since 0.1.0
 * @category models
 */
export interface EventPage {
  readonly events: ReadonlyArray<NarrativeEvent>
  /** The cursor to go on from. */
  readonly cursor: number
}

/**
 * Events in short, in the order in which they were written.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChangePage {
  readonly changes: ReadonlyArray<HistoryEvent>
  /** The cursor to go on from. */
  readonly cursor: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface HistoryReader {
  /** The newest failures, in short; `story` has their full reports. */
  readonly failures: (
    filter?: FailureFilter
  ) => Effect.Effect<ReadonlyArray<FailureSummary>, HistoryError | InvalidOption>
  /** The one story whose id begins or ends with `idPrefix`, with everything kept of it; ends of 6 characters or more. */
  readonly story: (
    idPrefix: string
  ) => Effect.Effect<StoryRecord, StoryNotFound | AmbiguousStoryId | HistoryError | InvalidOption>
  /** Stories in short, a page at a time, the newest first. */
  readonly stories: (filter?: StoryFilter) => Effect.Effect<StoryPage, HistoryError | InvalidOption>
  /** Counts, durations and the most frequent failures of a span of time. */
  readonly stats: (filter?: StatsFilter) => Effect.Effect<HistoryStats, HistoryError | InvalidOption>
  /**
   * The events written after a cursor, each as it was emitted; 0 is before everything. Ask again with the cursor of the
   * page to follow a program.
   */
  readonly events: (cursor: number, filter?: EventFilter) => Effect.Effect<EventPage, HistoryError | InvalidOption>
  /**
   * The events after a cursor and those that come, for as long as the stream is read: pages that have events, as {@link HistoryReader.events}
   * gives them. On PostgreSQL, whoever writes says so, and else it is asked every second.
   */
  readonly follow: (cursor: number, filter?: EventFilter) => Stream.Stream<EventPage, HistoryError | InvalidOption>
  /** The events after a cursor in short: one flat record an event, all of the same columns. */
  readonly changes: (cursor: number, filter?: EventFilter) => Effect.Effect<ChangePage, HistoryError | InvalidOption>
  /**
   * The events of the one story whose id begins or ends with `idPrefix`, and of its sub-stories, in their order: what a renderer
   * was given. An event without a row of its own is made of its stage, its failure or its story.
   */
  readonly replay: (
    idPrefix: string
  ) => Effect.Effect<ReadonlyArray<NarrativeEvent>, StoryNotFound | AmbiguousStoryId | HistoryError | InvalidOption>
  /** The cursor after everything written so far. */
  readonly cursor: Effect.Effect<number, HistoryError>
  /** The cursor before the newest events, so many of them: what follows it are the last `count` events. */
  readonly cursorBefore: (count: number) => Effect.Effect<number, HistoryError | InvalidOption>
  /** For each id, in order, the shortest end that finds no other story: 6 characters or more, as the console shows it. */
  readonly shortIds: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, HistoryError>
  /** How many stories `prune` would delete now. */
  readonly prunable: (retention: Retention) => Effect.Effect<number, HistoryError | InvalidOption>
  /** Deletes what is not to be kept, a few stories at a time, and gives how many stories that were. */
  readonly prune: (retention: Retention) => Effect.Effect<number, HistoryError | InvalidOption>
}
