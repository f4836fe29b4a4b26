/**
 * What is known of the runs that started in some time, and putting two such times together.
 */
import { type Status, statuses } from "./runColumns.js"

export interface Bucket {
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly end: number
  count: number
  readonly byStatus: { [S in Status]?: number }
  readonly items: { discovered: number; succeeded: number; failed: number; skipped: number }
  cost: number
  promptTokens: number
  completionTokens: number
  readonly durations: Array<number>
}

export const emptyBucket = (start: number, end: number): Bucket => ({
  start,
  end,
  count: 0,
  byStatus: {},
  items: { discovered: 0, succeeded: 0, failed: 0, skipped: 0 },
  cost: 0,
  promptTokens: 0,
  completionTokens: 0,
  durations: []
})

/** Adds what is in one bucket to another. */
export const mergeInto = (into: Bucket, from: Bucket): void => {
  into.count += from.count
  for (const status of statuses) {
    const count = from.byStatus[status]
    if (count !== undefined) into.byStatus[status] = (into.byStatus[status] ?? 0) + count
  }
  into.items.discovered += from.items.discovered
  into.items.succeeded += from.items.succeeded
  into.items.failed += from.items.failed
  into.items.skipped += from.items.skipped
  into.cost += from.cost
  into.promptTokens += from.promptTokens
  into.completionTokens += from.completionTokens
  for (const duration of from.durations) into.durations.push(duration)
}
