/**
 * Figures of many runs: by agent, by job type, over time, and how long they took. A fold, so that runs are read in pages.
 *
 * What it gives is bounded, however many runs there are.
 */
import { attempt } from "../plain/untrusted.js"
import { type Bucket, emptyBucket, mergeInto } from "./runBucket.js"
import { type Status, statuses, statusOf } from "./runColumns.js"
import { histogramOf, type Percentiles, percentilesOf } from "./runDurations.js"
import { periodsOf, type Step } from "./runPeriods.js"
import type * as runRows from "./runRows.js"

/** How many runs have each status; what is not there is none. */
export type ByStatus = { readonly [S in Status]?: number }

/** The runs of one agent, or of one job type. */
export interface RunGroup {
  readonly name: string
  readonly count: number
  readonly by_status: ByStatus
  /** Time that they took in all, in milliseconds. */
  readonly duration_ms: number
}

export interface ItemCounts {
  readonly discovered: number
  readonly succeeded: number
  readonly failed: number
  readonly skipped: number
}

export interface Spending {
  readonly cost_usd: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
}

/** An hour, a day, a week, a month or a year in UTC. */
export interface RunPeriod extends Spending {
  /** ISO 8601. The next one begins where it ends. */
  readonly start: string
  readonly end: string
  readonly count: number
  readonly by_status: ByStatus
  readonly items: ItemCounts
  /** In milliseconds; `null` where no run of it has a duration. */
  readonly durations: Percentiles | null
}

export interface DurationBin {
  /** Whole milliseconds, from `from` up to but without `to`. The last one has no `to`. */
  readonly from: number
  readonly to: number | null
  readonly count: number
}

export interface RunAnalytics extends Spending {
  /** Runs that the figures are of. */
  readonly count: number
  /** Whether more runs match: the figures are then of the newest. */
  readonly limited: boolean
  readonly by_status: ByStatus
  /** The most frequent ones first. */
  readonly agents: ReadonlyArray<RunGroup>
  /** Those that are not in `agents`, because there are too many. */
  readonly other_agents: RunGroup | null
  readonly job_types: ReadonlyArray<RunGroup>
  readonly other_job_types: RunGroup | null
  readonly step: Step
  /** Without gaps, the oldest first. */
  readonly periods: ReadonlyArray<RunPeriod>
  /** Runs before the first of the periods. */
  readonly earlier: number
  readonly items: ItemCounts
  readonly durations: Percentiles | null
  readonly histogram: ReadonlyArray<DurationBin>
}

/** What is read of a run. */
export const analysedColumns = [
  "id",
  "created_at",
  "start_time",
  "agent_name",
  "job_type",
  "status",
  "duration_ms",
  "items_discovered",
  "items_succeeded",
  "items_failed",
  "items_skipped",
  "metrics_json"
] as const

/** Most agents, and most job types. */
const mostGroups = 30

const hour = 3_600_000

interface Group {
  readonly name: string
  count: number
  readonly byStatus: { [S in Status]?: number }
  duration: number
}

export class RunFold {
  #count = 0
  readonly #agents = new Map<string, Group>()
  readonly #jobTypes = new Map<string, Group>()
  readonly #hours = new Map<number, Bucket>()

