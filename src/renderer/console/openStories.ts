/**
 * The stories that are running, as far as the console has to know them: who stands in whom, and how far they are.
 * Nothing is kept of a story that ended, and nothing grows without bound when ends go missing.
 */
import type { Progress } from "../../event/FailureReport.js"
import type {
  NarrativeEvent,
  StageCancelled,
  StageEvent,
  StageFailed,
  StageProgressed,
  StageStarted
} from "../../event/NarrativeEvent.js"

const maxStories = 10_000
const maxStagesOfAStory = 1_000

/** A story nobody is the parent of; its sub-stories share its id tag and its colour. */
export interface Root {
  readonly id: string
  readonly number: number
  /** Running stories of the tree, this one included. */
  running: number
  /** Whether a line told the id tag together with the story's name. */
  introduced: boolean
}

export interface OpenStage {
  readonly event: StageEvent
  /** On the monotonic clock of the display, see {@link OpenStories}. */
  readonly since: number
  progress: Pick<StageProgressed, "done" | "total"> | undefined
}

export interface OpenStory {
  readonly id: string
  readonly name: string
  readonly root: Root
  /** An id and not the story: a chain of stories that each outlive their parent must not be held together. */
  readonly parentId: string | null
  /** How deep the story's own lines are indented, and how deep its outermost stages. */
  readonly level: number
  readonly stageLevel: number
  readonly since: number
  readonly totalStages: number | null
  /** In order of starting, by index. */
  readonly stages: Map<number, OpenStage>
  progress: Progress | undefined
  /** Ends of stages that are not told yet, because the coming events decide how. */
  held: Array<StageFailed | StageCancelled>
}

/**
 * `now` is a real clock and not Effect's `Clock`: it only measures how long a person has been watching. What the lines
 * say of durations comes from the events.
 */
export class OpenStories {
  readonly byId = new Map<string, OpenStory>()
  readonly roots = new Map<string, Root>()
  #rootsSeen = 0
  #runningStages = 0

  constructor(readonly now: () => number) {}

  /** Takes in what the event begins or changes. A story whose start was never seen begins with its first event. */
  enter(event: NarrativeEvent): OpenStory {
    const story = this.byId.get(event.storyId) ?? this.#open(event)
    switch (event._tag) {
      case "StageStarted":
        this.#start(story, event)
        break
      case "StageProgressed": {
        const stage = story.stages.get(event.stageIndex)
        if (stage !== undefined) stage.progress = event
        break
      }
      case "StageCompleted":
      case "StageFailed":
      case "StageCancelled":
        story.progress = event.progress
    }
    return story
  }

  /** Forgets what the event ends. */
  leave(event: NarrativeEvent, story: OpenStory): void {
    switch (event._tag) {
      case "StageCompleted":
      case "StageFailed":
      case "StageCancelled":
        this.#end(story, event.stageIndex)
        break
      case "StoryCompleted":
        this.#close(story)
    }
  }

  get hasRunningStages(): boolean {
    return this.#runningStages > 0
  }

  #open(event: NarrativeEvent): OpenStory {
    if (this.byId.size >= maxStories) this.#closeOldest()
    const root = this.#rootOf(event.rootStoryId)
    root.running += 1
    const parent = event.parentStoryId === null ? undefined : this.byId.get(event.parentStoryId)
    const level = parent === undefined ? 0 : levelWithin(parent)
    const story: OpenStory = {
      id: event.storyId,
      name: event.storyName,
      root,
      parentId: event.parentStoryId,
      level,
      stageLevel: parent === undefined ? 0 : level + 1,
      since: this.now(),
      totalStages: event._tag === "StoryStarted" ? event.totalStages : null,
      stages: new Map(),
      progress: undefined,
      held: []
    }
    this.byId.set(story.id, story)
    return story
  }

  #rootOf(id: string): Root {
    const known = this.roots.get(id)
    if (known !== undefined) return known
    const root: Root = { id, number: this.#rootsSeen++, running: 0, introduced: false }
    this.roots.set(id, root)
    return root
  }

  #start(story: OpenStory, event: StageStarted): void {
    if (story.stages.size >= maxStagesOfAStory) {
      for (const oldest of story.stages.keys()) {
        this.#end(story, oldest)
        break
      }
    }
    this.#end(story, event.stageIndex)
    this.#runningStages += 1
    story.stages.set(event.stageIndex, { event, since: this.now(), progress: undefined })
  }

  #end(story: OpenStory, stageIndex: number): void {
    if (story.stages.delete(stageIndex)) this.#runningStages -= 1
  }

  #closeOldest(): void {
    for (const oldest of this.byId.values()) {
      this.#close(oldest)
      return
    }
  }

  #close(story: OpenStory): void {
    if (!this.byId.delete(story.id)) return
    this.#runningStages -= story.stages.size
    story.root.running -= 1
    if (story.root.running === 0) this.roots.delete(story.root.id)
  }
}

/** A sub-story stands below the innermost stage its parent has open; which one started it, events do not tell. */
const levelWithin = (parent: OpenStory): number => {
  let level = parent.level + 1
  for (const stage of parent.stages.values()) level = Math.max(level, parent.stageLevel + stage.event.depth + 1)
  return level
}
