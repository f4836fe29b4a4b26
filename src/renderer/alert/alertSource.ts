/**
 * Which events are alerts. It follows the stories that are open, so that an alert of a sub-story knows the stories around
 * it, and that a story whose failure was reported is no second alert when it ends.
 */
import type { NarrativeEvent, StoryStatus } from "../../event/NarrativeEvent.js"
import { OpenStories } from "../../event/openStories.js"
import * as Alert from "./Alert.js"

/** Deepest nesting of stories that an alert names. */
const maxPath = 32

export class AlertSource {
  readonly #open = new OpenStories<{ failed: boolean }>({
    beginStory: () => ({ failed: false }),
    beginStage: () => undefined
  })
  #last: NarrativeEvent | undefined
  #alert: Alert.OccurrenceAlert | undefined

  /** `wanted`: every status that some destination wants. */
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
        this.#open.take(event)
        return undefined
      case "FailureOccurred": {
        if (!event.handled) this.#open.take(event).story.state.failed = true
        const alert = Alert.fromFailure(event, this.#contextOf(event.storyId, event.storyName))
        return this.wanted.has(alert.status) ? alert : undefined
      }
      case "StoryCompleted": {
        const context = this.#contextOf(event.storyId, event.storyName)
        const wasReported = this.#open.take(event).story.state.failed || event.causedBy !== null
        const status = wasReported ? undefined : statusOf(event.status)
        return status !== undefined && this.wanted.has(status) ? Alert.fromStory(event, status, context) : undefined
      }
      default:
        return undefined
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
    return { path, labels: story?.started?.labels ?? {} }
  }
}

const statusOf = (status: StoryStatus): Alert.AlertStatus | undefined => (status === "success" ? undefined : status)
