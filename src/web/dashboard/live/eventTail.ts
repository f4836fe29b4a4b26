/**
 * The last events, as they arrive; while it is paused they wait.
 */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals"
import type { EventJson } from "../../../server/readModels.js"
import type { ServerEvent } from "./eventParser.js"

/** Most events that are kept: those that are shown, and those that wait. */
const mostKept = 500

export type Connection = "connecting" | "open" | "lost"

export class EventTail {
  readonly #shown = signal<ReadonlyArray<EventJson>>([])
  readonly #waiting = signal<ReadonlyArray<EventJson>>([])
  readonly #missed = signal(0)
  readonly #last = signal(0)
  readonly isPaused = signal(false)
  readonly connection = signal<Connection>("connecting")
  /** Newest first. */
  readonly events: ReadonlySignal<ReadonlyArray<EventJson>>
  readonly waiting: ReadonlySignal<number>

  constructor() {
    this.events = this.#shown
    this.waiting = computed(() => this.#waiting.value.length + this.#missed.value)
  }

  /** The cursor of the last event. */
  get last(): number {
    return this.#last.peek()
  }

  /** Events that came while it was paused, and were more than are kept. */
  get missed(): ReadonlySignal<number> {
    return this.#missed
  }

  readonly take = ({ data }: ServerEvent): void => {
    // What this server sends as an event of a story.
    const event = JSON.parse(data) as EventJson
    // A server that sends one again does so after a lost connection.
    if (event.cursor <= this.#last.peek()) return
    batch(() => {
      this.#last.value = event.cursor
      if (!this.isPaused.peek()) {
        this.#shown.value = [event, ...this.#shown.peek()].slice(0, mostKept)
        return
      }
      const waiting = [event, ...this.#waiting.peek()]
      if (waiting.length > mostKept) this.#missed.value += 1
      this.#waiting.value = waiting.slice(0, mostKept)
    })
  }

  pause(): void {
    this.isPaused.value = true
  }

  resume(): void {
    batch(() => {
      this.isPaused.value = false
      this.#shown.value = [...this.#waiting.peek(), ...this.#shown.peek()].slice(0, mostKept)
      this.#waiting.value = []
      this.#missed.value = 0
    })
  }

  clear(): void {
    this.#shown.value = []
  }
}
