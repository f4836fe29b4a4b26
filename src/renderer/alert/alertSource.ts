/**
 * Which events are alerts. It follows the stories that are open, so that an alert of a sub-story knows the stories around
 * it, and that a story whose failure was told is not told of a second time when it ends.
 */
import type { NarrativeEvent, StoryStatus } from "../../event/NarrativeEvent.js"
import type { PlainRecord } from "../../plain/PlainValue.js"
import * as Alert from "./Alert.js"

interface OpenStory {
  readonly name: string
  readonly parentId: string | null
  readonly labels: PlainRecord
  failed: boolean
}

/** Most open stories followed at a time; beyond it the oldest is forgotten. */
const maxOpenStories = 10_000
/** Deepest nesting of stories that is told. */
const maxPath = 32

export class AlertSource {
  readonly #open = new Map<string, OpenStory>()
  #last: NarrativeEvent | undefined
  #alert: Alert.OccurrenceAlert | undefined

  /** `wanted`: every status that some destination wants to be told of. */
  constructor(readonly wanted: ReadonlySet<Alert.AlertStatus>) {}

  /** The alert an event is, if any. Every destination asks of the same event. */
  of(event: NarrativeEvent): Alert.OccurrenceAlert | undefined {
    if (event !== this.#last) {
      this.#last = event
      this.#alert = this.#make(event)
    }
    return this.#alert
  }

  #make(event: NarrativeEvent): Alert.OccurrenceAlert | undefined {
    switch (event._tag) {
      case "StoryStarted":
        this.#enter(event.storyId, event.storyName, event.parentStoryId, event.labels)
        return undefined
      case "FailureOccurred": {
        if (!event.handled) {
          const story = this.#open.get(event.storyId)
          if (story === undefined) this.#enter(event.storyId, event.storyName, event.parentStoryId, {}, true)
          else story.failed = true
        }
        const alert = Alert.fromFailure(event, this.#contextOf(event.storyId, event.storyName))
        return this.wanted.has(alert.status) ? alert : undefined
      }
      case "StoryCompleted": {
        const context = this.#contextOf(event.storyId, event.storyName)
        const wasTold = this.#open.get(event.storyId)?.failed === true || event.causedBy !== null
        this.#open.delete(event.storyId)
        const status = wasTold ? undefined : statusOf(event.status)
        return status !== undefined && this.wanted.has(status) ? Alert.fromStory(event, status, context) : undefined
      }
      default:
        return undefined
    }
  }

  #enter(id: string, name: string, parentId: string | null, labels: PlainRecord, failed = false): void {
    this.#open.set(id, { name, parentId, labels, failed })
    if (this.#open.size <= maxOpenStories) return
    for (const oldest of this.#open.keys()) {
      this.#open.delete(oldest)
      break
    }
  }

  #contextOf(id: string, name: string): Alert.StoryContext {
    const path = [name]
    const story = this.#open.get(id)
    let parentId = story?.parentId ?? null
    while (parentId !== null && path.length < maxPath) {
      const around = this.#open.get(parentId)
      if (around === undefined) break
      path.unshift(around.name)
      parentId = around.parentId
    }
    return { path, labels: story?.labels ?? {} }
  }
}

const statusOf = (status: StoryStatus): Alert.AlertStatus | undefined => (status === "success" ? undefined : status)
