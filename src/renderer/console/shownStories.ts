/**
 * The stories that are running, as far as the console has to know them: who is in whom, how they are called where lines
 * could belong to several, and how far they are.
 */
import type { Progress } from "../../event/FailureReport.js"
import type { NarrativeEvent, StageCancelled, StageFailed, StageProgressed } from "../../event/NarrativeEvent.js"
import * as openStories from "../../event/openStories.js"
import { shortStoryId } from "../../event/shortStoryId.js"

/** A story that has no parent, with everything in it; its sub-stories share its colour. */
export interface Root {
  readonly id: string
  readonly number: number
  /** Running stories of the tree, this one included. */
  running: number
}

interface StageState {
  /** On the monotonic clock of the display, see {@link ShownStories}. */
  readonly since: number
  progress: Pick<StageProgressed, "done" | "total"> | undefined
}

interface StoryState {
  readonly root: Root
  /** A short id, the story's own among those that are running. */
  readonly shortId: string
  /** Whether a line had the short id together with the story's name. */
  introduced: boolean
  /** How deep the story's own lines are indented, and how deep its outermost stages. */
  readonly level: number
  readonly stageLevel: number
  readonly since: number
  progress: Progress | undefined
  /** Running sub-stories, not theirs. */
  children: number
  /** Running stages that no line has named yet, in order of starting. */
  readonly unnamed: Set<ShownStage>
  /** Ends of stages that are held back for a moment, because the next events decide how they are shown. */
  held: Array<StageFailed | StageCancelled>
}

export type ShownStory = openStories.OpenStory<StoryState, StageState>
export type ShownStage = openStories.OpenStage<StageState>

/**
 * `now` is a real clock and not Effect's `Clock`: it only measures how long a person has been watching. The durations of
 * lines come from the events.
 */
export class ShownStories {
  readonly roots = new Map<string, Root>()
  readonly #open: openStories.OpenStories<StoryState, StageState>
  readonly #shortIds = new Set<string>()
  #rootsSeen = 0
  #innermost = 0

  constructor(readonly now: () => number) {
    this.#open = new openStories.OpenStories<StoryState, StageState>({
      beginStory: (event, { story: parent }) => this.#begin(event, parent),
      beginStage: () => ({ since: this.now(), progress: undefined }),
      endStory: (story) => this.#forget(story)
    })
  }

  get size(): number {
    return this.#open.size
  }

  get hasRunningStages(): boolean {
    return this.#open.runningStages > 0
  }

  /** Whether a line could belong to more than one story: they are not all inside each other. */
  get isAmbiguous(): boolean {
    return this.#innermost > 1
  }

  get(storyId: string): ShownStory | undefined {
    return this.#open.get(storyId)
  }

  values(): IterableIterator<ShownStory> {
    return this.#open.values()
  }

  /** Takes in what the event begins, changes and ends. */
  take(event: openStories.LiveEvent): openStories.Taken<StoryState, StageState> {
    const taken = this.#open.take(event)
    const { stage, story } = taken
    switch (event._tag) {
      case "StageStarted":
        if (stage !== undefined) story.state.unnamed.add(stage)
        break
      case "StageProgressed":
        if (stage !== undefined) stage.state.progress = event
        break
      case "StageCompleted":
      case "StageFailed":
      case "StageCancelled":
        story.state.progress = event.progress
        if (stage !== undefined) story.state.unnamed.delete(stage)
    }
    return taken
  }

  #begin(event: NarrativeEvent, parent: ShownStory | undefined): StoryState {
    const root = this.#rootOf(event.rootStoryId)
    root.running += 1
    if (parent === undefined || parent.state.children > 0) this.#innermost += 1
    if (parent !== undefined) parent.state.children += 1
    const shortId = shortStoryId(event.storyId, (end) => this.#shortIds.has(end))
    this.#shortIds.add(shortId)
    const level = parent === undefined ? 0 : levelWithin(parent)
    return {
      root,
      shortId,
      introduced: false,
      level,
      stageLevel: parent === undefined ? 0 : level + 1,
      since: this.now(),
      progress: undefined,
      children: 0,
      unnamed: new Set(),
      held: []
    }
  }

  #rootOf(id: string): Root {
    const known = this.roots.get(id)
    if (known !== undefined) return known
    const root: Root = { id, number: this.#rootsSeen++, running: 0 }
    this.roots.set(id, root)
    return root
  }

  #forget({ parentId, state }: ShownStory): void {
    this.#shortIds.delete(state.shortId)
    state.root.running -= 1
    if (state.root.running === 0) this.roots.delete(state.root.id)
    const parent = parentId === null ? undefined : this.#open.get(parentId)
    if (parent !== undefined) parent.state.children -= 1
    if (state.children === 0) this.#innermost -= 1
    if (parent?.state.children === 0) this.#innermost += 1
  }
}

/** A sub-story is shown below the innermost stage that its parent has open. */
const levelWithin = (parent: ShownStory): number => {
  let level = parent.state.level + 1
  for (const { started } of parent.stages.values()) {
    level = Math.max(level, parent.state.stageLevel + started.depth + 1)
  }
  return level
}
