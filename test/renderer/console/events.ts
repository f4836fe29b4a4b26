/**
 * Hand-made events: a story and its stages as objects that say what happens to them.
 */
import type { FailureAnalysis } from "../../../src/event/FailureAnalysis.js"
import type { Failure, FailureReport, Location } from "../../../src/event/FailureReport.js"
import type {
  AnalysisReady,
  EventRecorded,
  FailureOccurred,
  LogRecorded,
  StageCancelled,
  StageCompleted,
  StageFailed,
  StageProgressed,
  StageRetried,
  StageStarted,
  StoryCompleted,
  StoryStarted
} from "../../../src/event/NarrativeEvent.js"
import type { PlainRecord, PlainValue } from "../../../src/plain/PlainValue.js"

const inSpan = { kind: "internal", traceId: null, spanId: null }

/** UUIDv7s of one millisecond share their beginning; only the end distinguishes them. */
const idOf = (end: string): string => `01900000-0000-7000-8000-${end.padStart(12, "0")}`

export interface StoryScriptOptions {
  /** The last characters of the story's id. */
  readonly id?: string
  readonly parent?: StoryScript
  readonly totalStages?: number
}

export class StoryScript {
  readonly id: string
  readonly rootId: string
  #sequence = 0
  #stages = 0
  #completed = 0

  constructor(
    readonly name: string,
    readonly options: StoryScriptOptions = {}
  ) {
    this.id = idOf(options.id ?? "a1b2c3")
    this.rootId = options.parent?.rootId ?? this.id
  }

  get place() {
    return {
      storyId: this.id,
      storyName: this.name,
      rootStoryId: this.rootId,
      parentStoryId: this.options.parent?.id ?? null,
      timestamp: Date.UTC(2025, 0, 2, 3, 4, 5, 6),
      sequence: this.#sequence++
    }
  }

  get progress() {
    const total = this.options.totalStages ?? this.#stages
    const completed = this.#completed
    return {
      percent: total === 0 ? 0 : Math.min(100, Math.floor((completed * 100) / total)),
      completedStages: completed,
      totalStages: total
    }
  }

  stage(name: string, parent?: StageScript): StageScript {
    return new StageScript(this, name, this.#stages++, parent)
  }

  count(): void {
    this.#completed += 1
  }

  started(more: Partial<StoryStarted> = {}): StoryStarted {
    const totalStages = this.options.totalStages ?? null
    return {
      _tag: "StoryStarted",
      parentStageIndex: null,
      ...this.place,
      ...inSpan,
      totalStages,
      correlation: null,
      labels: {},
      attributes: {},
      dryRun: false,
      ...more
    }
  }

  completed(status: StoryCompleted["status"] = "success", more: Partial<StoryCompleted> = {}): StoryCompleted {
    return {
      _tag: "StoryCompleted",
      ...this.place,
      ...inSpan,
      status,
      success: status === "success",
      outcome: null,
      durationSeconds: 0.1,
      progress: this.progress,
      failedStages: 0,
      cancelledStages: 0,
      correlation: null,
      labels: {},
      attributes: {},
      dryRun: false,
      causedBy: null,
      interruptors: [],
      work: null,
      ...more
    }
  }

  failed(failures: FailureReport["failures"], more: Partial<Omit<FailureOccurred, "failures">> = {}): FailureOccurred {
    return {
      _tag: "FailureOccurred",
      ...this.place,
      diagnosticsMode: "lean",
      diagnosticsTruncated: false,
      redactedValues: 0,
      failures,
      interruptors: [],
      timeline: [],
      timelineOmitted: 0,
      progress: this.progress,
      traceId: null,
      spanId: null,
      handled: false,
      correlation: null,
      llmAnalysis: null,
      analysis: null,
      ...more
    }
  }

  log(message: string, more: Partial<LogRecorded> = {}): LogRecorded {
    return {
      _tag: "LogRecorded",
      ...this.place,
      stageName: null,
      stageIndex: null,
      depth: 0,
      traceId: null,
      spanId: null,
      level: "INFO",
      loggerName: "effect",
      message,
      annotations: {},
      cause: null,
      fiberId: "#1",
      ...more
    }
  }

  note(name: string, data: PlainValue = null, more: Partial<EventRecorded> = {}): EventRecorded {
    return {
      _tag: "EventRecorded",
      ...this.place,
      stageName: null,
      stageIndex: null,
      depth: 0,
      traceId: null,
      spanId: null,
      name,
      data,
      ...more
    }
  }

  analysis(llmAnalysis: string): AnalysisReady {
    const analysis: FailureAnalysis = {
      analyzer: "ollama",
      model: "llama3",
      exactWhy: "",
      evidence: [],
      targetedFix: "",
      codeChanges: "",
      rawText: llmAnalysis,
      droppedCitations: 0
    }
    const inSpan = { traceId: null, spanId: null }
    return {
      _tag: "AnalysisReady",
      ...this.place,
      ...inSpan,
      stageName: null,
      llmAnalysis,
      analysis,
      latencySeconds: 1.5
    }
  }
}

export class StageScript {
  readonly path: ReadonlyArray<string>

