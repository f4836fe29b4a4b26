/**
 * The pages of the stories that are running, and of those whose analysis is still to come. Nothing is kept of a page
 * that was written for good, and nothing grows without bound.
 */
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import type { Finished } from "./pageStore.js"
import { StoryPage } from "./storyPage.js"

/** Most root stories followed at the same time. The oldest are given up. */
const maxOpen = 10_000
/** Most pages that are tried again. */
const maxRetried = 100
/** Most pages kept for an analysis that may come, and most nodes on them. */
const maxAwaiting = 64
const maxAwaitingNodes = 40_000

export interface Due extends Finished {
  /**
   * The root story its events name. Not always the story the page is of: a sub-story that begins when its root's page
   * was written for good has a page of its own.
   */
  readonly root: string
}

export class OpenPages {
  readonly #open = new Map<string, StoryPage>()
  readonly #awaiting = new Map<string, StoryPage>()
  readonly #due = new Set<string>()

  take(event: NarrativeEvent): void {
    const id = event.rootStoryId
    const page = this.#open.get(id) ?? this.#awaiting.get(id) ?? this.#begin(event)
    // An analysis of a story that was given up.
    if (page === undefined) return
    const wasEnded = page.isEnded
    page.take(event)
    const isDue = event._tag === "AnalysisReady" ? wasEnded : page.isEnded && (!wasEnded || page.isComplete)
    if (isDue) this.#due.add(id)
  }

  /** What is to be written now, oldest first. `all`: nothing more will come, so whatever runs is written as well. */
  due(all: boolean): ReadonlyArray<Due> {
    const roots = all ? new Set([...this.#due, ...this.#open.keys()]) : this.#due
    return Array.from(roots).flatMap((root) => {
      const page = this.#open.get(root) ?? this.#awaiting.get(root)
      return page === undefined ? [] : [{ root, id: page.id, card: page.card(all), story: page.data(all) }]
    })
  }

  /** Whether a story is running that no page has been written of for good. */
  get hasRunning(): boolean {
    return Array.from(this.#open.values()).some((page) => !page.isEnded)
  }

  /** These were written; `all` as in {@link due}. */
  written(pages: ReadonlyArray<Due>, all: boolean): void {
    for (const { root } of pages) {
      this.#due.delete(root)
      const page = this.#open.get(root) ?? this.#awaiting.get(root)
      if (page === undefined || !(all || page.isComplete)) continue
      this.#open.delete(root)
      this.#awaiting.delete(root)
      if (page.isAwaitingAnalysis) this.#awaiting.set(root, page)
    }
    this.#evict()
  }

  /** They could not be written. The latest will be tried again. */
  unwritten(): void {
    for (const oldest of this.#due) {
      if (this.#due.size <= maxRetried) break
      this.#due.delete(oldest)
      this.#open.delete(oldest)
      this.#awaiting.delete(oldest)
    }
  }

  #begin(event: NarrativeEvent): StoryPage | undefined {
    if (event._tag === "AnalysisReady") return undefined
    const page = new StoryPage(event)
    this.#open.set(event.rootStoryId, page)
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= maxOpen) break
      this.#open.delete(oldest)
      this.#due.delete(oldest)
    }
    return page
  }

  #evict(): void {
    let nodes = 0
    for (const page of this.#awaiting.values()) nodes += page.size
    for (const [oldest, page] of this.#awaiting) {
      if (this.#awaiting.size <= maxAwaiting && nodes <= maxAwaitingNodes) break
      this.#awaiting.delete(oldest)
      this.#due.delete(oldest)
      nodes -= page.size
    }
  }
}
