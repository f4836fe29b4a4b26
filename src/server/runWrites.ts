/**
 * What the server writes of runs: one thing at a time of one run, and many of many.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { HistoryError } from "../history/HistoryError.js"
import type { Embedded } from "../runs/embedded.js"
import * as revision from "../runs/revision.js"
import { type Changes, isTerminal, timeText } from "../runs/runColumns.js"
import type * as runInput from "../runs/runInput.js"
import * as runQuery from "../runs/runQuery.js"
import * as runRows from "../runs/runRows.js"
import { Permits } from "../runtime/permits.js"
import { notFound, Refusal } from "./answers.js"
import { together } from "./together.js"

export interface Changed {
  readonly event_id: string
  readonly updated: true
  readonly fields_updated: ReadonlyArray<string>
}

export interface RunWrites {
  /** `known`: those of many runs that the database has, where it was asked for all of them together. */
  readonly create: (
    run: runInput.NewRun,
    known?: ReadonlySet<string> | undefined
  ) => Effect.Effect<"created" | "duplicate", Refusal>
  /** Which of these the database has. Without a database, none: writing twice comes to the same. */
  readonly known: (eventIds: ReadonlyArray<string>) => Effect.Effect<ReadonlySet<string>>
  /** The row of a run, with all that was accepted before. */
  readonly existing: (eventId: string) => Effect.Effect<runRows.Found, Refusal>
  /** Changes a run that exists, unless what is to be changed of it fails. */
  readonly change: <E>(
    eventId: string,
    changes: (row: runRows.Found) => Effect.Effect<Changes, Refusal | E>
  ) => Effect.Effect<Changed, Refusal | E>
}

/** Ids that this server has just accepted, and that may not be in the database yet. */
const mostRecent = 20_000

/** @internal */
export const make = ({ sink, store }: Embedded): RunWrites => {
  const recent = new Set<string>()
  const alone = keyedLock()
  const remember = (eventId: string): void => {
    recent.add(eventId)
    const [oldest] = recent
    if (recent.size > mostRecent && oldest !== undefined) recent.delete(oldest)
  }
  const find = (eventId: string) => unavailable(store.use((sql) => runQuery.byEventId(sql, eventId)))
  const known: RunWrites["known"] = (eventIds) =>
    Effect.orElseSucceed(
      store.use((sql) => runQuery.known(sql, eventIds)),
      () => new Set<string>()
    )
  const lookUp = together(known)
  const existing: RunWrites["existing"] = (eventId) =>
    Effect.flatMap(Effect.zipRight(unavailable(store.catchUp), find(eventId)), (row) =>
      row === undefined
        ? Effect.fail(notFound(`run not found: no run has the event_id ${eventId.slice(0, 255)}`))
        : Effect.succeed(row)
    )
  const write = (eventId: string, changes: Changes, rank: revision.Rank) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      yield* sink.write({ record_type: "run", revision: revision.next(now, rank), event_id: eventId, changes })
    }).pipe(
      Effect.uninterruptible,
      Effect.mapError((error) => new Refusal({ status: 503, detail: `the run could not be kept: ${error.message}` }))
    )
  /** A client whose PATCH failed sends the whole run later: the end that it has must not be lost. */
  const endOnce = (eventId: string, changes: Changes) =>
    Effect.gen(function* () {
      const row = yield* existing(eventId)
      if (isTerminal(row["status"])) return
      for (const made of Object.keys(runRows.decodeStored(row).revisions)) revision.observe(made)
      yield* write(eventId, changes, 2)
    })
  return {
    existing,
    known,
    create: ({ changes, eventId }, asked) =>
      alone(
        eventId,
        Effect.gen(function* () {
          const found = recent.has(eventId) || (asked ?? (yield* lookUp(eventId))).has(eventId)
          if (found) {
            if (isTerminal(changes.status)) yield* endOnce(eventId, changes)
            return "duplicate" as const
          }
          const now = yield* Clock.currentTimeMillis
          const rank = changes.status === "running" ? 0 : 2
          yield* write(eventId, { created_at: timeText(now) ?? null, ...changes }, rank)
          remember(eventId)
          return "created" as const
        })
      ),
    change: (eventId, changes) =>
      alone(
        eventId,
        Effect.gen(function* () {
          const row = yield* existing(eventId)
          const said = yield* changes(row)
          // Another machine's clock may be ahead of ours.
          for (const made of Object.keys(runRows.decodeStored(row).revisions)) revision.observe(made)
          yield* write(eventId, said, 2)
          return { event_id: eventId, updated: true, fields_updated: Object.keys(said) }
        })
      )
  }
}

/** A database that cannot be asked now. */
export const unavailable = <A>(self: Effect.Effect<A, HistoryError>): Effect.Effect<A, Refusal> =>
  Effect.mapError(self, (error) => new Refusal({ status: 503, detail: error.message }))

/** Runs effects of one key one after the other. */
const keyedLock = () => {
  const locks = new Map<string, { readonly alone: Permits; users: number }>()
  return <A, E>(key: string, self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const lock = locks.get(key) ?? { alone: new Permits(1), users: 0 }
        lock.users += 1
        locks.set(key, lock)
        return lock
      }),
      (lock) => lock.alone.run(self),
      (lock) =>
        Effect.sync(() => {
          lock.users -= 1
          if (lock.users === 0) locks.delete(key)
        })
    )
}
