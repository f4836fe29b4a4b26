/**
 * The one fold from events to the stories that are running: which are open, which story each is in, and which of their
 * stages have not ended. What is kept of a story and of a stage is up to the reader, who says what each begins as.
 *
 * Nothing is kept of what has ended, and nothing grows without bound when ends go missing.
 */
import { isStageEnded, type NarrativeEvent, type StageEvent } from "./anyEvent.js"
import type { StageStarted } from "./stageEvents.js"
import type { AnalysisReady, StoryStarted } from "./storyEvents.js"

/** Any event but the one that may follow its story's end, and so begins none: look such a story up with `get`. */
export type LiveEvent = Exclude<NarrativeEvent, AnalysisReady>

export interface OpenStory<S, T> {
  readonly id: string
  readonly name: string
  readonly rootId: string
  /** An id and not the story: a chain of stories that each outlive their parent must not be held together. */
  readonly parentId: string | null
  /** Its beginning; `undefined` where that was not seen. */
  readonly started: StoryStarted | undefined
  /** The stages that are running, by index, in order of starting. */
  readonly stages: ReadonlyMap<number, OpenStage<T>>
  readonly state: S
}

export interface OpenStage<T> {
  readonly started: StageStarted
  readonly state: T
}

/** Where a story or a stage begins. */
export interface Around<S, T> {
  /** The story around a sub-story, or the story of a stage. */
  readonly story: OpenStory<S, T> | undefined
  /** The running stage around it. */
  readonly stage: OpenStage<T> | undefined
}

export interface OpenStoriesOptions<S, T> {
  /** Most stories followed at a time; beyond it the oldest is given up. Default 10,000. */
  readonly maxStories?: number | undefined
  /** Most running stages of one story followed at a time; beyond it the oldest is given up. Default 1,000. */
  readonly maxStages?: number | undefined
  /**
   * Whether stories and stages that have ended stay among the open ones, for a reader that has all of the events and
   * puts the whole together. Then there are no bounds. Default `false`.
   */
  readonly keepsEnded?: boolean | undefined
  /** What is kept of a story. A story whose start was not seen begins with its first event. */
  readonly beginStory: (event: NarrativeEvent, around: Around<S, T>) => S
  /** What is kept of a stage. */
  readonly beginStage: (event: StageStarted, around: Around<S, T>) => T
  /** Called once for each story that began: it ended, or was given up and an end that comes yet is taken for another's. */
  readonly endStory?: ((story: OpenStory<S, T>, isEvicted: boolean) => void) | undefined
}

/** A story and a stage as an event finds them; what the event ends is no longer among the open ones. */
export interface Taken<S, T> {
  readonly story: OpenStory<S, T>
  /** The stage that the event is about. */
  readonly stage: OpenStage<T> | undefined
}

interface MutableStory<S, T> extends OpenStory<S, T> {
  started: StoryStarted | undefined
  stages: Map<number, OpenStage<T>>
}

/** Of every story without a stage: many a reader asks for stories only. */
const noStages = new Map<number, never>()

export class OpenStories<S, T = undefined> {
  readonly #options: OpenStoriesOptions<S, T>
  readonly #maxStories: number
  readonly #maxStages: number
  readonly #keepsEnded: boolean
  readonly #open = new Map<string, MutableStory<S, T>>()
  #runningStages = 0

  constructor(options: OpenStoriesOptions<S, T>) {
    this.#options = options
    this.#keepsEnded = options.keepsEnded ?? false
    this.#maxStories = options.maxStories ?? (this.#keepsEnded ? Number.POSITIVE_INFINITY : 10_000)
    this.#maxStages = options.maxStages ?? (this.#keepsEnded ? Number.POSITIVE_INFINITY : 1_000)
  }

  get size(): number {
    return this.#open.size
  }

  /** How many stages are running in all the stories. */
  get runningStages(): number {
    return this.#runningStages
  }

  get(storyId: string): OpenStory<S, T> | undefined {
    return this.#open.get(storyId)
  }

  /** In order of starting. */
  values(): IterableIterator<OpenStory<S, T>> {
    return this.#open.values()
  }

  /** The story that an event is of, before the event is taken in. It begins if it is not open. */
  begin(event: NarrativeEvent): OpenStory<S, T> {
    return this.#storyOf(event)
  }

  /** Takes in what the event begins and ends. */
  take(event: LiveEvent): Taken<S, T> {
    const story = this.#storyOf(event)
    switch (event._tag) {
      case "StoryStarted":
      case "FailureOccurred":
        return { story, stage: undefined }
      case "StoryCompleted":
        if (!this.#keepsEnded) this.#close(story, false)
        return { story, stage: undefined }
      case "StageStarted":
        return { story, stage: this.#begin(story, event) }
      case "LogRecorded":
      case "EventRecorded":
        return { story, stage: event.stageIndex === null ? undefined : story.stages.get(event.stageIndex) }
      default: {
        const stage = story.stages.get(event.stageIndex)
        if (!this.#keepsEnded && isStageEnded(event)) this.#end(story, event)
        return { story, stage }
      }
    }
  }

  /** Gives up every story. */
  clear(): void {
    this.#open.clear()
    this.#runningStages = 0
  }

  #storyOf(event: NarrativeEvent): MutableStory<S, T> {
    const known = this.#open.get(event.storyId)
    const started = event._tag === "StoryStarted" ? event : undefined
    if (known !== undefined && (started === undefined || known.started === undefined || known.started === started)) {
      known.started ??= started
      return known
    }
    const parent = event.parentStoryId === null ? undefined : this.#open.get(event.parentStoryId)
    const around = started?.parentStageIndex ?? null
    const story: MutableStory<S, T> = {
      id: event.storyId,
      name: event.storyName,
      rootId: event.rootStoryId,
      parentId: event.parentStoryId,
      started,
      stages: noStages,
      state: this.#options.beginStory(event, {
        story: parent,
        stage: around === null ? undefined : parent?.stages.get(around)
      })
    }
    if (known !== undefined) this.#close(known, true)
    this.#keep(story)
    return story
  }

  /** A story whose start was not seen may never be seen to end: it takes no room that others would be given up for. */
  #keep(story: MutableStory<S, T>): void {
    if (this.#open.size >= this.#maxStories) {
      if (story.started === undefined) {
        this.#options.endStory?.(story, true)
        return
      }
      for (const oldest of this.#open.values()) {
        this.#close(oldest, true)
        break
      }
    }
    this.#open.set(story.id, story)
  }

  #close(story: OpenStory<S, T>, isEvicted: boolean): void {
    if (!this.#open.delete(story.id)) return
    this.#runningStages -= story.stages.size
    this.#options.endStory?.(story, isEvicted)
  }

  #begin(story: MutableStory<S, T>, event: StageStarted): OpenStage<T> {
    if (story.stages.size >= this.#maxStages) {
      for (const oldest of story.stages.values()) {
        this.#end(story, oldest.started)
        break
      }
    }
    this.#end(story, event)
    if (story.stages === noStages) story.stages = new Map()
    const around = event.parentStageIndex === null ? undefined : story.stages.get(event.parentStageIndex)
    const stage = { started: event, state: this.#options.beginStage(event, { story, stage: around }) }
    story.stages.set(event.stageIndex, stage)
    if (this.#open.has(story.id)) this.#runningStages += 1
    return stage
  }

  #end(story: MutableStory<S, T>, { stageIndex }: StageEvent): void {
    if (story.stages.delete(stageIndex) && this.#open.has(story.id)) this.#runningStages -= 1
  }
}
