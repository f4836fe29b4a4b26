/**
 * The order of what is written of a run: by time, within a process without ties, and across processes as good as their
 * clocks, but never before what the writer has seen.
 *
 * A revision is a text; texts are compared. Its first character is its rank: that a run runs (0) gives way to a sweep (1),
 * and that to whatever the run itself, or a person, says of its end (2), whenever that arrives.
 */
import { randomBytes } from "node:crypto"

export type Rank = 0 | 1 | 2

/** Nine digits of base 36 last until the year 5188. */
const timeDigits = 9
const countDigits = 4
const maxCount = 36 ** countDigits

const writer = randomBytes(4).toString("hex")

let last = 0
let count = 0

/** A revision after all that this process made or has seen. `now` in milliseconds since the epoch. */
export const next = (now: number, rank: Rank): string => {
  const millis = Math.max(0, Math.floor(now))
  // A clock that was set back must not make an end older than its start.
  if (millis > last) {
    last = millis
    count = 0
  } else if (++count >= maxCount) {
    last += 1
    count = 0
  }
  return made(rank, last, count, writer)
}

/** Makes sure that the next revision is after this one. */
export const observe = (revision: string): void => {
  const millis = millisOf(revision)
  if (millis > last) {
    last = millis
    count = maxCount - 1
  }
}

/** A revision of something written without one: the same whenever it is read. */
export const of = (rank: Rank, millis: number, position: number, source: string): string =>
  made(rank, Math.max(0, Math.floor(millis)), position % maxCount, source)

const made = (rank: Rank, millis: number, count: number, source: string): string =>
  `${rank}${millis.toString(36).padStart(timeDigits, "0")}${count.toString(36).padStart(countDigits, "0")}${source}`

/** When it was made, in milliseconds since the epoch. */
export const millisOf = (revision: string): number => {
  const millis = Number.parseInt(revision.slice(1, 1 + timeDigits), 36)
  return Number.isFinite(millis) ? millis : 0
}

/** 0, 1 or 2. */
export const rankOf = (revision: string): number => revision.charCodeAt(0) - 48

const pattern = /^[012][0-9a-z]{13}[0-9a-z]{1,16}$/

export const isRevision = (value: unknown): value is string => typeof value === "string" && pattern.test(value)
