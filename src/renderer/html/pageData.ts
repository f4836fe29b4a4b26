/**
 * What a report page holds as JSON: the shapes that the renderer writes and the page's script reads. Fields that say
 * nothing are left out, since a page may hold tens of thousands of nodes.
 */
import type { FailureAnalysis } from "../../event/FailureAnalysis.js"
import type { FailureReport, Interruptor } from "../../event/FailureReport.js"
import type { CausedBy, LogRecorded, StoryStatus } from "../../event/NarrativeEvent.js"
import type { PlainRecord, PlainValue } from "../../plain/PlainValue.js"

export type NodeStatus = "running" | "completed" | "failed" | "cancelled" | "timeout" | "partial"

/** A stage, or a story where `story` is there. */
export interface PageNode {
  /** The order of starting on the page. The root story is 0. */
  readonly id: number
  readonly parent?: number
  readonly name: string
  /** Where it is neither `stage` nor `story`. */
  readonly kind?: string
  status: NodeStatus
  /** Milliseconds since the root story began. */
  readonly start: number
  /** Not there while it is running. */
  seconds?: number
  attributes?: PlainRecord
  readonly traceId?: string
  readonly spanId?: string
  /** The 0-based order of starting in its story. */
  readonly index?: number
  error?: { readonly type: string; readonly message: string }
  retries?: Array<Retry>
  progress?: { readonly done: number; readonly total: number | null }
  orphaned?: true
  interruptors?: ReadonlyArray<Interruptor>
  story?: StoryFacts
}

export interface Retry {
  readonly at: number
  readonly attempt: number
  readonly delaySeconds: number
  readonly reason: string
}

export interface StoryFacts {
  readonly id: string
  status: StoryStatus | "running"
  labels: { readonly [name: string]: string }
  readonly dryRun?: true
  outcome?: string
  /** Tokens, cost, quality and items, in one line. */
  work?: string
  declaredStages?: number
  completedStages: number
  failedStages: number
  cancelledStages: number
  startedStages: number
  percent?: number
  causedBy?: CausedBy
}

/** A line of the log, or a note where `note` is there. */
export interface PageEntry {
  readonly at: number
  readonly node: number
  readonly level?: LogRecorded["level"]
  readonly note?: true
  readonly text: string
  readonly data?: PlainValue
  readonly cause?: string
  readonly fiberId?: string
}

export interface PageFailure {
  readonly at: number
  /** The story that reported it. */
  readonly node: number
  readonly handled?: true
  /** The node of the stage each failure came from, where it is on the page. */
  readonly stages: ReadonlyArray<number | null>
  readonly report: FailureReport
  analysis?: FailureAnalysis
  latencySeconds?: number
}

/** A root story with everything inside it. */
export interface PageStory {
  /** UTC, in milliseconds since the epoch. */
  readonly startedAt: number
  /** Whether the program ended before the story did. */
  readonly unfinished?: true
  readonly nodes: ReadonlyArray<PageNode>
  readonly entries: ReadonlyArray<PageEntry>
  readonly failures: ReadonlyArray<PageFailure>
  /** How much was left out to bound the page. */
  readonly omitted: {
    readonly nodes: number
    readonly entries: number
    readonly failures: number
    readonly values: number
  }
}

export interface ReportData {
  readonly page: "report"
  readonly title: string | null
  readonly writtenAt: number
  /** Newest first. */
  readonly stories: ReadonlyArray<PageStory>
  readonly omittedStories: number
}

/** What is known of a story without opening its page. */
export interface StoryCard {
  readonly id: string
  readonly name: string
  readonly status: StoryStatus | "running"
  readonly unfinished?: true
  readonly dryRun?: true
  readonly startedAt: number
  readonly seconds: number | null
  readonly outcome: string | null
  readonly stages: number
  readonly error: string | null
}

export interface IndexData {
  readonly page: "index"
  readonly title: string | null
  readonly writtenAt: number
  /** Newest first. */
  readonly entries: ReadonlyArray<StoryCard & { readonly file: string }>
}
