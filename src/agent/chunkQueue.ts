/**
 * A bounded queue of chunks, and the levels at which it has something to say. Mutable on purpose: each change is one synchronous step.
 */

/** What the queue says: the name of the event after `stream.`, and its data. */
export type Said = readonly [name: string, data: { readonly [name: string]: number | string }]

export interface QueueSettings {
  readonly maxSize: number
  /** Whether a chunk for which there is no room takes the place of the oldest one. */
  readonly dropOnOverflow: boolean
  readonly throttleAt: number
  readonly resumeAt: number
}

export class ChunkQueueState<A> {
  readonly #items: Array<A> = []
  #waiting = new Set<() => void>()
  isClosed = false
  isThrottled = false
  totalItems = 0
  droppedItems = 0
  blockedPuts = 0
  totalBlockedMillis = 0
  maxQueueSize = 0

  constructor(readonly settings: QueueSettings) {}

  get size(): number {
    return this.#items.length
  }

  /** `undefined`: it has to wait for room. */
  put(chunk: A, say: (said: Said) => void): boolean | undefined {
    if (this.isClosed) return false
    if (this.#items.length >= this.settings.maxSize) {
      if (!this.settings.dropOnOverflow) return undefined
      this.#items.shift()
      this.#dropped("overflow", say)
    }
    this.#items.push(chunk)
    this.totalItems += 1
    this.maxQueueSize = Math.max(this.maxQueueSize, this.#items.length)
    this.#changed(say)
    return true
  }

  /** A chunk that is not waited for. */
  refuse(say: (said: Said) => void): void {
    this.#dropped("queue_full", say)
  }

  /** Nothing where there is none; whether there may be one yet is what {@link isClosed} says. */
  take(say: (said: Said) => void): { readonly chunk: A } | undefined {
    if (this.#items.length === 0) return undefined
    const [chunk] = this.#items.splice(0, 1) as [A]
    this.#changed(say)
    return { chunk }
  }

  close(say: (said: Said) => void): void {
    if (this.isClosed) return
    this.isClosed = true
    say([
      "queue_closed",
      {
        total_items: this.totalItems,
        dropped_items: this.droppedItems,
        blocked_puts: this.blockedPuts,
        max_queue_size: this.maxQueueSize,
        total_blocked_ms: this.totalBlockedMillis
      }
    ])
    this.#wake()
  }

  /** A producer waited until now. */
  blocked(millis: number, say: (said: Said) => void): void {
    this.totalBlockedMillis += millis
    if (millis > 1) say(["producer_blocked", { blocked_ms: millis, queue_size: this.size }])
  }

  /** Calls back at the next change. Gives what takes the call back. */
  onChange(f: () => void): () => void {
    this.#waiting.add(f)
    return () => this.#waiting.delete(f)
  }

  #dropped(reason: string, say: (said: Said) => void): void {
    this.droppedItems += 1
    say(["chunk_dropped", { queue_size: this.size, max_size: this.settings.maxSize, reason }])
  }

  #changed(say: (said: Said) => void): void {
    const fill = this.#items.length / this.settings.maxSize
    if (this.isThrottled ? fill <= this.settings.resumeAt : fill >= this.settings.throttleAt) {
      this.isThrottled = !this.isThrottled
      const data = { fill_percentage: Math.round(fill * 10_000) / 100, queue_size: this.size }
      say([this.isThrottled ? "throttle_started" : "throttle_ended", data])
    }
    this.#wake()
  }

  /** All of them: one that is interrupted right after it was woken must not be the only one who knew. */
  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const resume of waiting) resume()
  }
}