  constructor(
    readonly story: StoryScript,
    readonly name: string,
    readonly index: number,
    readonly parent: StageScript | undefined
  ) {
    this.path = [...(parent?.path ?? []), name]
  }

  stage(name: string): StageScript {
    return this.story.stage(name, this)
  }

  get #place() {
    return {
      ...this.story.place,
      ...inSpan,
      stageName: this.name,
      stageIndex: this.index,
      stagePath: this.path,
      parentStageName: this.parent?.name ?? null,
      parentStageIndex: this.parent?.index ?? null,
      depth: this.path.length - 1
    }
  }

  #end(durationSeconds: number, attributes: PlainRecord = {}) {
    return { durationSeconds, attributes, progress: this.story.progress }
  }

  started(): StageStarted {
    return { _tag: "StageStarted", ...this.#place, attributes: {} }
  }

  progressed(done: number, total: number | null = null): StageProgressed {
    return { _tag: "StageProgressed", ...this.#place, done, total }
  }

  retried(attempt: number, delaySeconds: number, reason: string): StageRetried {
    return { _tag: "StageRetried", ...this.#place, attempt, delaySeconds, reason }
  }

  completed(seconds = 0.012): StageCompleted {
    this.story.count()
    return { _tag: "StageCompleted", ...this.#place, ...this.#end(seconds) }
  }

  failed(errorType = "ValueError", errorMessage = "bad", seconds = 0.001): StageFailed {
    const error = { errorType, errorMessage, errorCode: "UNKNOWN", retryable: false, location: null } as const
    return { _tag: "StageFailed", ...this.#place, ...this.#end(seconds), ...error }
  }

  cancelled(seconds = 0.004): StageCancelled {
    return { _tag: "StageCancelled", ...this.#place, ...this.#end(seconds), orphaned: false, interruptors: [] }
  }

  /** The failure as a report gives it. */
  failure(more: Partial<Failure> = {}): Failure {
    return failure({ stageName: this.name, stagePath: this.path, ...more })
  }
}

export const location: Location = {
  file: "app/db.ts",
  line: 47,
  column: 9,
  function: "insertRow",
  sourceLine: '    throw new ValueError("duplicate customer id")'
}

export const failure = (more: Partial<Failure> = {}): Failure => ({
  path: "",
  kind: "fail",
  errorType: "ValueError",
  errorMessage: "bad",
  stageName: null,
  stagePath: [],
  failedAt: null,
  location: null,
  locationReason: "app_frame",
  ownLocation: null,
  spans: [],
  stackFrames: [],
  stackSummary: "",
  hiddenFrameCount: 0,
  stackText: "",
  stackTruncated: false,
  snippet: [],
  exceptionChain: "",
  causes: [],
  exactCause: "",
  errorCode: "UNKNOWN",
  retryable: false,
  facts: {},
  details: null,
  hint: null,
  rule: null,
  fingerprint: "",
  stageAttributes: {},
  ...more
})
