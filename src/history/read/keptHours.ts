/**
 * Hours that were read before, with every duration: who asks for statistics again reads only those that are new.
 */
import type { Counts } from "./windowCounts.js"

/** An hour as it was counted. What changes an hour removes its row, and it is counted again under another number. */
export interface CountedHour {
  readonly id: number
  readonly hour: string
  /** A database that was put in the place of another one may have the same numbers. */
  readonly claimed_at: number
}

interface Kept {
  readonly counts: ReadonlyArray<Counts>
  readonly bytes: number
  lastUse: number
}

const mostBytes = 16 * 1_048_576

/** Of one database. */
export class KeptHours {
  /** Those that were used last are the last. */
  readonly #hours = new Map<string, Kept>()
  #bytes = 0
  #uses = 0

  constructor(readonly most = mostBytes) {}

  get bytes(): number {
    return this.#bytes
  }

  /** What is asked for together is not kept at each other's cost: of a time that is too long for all of it, a part is. */
  begin(): void {
    this.#uses += 1
  }

  get(hour: CountedHour): ReadonlyArray<Counts> | undefined {
    const key = keyOf(hour)
    const kept = this.#hours.get(key)
    if (kept === undefined) return undefined
    kept.lastUse = this.#uses
    this.#hours.delete(key)
    this.#hours.set(key, kept)
    return kept.counts
  }

  set(hour: CountedHour, counts: ReadonlyArray<Counts>): void {
    const bytes = counts.reduce((sum, one) => sum + bytesOf(one), bytesOfEntry)
    for (const [key, kept] of this.#hours) {
      if (this.#bytes + bytes <= this.most || kept.lastUse === this.#uses) break
      this.#hours.delete(key)
      this.#bytes -= kept.bytes
    }
    const key = keyOf(hour)
    if (this.#bytes + bytes > this.most || this.#hours.has(key)) return
    this.#hours.set(key, { counts, bytes, lastUse: this.#uses })
    this.#bytes += bytes
  }
}

const keyOf = ({ claimed_at, hour, id }: CountedHour): string => `${id} ${hour} ${claimed_at}`

const [bytesOfEntry, bytesOfGroup, bytesOfDuration] = [200, 200, 8]

/** About so many, of which the durations are most. */
const bytesOf = ({ slowest, stages, stories }: Counts): number =>
  [...stories, ...stages].reduce((sum, { seconds }) => sum + bytesOfGroup + seconds.length * bytesOfDuration, 0) +
  slowest.length * bytesOfGroup