  add(row: runRows.Found): void {
    const status = statusOf(row["status"]) ?? "running"
    const duration = numberOf(row["duration_ms"])
    this.#count += 1
    addTo(this.#agents, String(row["agent_name"]), status, duration ?? 0)
    addTo(this.#jobTypes, String(row["job_type"]), status, duration ?? 0)
    const start = Date.parse(String(row["start_time"]))
    if (Number.isFinite(start)) addRun(this.#bucket(Math.floor(start / hour) * hour), row, status, duration)
  }

  #bucket(at: number): Bucket {
    const known = this.#hours.get(at)
    if (known !== undefined) return known
    const made = emptyBucket(at, at + hour)
    this.#hours.set(at, made)
    return made
  }

  /** `limited`: whether there are runs that were not added. */
  result(limited: boolean): RunAnalytics {
    const { buckets, earlier, step } = periodsOf([...this.#hours.values()])
    const whole = emptyBucket(0, 0)
    for (const one of this.#hours.values()) mergeInto(whole, one)
    const [agents, others] = mostFrequent(this.#agents)
    const [jobTypes, otherJobTypes] = mostFrequent(this.#jobTypes)
    return {
      count: this.#count,
      limited,
      by_status: statusesOf([...this.#agents.values()]),
      agents,
      other_agents: others,
      job_types: jobTypes,
      other_job_types: otherJobTypes,
      step,
      periods: buckets.map(periodOf),
      earlier: earlier.reduce((sum, { count }) => sum + count, 0),
      items: { ...whole.items },
      durations: percentilesOf(whole.durations),
      histogram: histogramOf(whole.durations),
      ...spendingOf(whole)
    }
  }
}

const numberOf = (cell: unknown): number | undefined => {
  const number =
    typeof cell === "number" ? cell : typeof cell === "bigint" || typeof cell === "string" ? Number(cell) : NaN
  return Number.isFinite(number) && number >= 0 ? number : undefined
}

const addTo = (groups: Map<string, Group>, name: string, status: Status, duration: number): void => {
  const group = groups.get(name) ?? { name, count: 0, byStatus: {}, duration: 0 }
  groups.set(name, group)
  group.count += 1
  group.byStatus[status] = (group.byStatus[status] ?? 0) + 1
  group.duration += duration
}

const addRun = (bucket: Bucket, row: runRows.Found, status: Status, duration: number | undefined): void => {
  bucket.count += 1
  bucket.byStatus[status] = (bucket.byStatus[status] ?? 0) + 1
  bucket.items.discovered += numberOf(row["items_discovered"]) ?? 0
  bucket.items.succeeded += numberOf(row["items_succeeded"]) ?? 0
  bucket.items.failed += numberOf(row["items_failed"]) ?? 0
  bucket.items.skipped += numberOf(row["items_skipped"]) ?? 0
  // A run that goes on has taken no time yet.
  if (duration !== undefined && status !== "running") bucket.durations.push(duration)
  const metrics = metricsOf(row["metrics_json"])
  bucket.cost += numberOf(metrics["cost_usd"]) ?? 0
  bucket.promptTokens += numberOf(metrics["prompt_tokens"]) ?? 0
  bucket.completionTokens += numberOf(metrics["completion_tokens"]) ?? 0
}

const metricsOf = (cell: unknown): { readonly [name: string]: unknown } => {
  if (typeof cell !== "string") return {}
  const parsed: unknown = attempt(() => JSON.parse(cell), undefined)
  return typeof parsed === "object" && parsed !== null ? { ...parsed } : {}
}

const spendingOf = ({ completionTokens, cost, promptTokens }: Bucket): Spending => ({
  // Without the digits that adding makes up.
  cost_usd: Math.round(cost * 1e9) / 1e9,
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens
})

const periodOf = (bucket: Bucket): RunPeriod => ({
  start: new Date(bucket.start).toISOString(),
  end: new Date(bucket.end).toISOString(),
  count: bucket.count,
  by_status: bucket.byStatus,
  items: bucket.items,
  durations: percentilesOf(bucket.durations),
  ...spendingOf(bucket)
})

/** The most frequent groups, and the others as one. */
const mostFrequent = (groups: Map<string, Group>): readonly [ReadonlyArray<RunGroup>, RunGroup | null] => {
  const sorted = [...groups.values()].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
  const others = sorted.slice(mostGroups)
  return [
    sorted.slice(0, mostGroups).map(groupOf),
    others.length === 0
      ? null
      : {
          name: `${others.length} others`,
          count: others.reduce((sum, { count }) => sum + count, 0),
          by_status: statusesOf(others),
          duration_ms: others.reduce((sum, { duration }) => sum + duration, 0)
        }
  ]
}

const groupOf = ({ byStatus, count, duration, name }: Group): RunGroup => ({
  name,
  count,
  by_status: byStatus,
  duration_ms: duration
})

const statusesOf = (groups: ReadonlyArray<Group>): ByStatus => {
  const sums: { [S in Status]?: number } = {}
  for (const { byStatus } of groups) {
    for (const status of statuses) {
      const count = byStatus[status]
      if (count !== undefined) sums[status] = (sums[status] ?? 0) + count
    }
  }
  return sums
}
