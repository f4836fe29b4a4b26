/**
 * Changes of many runs at a time: made in the background, one run after the other, with an outcome for each, and undone as
 * far as the same was not changed since.
 */
import { randomUUID } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { PlainValue } from "../plain/PlainValue.js"
import type { Changes, RunColumn } from "../runs/runColumns.js"
import * as runRows from "../runs/runRows.js"
import { Refusal } from "./answers.js"
import type { RunWrites } from "./runWrites.js"

export type Outcome = "waiting" | "changed" | "unchanged" | "failed"

/** One run of a change. */
export interface Item {
  readonly eventId: string
  outcome: Outcome
  /** What its fields were, where it was changed. */
  before?: Changes
  /** Why it failed. */
  detail?: Refusal["detail"]
}

/** What is to be done with one run: the changes, from its columns. */
type Plan = (columns: Changes, item: Item) => Effect.Effect<Changes, Refusal>

export interface Job {
  readonly id: string
  readonly begun: number
  /** What was asked for. */
  readonly changes: Changes
  /** The job that this one undoes. */
  readonly undoes: string | undefined
  readonly items: ReadonlyArray<Item>
  readonly counts: { [O in Outcome]: number }
  state: "running" | "done" | "cancelled"
}

export interface BulkJobs {
  readonly start: (eventIds: ReadonlyArray<string>, changes: Changes) => Effect.Effect<Job>
  /** Tries again what failed. */
  readonly retry: (job: Job) => Effect.Effect<Job, Refusal>
  /** Gives what was changed the values that it had. */
  readonly undo: (job: Job) => Effect.Effect<Job, Refusal>
  readonly cancel: (job: Job) => Effect.Effect<Job>
  readonly find: (id: string) => Job | undefined
  /** The newest first. */
  readonly all: () => ReadonlyArray<Job>
}

/** Runs that are changed at a time; they share writes to the disk. */
const concurrency = 16
/** Jobs that are remembered. */
const mostJobs = 20

/** @internal */
export const make = ({ change }: RunWrites): Effect.Effect<BulkJobs, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const jobs = new Map<string, Job>()
    const plans = new Map<string, Plan>()
    const fibers = new Map<string, Fiber.RuntimeFiber<void>>()
    const run = (job: Job, plan: Plan) =>
      Effect.gen(function* () {
        job.state = "running"
        const work = Effect.forEach(
          job.items.filter(({ outcome }) => outcome === "waiting"),
          (item) => apply(change, job, item, plan),
          { concurrency, discard: true }
        )
        const fiber = yield* work.pipe(
          Effect.onExit(() =>
            Effect.sync(() => {
              job.state = job.counts.waiting > 0 ? "cancelled" : "done"
            })
          ),
          Effect.forkIn(scope)
        )
        fibers.set(job.id, fiber)
        return job
      })
    const begin = (items: ReadonlyArray<Item>, changes: Changes, undoes: string | undefined, plan: Plan) =>
      Effect.gen(function* () {
        const job: Job = {
          id: randomUUID(),
          begun: yield* Clock.currentTimeMillis,
          changes,
          undoes,
          items,
          counts: { waiting: items.length, changed: 0, unchanged: 0, failed: 0 },
          state: "running"
        }
        jobs.set(job.id, job)
        plans.set(job.id, plan)
        forgetOldest(jobs, plans, fibers)
        return yield* run(job, plan)
      })
    return {
      start: (eventIds, changes) => begin(eventIds.map(waiting), changes, undefined, () => Effect.succeed(changes)),
      retry: (job) =>
        Effect.suspend(() => {
          const plan = plans.get(job.id)
          const failed = job.items.filter(({ outcome }) => outcome === "failed" || outcome === "waiting")
          if (job.state === "running" || plan === undefined || failed.length === 0)
            return nothing("nothing of it failed")
          for (const item of failed) settle(job, item, "waiting")
          return run(job, plan)
        }),
      undo: (job) =>
        Effect.suspend(() => {
          const changed = new Map(
            job.items.flatMap((item) =>
              item.outcome === "changed" && item.before !== undefined ? [[item.eventId, item.before] as const] : []
            )
          )
          if (job.state === "running" || changed.size === 0) return nothing("nothing of it was changed")
          return begin(Array.from(changed.keys(), waiting), {}, job.id, restore(job.changes, changed))
        }),
      cancel: (job) => {
        const fiber = fibers.get(job.id)
        return Effect.as(fiber === undefined ? Effect.void : Fiber.interrupt(fiber), job)
      },
      find: (id) => jobs.get(id),
      all: () => Array.from(jobs.values()).reverse()
    }
  })

const apply = (change: RunWrites["change"], job: Job, item: Item, plan: Plan): Effect.Effect<void> =>
  change(item.eventId, (row) => {
    const { columns } = runRows.decodeColumns(row)
    return Effect.flatMap(plan(columns, item), (changes) => {
      const before = differing(columns, changes)
      if (Object.keys(before).length === 0) return Effect.fail("unchanged" as const)
      return Effect.sync(() => {
        item.before = before
        return changes
      })
    })
  }).pipe(
    Effect.match({
      onSuccess: () => settle(job, item, "changed"),
      onFailure: (error) =>
        error === "unchanged" ? settle(job, item, "unchanged") : settle(job, item, "failed", error.detail)
    })
  )

const waiting = (eventId: string): Item => ({ eventId, outcome: "waiting" })

const settle = (job: Job, item: Item, outcome: Outcome, detail?: Refusal["detail"]): void => {
  job.counts[item.outcome] -= 1
  job.counts[outcome] += 1
  item.outcome = outcome
  if (detail === undefined) delete item.detail
  else item.detail = detail
}

const nothing = (why: string) => new Refusal({ status: 409, detail: `the change is under way, or ${why}` })

/** What a run has in the columns in which it is to be something else. */
const differing = (columns: Changes, changes: Changes): Changes => {
  const before: { [C in RunColumn]?: PlainValue } = {}
  for (const [name, value] of Object.entries(changes)) {
    // The keys of changes are columns.
    const column = name as RunColumn
    const now = columns[column] ?? null
    if (!isSame(now, value ?? null)) before[column] = now
  }
  // Each value was of its column.
  return before as Changes
}

const isSame = (a: PlainValue, b: PlainValue): boolean => Equal.equals(a, b) || JSON.stringify(a) === JSON.stringify(b)

/** Undoes changes where they are still as they were made. */
const restore =
  (changes: Changes, before: ReadonlyMap<string, Changes>): Plan =>
  (columns, { eventId }) => {
    const were = before.get(eventId) ?? {}
    const made = Object.fromEntries(Object.entries(changes).filter(([name]) => Object.hasOwn(were, name)))
    const since = Object.keys(differing(columns, made))
    return since.length === 0
      ? Effect.succeed(were)
      : new Refusal({ status: 409, detail: `${since.join(", ")} was changed since` })
  }

const forgetOldest = (
  jobs: Map<string, Job>,
  plans: Map<string, Plan>,
  fibers: Map<string, Fiber.RuntimeFiber<void>>
): void => {
  for (const { id, state } of jobs.values()) {
    if (jobs.size <= mostJobs) return
    if (state === "running") continue
    for (const map of [jobs, plans, fibers]) map.delete(id)
  }
}
