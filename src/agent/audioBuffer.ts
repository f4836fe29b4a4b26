/**
 * A buffer of samples between who makes them and who plays them, which never cuts one in half.
 */
import type { Said } from "./chunkQueue.js"

export interface BufferSettings {
  readonly targetMillis: number
  readonly maxMillis: number
  /** Bytes of one sample of all channels: what is never cut. */
  readonly frameBytes: number
  readonly framesPerSecond: number
}

/** How much is dropped at a time, in milliseconds. */
const dropStep = 50

export class AudioBufferState {
  #chunks: Array<Uint8Array> = []
  #bytes = 0
  /** The beginning of a frame whose end has not come yet. */
  #rest = new Uint8Array(0)
  #started = false
  isUnderrun = false
  totalReceived = 0
  totalRead = 0
  totalDropped = 0

  constructor(readonly settings: BufferSettings) {}

  /** Whole frames. */
  get bytes(): number {
    return this.#bytes
  }

  get durationMillis(): number {
    return (this.#bytes / this.settings.frameBytes / this.settings.framesPerSecond) * 1_000
  }

  get isReady(): boolean {
    return this.durationMillis >= this.settings.targetMillis
  }

  write(chunk: Uint8Array, say: (said: Said) => void): void {
    this.totalReceived += chunk.length
    const joined = new Uint8Array(this.#rest.length + chunk.length)
    joined.set(this.#rest)
    joined.set(chunk, this.#rest.length)
    const whole = joined.length - (joined.length % this.settings.frameBytes)
    this.#rest = joined.slice(whole)
    if (whole > 0) this.#chunks.push(joined.subarray(0, whole))
    this.#bytes += whole
    this.#dropOldest(say)
    if (this.isReady) this.#started = true
  }

  /** At most so many bytes, in whole frames; fewer where there are fewer, and none until the buffer was filled once. */
  read(requested: number, say: (said: Said) => void): Uint8Array {
    const wanted = requested - (requested % this.settings.frameBytes)
    if (!this.#started || wanted <= 0) return new Uint8Array(0)
    const data = {
      bytes_requested: wanted,
      bytes_available: this.#bytes,
      buffer_duration_ms: rounded(this.durationMillis)
    }
    const isShort = this.#bytes < wanted
    const taken = this.#take(Math.min(wanted, this.#bytes))
    this.totalRead += taken.length
    if (isShort && !this.isUnderrun) {
      this.isUnderrun = true
      say(["buffer_underrun", data])
    }
    if (!isShort && this.isUnderrun) {
      this.isUnderrun = false
      say(["buffer_recovered", { buffer_duration_ms: rounded(this.durationMillis), bytes_available: this.#bytes }])
    }
    return taken
  }

  #bytesOf(millis: number): number {
    return Math.floor((millis / 1_000) * this.settings.framesPerSecond) * this.settings.frameBytes
  }

  #dropOldest(say: (said: Said) => void): void {
    const most = Math.max(this.settings.frameBytes, this.#bytesOf(this.settings.maxMillis))
    if (this.#bytes <= most) return
    const step = Math.max(this.settings.frameBytes, this.#bytesOf(dropStep))
    const dropped = Math.min(this.#bytes, Math.ceil((this.#bytes - most) / step) * step)
    this.#take(dropped)
    this.totalDropped += dropped
    say([
      "buffer_overflow",
      {
        bytes_dropped: dropped,
        buffer_duration_ms: rounded(this.durationMillis),
        max_duration_ms: this.settings.maxMillis
      }
    ])
  }

  #take(count: number): Uint8Array {
    const taken = new Uint8Array(count)
    let filled = 0
    while (filled < count) {
      const [first] = this.#chunks
      if (first === undefined) break
      const part = first.subarray(0, count - filled)
      taken.set(part, filled)
      filled += part.length
      if (part.length === first.length) this.#chunks.shift()
      else this.#chunks[0] = first.subarray(part.length)
    }
    this.#bytes -= filled
    return taken
  }
}

const rounded = (millis: number): number => Math.round(millis * 1_000) / 1_000
